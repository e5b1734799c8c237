import {
  decode,
  type ErrorCode,
  envelopeLeaf,
  type Hash,
  headerFault,
  LIMITS,
  logLeaf,
  type messages,
  receiptLeaf,
  TYP,
} from '#proto';
import type { VerifiedAgreement } from '../authorization/verify.ts';
import { rootFromPath } from '../envelope/merkle.ts';
import { verifyContent, verifySeal } from '../envelope/open.ts';
import { readReceipt } from '../envelope/receipt.ts';
import { type VerifiedRoot, verifyRoot } from '../envelope/signed-root.ts';
import { VerificationError } from '../errors.ts';
import type { RegionStatement } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import { type BundleEnvelope, type BundleSeal, bytesOf } from './bundle-format.ts';
import type { LogCheckpoint } from './checkpoint.ts';
import { verifyLogInclusion } from './log.ts';

/** What the verifier holds every envelope of a bundle against. */
export interface BundleContext {
  readonly case: string;
  readonly exportedBy: string;
  /** Statements that the verifier was given, never those of the bundle. */
  statementOf(region: string): RegionStatement;
  /** Undefined when the checkpoint itself is at fault: then no log entry can be judged. */
  readonly checkpoint: (LogCheckpoint & { readonly hash: Hash }) | undefined;
  /** Verified authorization documents of the bundle, by the base64url of their digest. */
  readonly authorizations: ReadonlyMap<string, VerifiedAgreement>;
}

/** An envelope of a bundle after every check that concerns it alone. */
export interface ProvenEnvelope {
  readonly header: messages.EnvelopeHeader;
  readonly receipt: messages.ReceiptBody;
  readonly erased: boolean;
}

/** Runs one part of the checks; undefined when it failed, which is then reported. */
export type Attempt = <T>(part: EnvelopePart, check: () => T) => T | undefined;

/** The parts of an envelope's checks, in their order. */
export const ENVELOPE_PARTS = ['header', 'seal', 'payload', 'authorization', 'receipt', 'log'] as const;
export type EnvelopePart = (typeof ENVELOPE_PARTS)[number];

/**
 * Checks one envelope: header, seal, payload, authorization, receipt, log entries. Every part that fails is reported
 * through `attempt`; undefined when any did.
 */
export function checkBundleEnvelope(
  envelope: BundleEnvelope,
  context: BundleContext,
  attempt: Attempt,
): ProvenEnvelope | undefined {
  const header = attempt('header', () => readHeader(bytesOf(envelope.header), context));
  if (!header) return undefined;
  const leaf = envelopeLeaf(suiteOf(header.suite).hash, bytesOf(envelope.header));
  const root = attempt('seal', () => checkSeal(envelope, header, leaf, context));
  const content = root && attempt('payload', () => checkContent(envelope, header, root));
  const cited = attempt('authorization', () => checkCitation(header, context));
  const receipt = attempt('receipt', () => checkReceipt(envelope, header, leaf, context));
  const { checkpoint } = context;
  if (!receipt || !checkpoint) return undefined;
  const logged = attempt('log', () =>
    checkLog(envelope, expectedEntries(header, leaf, receipt.leaf, context), checkpoint),
  );
  if (!content || !cited || !logged) return undefined;
  return { header, receipt: receipt.body, erased: envelope.payload === undefined };
}

function readHeader(bytes: Buffer, context: BundleContext): messages.EnvelopeHeader {
  const header = decode('EnvelopeHeader', bytes);
  const fault = headerFault(header);
  if (fault) refuse('MALFORMED', fault);
  // A suite outside the closed list ends here.
  suiteOf(header.suite);
  if (header.conversation !== context.case) refuse('BUNDLE_INVALID', 'the envelope belongs to another case');
  if (header.sequence < 1) refuse('BUNDLE_INVALID', 'the envelope has no place in the order of the case');
  const isParty = header.sender === context.exportedBy || header.recipient === context.exportedBy;
  if (!isParty || header.sender === header.recipient)
    refuse('BUNDLE_INVALID', 'the exporting region is not one of the two sides of the envelope');
  return header;
}

function checkSeal(
  envelope: BundleEnvelope,
  header: messages.EnvelopeHeader,
  leaf: Buffer,
  context: BundleContext,
): VerifiedRoot {
  const { seal } = envelope;
  const message: messages.Seal = {
    signedRoot: Buffer.from(seal.signed_root),
    leafIndex: seal.leaf_index,
    treeSize: seal.tree_size,
    inclusionPath: seal.inclusion_path.map(bytesOf),
  };
  return verifySeal(leaf, message, TYP.envelopeRoot, context.statementOf(header.sender), { kind: 'history' });
}

