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
import type { RegionStatement, StatementKey } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import { type AgeProof, type LogAges, oldest } from './bundle-age.ts';
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
  /** How old the exporter's log is; undefined without a checkpoint. */
  readonly ages: LogAges | undefined;
  /** Verified authorization documents of the bundle, by the base64url of their digest. */
  readonly authorizations: ReadonlyMap<string, VerifiedAgreement>;
}

/** An envelope of a bundle after every check that concerns it alone. */
export interface ProvenEnvelope {
  readonly header: messages.EnvelopeHeader;
  readonly receipt: messages.ReceiptBody;
  readonly erased: boolean;
  /** The oldest proof, by somebody else than the sender, that the header existed. */
  readonly age: AgeProof | undefined;
  /** What stands although its key was revoked, and on what. */
  readonly old: readonly { readonly part: 'seal' | 'receipt'; readonly proof: AgeProof }[];
}

/** Runs one part of the checks; undefined when it failed, which is then reported. */
export type Attempt = <T>(part: EnvelopePart, check: () => T) => T | undefined;

/** The parts of an envelope's checks, in their order. */
export const ENVELOPE_PARTS = ['header', 'seal', 'payload', 'authorization', 'receipt', 'log'] as const;
export type EnvelopePart = (typeof ENVELOPE_PARTS)[number];

/**
 * Signatures are verified first, whether or not their key was revoked since; then that counts which was there before,
 * by the word of somebody else.
 */
const ANY_TIME = { kind: 'history', provenAt: Number.NEGATIVE_INFINITY } as const;

/**
 * Checks one envelope: header, seal, payload, authorization, receipt, log entries. Every part that fails is reported
 * through `attempt`; undefined when any did.
 *
 * A receipt under a revoked key stands on a witnessed checkpoint that covers its log entry; a seal under a revoked key
 * on a receipt that stands, or on such a checkpoint.
 */
export function checkBundleEnvelope(
  envelope: BundleEnvelope,
  context: BundleContext,
  attempt: Attempt,
): ProvenEnvelope | undefined {
  const header = attempt('header', () => readHeader(bytesOf(envelope.header), context));
  if (!header) return undefined;
  const leaf = envelopeLeaf(suiteOf(header.suite).hash, bytesOf(envelope.header));
  const { checkpoint } = context;
  const opened = quietly(() => openReceipt(envelope, header, leaf, context));
  const entries = quietly(() => {
    const expected = expectedEntries(header, leaf, opened().leaf, context);
    return checkpoint && checkLog(envelope, expected, checkpoint);
  });
  const receiptAge = ageOf(entries, -1, context);
  const stands = quietly(() => demandOlder(opened(), receiptAge));
  const sealAge = oldest([receiptProof(stands, header), ageOf(entries, 0, context)]);

  const root = attempt('seal', () => demandOlder(checkSeal(envelope, header, context), sealAge));
  const content = root && attempt('payload', () => checkContent(envelope, header, root));
  const cited = attempt('authorization', () => checkCitation(header, context));
  const receipt = attempt('receipt', stands);
  if (!receipt || !checkpoint) return undefined;
  const logged = attempt('log', entries);
  if (!root || !content || !cited || !logged) return undefined;
  const old = [
    ...(root.key.revokedAt !== undefined && sealAge ? [{ part: 'seal' as const, proof: sealAge }] : []),
    ...(receipt.key.revokedAt !== undefined && receiptAge ? [{ part: 'receipt' as const, proof: receiptAge }] : []),
  ];
  return { header, receipt: receipt.body, erased: envelope.payload === undefined, age: sealAge, old };
}

/** Runs a check once and keeps its outcome, good or bad, until somebody asks for it. */
function quietly<T>(check: () => T): () => T {
  try {
    const value = check();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Age of a log entry of the envelope; undefined when its place in the log is not proved. */
function ageOf(
  entries: () => readonly number[] | undefined,
  at: 0 | -1,
  { ages }: BundleContext,
): AgeProof | undefined {
  try {
    const index = entries()?.at(at);
    return index === undefined ? undefined : ages?.ofLeaf(index);
  } catch {
    return undefined;
  }
}

/** The word of the other region: when it decided. */
function receiptProof(stands: () => OpenedReceipt, { recipient }: messages.EnvelopeHeader): AgeProof | undefined {
  try {
    return { at: stands().body.decidedAt, kind: 'receipt', by: recipient };
  } catch {
    return undefined;
  }
}

/** @throws VerificationError KEY_REVOKED when nothing shows that what a revoked key signed is older than that */
function demandOlder<T extends { readonly key: StatementKey }>(signed: T, proof: AgeProof | undefined): T {
  const { revokedAt } = signed.key;
  if (revokedAt !== undefined && !(proof && proof.at < revokedAt)) refuse('KEY_REVOKED');
  return signed;
}

interface OpenedReceipt {
  readonly key: StatementKey;
  readonly body: messages.ReceiptBody;
  readonly leaf: Buffer;
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

function checkSeal(envelope: BundleEnvelope, header: messages.EnvelopeHeader, context: BundleContext): VerifiedRoot {
  const { seal } = envelope;
  const message: messages.Seal = {
    signedRoot: Buffer.from(seal.signed_root),
    leafIndex: seal.leaf_index,
    treeSize: seal.tree_size,
    inclusionPath: seal.inclusion_path.map(bytesOf),
  };
  const leafOf = (hash: Hash) => envelopeLeaf(hash, bytesOf(envelope.header));
  return verifySeal(leafOf, message, TYP.envelopeRoot, context.statementOf(header.sender), ANY_TIME);
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

function openReceipt(
  envelope: BundleEnvelope,
  header: messages.EnvelopeHeader,
  leaf: Buffer,
  context: BundleContext,
): OpenedReceipt {
  const bytes = bytesOf(envelope.receipt.body);
  const signer = context.statementOf(header.recipient);
  const root = verifyRoot(envelope.receipt.seal.signed_root, TYP.receiptRoot, signer, ANY_TIME);
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
  return { key: root.key, body, leaf: receiptHash };
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

/** @returns the places of the entries in the log */
function checkLog(
  envelope: BundleEnvelope,
  expected: readonly ExpectedEntry[],
  { hash, size, root }: LogCheckpoint & { readonly hash: Hash },
): number[] {
  if (envelope.log.length !== expected.length)
    refuse('BUNDLE_INVALID', `needs ${expected.length} log entries, not ${envelope.log.length}`);
  return expected.map(({ kind, subject, peer }, at) => {
    const given = envelope.log[at]!;
    const bytes = bytesOf(given.entry);
    const entry = decode('LogEntry', bytes);
    if (entry.version !== 1 || entry.kind !== kind || entry.peer !== peer || !entry.subject.equals(subject))
      refuse('LOG_PROOF_INVALID', `log entry ${at} does not record this envelope`);
    verifyLogInclusion(hash, logLeaf(hash, bytes), given.index, size, given.inclusion_path.map(bytesOf), root);
    return given.index;
  });
}

function refuse(code: ErrorCode, detail?: string): never {
  throw new VerificationError(code, detail);
}
