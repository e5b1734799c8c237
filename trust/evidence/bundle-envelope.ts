import { envelopeLeaf, type messages, receiptLeaf, TYP } from '#proto';
import { rootFromPath } from '../envelope/merkle.ts';
import { readReceipt } from '../envelope/receipt.ts';
import { type VerifiedRoot, verifyRoot } from '../envelope/signed-root.ts';
import type { StatementKey } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import { type AgeProof, oldest } from './bundle-age.ts';
import { type BundleEnvelope, type BundleSeal, bytesOf } from './bundle-format.ts';
import {
  ANY_TIME,
  type BundleContext,
  checkCitation,
  checkContent,
  checkEntries,
  checkSeal,
  demandOlder,
  type ExpectedEntry,
  quietly,
  readHeader,
  refuse,
} from './bundle-parts.ts';

/** What the verifier holds the envelopes of a case against. */
export interface CaseContext extends BundleContext {
  /** Conversation of the case. */
  readonly case: string;
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
 * Checks one envelope: header, seal, payload, authorization, receipt, log entries. Every part that fails is reported
 * through `attempt`; undefined when any did.
 *
 * A receipt under a revoked key stands on a witnessed checkpoint that covers its log entry; a seal under a revoked key
 * on a receipt that stands, or on such a checkpoint.
 */
export function checkBundleEnvelope(
  envelope: BundleEnvelope,
  context: CaseContext,
  attempt: Attempt,
): ProvenEnvelope | undefined {
  const header = attempt('header', () => headerInCase(envelope, context));
  if (!header) return undefined;
  const leaf = envelopeLeaf(suiteOf(header.suite).hash, bytesOf(envelope.header));
  const { checkpoint } = context;
  const opened = quietly(() => openReceipt(envelope, header, leaf, context));
  const entries = quietly(() => {
    const expected = expectedEntries(header, leaf, opened().leaf, context);
    return checkpoint && checkEntries(envelope.log, expected, checkpoint);
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

/** Age of a log entry of the envelope; undefined when its place in the log is not proved. */
function ageOf(entries: () => readonly number[] | undefined, at: 0 | -1, { ages }: CaseContext): AgeProof | undefined {
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

interface OpenedReceipt {
  readonly key: StatementKey;
  readonly body: messages.ReceiptBody;
  readonly leaf: Buffer;
}

function headerInCase(envelope: BundleEnvelope, context: CaseContext): messages.EnvelopeHeader {
  const header = readHeader(envelope, context);
  if (header.conversation !== context.case) refuse('BUNDLE_INVALID', 'the envelope belongs to another case');
  if (header.sequence < 1) refuse('BUNDLE_INVALID', 'the envelope has no place in the order of the case');
  return header;
}

function openReceipt(
  envelope: BundleEnvelope,
  header: messages.EnvelopeHeader,
  leaf: Buffer,
  context: CaseContext,
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

/** What the exporter's log must hold: both ends of what it sent, its verdict on what it received. */
function expectedEntries(
  header: messages.EnvelopeHeader,
  leaf: Buffer,
  receipt: Buffer,
  context: CaseContext,
): ExpectedEntry[] {
  if (header.sender !== context.exportedBy)
    return [{ kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN', subject: receipt, peer: header.sender }];
  return [
    { kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT', subject: leaf, peer: header.recipient },
    { kind: 'LOG_ENTRY_KIND_RECEIPT_RECEIVED', subject: receipt, peer: header.recipient },
  ];
}
