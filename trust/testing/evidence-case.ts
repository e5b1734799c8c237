import { randomBytes, randomUUID } from 'node:crypto';
import { encode, logLeaf, type messages, type PayloadName, receiptLeaf, typeName } from '#proto';
import { payloadSamples, SAMPLE_TIME } from '../../proto/testing/payload-samples.ts';
import { draftAgreement, readAgreement, signAgreement } from '../authorization/agreement.ts';
import { inclusionPath, merkleRoot } from '../envelope/merkle.ts';
import { receiptBody } from '../envelope/receipt.ts';
import { type FixedEnvelope, fixEnvelope, sealEnvelopes, sealOf, sealReceipts } from '../envelope/seal.ts';
import { type BundleInput, writeBundle } from '../evidence/bundle-format.ts';
import { signCheckpoint } from '../evidence/checkpoint.ts';
import { type SuiteName, suiteOf } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from './throwaway-region.ts';

/** A small case between two regions with everything that proves it. */
export interface EvidenceCase {
  readonly exporter: ThrowawayRegion;
  readonly peer: ThrowawayRegion;
  /** What the exporter puts into the bundle. */
  readonly input: BundleInput;
  readonly text: string;
  /** Leaf hashes of the exporter's log. */
  readonly leaves: readonly Buffer[];
}

interface Act {
  readonly by: 'receiving' | 'handling';
  readonly name: PayloadName;
  readonly sequence: number;
  /** Code of a rejection; empty when accepted. */
  readonly code: string;
}

/** Supplement asked and given, a withdrawal that came too late, and a number used twice. */
const ACTS: readonly Act[] = [
  { by: 'receiving', name: 'CaseTransfer', sequence: 1, code: '' },
  { by: 'handling', name: 'SupplementRequested', sequence: 1, code: '' },
  { by: 'receiving', name: 'SupplementSubmitted', sequence: 2, code: '' },
  { by: 'handling', name: 'CaseAccepted', sequence: 2, code: '' },
  { by: 'handling', name: 'CaseDecided', sequence: 3, code: '' },
  { by: 'receiving', name: 'WithdrawalRequested', sequence: 3, code: 'ILLEGAL_TRANSITION' },
  { by: 'receiving', name: 'WithdrawalRequested', sequence: 3, code: 'SEQUENCE_USED' },
];

/**
 * Plays a case between Nantong (收件地) and Uxin Banner (办理地) at `SAMPLE_TIME`, in the bytes that gateways would send.
 *
 * @param suite of the region that exports
 * @param exportedBy which of the two regions exports the bundle
 * @param peerSuite of the other region
 */
