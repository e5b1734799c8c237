import { setTimeout as pause } from 'node:timers/promises';
import type { Weather } from '../proxy/fault-proxy.ts';
import { atMoments, type Play, type Round } from '../round.ts';

/** Milliseconds that a weather lasts, at least and at most. */
const LASTS_MS = [200, 3000] as const;

export const cut: Round = {
  name: 'cut',
  title: { zh: '连接被切断', en: 'the connections are cut' },
  prepare: async () => ({ disturb: (play) => atMoments(play, () => pass(play, { kind: 'cut' })) }),
};

export const blackHole: Round = {
  name: 'black-hole',
  title: { zh: '连接不断而数据全被吞没', en: 'connections stay open and swallow everything' },
  // Each is noticed only when an answer is missed.
  prepare: async () => ({
    disturb: (play) => atMoments(fewer(play), () => pass(play, { kind: 'black-hole' })),
  }),
};

export const slow: Round = {
  name: 'slow',
  title: { zh: '线路变慢', en: 'the line is slow' },
  prepare: async () => ({
    disturb: (play) =>
      atMoments(play, () =>
        pass(play, {
          kind: 'slow',
          bytesPerSecond: 20_000 + play.random.below(200_000),
          delayMs: play.random.below(100),
        }),
      ),
  }),
};

/** One way or both have a weather for a while. */
async function pass({ stage, random, signal }: Play, weather: Weather): Promise<void> {
  const { toReceiver, toSender } = stage.ways;
  const ways = random.of([[toReceiver], [toSender], [toReceiver, toSender]]);
  for (const way of ways) way.change(weather);
  await pause(LASTS_MS[0] + random.below(LASTS_MS[1] - LASTS_MS[0]), undefined, { signal }).catch(() => {});
  for (const way of ways) way.change({ kind: 'fair' });
}

function fewer(play: Play): Play {
  return { ...play, effort: { ...play.effort, blows: Math.min(play.effort.blows, 3) } };
}
