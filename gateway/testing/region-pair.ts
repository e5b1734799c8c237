import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  CodedError,
  checkPayload,
  decode,
  ERROR_CODES,
  type ErrorCode,
  type PayloadName,
  payloadName,
  receiptLeaf,
} from '#proto';
import {
  type Clock,
  fingerprintOf,
  openMember,
  readArrived,
  receiptBody,
  sealEnvelopes,
  suiteOf,
  type VerifiedEnvelope,
  verifyGroup,
} from '#trust';
import type { ThrowawayRegion } from '../../trust/testing/index.ts';
import { EvidenceLog } from '../evidence/evidence-log.ts';
import type { SettleHandler } from '../outbound/context.ts';
import { keepGroup, Outbox, type PendingEnvelope } from '../outbound/outbox.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import { Peers } from '../peer/peers.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../store/vault/vault.ts';

/** A clock that tests set. */
export interface TestClock {
  /** Milliseconds. */
  at: number;
  now(): number;
}

/** What the rooms of a gateway stand on: store, log, outbox and pins, without a network. */
export interface TestGateway {
  readonly region: string;
  readonly own: ThrowawayRegion;
  readonly clock: TestClock;
  readonly store: Store;
  readonly log: EvidenceLog;
  readonly outbox: Outbox;
  readonly peers: Peers;
  readonly newId: () => string;
  close(): Promise<void>;
}

/** What the other side decided about one envelope. */
export interface HandedOver {
  readonly envelope: PendingEnvelope;
  readonly name: PayloadName;
  /** Empty when accepted. */
  readonly code: ErrorCode | '';
}

/** What a side must have for envelopes to be carried from it or to it by hand. */
export type Carrier = Pick<TestGateway, 'region' | 'own' | 'store' | 'log' | 'outbox'> & {
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'demand'>;
};

type Handlers = Partial<Record<PayloadName, IncomingHandler>>;

export function testClock(at: number): TestClock {
  const clock = { at, now: () => clock.at };
  return clock;
}

/** Opens the gateway of a region; the same folder again is a restart. @param vault seals what is personal, if anything does */
export async function testGateway(
  own: ThrowawayRegion,
  folder: string,
  clock: TestClock,
  vault?: Vault,
): Promise<TestGateway> {
  const { region } = own;
  const store = await openSqliteStore(join(folder, region, 'gateway.db'), vault);
  const newId = () => uuidV7(clock.now());
  const fail = (error: unknown) => {
    throw error;
  };
  const log = new EvidenceLog({ store, clock, region, signer: own.log, intervalMs: 60_000, onError: fail });
  const suite = own.signing.suite;
  const outbox = new Outbox({ store, clock, log, region, suite, newId, capacity: 1000, onEnqueued: () => {} });
  const peers = new Peers(store, clock, () => own.statement);
  await log.start();
  await outbox.start();
  await peers.start();
  const close = async () => {
    await log.stop();
    await store.close();
  };
  return { region, own, clock, store, log, outbox, peers, newId, close };
}

/** What two operators do: each pins the other's region. */
export async function pinEachOther(one: TestGateway, other: TestGateway): Promise<void> {
  await one.peers.pin(other.own.jwt, fingerprintOf(other.own.statement.identity));
  await other.peers.pin(one.own.jwt, fingerprintOf(one.own.statement.identity));
}

/**
 * Seals what waits for a region, opens it there and hands it to the handlers; after a deferral the rest of a conversation
 * waits. No verdict goes back yet.
 */
export async function handOver(from: Carrier, to: Carrier, handlers: Handlers): Promise<HandedOver[]> {
  const waiting = await from.outbox.pendingAfter(to.region, 0, 256);
  if (waiting.length === 0) return [];
  const leaves = waiting.map(({ leaf }) => leaf);
  const { signedRoot } = await sealEnvelopes(from.own.signing, from.region, leaves, from.clock.now());
  const headers = waiting.map(({ header }) => header);
  const arrival = { kind: 'arrival', now: to.clock.now() } as const;
  const root = verifyGroup(Buffer.from(signedRoot), headers, from.own.statement, arrival);
  const verdicts: HandedOver[] = [];
  const held = new Set<string>();
  for (const envelope of waiting) {
    const { header, payload, salt, conversation } = envelope;
    if (held.has(conversation)) continue;
    const arrived = readArrived({ header, payload, payloadSalt: salt, seal: null }, from.region, to.region);
    const opened = openMember(arrived, root, to.clock.now());
    const name = payloadName(opened.header.type)!;
    const code = await decide(opened, name, from, to, handlers);
    if (code !== '' && ERROR_CODES[code].answer === 'deferral') held.add(conversation);
    verdicts.push({ envelope, name, code });
  }
  return verdicts;
}

/** Brings final verdicts back to the sender, with receipts; what was deferred stays in the outbox. */
export async function bringBack(
  from: Carrier,
  to: Carrier,
  verdicts: readonly HandedOver[],
  onSettled: SettleHandler,
): Promise<void> {
  await from.store.write(async (tx) => {
    for (const { envelope, name, code } of verdicts) {
      if (code !== '' && ERROR_CODES[code].answer === 'deferral') continue;
      const { id, conversation, sequence, leaf, payload, position, created_at: sentAt } = envelope;
      const at = to.clock.now();
      const sides = { issuer: to.region, audience: from.region };
      const fate = { envelopeId: id, leaf, conversation, sequence, code, receivedAt: at, decidedAt: at };
      const body = receiptBody({ ...sides, ...fate });
      const subject = receiptLeaf(suiteOf(to.own.signing.suite).hash, body);
      const kind = 'LOG_ENTRY_KIND_RECEIPT_RECEIVED';
      const logPosition = await from.log.append(tx, { kind, subject, peer: to.region, at });
      const sealedIn = { group: await keepGroup(tx, '', [leaf]), index: 0 };
      const receiptIn = { group: await keepGroup(tx, '', [subject]), index: 0 };
      const receipt = { code, body, logPosition, sealedIn, receiptIn };
      if (await from.outbox.settle(tx, { position, peer: to.region }, receipt)) {
        await onSettled(tx, { peer: to.region, id, conversation, name, payload, sentAt, code });
      }
    }
  });
}

async function decide(
  envelope: VerifiedEnvelope,
  name: PayloadName,
  from: Carrier,
  to: Carrier,
  handlers: Handlers,
): Promise<ErrorCode | ''> {
  const payload = decode(name, envelope.payload) as object;
  const problems = checkPayload(name, payload);
  if (problems.length > 0) return 'PAYLOAD_INVALID';
  const peer = to.peers.demand(from.region);
  const incoming = { envelope, name, payload, peer, agreement: undefined, receivedAt: to.clock.now() };
  try {
    await to.store.write((tx) => handlers[name]!(tx, incoming));
    return '';
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return error.code;
  }
}

function uuidV7(at: number): string {
  const hex = at.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  const fixed = `${hex.slice(0, 12)}7${hex.slice(13, 16)}8${hex.slice(17)}`;
  return fixed.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
