import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decode, encode, type messages } from '#proto';
import type { Signer } from '#trust';
import type { ThrowawayRegion } from '../../trust/testing/index.ts';
import { EvidenceLog } from '../evidence/evidence-log.ts';
import { PeerCheckpoints } from '../evidence/peer-checkpoints.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { until } from './live-region.ts';
import type { TestClock } from './region-pair.ts';

/** A region with nothing but its log and what it knows of the logs of others. */
export interface LogSide {
  readonly own: ThrowawayRegion;
  readonly store: Store;
  readonly log: EvidenceLog;
  readonly checkpoints: PeerCheckpoints;
  /** `kind region via`, in order. */
  readonly alarms: string[];
  /** `peer code` of frames that could not be taken. */
  readonly badFrames: string[];
  readonly errors: unknown[];
  /** Adds entries; equal seeds give equal entries. */
  grow(entries: number, seed?: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a side; the same folder again is a restart, another folder a log of its own under the same keys.
 *
 * @param restored its store comes from a backup
 */
export async function logSide(
  own: ThrowawayRegion,
  folder: string,
  clock: TestClock,
  peers: readonly ThrowawayRegion[],
  signer: Signer = own.log,
  restored = false,
): Promise<LogSide> {
  const { region } = own;
  const store = await openSqliteStore(join(folder, 'gateway.db'));
  const [alarms, badFrames, errors]: [string[], string[], unknown[]] = [[], [], []];
  const onError = (error: unknown) => void errors.push(error);
  const log = new EvidenceLog({ store, clock, region, signer: own.log, intervalMs: 60_000, onError });
  await log.start(restored ? async () => {} : undefined);
  const checkpoints = new PeerCheckpoints({
    store,
    clock,
    region,
    own: () => own.statement,
    signer,
    log,
    statementOf: (code) => peers.find((peer) => peer.region === code)?.statement,
    mayShow: () => true,
    onAlarm: (alarm) => void alarms.push(`${alarm.kind} ${alarm.region} ${alarm.via}`),
    onBadFrame: (peer, code) => void badFrames.push(`${peer} ${code}`),
    onError,
  });
  const grow = async (entries: number, seed = 'honest') => {
    const from = log.size;
    await store.write(async (tx) => {
      for (let n = from; n < from + entries; n += 1) {
        const subject = createHash('sha256').update(`${seed} ${n}`).digest();
        await log.append(tx, { kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN', subject, peer: '110000', at: clock.now() });
      }
    });
    await log.integrate();
  };
  const close = async () => {
    await log.stop();
    await store.close();
  };
  return { own, store, log, checkpoints, alarms, badFrames, errors, grow, close };
}

/** The next frame that a side shows a peer, as it comes out of the wire. */
export async function shownBy(from: LogSide, to: LogSide): Promise<messages.Checkpoint> {
  let frame: object | undefined;
  await until('a frame is ready', () => {
    frame = from.checkpoints.due(to.own.statement);
    return frame !== undefined;
  });
  return onTheWire(frame!);
}

/** Carries a frame to a peer, the answer back, and so on until nobody answers. @returns how many frames flew */
export async function deliver(from: LogSide, to: LogSide, frame: messages.Checkpoint): Promise<number> {
  let [speaker, listener, next]: [LogSide, LogSide, object | undefined] = [from, to, frame];
  let frames = 0;
  while (next) {
    frames += 1;
    const answer: object | undefined = await listener.checkpoints.take(speaker.own.statement, onTheWire(next));
    [speaker, listener, next] = [listener, speaker, answer];
  }
  return frames;
}

/** One minute later a side shows a peer its log. @returns how many frames flew */
export async function show(from: LogSide, to: LogSide, clock: TestClock): Promise<number> {
  clock.at += 60_000;
  return deliver(from, to, await shownBy(from, to));
}

export function onTheWire(frame: object): messages.Checkpoint {
  return decode('ExchangeRequest', encode('ExchangeRequest', { checkpoint: frame })).checkpoint!;
}
