import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import { startAgreedPair } from '../gateways/agreed-pair.ts';
import type { GatewayApi } from '../gateways/gateway-api.ts';
import { askProgram } from '../gateways/gateway-process.ts';
import { HANDLING, RECEIVING } from '../sample-case.ts';
import { startAgain, stopGateway } from './away.ts';

const MIB = 1024 * 1024;
const FILL = fileURLToPath(new URL('../../../gateway/bench/fill-outbox.ts', import.meta.url));
/** Milliseconds without any progress after which the drain counts as stuck. */
const STUCK_MS = 60_000;

export interface BacklogEffort {
  /** Envelopes that are to wait. */
  readonly envelopes: number;
  /** Seconds after which no more are added, however many there are. */
  readonly buildSeconds: number;
  /** Milliseconds between two samples of the drain. */
  readonly sampleMs: number;
}

/** One moment of the drain. */
export interface DrainSample {
  /** Since the peer came back. */
  readonly seconds: number;
  readonly pending: number;
  /** Envelopes settled per second since the sample before. */
  readonly per_s: number;
  /** MiB of the sending and of the receiving gateway: resident, and heap in use. */
  readonly sender_rss: number;
  readonly sender_heap: number;
  readonly receiver_rss: number;
  readonly receiver_heap: number;
}

export interface BacklogFigures {
  readonly wished: number;
  readonly envelopes: number;
  /** Envelopes taken in per second while the peer was away. */
  readonly build_per_s: number;
  readonly drain_per_s: number;
  /** Rate of the last third over that of the first: 1 when the size of the backlog does not matter. */
  readonly last_to_first_third: number;
  /** Highest resident memory in the last third over that in the first, of the sender. */
  readonly rss_last_to_first_third: number;
  readonly samples: readonly DrainSample[];
}

/**
 * Builds a backlog for a gateway that is away, brings it back and watches the backlog drain.
 *
 * @param now milliseconds
 * @throws Error when the drain stands still
 */
export async function measureBacklog(
  children: Children,
  folder: string,
  { effort, now, say }: { effort: BacklogEffort; now: () => number; say: (text: string) => void },
): Promise<BacklogFigures> {
  say('两个网关启动并互信 / two gateways start and agree');
  const { receiving, handling } = await startAgreedPair(children, folder, now());
  const [here, there] = [join(folder, RECEIVING), join(folder, HANDLING)];
  await stopGateway(there);
  await stopGateway(here);
  say('对端停机,积压开始 / the peer is away, the backlog begins');
  const built = await askProgram<{ envelopes: number; seconds: number }>(children, FILL, [
    ...['--gateway', here, '--passphrase', join(folder, `${RECEIVING}.passphrase`), '--peer', HANDLING],
    ...['--envelopes', String(effort.envelopes), '--seconds', String(effort.buildSeconds)],
  ]);
  const { envelopes } = built;
  say(`对端恢复,积压 / the peer comes back, waiting: ${envelopes}`);
  const back = await startAgain(children, there, HANDLING, handling);
  const sender = await startAgain(children, here, RECEIVING, receiving);
  const samples = await watchDrain(sender, back, envelopes, effort.sampleMs);
  const seconds = samples.at(-1)!.seconds;
  return {
    wished: effort.envelopes,
    envelopes,
    build_per_s: Math.round(envelopes / built.seconds),
    drain_per_s: Math.round(envelopes / seconds),
    last_to_first_third: ratioOfThirds(samples, (third) => rateOf(third)),
    rss_last_to_first_third: ratioOfThirds(samples, (third) => Math.max(...third.map((sample) => sample.sender_rss))),
    samples,
  };
}

async function watchDrain(
  sender: GatewayApi,
  receiver: GatewayApi,
  envelopes: number,
  sampleMs: number,
): Promise<DrainSample[]> {
  const start = performance.now();
  const samples: DrainSample[] = [];
  let before = { at: start, pending: envelopes };
  let progressAt = start;
  for (;;) {
    await pause(sampleMs);
    const at = performance.now();
    const pending = await sender.metric('tongban_outbox_pending');
    samples.push({
      seconds: Math.round((at - start) / 100) / 10,
      pending,
      per_s: Math.round(((before.pending - pending) / (at - before.at)) * 1000),
      ...(await memoryOf(sender, 'sender')),
      ...(await memoryOf(receiver, 'receiver')),
    } as DrainSample);
    if (pending === 0) return samples;
    if (pending < before.pending) progressAt = at;
    else if (at - progressAt > STUCK_MS) throw new Error(`${pending} envelopes stand still`);
    before = { at, pending };
  }
}

async function memoryOf(api: GatewayApi, who: string): Promise<Record<string, number>> {
  const mib = async (name: string) => Math.round((await api.metric(name)) / MIB);
  return {
    [`${who}_rss`]: await mib('process_resident_memory_bytes'),
    [`${who}_heap`]: await mib('nodejs_heap_size_used_bytes'),
  };
}

function rateOf(third: readonly DrainSample[]): number {
  return third.reduce((sum, { per_s }) => sum + per_s, 0) / third.length;
}

/** Of samples without the first, in which the peer is dialled, and the last, which is cut off. */
function ratioOfThirds(samples: readonly DrainSample[], of: (third: readonly DrainSample[]) => number): number {
  const whole = samples.length > 5 ? samples.slice(1, -1) : samples;
  const third = Math.max(1, Math.floor(whole.length / 3));
  return Math.round((of(whole.slice(-third)) / of(whole.slice(0, third))) * 100) / 100;
}
