import type { PayloadName } from '#proto';
import type { CompiledAgreement, RegionStatement, VerifiedEnvelope } from '#trust';
import type { Transaction } from '../store/store.ts';

/** A verified envelope with its payload decoded and held against the rules of its type. */
export interface Incoming {
  readonly envelope: VerifiedEnvelope;
  readonly name: PayloadName;
  /** The payload as `decode` gives it; its type is the one that `name` says. */
  readonly payload: object;
  /** The pinned region that sent it. */
  readonly peer: RegionStatement;
  /** The authorization that it cites; undefined where a pinned peer suffices. */
  readonly agreement: CompiledAgreement | undefined;
  /** Milliseconds. */
  readonly receivedAt: number;
}

/**
 * Applies one authorized envelope inside the unit of work that also stores its verdict.
 *
 * Returns when the envelope is accepted. Throws a CodedError to reject it (code with answer `receipt`, or any other
 * final code) or to defer it (code with answer `deferral`); whatever it wrote is then undone. It awaits nothing but
 * the statements of the transaction; caches are changed in `tx.afterCommit`.
 */
export type IncomingHandler = (tx: Transaction, incoming: Incoming) => Promise<void>;

/** Rejects an envelope because materials that it names have not arrived. Deferral MATERIAL_MISSING. */
export class MissingMaterials extends Error {
  readonly digests: readonly Buffer[];

  constructor(digests: readonly Buffer[]) {
    super('materials have not arrived');
    this.digests = digests;
  }
}
