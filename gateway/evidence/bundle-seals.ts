import { CodedError, envelopeLeaf, type messages } from '#proto';
import { readJws, type SealedRoot, type Signer, sealEnvelopes, sealOf, sealReceipts, suiteOf } from '#trust';
import type { Sql } from '../store/store.ts';

export interface SealsContext {
  readonly region: string;
  readonly read: Sql;
  /** Signs what is ours and whose seal was not stored yet. */
  readonly signer: Signer;
  readonly now: () => number;
}

/** Where a seal is stored. */
interface SealPlace {
  readonly group: number;
  /** Place among the leaves of the group. */
  readonly index: number;
}

/** Seals for a bundle, computed from the stored leaf order; each group is read once. */
export class Seals {
  readonly #context: SealsContext;
  readonly #groups = new Map<number, SealedRoot>();

  constructor(context: SealsContext) {
    this.#context = context;
  }

  async stored(group: number, index: number): Promise<messages.Seal> {
    const sealed = await this.#group(group);
    return sealOf(sealed, index, suiteThatSigned(sealed.signedRoot));
  }

  /** The seal of a receipt; one that we gave and whose seal was lost in a crash is signed anew. */
  async ofReceipt(receipt: Buffer, place: SealPlace | undefined): Promise<messages.Seal> {
    const { signer, region, now } = this.#context;
    return (await this.#known(place)) ?? sealOf(await sealReceipts(signer, region, [receipt], now()), 0, signer.suite);
  }

  /** The seal of an envelope; one of ours whose seal was lost in a crash is signed anew. */
  async ofEnvelope({ header, seal }: messages.Envelope, place: SealPlace | undefined): Promise<messages.Seal> {
    const { signer, region, now } = this.#context;
    const known = seal ?? (await this.#known(place));
    if (known) return known;
    const leaf = envelopeLeaf(suiteOf(signer.suite).hash, header);
    return sealOf(await sealEnvelopes(signer, region, [leaf], now()), 0, signer.suite);
  }

  async #known(place: SealPlace | undefined): Promise<messages.Seal | undefined> {
    if (!place || (await this.#group(place.group)).signedRoot === '') return undefined;
    return this.stored(place.group, place.index);
  }

  async #group(id: number): Promise<SealedRoot> {
    const known = this.#groups.get(id);
    if (known) return known;
    const row = await this.#context.read.get<{ signed_root: string; leaves: Buffer }>(
      'SELECT signed_root, leaves FROM sealed_group WHERE id = ?',
      id,
    );
    if (!row) throw new CodedError('LOG_CORRUPT', `the seal ${id} is missing`);
    const leaves: Buffer[] = [];
    for (let at = 0; at < row.leaves.length; at += HASH_BYTES) leaves.push(row.leaves.subarray(at, at + HASH_BYTES));
    const group = { signedRoot: row.signed_root, leaves };
    this.#groups.set(id, group);
    return group;
  }
}

/** Whoever signed a group hashed its tree: a peer, or a key of ours from before, may have another suite than we now. */
function suiteThatSigned(signedRoot: string): string {
  return String(readJws(signedRoot).header['alg']);
}

const HASH_BYTES = 32;