export async function evidenceCase(
  suite: SuiteName = 'ES256',
  exportedBy: Act['by'] = 'receiving',
  peerSuite = suite,
): Promise<EvidenceCase> {
  const suiteFor = (side: Act['by']) => (side === exportedBy ? suite : peerSuite);
  const receiving = await throwawayRegion('320600', { suite: suiteFor('receiving'), now: SAMPLE_TIME });
  const handling = await throwawayRegion('150626', { suite: suiteFor('handling'), now: SAMPLE_TIME });
  const [exporter, peer] = exportedBy === 'receiving' ? [receiving, handling] : [handling, receiving];
  const conversation = randomUUID();
  const authorization = await agree(receiving, handling);
  const { digest, content } = readAgreement(authorization);

  const { hash: logHash } = suiteOf(exporter.log.suite);
  const leaves: Buffer[] = [strangerLeaf()];
  const log = (kind: messages.LogEntry['kind'], subject: Uint8Array, at: number) => {
    const entry = encode('LogEntry', { version: 1, kind, subject, peer: peer.region, at });
    leaves.push(logLeaf(logHash, entry), strangerLeaf());
    return { entry, index: leaves.length - 2 };
  };

  const acts = [];
  for (const [index, act] of ACTS.entries()) {
    const [sender, recipient] = act.by === 'receiving' ? [receiving, handling] : [handling, receiving];
    const at = SAMPLE_TIME + index * 60_000;
    const header = {
      id: uuidV7(at),
      type: typeName(act.name),
      sender: sender.region,
      recipient: recipient.region,
      conversation,
      sequence: act.sequence,
      sentAt: at,
      expiresAt: at + 86_400_000,
      authorizationId: content.id,
      authorizationDigest: digest,
      inReplyTo: '',
      suite: sender.signing.suite,
    };
    const fixed = fixEnvelope(header, encode(act.name, payloadSamples[act.name]));
    const receipt = await receiptOf(fixed, header, recipient, act.code, at + 2000);
    const logged =
      sender === exporter
        ? [
            log('LOG_ENTRY_KIND_ENVELOPE_SENT', fixed.leaf, at),
            log('LOG_ENTRY_KIND_RECEIPT_RECEIVED', receipt.leaf, at + 3000),
          ]
        : [log('LOG_ENTRY_KIND_VERDICT_GIVEN', receipt.leaf, at + 2000)];
    acts.push({ fixed, seal: await sealAmongOthers(fixed, sender, at + 1000), receipt, logged });
  }

  const root = merkleRoot(logHash, leaves);
  const input: BundleInput = {
    conversation,
    exportedBy: exporter.region,
    exportedAt: SAMPLE_TIME + 3_600_000,
    statements: [receiving.jwt, handling.jwt],
    authorizations: [authorization],
    envelopes: acts.map(({ fixed, seal, receipt, logged }) => ({
      header: fixed.header,
      payload: fixed.payload,
      payloadSalt: fixed.payloadSalt,
      seal,
      receipt: { body: receipt.body, seal: receipt.seal },
      log: logged.map(({ entry, index }) => ({
        entry,
        index,
        inclusionPath: inclusionPath(logHash, leaves, index),
      })),
    })),
    checkpoint: await signCheckpoint(exporter.log, { region: exporter.region, epoch: 1, size: leaves.length, root }),
  };
  return { exporter, peer, input, text: writeBundle(input), leaves };
}

/** The document that both regions sign. */
export async function agree(receiving: ThrowawayRegion, handling: ThrowawayRegion): Promise<string> {
  const payload = draftAgreement({
    id: randomUUID(),
    parties: [receiving.region, handling.region],
    grants: [
      {
        grantor: handling.region,
        grantee: receiving.region,
        department: { name: '市场监督管理局', code: payloadSamples.CaseTransfer.applicant.documentNumber },
        rights: ['R1a', 'R2', 'R3'],
        items: [payloadSamples.CaseTransfer.item],
        modes: ['agency'],
      },
    ],
    fields: ['applicant.*', 'form.*'],
    valid_from: '2026-11-01T00:00:00+08:00',
    valid_until: '2028-11-01T00:00:00+08:00',
    terms: '双方相互授权收件。',
    created_at: '2026-11-02T08:00:00+08:00',
  });
  return signAgreement(await signAgreement(payload, receiving.signing), handling.signing);
}

/** Seals the envelope as the second of three, so that its path has two hashes. */
export async function sealAmongOthers(
  fixed: FixedEnvelope,
  sender: ThrowawayRegion,
  at: number,
): Promise<messages.Seal> {
  const root = await sealEnvelopes(sender.signing, sender.region, [strangerLeaf(), fixed.leaf, strangerLeaf()], at);
  return sealOf(root, 1, sender.signing.suite);
}

async function receiptOf(
  fixed: FixedEnvelope,
  header: { id: string; sender: string; recipient: string; conversation: string; sequence: number },
  issuer: ThrowawayRegion,
  code: string,
  at: number,
): Promise<{ body: Buffer; leaf: Buffer; seal: messages.Seal }> {
  const body = receiptBody({
    issuer: header.recipient,
    audience: header.sender,
    envelopeId: header.id,
    leaf: fixed.leaf,
    conversation: header.conversation,
    sequence: header.sequence,
    code,
    receivedAt: at,
    decidedAt: at,
  });
  const root = await sealReceipts(issuer.signing, issuer.region, [randomBytes(40), randomBytes(40), body], at);
  const leaf = receiptLeaf(suiteOf(issuer.signing.suite).hash, body);
  return { body, leaf, seal: sealOf(root, 2, issuer.signing.suite) };
}

/** A leaf of some other message in the same batch or log. */
export function strangerLeaf(): Buffer {
  return randomBytes(32);
}

export function uuidV7(at: number): string {
  const hex = at.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
