import { type ErrorCode, LIMITS, TYP } from '#proto';
import { VerificationError } from '../../errors.ts';
import { verifyJws } from '../../jws.ts';
import { keyValidAt } from '../../region/directory.ts';
import type { RegionStatement, StatementKey } from '../../region/statement.ts';
import { parseDateTime } from '../date-time.ts';
import type { JointContent } from './content.ts';
import { type JointDocument, type JointSignature, kidOf, readJoint } from './document.ts';

declare const verified: unique symbol;

/** A joint-handling agreement whose signatures were verified. Only this file can make one. */
export type VerifiedJoint = JointDocument & {
  /** Regions that signed, in the order of the signatures. */
  readonly signedBy: readonly string[];
  readonly [verified]: true;
};

/**
 * What a document must prove. `proposed`: the lead region signed, nobody else. `complete`: every party did, each once.
 * `at` is when it arrived, in milliseconds; left out for history, whose times evidence has to prove.
 */
export type JointExpectation =
  | { readonly signatures: 'proposed'; readonly at: number }
  | { readonly signatures: 'complete'; readonly at?: number };

/**
 * Verifies every signature of a joint-handling agreement by itself (RFC 7515, 5.2), against the statements of its own
 * parties, each of whom must have the identity that the document names.
 *
 * The lead's signature under a proposal must be by a key that is valid `at` its arrival. In a complete document a key may
 * have been retired since, if it was valid at some time between `created_at` and `at`, or in history until `valid_until`.
 *
 * @param statementOf what is known of a region; undefined when nothing is
 * @throws VerificationError JOINT_INVALID, FINGERPRINT_MISMATCH, TYP_MISMATCH, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID
 */
export function verifyJoint(
  document: string,
  statementOf: (region: string) => RegionStatement | undefined,
  expected: JointExpectation,
): VerifiedJoint {
  const joint = readJoint(document);
  demandPast(joint.content, expected.at);
  const statements = statementsOf(joint.content, statementOf);
  const signedBy = joint.signatures.map((signature) => {
    const { region, key } = ownerOf(signature.kid, statements);
    verifySignature(joint, signature, key);
    demandSpan(key, joint.content, expected);
    return region;
  });
  demandSigners(joint.content, signedBy, expected);
  return { ...joint, signedBy } as unknown as VerifiedJoint;
}

/**
 * Verifies the signature that one party adds to a proposal, by a key that is valid now.
 *
 * @param statement of the party
 * @param at milliseconds
 * @throws VerificationError as `verifyJoint`
 */
export function verifyJointSignature(
  proposal: JointDocument,
  signature: JointSignature,
  statement: RegionStatement,
  at: number,
): void {
  const [party] = proposal.content.parties.filter(({ region }) => region === statement.region);
  if (!party) fail('JOINT_INVALID', `region ${statement.region} is not a party of the agreement`);
  demandIdentity(party, statement);
  const kid = kidOf(signature.protected, '/protected');
  verifySignature(proposal, signature, keyValidAt(statement, kid, 'signing', at));
}

function demandPast({ created_at }: JointContent, at: number | undefined): void {
  if (at !== undefined && parseDateTime(created_at)! > at + LIMITS.sealSkewMs) {
    fail('JOINT_INVALID', 'the agreement was created in the future; check both clocks');
  }
}

function statementsOf(
  { parties }: JointContent,
  statementOf: (region: string) => RegionStatement | undefined,
): RegionStatement[] {
  return parties.map((party) => {
    const statement =
      statementOf(party.region) ?? fail('KEY_UNKNOWN', `there is no statement of party ${party.region}`);
    demandIdentity(party, statement);
    return statement;
  });
}

function demandIdentity(party: JointContent['parties'][number], statement: RegionStatement): void {
  if (statement.identity !== party.identity) {
    fail(
      'FINGERPRINT_MISMATCH',
      `the agreement names another identity of region ${party.region} than its statement has`,
    );
  }
}

/** The one party in whose statement the key stands. */
function ownerOf(kid: string, statements: readonly RegionStatement[]): { region: string; key: StatementKey } {
  const owners = statements.flatMap(({ region, keys }) =>
    keys.filter((key) => key.kid === kid && key.purpose === 'signing').map((key) => ({ region, key })),
  );
  // A party could list another's public key as its own and so count one signature for both.
  if (owners.length > 1) fail('JOINT_INVALID', 'the key of a signature stands in the statements more than once');
  return owners[0] ?? fail('KEY_UNKNOWN', 'a signature is by a key that is in no statement of the parties');
}

function verifySignature({ payload }: JointDocument, signature: JointSignature, key: StatementKey): void {
  const compact = `${signature.protected}.${payload.toString('base64url')}.${signature.signature}`;
  verifyJws(compact, TYP.joint, () => key, LIMITS.jointBytes);
}

function demandSpan(key: StatementKey, content: JointContent, { signatures, at }: JointExpectation): void {
  if (key.revokedAt !== undefined) fail('KEY_REVOKED');
  const until = at ?? parseDateTime(content.valid_until)!;
  const from = signatures === 'proposed' ? until : parseDateTime(content.created_at)!;
  if (key.notBefore > until || key.notAfter <= from) fail('KEY_NOT_VALID');
}

function demandSigners({ parties, lead }: JointContent, signedBy: readonly string[], expected: JointExpectation): void {
  const twice = signedBy.find((region, index) => signedBy.indexOf(region) < index);
  if (twice !== undefined) fail('JOINT_INVALID', `region ${twice} signed twice`);
  if (expected.signatures === 'proposed') {
    if (signedBy.length !== 1 || signedBy[0] !== lead) fail('JOINT_INVALID', 'a proposal is signed by the lead alone');
    return;
  }
  const missing = parties.filter(({ region }) => !signedBy.includes(region)).map(({ region }) => region);
  if (missing.length > 0) fail('JOINT_INVALID', `the signature of ${missing.join(', ')} is missing`);
}

function fail(code: ErrorCode, detail?: string): never {
  throw new VerificationError(code, detail);
}
