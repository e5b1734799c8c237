import type { NoteMember } from '../case-note-rules.ts';
import { payloadSamples, SAMPLE_TIME } from './payload-samples.ts';

const { handler, notedAt } = payloadSamples.CaseNote;
const { materials } = payloadSamples.SupplementSubmitted;
const DEPARTMENT = '11370800MB28559184';
const QUESTION = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

/** What each kind of note says. */
const said: Readonly<Record<NoteMember, object>> = {
  paperSent: payloadSamples.CaseNote.paperSent,
  paperSignedIn: {
    trackingNumber: 'EA123456789CN',
    parcels: [{ material: '食品经营许可申请书', isComplete: false, remark: '缺第二页' }],
    signedInAt: SAMPLE_TIME,
  },
  materialsReviewed: { opinions: [{ material: '食品经营许可申请书', verdict: 'unclear', reason: '印章不清' }] },
  passedOn: { department: '行政审批局', departmentCode: DEPARTMENT, reason: '事项已划转' },
  questionAsked: { id: QUESTION, kind: 'consultation', question: '是否需要原件', replyBy: SAMPLE_TIME },
  questionAnswered: { id: QUESTION, answer: '需要' },
  deliveryConfirmed: { receivedBy: 'agent', receivedAt: SAMPLE_TIME },
  ratingAnswered: { answer: '已整改' },
  complaintLinked: { number: '12345-1', channel: '12345' },
  followedUp: { satisfied: true, remark: '无' },
  restHandedIn: { materials },
  paperIssued: {
    kind: 'acceptance',
    number: '受32060020261102000001-2',
    digest: materials[0].digest,
    size: 1000,
    mediaType: 'application/pdf',
    issuedAt: SAMPLE_TIME,
  },
  certificatePrinted: { blankNumber: 'B-1', spoiledNumber: 'B-0', reason: '卡纸' },
  erasureRequested: { ground: 'applicant-request', reason: '申请人要求' },
  erasureDone: { ground: 'applicant-request', erasedAt: SAMPLE_TIME },
};

/** A `CaseNote` of every kind that passes all rules, by kind. */
export const noteSamples: readonly (readonly [note: string, payload: object])[] = Object.entries(said).map(
  ([note, content]) => [note, { handler, notedAt, note, [note]: content }],
);
