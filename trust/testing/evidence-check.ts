import { randomUUID } from 'node:crypto';
import { encode, logLeaf, type messages, type PayloadName, typeName } from '#proto';
import { SAMPLE_TIME } from '../../proto/testing/payload-samples.ts';
import { readAgreement } from '../authorization/agreement.ts';
import { inclusionPath, merkleRoot } from '../envelope/merkle.ts';
import { fixEnvelope } from '../envelope/seal.ts';
import { type CheckBundleInput, writeCheckBundle } from '../evidence/bundle-format.ts';
import { signCheckpoint } from '../evidence/checkpoint.ts';
import { type SuiteName, suiteOf } from '../suites.ts';
import { agree, sealAmongOthers, strangerLeaf, uuidV7 } from './evidence-case.ts';
import { type ThrowawayRegion, throwawayRegion } from './throwaway-region.ts';

/** A question about a certificate and its answer, with everything that proves them. */
export interface EvidenceCheck {
  readonly exporter: ThrowawayRegion;
  readonly peer: ThrowawayRegion;
  /** What the exporter puts into the bundle. */
  readonly input: CheckBundleInput;
  readonly text: string;
  /** Leaf hashes of the exporter's log. */
  readonly leaves: readonly Buffer[];
}

const SUBJECT = {
  identifier: '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F',
  reference: '',
};
const QUESTION = { ...SUBJECT, fields: ['certificate_holder_name', 'residence'], purpose: '异地经营核验' };
const ANSWER = {
  ...SUBJECT,
  status: 'CERTIFICATE_STATUS_VALID',
  answeredAt: SAMPLE_TIME + 1000,
  fields: { certificate_holder_name: '示例餐饮有限公司' },
  validForSeconds: 60,
};

/** What one of the two messages says in another way. */
export interface CheckChanges {
  readonly header?: Partial<messages.EnvelopeHeader>;
  readonly name?: PayloadName;
  readonly payload?: object;
}

/**
 * Lets Nantong ask Uxin Banner at `SAMPLE_TIME`, in the bytes that gateways would send, each message sealed as one of a
 * group of three.
 *
 * @param suite of the region that exports
 * @param exportedBy who of the two exports the bundle
 * @param peerSuite of the other region
 */
export async function evidenceCheck(
  suite: SuiteName = 'ES256',
  exportedBy: 'asker' | 'answerer' = 'asker',
  peerSuite = suite,
  changes: { readonly question?: CheckChanges; readonly answer?: CheckChanges } = {},
): Promise<EvidenceCheck> {
  const suiteFor = (side: typeof exportedBy) => (side === exportedBy ? suite : peerSuite);
  const asker = await throwawayRegion('320600', { suite: suiteFor('asker'), now: SAMPLE_TIME });
  const answerer = await throwawayRegion('150626', { suite: suiteFor('answerer'), now: SAMPLE_TIME });
  const [exporter, peer] = exportedBy === 'asker' ? [asker, answerer] : [answerer, asker];
  const authorization = await agree(asker, answerer);
  const { digest, content } = readAgreement(authorization);
  const cited = { conversation: randomUUID(), authorizationId: content.id, authorizationDigest: digest };
  const question = write(
    asker,
    answerer,
    { ...cited, inReplyTo: '' },
    'CertificateQuestion',
    QUESTION,
    changes.question,
  );
  const inReplyTo = question.id;
  const answer = write(answerer, asker, { ...cited, inReplyTo }, 'CertificateAnswer', ANSWER, changes.answer);

  const { hash: logHash } = suiteOf(exporter.log.suite);
  const leaves: Buffer[] = [strangerLeaf()];
  const log = (kind: messages.LogEntry['kind'], subject: Uint8Array) => {
    const entry = encode('LogEntry', { version: 1, kind, subject, peer: peer.region, at: SAMPLE_TIME + 2000 });
    leaves.push(logLeaf(logHash, entry), strangerLeaf());
    return { entry, index: leaves.length - 2 };
  };
  const logged =
    exportedBy === 'asker'
      ? [
          log('LOG_ENTRY_KIND_CHECK_ASKED', question.fixed.leaf),
          log('LOG_ENTRY_KIND_ANSWER_RECEIVED', answer.fixed.leaf),
        ]
      : [log('LOG_ENTRY_KIND_CHECK_ANSWERED', answer.fixed.leaf)];
  const root = merkleRoot(logHash, leaves);
  const input: CheckBundleInput = {
    check: question.id,
    exportedBy: exporter.region,
    exportedAt: SAMPLE_TIME + 3_600_000,
    statements: [asker.jwt, answerer.jwt],
    authorizations: [authorization],
    question: { ...question.fixed, seal: await sealAmongOthers(question.fixed, asker, SAMPLE_TIME) },
    answer: { ...answer.fixed, seal: await sealAmongOthers(answer.fixed, answerer, SAMPLE_TIME + 1000) },
    log: logged.map(({ entry, index }) => ({ entry, index, inclusionPath: inclusionPath(logHash, leaves, index) })),
    checkpoint: await signCheckpoint(exporter.log, { region: exporter.region, epoch: 1, size: leaves.length, root }),
  };
  return { exporter, peer, input, text: writeCheckBundle(input), leaves };
}

function write(
  sender: ThrowawayRegion,
  recipient: ThrowawayRegion,
  cited: Pick<messages.EnvelopeHeader, 'conversation' | 'authorizationId' | 'authorizationDigest' | 'inReplyTo'>,
  name: PayloadName,
  payload: object,
  changes: CheckChanges = {},
) {
  const id = uuidV7(SAMPLE_TIME);
  const kind = changes.name ?? name;
  const header = {
    ...{ id, type: typeName(kind), sender: sender.region, recipient: recipient.region, sequence: 0, ...cited },
    ...{ sentAt: SAMPLE_TIME, expiresAt: SAMPLE_TIME + 300_000, suite: sender.signing.suite, ...changes.header },
  };
  return { id, fixed: fixEnvelope(header, encode(kind, changes.payload ?? payload)) };
}
