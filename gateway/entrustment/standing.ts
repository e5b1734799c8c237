import { CodedError, type ErrorCode, type Problem } from '#proto';
import { type RegionStatement, readEntrustment, type VerifiedEntrustments, verifyEntrustments } from '#trust';
import type { EntrustmentRecord } from './entrustment-table.ts';

/** Whether somebody may act under a chain now. */
export interface Standing {
  /** Empty when it is in force, else the code of what is wrong with it. */
  readonly code: ErrorCode | '';
  readonly message: string;
  /** Pointers begin with the number of the link. */
  readonly problems: readonly Problem[];
}

type StatementOf = (region: string) => RegionStatement | undefined;

/** When links were revoked, by the hex of their digests, as `verifyEntrustments` asks. */
export function revocationsOf(records: readonly EntrustmentRecord[]): (digest: string) => number | undefined {
  const revoked = new Map(records.map(({ digest, revoked_at }) => [digest, revoked_at ?? undefined]));
  return (digest) => revoked.get(digest);
}

/**
 * Judges the links of a chain at a moment.
 *
 * @param chain the region's own first
 * @param at milliseconds
 */
export function standingOf(chain: readonly EntrustmentRecord[], statementOf: StatementOf, at: number): Standing {
  try {
    const documents = chain.map(({ document }) => document);
    verifyEntrustments(documents, { statementOf, at, revokedAt: revocationsOf(chain) });
    return { code: '', message: '', problems: [] };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { code: error.code, message: error.message, problems: error.problems };
  }
}

/**
 * Verifies a chain that may begin on a later day: it is judged at the first moment at which all of it is to hold.
 *
 * @param documents compact JWS, the region's own first
 * @param known links that are kept here, some of them perhaps revoked
 * @param now milliseconds
 * @throws VerificationError the codes of `verifyEntrustments`
 */
export function verifyUpcoming(
  documents: readonly string[],
  known: readonly EntrustmentRecord[],
  statementOf: StatementOf,
  now: number,
): VerifiedEntrustments {
  const starts = documents.map((text, index) => Date.parse(readEntrustment(text, `/${index}`).content.valid_from));
  return verifyEntrustments(documents, { statementOf, at: Math.max(now, ...starts), revokedAt: revocationsOf(known) });
}
