import { CodedError } from '#proto';
import {
  ANCHOR_FILES,
  type ChainConstraints,
  demandWithin,
  matchesFingerprint,
  readJws,
  verifyAnchorConfiguration,
  verifyStatement,
} from '#trust';
import type { AnchorFolder } from './anchor-folder.ts';
import type { Member } from './anchor-state.ts';

export interface Enrolment {
  /** Statement of a region, or entity configuration of an anchor. */
  readonly jwt: string;
  /** As compared with its operators; not needed for a newer statement of an identity that is enrolled. */
  readonly fingerprint: string | undefined;
  /** What a subordinate anchor may do; `maxPathLength` counts the levels of anchors below it. */
  readonly constraints: ChainConstraints;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Enrolls a region or a subordinate anchor, or takes the newer statement of an enrolled one.
 *
 * @throws CodedError FINGERPRINT_MISMATCH, CHAIN_CONSTRAINT when this anchor bound itself not to vouch for it, CONFLICT
 *   when it is enrolled with another identity, STATEMENT_EXPIRED, STATEMENT_STALE and codes of a signed object
 */
export async function enroll(folder: AnchorFolder, enrolment: Enrolment): Promise<Member> {
  const subject = readJws<{ metadata?: object }>(enrolment.jwt).payload.metadata;
  const isAnchor = typeof subject === 'object' && subject !== null && 'tongban_anchor' in subject;
  return isAnchor ? enrollAnchor(folder, enrolment) : enrollRegion(folder, enrolment);
}

async function enrollRegion(folder: AnchorFolder, { jwt, fingerprint, constraints, now }: Enrolment): Promise<Member> {
  const statement = await verifyStatement(jwt);
  const { region: name, identity: kid } = statement;
  if (now >= statement.expiresAt) throw new CodedError('STATEMENT_EXPIRED');
  if (Object.keys(constraints).length > 0)
    throw new CodedError('VALIDATION_FAILED', 'constraints are for anchors; a region vouches for nobody');
  demandWithin(folder.state.constraints, 0, name);
  const known = demandIdentity(folder, { name, kid, fingerprint });
  const held = await folder.file(ANCHOR_FILES.statement(name));
  if (known && held && (await verifyStatement(held)).serial > statement.serial) throw new CodedError('STATEMENT_STALE');
  await folder.writeFile(ANCHOR_FILES.statement(name), jwt);
  const member: Member = { kind: 'region', name, kid, jwk: jwkOf(jwt), constraints: {}, issued: known?.issued ?? [] };
  await folder.keepMember(member);
  return member;
}

async function enrollAnchor(folder: AnchorFolder, { jwt, fingerprint, constraints, now }: Enrolment): Promise<Member> {
  const { name, key, location, expiresAt } = await verifyAnchorConfiguration(jwt);
  if (now >= expiresAt) throw new CodedError('CHAIN_EXPIRED', 'the configuration has expired; publish it anew');
  if (key.kid === folder.state.kid) throw new CodedError('CONFLICT', 'this is the anchor itself');
  demandWithin(folder.state.constraints, 1);
  const known = demandIdentity(folder, { name, kid: key.kid, fingerprint });
  const issued = known?.issued ?? [];
  const { maxPathLength, ...naming } = constraints;
  // The operator counts the levels below that anchor; the claim counts from this one, to which that anchor is a level.
  const said = { ...naming, ...(maxPathLength !== undefined && { maxPathLength: maxPathLength + 1 }) };
  const member: Member = { kind: 'anchor', name, kid: key.kid, jwk: jwkOf(jwt), location, constraints: said, issued };
  await folder.keepMember(member);
  return member;
}

/** @returns the member that is enrolled under this name */
function demandIdentity(
  folder: AnchorFolder,
  { name, kid, fingerprint }: { name: string; kid: string; fingerprint: string | undefined },
): Member | undefined {
  const known = folder.state.members.find((member) => member.name === name);
  if (known && known.kid !== kid)
    throw new CodedError('CONFLICT', `${name} is enrolled with another identity; revoke it first`);
  if (fingerprint === undefined ? !known : !matchesFingerprint(kid, fingerprint)) {
    // The right one is not shown: it must come from the other operator, not from this message.
    throw new CodedError('FINGERPRINT_MISMATCH');
  }
  return known;
}

function jwkOf(jwt: string): Record<string, string> {
  const { kty, crv, x, y } = readJws<{ jwks: { keys: Record<string, string>[] } }>(jwt).payload.jwks.keys[0]!;
  return { kty: kty!, crv: crv!, x: x!, ...(y !== undefined && { y }) };
}