function checkContent(envelope: BundleEnvelope, header: messages.EnvelopeHeader, root: VerifiedRoot): true {
  const { payload, payload_salt } = envelope;
  if (payload === undefined || payload_salt === undefined) return checkErased(header, root);
  const bytes = bytesOf(payload);
  if (bytesOf(envelope.header).length + bytes.length > LIMITS.messageBytes) refuse('MESSAGE_TOO_LARGE');
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

function checkCitation(header: messages.EnvelopeHeader, context: BundleContext): true {
  if (header.authorizationId === '') return true;
  const cited = context.authorizations.get(header.authorizationDigest.toString('base64url'));
  if (!cited || cited.content.id !== header.authorizationId)
    refuse('AUTHORIZATION_UNKNOWN', 'the authorization that the header cites is not in the bundle');
  if (!cited.content.parties.includes(header.sender) || !cited.content.parties.includes(header.recipient))
    refuse('AUTHORIZATION_INVALID', 'the authorization that the header cites is not one of these two regions');
  return true;
}

function checkReceipt(
  envelope: BundleEnvelope,
  header: messages.EnvelopeHeader,
  leaf: Buffer,
  context: BundleContext,
): { readonly body: messages.ReceiptBody; readonly leaf: Buffer } {
  const bytes = bytesOf(envelope.receipt.body);
  const signer = context.statementOf(header.recipient);
  const root = verifyRoot(envelope.receipt.seal.signed_root, TYP.receiptRoot, signer, { kind: 'history' });
  // Receipts are hashed with the suite of the key that signed them, which only the verified root names.
  const receiptHash = receiptLeaf(root.key.suite.hash, bytes);
  checkPath(receiptHash, envelope.receipt.seal, root);
  const body = readReceipt(bytes, header.recipient, header.sender);
  const matches =
    body.envelopeId === header.id &&
    body.leafHash.equals(leaf) &&
    body.conversation === header.conversation &&
    body.sequence === header.sequence;
  if (!matches) refuse('RECEIPT_INVALID', 'the receipt is that of another envelope');
  return { body, leaf: receiptHash };
}

function checkPath(leaf: Buffer, seal: BundleSeal, root: VerifiedRoot): void {
  const { leaf_index, tree_size, inclusion_path } = seal;
  const reached = rootFromPath(root.key.suite.hash, leaf, leaf_index, tree_size, inclusion_path.map(bytesOf));
  if (tree_size !== root.size || !reached?.equals(root.root)) refuse('PATH_INVALID');
}

interface ExpectedEntry {
  readonly kind: messages.LogEntry['kind'];
  readonly subject: Buffer;
  readonly peer: string;
}

/** What the exporter's log must hold: both ends of what it sent, its verdict on what it received. */
function expectedEntries(
  header: messages.EnvelopeHeader,
  leaf: Buffer,
  receipt: Buffer,
  context: BundleContext,
): ExpectedEntry[] {
  if (header.sender !== context.exportedBy)
    return [{ kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN', subject: receipt, peer: header.sender }];
  return [
    { kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT', subject: leaf, peer: header.recipient },
    { kind: 'LOG_ENTRY_KIND_RECEIPT_RECEIVED', subject: receipt, peer: header.recipient },
  ];
}

function checkLog(
  envelope: BundleEnvelope,
  expected: readonly ExpectedEntry[],
  { hash, size, root }: LogCheckpoint & { readonly hash: Hash },
): true {
  if (envelope.log.length !== expected.length)
    refuse('BUNDLE_INVALID', `needs ${expected.length} log entries, not ${envelope.log.length}`);
  expected.forEach(({ kind, subject, peer }, at) => {
    const given = envelope.log[at]!;
    const bytes = bytesOf(given.entry);
    const entry = decode('LogEntry', bytes);
    if (entry.version !== 1 || entry.kind !== kind || entry.peer !== peer || !entry.subject.equals(subject))
      refuse('LOG_PROOF_INVALID', `log entry ${at} does not record this envelope`);
    verifyLogInclusion(hash, logLeaf(hash, bytes), given.index, size, given.inclusion_path.map(bytesOf), root);
  });
  return true;
}

function refuse(code: ErrorCode, detail?: string): never {
  throw new VerificationError(code, detail);
}
