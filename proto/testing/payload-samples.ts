import { createHash } from 'node:crypto';
import type { PayloadName } from '../payload-rules.ts';

/** A moment that all samples share, in milliseconds: 2026-11-02T08:00:00+08:00. */
export const SAMPLE_TIME = 1_793_577_600_000;

const DEPARTMENT = '11370800MB28559184';
const CERTIFICATE = `1.2.156.3005.2.${DEPARTMENT}001.${DEPARTMENT}.JY1320600.001.8`;
const UUID = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

const handler = { organisation: '南通市政务服务中心', window: '跨域通办窗口', staff: 'NT0042' };
const digest = createHash('sha256').update('a file').digest();
const material = {
  name: '食品经营许可申请书',
  digest,
  size: 6,
  mediaType: 'application/pdf',
  grade: 'B',
  checkedBy: handler,
  checkedAt: SAMPLE_TIME,
};

/** A payload of every type that passes all rules, as one writes it for `encode`. */
export const payloadSamples = {
  Ping: { note: '你好' },
  Skip: { expiredEnvelopeId: '01920000-0000-7000-8000-000000000001' },
  StatementPublished: { statement: 'e30.e30.AA' },
  AuthorizationProposal: { document: '{"payload":"e30","signatures":[]}', lists: [{ items: ['EX014', 'EX018'] }] },
  AuthorizationAcceptance: { document: '{"payload":"e30","signatures":[]}' },
  AuthorizationSuspension: {
    authorizationId: UUID,
    authorizationDigest: digest,
    reason: '系统升级',
    suspendedAt: SAMPLE_TIME,
  },
  AuthorizationResumption: {
    authorizationId: UUID,
    authorizationDigest: digest,
    reason: '升级完成',
    resumedAt: SAMPLE_TIME,
  },
  AuthorizationRevocation: {
    authorizationId: UUID,
    authorizationDigest: digest,
    reason: '协议到期后不再续签',
    forCause: false,
    revokedAt: SAMPLE_TIME,
  },
  AuthorizationContacts: {
    authorizationId: UUID,
    authorizationDigest: digest,
    contacts: [{ name: '测试联系人', role: '业务联系人', phone: '0513-00000000', email: '' }],
    changedAt: SAMPLE_TIME,
  },
  JointProposal: {
    document: '{"payload":"e30","signatures":[]}',
    statements: ['e30.e30.AA', 'e30.e30.AB', 'e30.e30.AC'],
  },
  JointSignature: { agreementId: UUID, agreementDigest: digest, protected: 'e30', signature: 'AA' },
  JointConclusion: {
    document: '{"payload":"e30","signatures":[]}',
    statements: ['e30.e30.AA', 'e30.e30.AB', 'e30.e30.AC'],
  },
  JointEnding: { ending: 'e30.e30.AA', statement: 'e30.e30.AA' },
  EntrustmentPublished: { chain: ['e30.e30.AA', 'e30.e30.AB'], authorizationId: UUID },
  EntrustmentRevoked: { revocation: 'e30.e30.AA' },
  CataloguePublished: {
    version: 1,
    scope: 'cross-province',
    items: [
      {
        code: 'EX014',
        name: '食品经营许可',
        department: '市场监督管理局',
        applicant: 'legal-person',
        modes: ['agency', 'online'],
        promisedWorkingDays: 5,
        statutoryWorkingDays: 20,
        materials: [{ name: '食品经营许可申请书', originalToBeChecked: true, mayFollowLater: false }],
        result: '食品经营许可证',
        departmentCode: DEPARTMENT,
        acceptanceWorkingDays: 0,
        paperOriginals: false,
      },
    ],
  },
  CertificateQuestion: { identifier: CERTIFICATE, digest, fields: ['holder'], purpose: '核验经营资格', reference: '' },
  CertificateAnswer: {
    identifier: CERTIFICATE,
    status: 'CERTIFICATE_STATUS_VALID',
    answeredAt: SAMPLE_TIME,
    fields: { holder: '示例食品有限公司' },
    reference: '',
    validForSeconds: 60,
  },
  CertificateNotice: {
    identifier: CERTIFICATE,
    reference: '',
    digest,
    status: 'CERTIFICATE_STATUS_REVOKED',
    ground: 'CERTIFICATE_GROUND_FALSE_MATERIALS',
    reason: '提交虚假材料取得许可',
    decidedAt: SAMPLE_TIME,
    authority: '乌审旗市场监督管理局',
  },
  DataQuestion: {
    item: 'EX014',
    kind: 'real-estate',
    parameters: [{ name: 'owner_code', type: 'social-credit-code', value: DEPARTMENT }],
    fields: ['address'],
    purpose: '核验经营场所',
    legalBasis: '国务院关于在线政务服务的若干规定第八条',
  },
  DataAnswer: {
    kind: 'real-estate',
    status: 'DATA_STATUS_FOUND',
    answeredAt: SAMPLE_TIME,
    fields: { address: '示例街1号' },
    validForSeconds: 0,
  },
  PreviewRequested: {
    item: 'EX014',
    itemDigest: digest,
    mode: 'online',
    caseNumber: 'NT-2026-000001',
    applicant: {
      kind: 'legal-person',
      name: '示例食品有限公司',
      documentType: 'social-credit-code',
      documentNumber: DEPARTMENT,
      mobile: '13800000000',
      address: '',
    },
    form: { 经营项目: '预包装食品销售' },
    materials: [material],
    handler,
  },
  PreviewGiven: {
    opinions: [{ material: '食品经营许可申请书', verdict: 'wrong', reason: '缺少签章' }],
    summary: '补齐后可以申请',
    givenAt: SAMPLE_TIME,
    handler,
  },
  CaseTransfer: {
    item: 'EX014',
    itemDigest: digest,
    mode: 'agency',
    caseNumber: 'NT-2026-000001',
    applicant: {
      kind: 'legal-person',
      name: '示例食品有限公司',
      documentType: 'social-credit-code',
      documentNumber: DEPARTMENT,
      mobile: '13800000000',
      address: '',
    },
    form: { 经营项目: '预包装食品销售' },
    materials: [material],
    identityCheck: { matched: true, checkedAt: SAMPLE_TIME, device: 'ID-READER-3' },
    receiptNotice: 'SJ-2026-000001',
    receivedAt: SAMPLE_TIME,
    handler,
  },
  CaseAccepted: { caseNumber: 'WS-2026-000009', notice: 'SL-2026-000009', handler, promisedWorkingDays: 5 },
  CaseRefused: {
    notice: 'BY-2026-000001',
    reason: '不属于本机关职权范围',
    legalBasis: '行政许可法第三十二条',
    handler,
  },
  CaseReturned: { reason: '应由其他旗县办理', handler },
  SupplementRequested: {
    notice: 'BZ-2026-000003',
    items: [{ material: '经营场所平面图', reason: '缺少', legalBasis: '' }],
    deadline: SAMPLE_TIME + 86_400_000,
    way: '线上补正',
    handler,
  },
  SupplementSubmitted: { materials: [material], handler },
  SpecialProcedureStarted: { kind: 'site-inspection', reason: '现场核查', startedAt: SAMPLE_TIME, handler },
  SpecialProcedureEnded: { kind: 'site-inspection', result: '符合要求', endedAt: SAMPLE_TIME, handler },
  CaseDecided: { decision: 'approved', explanation: '准予许可', decidedAt: SAMPLE_TIME, handler },
  ResultIssued: {
    certificate: 'e30.e30.AA~',
    certificateIdentifier: CERTIFICATE,
    typeName: '食品经营许可证',
    handler,
  },
  ResultDelivered: { way: 'window', deliveredAt: SAMPLE_TIME, handler },
  CaseRated: { score: 5, comment: '很方便', ratedAt: SAMPLE_TIME },
  WithdrawalRequested: { reason: '申请人不再需要', handler },
  CaseNote: {
    handler,
    notedAt: SAMPLE_TIME,
    note: 'paperSent',
    paperSent: {
      carrier: 'EMS',
      trackingNumber: 'EA123456789CN',
      parcels: [{ material: '食品经营许可申请书', copies: 1 }],
      sentAt: SAMPLE_TIME,
    },
  },
} as const satisfies Record<PayloadName, object>;
