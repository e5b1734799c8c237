import {
  decode,
  type ErrorCode,
  envelopeLeaf,
  type Hash,
  headerFault,
  LIMITS,
  logLeaf,
  type messages,
  TYP,
} from '#proto';
import type { VerifiedAgreement } from '../authorization/verify.ts';
import { verifyContent, verifySeal } from '../envelope/open.ts';
import type { VerifiedRoot } from '../envelope/signed-root.ts';
import { VerificationError } from '../errors.ts';
import type { RegionStatement, StatementKey } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import type { AgeProof, LogAges } from './bundle-age.ts';
import { type BundleLogEntry, type BundleSeal, bytesOf } from './bundle-format.ts';
import type { LogCheckpoint } from './checkpoint.ts';
import { verifyLogInclusion } from './log.ts';

/** What the verifier holds every envelope of a bundle against. */
export interface BundleContext {
  readonly exportedBy: string;
  /** Statements that the verifier was given, never those of the bundle. */
  statementOf(region: string): RegionStatement;
  /** Undefined when the checkpoint itself is at fault: then no log entry can be judged. */
  readonly checkpoint: (LogCheckpoint & { readonly hash: Hash }) | undefined;
  /** How old the exporter's log is; undefined without a checkpoint. */
  readonly ages: LogAges | undefined;
  /** Verified authorization documents of the bundle, by the base64url of their digest. */
  readonly authorizations: ReadonlyMap<string, VerifiedAgreement>;
}

/** An envelope as bundles of every kind hold it. */
export interface SealedPart {
  readonly header: string;
  readonly payload?: string;
  readonly payload_salt?: string;
  readonly seal: BundleSeal;
}

/** What a log entry must record. */
export interface ExpectedEntry {
  readonly kind: messages.LogEntry['kind'];
  readonly subject: Buffer;
  readonly peer: string;
}

/**
 * Signatures are verified first, whether or not their key was revoked since; then that counts which was there before,
 * by the word of somebody else.
 */
export const ANY_TIME = { kind: 'history', provenAt: Number.NEGATIVE_INFINITY } as const;

/** Reads a header that obeys its rules and lies between the exporter and another region. */
export function readHeader(part: SealedPart, { exportedBy }: BundleContext): messages.EnvelopeHeader {
  const header = decode('EnvelopeHeader', bytesOf(part.header));
  const fault = headerFault(header);
  if (fault) refuse('MALFORMED', fault);
  // A suite outside the closed list ends here.
  suiteOf(header.suite);
  const isParty = header.sender === exportedBy || header.recipient === exportedBy;
  if (!isParty || header.sender === header.recipient)
    refuse('BUNDLE_INVALID', 'the exporting region is not one of the two sides of the envelope');
  return header;
}

/** Verifies the seal of an envelope, whether or not its key was revoked since. */
export function checkSeal(
  { header: bytes, seal }: SealedPart,
  header: messages.EnvelopeHeader,
  context: BundleContext,
): VerifiedRoot {
  const message: messages.Seal = {
    signedRoot: Buffer.from(seal.signed_root),
    leafIndex: seal.leaf_index,
    treeSize: seal.tree_size,
    inclusionPath: seal.inclusion_path.map(bytesOf),
  };
  const leafOf = (hash: Hash) => envelopeLeaf(hash, bytesOf(bytes));
  return verifySeal(leafOf, message, TYP.envelopeRoot, context.statementOf(header.sender), ANY_TIME);
}

/** Verifies the payload of an envelope, or of one whose payload was erased all the rest. */
export function checkContent(part: SealedPart, header: messages.EnvelopeHeader, root: VerifiedRoot): true {
  const { payload, payload_salt } = part;
  if (payload === undefined || payload_salt === undefined) return checkErased(header, root);
  const bytes = bytesOf(payload);
  if (bytesOf(part.header).length + bytes.length > LIMITS.messageBytes) refuse('MESSAGE_TOO_LARGE');
  verifyContent({ header, payload: bytes, payloadSalt: bytesOf(payload_salt) }, root);
  return true;
}

/** All that can be said of an envelope whose payload and salt were erased: everything but the digest. */
function checkErased(header: messages.EnvelopeHeader, root: VerifiedRoot): true {
  if (header.version !== 1) refuse('VERSION_UNSUPPORTED');
  if (header.critical.length > 0) refuse('EXTENSION_UNKNOWN');
  if (header.suite !== root.key.suite.name) refuse('SUITE_MISMATCH');
  if (header.sentAt > root.sealedAt + LIMITS.sealSkewMs) refuse('SENT_IN_FUTURE');
  if (header.expiresAt <= header.sentAt || header.expiresAt - header.sentAt > LIMITS.lifetimeMs)
    refuse('EXPIRY_INVALID');
  return true;
}

/** Demands that the authorization which a header cites is in the bundle and between its two regions. */
export function checkCitation(header: messages.EnvelopeHeader, { authorizations }: BundleContext): true {
  if (header.authorizationId === '') return true;
  const cited = authorizations.get(header.authorizationDigest.toString('base64url'));
  if (!cited || cited.content.id !== header.authorizationId)
    refuse('AUTHORIZATION_UNKNOWN', 'the authorization that the header cites is not in the bundle');
  if (!cited.content.parties.includes(header.sender) || !cited.content.parties.includes(header.recipient))
    refuse('AUTHORIZATION_INVALID', 'the authorization that the header cites is not one of these two regions');
  return true;
}

/**
 * Demands that the log holds what is expected, each entry under the checkpoint.
 *
 * @returns the places of the entries in the log
 */
export function checkEntries(
  log: readonly BundleLogEntry[],
  expected: readonly ExpectedEntry[],
  { hash, size, root }: LogCheckpoint & { readonly hash: Hash },
): number[] {
  if (log.length !== expected.length)
    refuse('BUNDLE_INVALID', `needs ${expected.length} log entries, not ${log.length}`);
  return expected.map(({ kind, subject, peer }, at) => {
    const given = log[at]!;
    const bytes = bytesOf(given.entry);
    const entry = decode('LogEntry', bytes);
    if (entry.version !== 1 || entry.kind !== kind || entry.peer !== peer || !entry.subject.equals(subject))
      refuse('LOG_PROOF_INVALID', `log entry ${at} does not record this envelope`);
    verifyLogInclusion(hash, logLeaf(hash, bytes), given.index, size, given.inclusion_path.map(bytesOf), root);
    return given.index;
  });
}

/** @throws VerificationError KEY_REVOKED when nothing shows that what a revoked key signed is older than that */
export function demandOlder<T extends { readonly key: StatementKey }>(signed: T, proof: AgeProof | undefined): T {
  const { revokedAt } = signed.key;
  if (revokedAt !== undefined && !(proof && proof.at < revokedAt)) refuse('KEY_REVOKED');
  return signed;
}

/** Runs a check once and keeps its outcome, good or bad, until somebody asks for it. */
export function quietly<T>(check: () => T): () => T {
  try {
    const value = check();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

export function refuse(code: ErrorCode, detail?: string): never {
  throw new VerificationError(code, detail);
}
