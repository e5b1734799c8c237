import { setTimeout as pause } from 'node:timers/promises';
import { atMoments, type Play, type Round } from '../round.ts';

const HOUR_MS = 60 * 60 * 1000;
/** Milliseconds that a clock stays wrong, at least and at most. */
const LASTS_MS = [300, 2500] as const;

export const clockJump: Round = {
  name: 'clock-jump',
  title: { zh: '时钟跳变 ±1 小时', en: 'clocks jump by ±1 h' },
  prepare: async () => ({
    hasTestClock: true,
    disturb: async (play) => {
      await atMoments(play, () => jump(play));
      await play.load.reached(1);
      // What was accepted while a clock was ahead bears that time, and is taken once it has come.
      await play.stage.letPass(HOUR_MS);
    },
  }),
};

/** One clock or both go wrong, and are right again. */
async function jump({ stage, random, signal }: Play): Promise<void> {
  const { sender, receiver } = stage;
  const wrong = random.of([[sender], [receiver], [sender, receiver]]);
  const offset = random.of([HOUR_MS, -HOUR_MS]);
  for (const region of wrong) await stage.setClock(region, offset);
  await pause(LASTS_MS[0] + random.below(LASTS_MS[1] - LASTS_MS[0]), undefined, { signal }).catch(() => {});
  for (const region of wrong) await stage.setClock(region, 0);
}
