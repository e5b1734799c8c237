import { randomBytes, randomUUID, randomUUIDv7 } from 'node:crypto';
import {
  encode,
  envelopeLeaf,
  type MessageInput,
  type messages,
  type PayloadName,
  payloadDigest,
  regionUrn,
  TYP,
  typeName,
} from '#proto';
import { merkleRoot, type Signer, sealOf, signJws, suiteOf } from '#trust';

/** An envelope ready to be sent, honest or not, and what it claims to be. */
export interface Written {
  readonly id: string;
  readonly conversation: string;
  readonly sequence: number;
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly payloadSalt: Buffer;
  /** Leaf hash of the header bytes, whatever they are. */
  readonly leaf: Buffer;
}

/** Fields of a header that differ from an honest one. */
export type HeaderChanges = MessageInput<'EnvelopeHeader'>;

/** What of a seal differs from an honest one. */
export interface SealChanges {
  readonly signer?: Signer;
  readonly typ?: string;
  readonly iss?: string;
  /** Milliseconds. */
  readonly at?: number;
}

/** Milliseconds that an honest envelope of the runner lives. */
const LIFETIME_MS = 60 * 60 * 1000;
const SALT_BYTES = 32;

/** Writes and seals envelopes in a region's name: honest ones, and any kind of dishonest one. */
export class HostilePeer {
  readonly #sender: string;
  readonly #recipient: string;
  readonly #signer: Signer;
  readonly #now: () => number;

  /** @param signer the signing key of the sender's statement */
  constructor(sender: string, recipient: string, signer: Signer, now: () => number) {
    this.#sender = sender;
    this.#recipient = recipient;
    this.#signer = signer;
    this.#now = now;
  }

  /** A `Ping`, the first of a conversation of its own unless told otherwise. */
  ping(changes: HeaderChanges = {}, note = 'conformance'): Written {
    return this.write('Ping', { note }, changes);
  }

  /** Consecutive pings of one conversation. */
  pings(count: number, conversation: string = randomUUID(), from = 1): Written[] {
    return Array.from({ length: count }, (_, index) => this.ping({ conversation, sequence: from + index }));
  }

  /** An envelope with a well-formed payload. Changes to the header are made last, so that it may contradict itself. */
  write<N extends PayloadName>(name: N, payload: MessageInput<N>, changes: HeaderChanges = {}): Written {
    return this.writeBytes(typeName(name), encode(name, payload), changes);
  }

  /** An envelope with any bytes as its payload. */
  writeBytes(type: string, payload: Buffer, changes: HeaderChanges = {}): Written {
    const now = this.#now();
    const payloadSalt = randomBytes(SALT_BYTES);
    const address = { id: randomUUIDv7(), conversation: randomUUID(), sequence: 1 };
    const fields = {
      version: 1,
      type,
      sender: this.#sender,
      recipient: this.#recipient,
      ...address,
      sentAt: now,
      expiresAt: now + LIFETIME_MS,
      payloadDigest: payloadDigest(this.#suite.hash, payloadSalt, payload),
      suite: this.#signer.suite,
      ...changes,
    };
    const { id, conversation, sequence } = { ...address, ...(changes as Partial<typeof address>) };
    const header = encode('EnvelopeHeader', fields);
    return { id, conversation, sequence, header, payload, payloadSalt, leaf: this.#leaf(header) };
  }

  /** The same envelope with other header bytes. */
  withHeader(envelope: Written, header: Buffer): Written {
    return { ...envelope, header, leaf: this.#leaf(header) };
  }

  /** Signs the root of a group, with whatever is to be wrong about it. @returns the compact JWS */
  seal(envelopes: readonly Written[], changes: SealChanges = {}): Promise<Buffer> {
    return this.#sealLeaves(
      envelopes.map(({ leaf }) => leaf),
      changes,
    );
  }

  /** An envelope with a seal of its own, the second leaf of a tree of three, as `Check` takes it. */
  async sealAlone(envelope: Written): Promise<messages.Envelope> {
    const leaves = [this.ping().leaf, envelope.leaf, this.ping().leaf];
    const signedRoot = (await this.#sealLeaves(leaves, {})).toString('latin1');
    const { header, payload, payloadSalt } = envelope;
    return { header, payload, payloadSalt, seal: sealOf({ signedRoot, leaves }, 1, this.#signer.suite) };
  }

  async #sealLeaves(
    leaves: readonly Buffer[],
    { signer = this.#signer, typ = TYP.envelopeRoot, iss = regionUrn(this.#sender), at = this.#now() }: SealChanges,
  ): Promise<Buffer> {
    const root = merkleRoot(this.#suite.hash, leaves).toString('base64url');
    return Buffer.from(await signJws(signer, typ, { root, size: leaves.length, iss, iat: Math.floor(at / 1000) }));
  }

  #leaf(header: Buffer): Buffer {
    return envelopeLeaf(this.#suite.hash, header);
  }

  get #suite() {
    return suiteOf(this.#signer.suite);
  }
}

/** The same compact JWS with one bit of its signature turned. */
export function breakSignature(jws: Buffer): Buffer {
  const [header, claims, signature] = jws.toString('latin1').split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  bytes[10] = bytes[10]! ^ 1;
  return Buffer.from(`${header}.${claims}.${bytes.toString('base64url')}`);
}
