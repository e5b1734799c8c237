import { setTimeout as pause } from 'node:timers/promises';
import type { Document } from 'yaml';
import type { Play, Round } from '../round.ts';
import { PoisonedPlatform } from '../stage/poisoned-platform.ts';

/** Milliseconds without a further event after which the platform counts as forgotten: its longest wait is five minutes. */
const STUCK_MS = 310_000;
const LOOK_MS = 200;

export const poisonedPlatform: Round = {
  name: 'poisoned-platform',
  title: {
    zh: '接收方平台的 webhook 报错、不答、乱答、断开',
    en: "the webhook of the receiver's platform fails, hangs, talks nonsense, hangs up",
  },
  prepare: async ({ random }) => {
    const platform = await PoisonedPlatform.start(random);
    return {
      mustBeTold: true,
      configureReceiver: (config: Document) =>
        config.set('platforms', [
          { kind: 'http', name: 'hall', url: platform.url, auth: { type: 'none' }, timeout_ms: 1000 },
        ]),
      disturb: async ({ load, ledger }) => {
        platform.onTold((subject) => ledger.delivered(subject));
        await load.reached(1);
        platform.heal();
      },
      afterwards: (play) => untilTold(play),
      close: () => platform.stop(),
    };
  },
};

async function untilTold({ ledger, signal }: Play): Promise<void> {
  let most = ledger.told;
  let since = performance.now();
  while (ledger.told < ledger.count) {
    if (signal.aborted || performance.now() - since > STUCK_MS)
      throw new Error(`the platform was told of ${ledger.told} of ${ledger.count} cases`);
    await pause(LOOK_MS);
    if (ledger.told === most) continue;
    most = ledger.told;
    since = performance.now();
  }
}
