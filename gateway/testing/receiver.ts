import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { encode, envelopeLeaf, LIMITS, type messages, type PayloadName, payloadDigest, typeName } from '#proto';
import { type FixedEnvelope, sealEnvelopes, suiteOf } from '#trust';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import type { ThrowawayRegion } from '../../trust/testing/index.ts';
import { type AuthorizeOptions, authorizer } from '../inbound/authorize.ts';
import { Decider, type Decision } from '../inbound/decide.ts';
import { Pipeline } from '../inbound/pipeline.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { TestGateway } from './region-pair.ts';

/** The receiving half of a gateway without a network: batches go in, answers come out. */
export interface Receiver {
  readonly decided: Decision[];
  readonly unexpected: unknown[];
  receive(from: ThrowawayRegion, batch: messages.Batch): Promise<messages.ReceiptBatch>;
}

/** What the rooms above the pipeline do in a test. */
export interface ReceiverRooms extends Partial<Omit<AuthorizeOptions, 'region'>> {
  readonly handlers?: Partial<Record<PayloadName, IncomingHandler>>;
}

/** Puts the pipeline on a gateway's store; without a handler of its own, a message is accepted and has no effect. */
export function receiver(gateway: TestGateway, rooms: ReceiverRooms = {}): Receiver {
  const decided: Decision[] = [];
  const unexpected: unknown[] = [];
  const { region, store, clock, own, log } = gateway;
  const none = () => {
    throw new Error('the test expects no authorization');
  };
  const decider = new Decider({
    region,
    suite: own.signing.suite,
    clock,
    log,
    authorize: authorizer({ region, agreementOf: none, caseOf: none, inquiryOf: none, ...rooms }),
    handlerOf: (name) => rooms.handlers?.[name as PayloadName] ?? (async () => {}),
    onUnexpected: (error) => void unexpected.push(error),
  });
  const pipeline = new Pipeline({
    region,
    store,
    clock,
    signer: own.signing,
    decider,
    onDecided: (_peer, decision) => void decided.push(decision),
    onError: (error) => void unexpected.push(error),
  });
  return {
    decided,
    unexpected,
    receive: async (from, batch) =>
      (await pipeline.receive(from.statement, batch)).receipts as unknown as messages.ReceiptBatch,
  };
}

/** What a test wants to be different from a good Ping. */
export interface EnvelopeChanges extends Partial<messages.EnvelopeHeader> {
  readonly name?: PayloadName;
  readonly body?: object;
  /** Payload bytes instead of an encoded body. */
  readonly bytes?: Buffer;
}

/** Fixes an envelope as any sender could, right or wrong: its payload digest always fits. */
export function envelopeOf(
  from: ThrowawayRegion,
  to: string,
  at: number,
  { name = 'Ping', body, bytes, ...changes }: EnvelopeChanges = {},
): FixedEnvelope {
  const { hash } = suiteOf(from.signing.suite);
  const payload = bytes ?? encode(name, body ?? payloadSamples[name]);
  const payloadSalt = Buffer.alloc(32, 7);
  const header = encode('EnvelopeHeader', {
    version: 1,
    critical: [],
    id: randomUUIDv7(),
    type: typeName(name),
    sender: from.region,
    recipient: to,
    conversation: randomUUID(),
    sequence: 1,
    sentAt: at,
    expiresAt: at + LIMITS.lifetimeMs,
    authorizationId: '',
    authorizationDigest: Buffer.alloc(0),
    inReplyTo: '',
    suite: from.signing.suite,
    payloadDigest: payloadDigest(hash, payloadSalt, payload),
    ...changes,
  });
  return { header, payload, payloadSalt, leaf: envelopeLeaf(hash, header) };
}

/** Seals envelopes into a batch as the sender does. */
export async function batchOf(
  from: ThrowawayRegion,
  envelopes: readonly FixedEnvelope[],
  at: number,
  number = 1,
): Promise<messages.Batch> {
  const leaves = envelopes.map(({ leaf }) => leaf);
  const { signedRoot } = await sealEnvelopes(from.signing, from.region, leaves, at);
  const sent = envelopes.map(({ header, payload, payloadSalt }) => ({ header, payload, payloadSalt, seal: null }));
  return { number, signedRoot: Buffer.from(signedRoot), envelopes: sent, traceParent: '' };
}
