import { CodedError, decode, encode, envelopeLeaf, type messages } from '#proto';
import {
  type KeyStore,
  localSigner,
  type RegionStatement,
  receiptBody,
  type Signer,
  sealReceipts,
  suiteOf,
} from '#trust';
import type { ActingRegion } from '../region-folder.ts';
import { type Relay, startRelay, type Tampering } from './relay.ts';

/** A wrong way of behaving, done to the answers of a gateway that behaves rightly. */
export interface Fault {
  readonly name: string;
  /** Checks of plan core that must notice it, all of them. */
  readonly noticedBy: readonly string[];
  readonly admitsStrangers?: true;
  /** The answer that the broken peer gives, before it is sealed. */
  readonly change?: (answer: Answer) => Answer;
  /** The answers to a group of questions that the broken peer gives. */
  readonly changeChecks?: (frame: messages.CheckManyResponse) => messages.CheckManyResponse;
  /** Whether it seals with a key that its statement does not name. */
  readonly forges?: true;
}

/** A batch that came and its answer: receipts as bodies, and the leaves of what is deferred or refused. */
export interface Answer {
  readonly sent: ReadonlyMap<string, messages.EnvelopeHeader>;
  readonly receipts: readonly messages.ReceiptBody[];
  readonly deferrals: readonly messages.Deferral[];
  readonly refusals: readonly messages.Refusal[];
}

/** Puts a peer with a fault in front of a gateway. Must be stopped by the caller. */
export async function startBrokenPeer(
  fault: Fault,
  target: RegionStatement,
  keys: KeyStore,
  acting: ActingRegion,
): Promise<Relay> {
  const own = await keys.signer('signing');
  const signer = fault.forges ? await strangerLike(own) : own;
  return startRelay({
    target,
    targetTls: await keys.tls(),
    caller: acting.tls,
    admitsStrangers: fault.admitsStrangers ?? false,
    tampering: () => tamperingOf(fault, target.region, signer),
    checked: (frame) => changedChecks(fault, frame),
  });
}

/** An acceptance of whatever header it is. */
export function acceptanceOf(header: messages.EnvelopeHeader, leaf: Buffer, issuer: string): messages.ReceiptBody {
  const { sender: audience, id: envelopeId, conversation, sequence, sentAt } = header;
  const times = { receivedAt: sentAt, decidedAt: sentAt };
  const verdict = { issuer, audience, envelopeId, leaf, conversation, sequence, code: '', ...times };
  return decode('ReceiptBody', receiptBody(verdict));
}

function changedChecks({ changeChecks }: Fault, frame: Buffer): Buffer {
  if (!changeChecks) return frame;
  return encode('CheckManyResponse', { ...changeChecks(decode('CheckManyResponse', frame)) });
}

function tamperingOf(fault: Fault, region: string, signer: Signer): Tampering {
  const sent = new Map<string, messages.EnvelopeHeader>();
  return {
    seen: (frame) => {
      for (const { header } of readBatch(frame)) {
        const read = readHeader(header);
        if (read) sent.set(envelopeLeaf(suiteOf(signer.suite).hash, header).toString('hex'), read);
      }
    },
    answered: async (frame) => {
      const { receipts: answer } = decode('ExchangeResponse', frame);
      if (!answer) return frame;
      const bodies = answer.receipts.map((body) => decode('ReceiptBody', body));
      const given: Answer = { sent, receipts: bodies, deferrals: answer.deferrals, refusals: answer.refusals };
      const changed = fault.change?.(given) ?? given;
      const receipts = changed.receipts.map((body) => encode('ReceiptBody', { ...body }));
      const sealed = receipts.length === 0 ? '' : (await sealReceipts(signer, region, receipts, Date.now())).signedRoot;
      const { deferrals, refusals } = changed;
      const signedRoot = Buffer.from(sealed);
      return encode('ExchangeResponse', { receipts: { ...answer, receipts, deferrals, refusals, signedRoot } });
    },
  };
}

/** What cannot be read is none of a broken peer's business. */
function readBatch(frame: Buffer): readonly messages.Envelope[] {
  return attempt(() => decode('ExchangeRequest', frame).batch?.envelopes) ?? [];
}

function readHeader(header: Buffer): messages.EnvelopeHeader | undefined {
  return attempt(() => decode('EnvelopeHeader', header));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

function strangerLike({ suite }: Signer): Promise<Signer> {
  const { privateKey, publicKey } = suiteOf(suite).generate();
  return localSigner(suite, privateKey, publicKey);
}
