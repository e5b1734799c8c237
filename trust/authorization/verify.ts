import { type ErrorCode, LIMITS, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import { verifyJws } from '../jws.ts';
import type { RegionStatement, StatementKey } from '../region/statement.ts';
import { AGREEMENT_BYTES, type Agreement, type AgreementSignature, readAgreement } from './agreement.ts';
import { parseDateTime } from './date-time.ts';

declare const verified: unique symbol;

/** An agreement whose signatures were verified. Only this file can make one. */
export type VerifiedAgreement = Pick<Agreement, 'content' | 'digest' | 'document'> & {
  /** Regions that signed, in the order of the signatures. */
  readonly signedBy: readonly string[];
  readonly [verified]: true;
};

/**
 * What a document must prove. `proposed`: exactly one party signed. `complete`: both did.
 *
 * `at` is when the document arrived, in milliseconds; it is left out for history, whose times evidence has to prove.
 * `proposer` is the region that proposed it: the one that signed a proposal, and not the one whose signature is new in
 * a complete document, so there the two come together.
 */
export type AgreementExpectation =
  | { readonly signatures: 'proposed'; readonly at?: number; readonly proposer?: string }
  | { readonly signatures: 'complete'; readonly at: number; readonly proposer: string }
  | { readonly signatures: 'complete'; readonly at?: undefined; readonly proposer?: undefined };

/** When the agreement was written and when it ends, in milliseconds. */
interface Span {
  readonly created: number;
  readonly until: number;
}

/**
 * Verifies every signature of an agreement against the statements of its own two parties, one by one (RFC 7515, 5.2).
 *
 * A signature that arrives now, the only one of a proposal or the acceptor's in a complete document, must be by a key
 * that is valid `at` its arrival. Any other may be by a retired key, if that key was valid at some time between
 * `created_at` and `at`, or in history between `created_at` and `valid_until`.
 *
 * @param statementOf what is known of a region; undefined when it is not pinned
 * @throws VerificationError AUTHORIZATION_INVALID, TYP_MISMATCH, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID, ALGORITHM_NOT_ALLOWED,
 *   SIGNATURE_INVALID
 */
export function verifyAgreement(
  document: string,
  statementOf: (region: string) => RegionStatement | undefined,
  expected: AgreementExpectation,
): VerifiedAgreement {
  const agreement = readAgreement(document);
  demandExpected(agreement, expected);
  const span = spanOf(agreement, expected);
  const parties = agreement.content.parties.map(statementOf).filter((statement) => statement !== undefined);
  const signedBy = agreement.signatures.map((signature) => {
    const { region, key } = ownerOf(signature.kid, parties);
    verifySignature(agreement, signature, key);
    demandValid(key, span, expected.at, isArriving(region, expected));
    return region;
  });
  if (signedBy[0] === signedBy[1]) fail('AUTHORIZATION_INVALID', `both signatures are of region ${signedBy[0]}`);
  if (expected.signatures === 'proposed' && expected.proposer && signedBy[0] !== expected.proposer) {
    fail('AUTHORIZATION_INVALID', 'the agreement is not signed by the region that proposes it');
  }
  const { content, digest } = agreement;
  return { content, digest, document, signedBy } as unknown as VerifiedAgreement;
}

function demandExpected({ content, signatures }: Agreement, expected: AgreementExpectation): void {
  const wanted = expected.signatures === 'proposed' ? 1 : 2;
  if (signatures.length !== wanted) {
    fail('AUTHORIZATION_INVALID', `the agreement needs ${wanted} signature(s) here and has ${signatures.length}`);
  }
  if (expected.proposer && !content.parties.includes(expected.proposer)) {
    fail('AUTHORIZATION_INVALID', 'the region that proposes the agreement is not a party of it');
  }
}

function spanOf({ content }: Agreement, { at }: AgreementExpectation): Span {
  const created = parseDateTime(content.created_at)!;
  if (at !== undefined && created > at + LIMITS.sealSkewMs) {
    fail('AUTHORIZATION_INVALID', 'the agreement was created in the future; check both clocks');
  }
  return { created, until: parseDateTime(content.valid_until)! };
}

/** The one party in whose statement the key stands. */
function ownerOf(kid: string, parties: readonly RegionStatement[]): { region: string; key: StatementKey } {
  const owners = parties.flatMap(({ region, keys }) =>
    keys.filter((key) => key.kid === kid && key.purpose === 'signing').map((key) => ({ region, key })),
  );
  // A party could list the other's public key as its own and so count one signature for both.
  if (owners.length > 1)
    fail('AUTHORIZATION_INVALID', 'the key of a signature stands in the statements more than once');
  return owners[0] ?? fail('KEY_UNKNOWN', 'a signature is by a key that is in neither statement of the two parties');
}

function verifySignature({ payload }: Agreement, signature: AgreementSignature, key: StatementKey): void {
  const compact = `${signature.protected}.${payload.toString('base64url')}.${signature.signature}`;
  verifyJws(compact, TYP.authorization, () => key, AGREEMENT_BYTES);
}

function isArriving(region: string, { signatures, proposer }: AgreementExpectation): boolean {
  return signatures === 'proposed' || (proposer !== undefined && region !== proposer);
}

/** In history other evidence must show that a signature under a revoked key is older; that is the bundle's to judge. */
function demandValid(key: StatementKey, { created, until }: Span, at: number | undefined, arriving: boolean): void {
  if (at !== undefined && key.revokedAt !== undefined) fail('KEY_REVOKED');
  const [from, to] = arriving && at !== undefined ? [at, at] : [created, at ?? until];
  if (key.notBefore > to || key.notAfter <= from) fail('KEY_NOT_VALID');
}

function fail(code: ErrorCode, detail?: string): never {
  throw new VerificationError(code, detail);
}
