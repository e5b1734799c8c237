import { APPLICANT, agreementDraft, CODES, caseInput, FOOD_LICENCE, ITEMS, WINDOW } from '../../testing/agency-case.ts';

/** What is there when routes are tried: keys of path parameters by what they name. */
export interface Existing {
  readonly case: string;
  readonly agreement: string;
  /** An agreement that the other region proposes. */
  readonly proposal: string;
  /** Asked by the region that is tried, and asked of it. */
  readonly asking: string;
  readonly asked: string;
}

/** What a route takes, as far as its description does not say it. */
export interface RouteInput {
  /** A JSON body of the right form; each of its members is spoiled in turn. */
  readonly good?: Readonly<Record<string, unknown>>;
  /** Members of the body that may hold anything by themselves; their rules depend on another member. */
  readonly free?: readonly string[];
  /** It takes a stream, or bytes that it does not look into, of this media type. */
  readonly streams?:
    | 'application/octet-stream'
    | 'application/offset+octet-stream'
    | 'application/x-ndjson'
    | 'application/json';
  /** Something that exists, for a route that looks it up before it reads the body. */
  readonly at?: keyof Existing;
  /** Query that it cannot do without. */
  readonly query?: string;
  /** Code with which it refuses an input that names nothing, before it reads the rest. */
  readonly first?: string;
  /** For people without a program: it says in words what to do, and names no member. */
  readonly isPlain?: true;
  /** Code for a key that names nothing; NOT_FOUND unless told. `200`: an empty answer. */
  readonly unknown?: string;
}

const REASON = { reason: '原因' };
const BY = { handler: WINDOW };
const CASE = caseInput('150626', FOOD_LICENCE);
const AGREEMENT = agreementDraft('320600', '150626');
const SUBJECT = { name: APPLICANT.name, documentType: APPLICANT.documentType, documentNumber: CODES.applicant };
const CERTIFICATE = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';
const JOINT = {
  applicant: APPLICANT,
  form: {},
  forms: {},
  handler: WINDOW,
};
const WHOLE: Readonly<Record<string, RouteInput>> = {
  '': {},
  '/:key': {},
  '/:key/acts': { good: { act: 'withdraw', data: { ...BY, ...REASON } }, free: ['data'] },
  '/:key/materials': { streams: 'application/octet-stream', query: 'name=a' },
  '/:key/materials/:digest/check': { good: BY },
  '/:key/erasure': { good: { ...BY, ...REASON } },
};

function whole(at: string): Record<string, RouteInput> {
  return Object.fromEntries(
    Object.entries(WHOLE).map(([path, input]) => [
      `${path === '' || path === '/:key' ? 'GET' : 'POST'} ${at}${path}`,
      input,
    ]),
  );
}

/** Every route of the API. One that is missing fails the test of bad input. */
export const ROUTE_INPUTS: Readonly<Record<string, RouteInput>> = {
  'GET /v1/statement': {},
  'GET /v1/statement/keys': {},
  'POST /v1/statement/reload': {},
  'GET /v1/peers': {},
  'POST /v1/peers': { good: { statement: 'e30.e30.AA', fingerprint: 'AAAA-BBBB' } },
  'DELETE /v1/peers/:region': {},
  'GET /v1/peers/:region/repin': { unknown: '200' },
  'POST /v1/peers/:region/repin': {
    good: { statement: 'e30.e30.AA', fingerprint: 'AAAA-BBBB', ...REASON },
    unknown: 'STATEMENT_INVALID',
  },
  'POST /v1/peers/:region/ping': { good: { note: '你好' }, unknown: 'PEER_NOT_PINNED' },
  'POST /v1/peers/:region/probe': { unknown: 'PEER_NOT_PINNED' },
  'GET /v1/federation': {},
  'GET /v1/health/validity': {},
  'GET /v1/envelopes/:id': {},
  'GET /v1/archive': {},
  'POST /v1/archive/run': {},
  'GET /v1/administrators': {},
  'POST /v1/administrators': { good: { subject: 'zhang', role: 'auditor' } },
  'DELETE /v1/administrators/:subject': {},
  'POST /v1/sessions': { good: { code: '123456' } },
  'GET /v1/sessions/current': {},
  'DELETE /v1/sessions/current': {},
  'GET /v1/audit': {},
  'GET /v1/audit/export': {},
  'GET /v1/dead-letters': {},
  'GET /v1/dead-letters/counts': {},
  'GET /v1/dead-letters/:id': {},
  'POST /v1/dead-letters/:id/retry': { good: REASON },
  'POST /v1/dead-letters/:id/drop': { good: REASON },
  'GET /v1/recovery': {},
  'POST /v1/recovery/peers/:region/skip': { good: REASON },
  'POST /v1/recovery/conversations/:id/release': { good: REASON },

  'GET /v1/events': {},
  'GET /v1/events/stream': {},
  'POST /v1/webhooks': { good: { url: 'https://hall.example/events', types: [] } },
  'GET /v1/webhooks': {},
  'GET /v1/webhooks/:id': {},
  'PATCH /v1/webhooks/:id': { good: { url: 'https://hall.example/events', types: [], state: 'paused' } },
  'DELETE /v1/webhooks/:id': {},
  'POST /v1/webhooks/:id/secret': { good: { overlapSeconds: 60 } },
  'POST /v1/webhooks/:id/replay': { good: { after: '0' } },
  'POST /v1/webhooks/:id/ping': {},
  'GET /v1/webhooks/:id/deliveries': {},

  'GET /v1/authorizations': {},
  'POST /v1/authorizations': { good: { ...AGREEMENT } },
  'GET /v1/authorizations/:id': {},
  'GET /v1/authorizations/:id/changes': { query: 'since=0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5' },
  'POST /v1/authorizations/:id/accept': {},
  'POST /v1/authorizations/:id/counter': { good: { terms: '文本' }, at: 'proposal' },
  'POST /v1/authorizations/:id/renew': { good: { terms: '文本' }, at: 'agreement' },
  'POST /v1/authorizations/:id/suspend': { good: REASON },
  'POST /v1/authorizations/:id/resume': { good: REASON },
  'POST /v1/authorizations/:id/revoke': { good: { ...REASON, forCause: false } },
  'GET /v1/authorizations/:id/contacts': {},
  'PUT /v1/authorizations/:id/contacts': { good: { contacts: [{ name: '甲', role: '', phone: '1', email: '' }] } },

  'GET /v1/joint-agreements': {},
  'POST /v1/joint-agreements': {
    good: {
      name: '一件事',
      parties: ['320600', '150626', '350500'],
      receiving: ['320600'],
      handover: 'one-window',
      parts: [],
      fields: [],
      working_days: 1,
      sign_by: '2027-01-01T00:00:00+08:00',
      valid_from: '2027-01-01T00:00:00+08:00',
      valid_until: '2028-01-01T00:00:00+08:00',
      terms: '文本',
    },
  },
  'GET /v1/joint-agreements/:id': {},
  'POST /v1/joint-agreements/:id/sign': {},
  'POST /v1/joint-agreements/:id/refuse': { good: REASON },
  'POST /v1/joint-agreements/:id/revoke': { good: { ...REASON, forCause: false } },

  'GET /v1/entrustments': {},
  'POST /v1/entrustments': {
    good: {
      holder: { kind: 'window', name: '窗口', code: CODES.uxinMarket },
      rights: ['R1a'],
      items: [FOOD_LICENCE],
      depth: 0,
      valid_from: '2027-01-01T00:00:00+08:00',
      valid_until: '2028-01-01T00:00:00+08:00',
      terms: '文本',
    },
  },
  'GET /v1/entrustments/:id': {},
  'POST /v1/entrustments/:id/revoke': { good: REASON },
  'POST /v1/entrustments/:id/send': { good: { peer: '150626' } },
  'POST /v1/entrustments/verify': { good: { chain: ['e30.e30.AA'] } },

  'GET /v1/items': {},
  'GET /v1/items/alignment': { query: 'peer=150626' },
  'GET /v1/items/:region/:code/versions': { unknown: 'ITEM_UNKNOWN' },
  'PUT /v1/items': { good: { items: ITEMS.items } },
  'GET /v1/catalogues': {},
  'POST /v1/catalogue/publish': { good: { peer: '150626', scope: '跨省通办' } },
  'GET /v1/bundles': {},
  'GET /v1/bundles/:code': {},
  'PUT /v1/bundles': { good: { bundles: [] } },

  'POST /v1/cases': { good: CASE },
  'POST /v1/cases/submit': { good: CASE },
  'POST /v1/cases/bulk': { streams: 'application/x-ndjson' },
  'GET /v1/cases': {},
  'POST /v1/cases/search': { good: { applicant: { documentNumber: CODES.applicant }, purpose: '查找办件' } },
  'GET /v1/cases/:key': {},
  'GET /v1/cases/:key/events': {},
  'GET /v1/cases/:key/trace': {},
  'GET /v1/direct-outcomes': {},
  'GET /v1/progress/:code': {},
  'POST /v1/cases/:key/acts': { good: { act: 'withdraw', data: { ...BY, ...REASON } }, free: ['data'] },
  'POST /v1/cases/:key/notes': { good: { note: 'followed-up', data: { ...BY, satisfied: true } }, free: ['data'] },
  'POST /v1/cases/:key/recall': { good: { ...REASON, by: WINDOW }, at: 'case' },
  'POST /v1/cases/:key/erasure': { good: { ...REASON, by: WINDOW, ground: 'applicant-request' }, at: 'case' },
  'POST /v1/cases/:key/hold': { good: { held: true, ...REASON, by: WINDOW }, at: 'case' },
  'GET /v1/personal-access': {},
  'POST /v1/cases/:key/credit-check': { good: BY },

  'POST /v1/inquiries': {
    good: {
      region: '150626',
      kind: 'verification',
      item: FOOD_LICENCE,
      subject: SUBJECT,
      question: '是否属实',
      legalBasis: '某法第一条',
      replyWorkingDays: 5,
      ...BY,
    },
  },
  'GET /v1/inquiries': {},
  'GET /v1/inquiries/:key': {},
  'GET /v1/inquiries/:key/evidence': {},
  'POST /v1/inquiries/:key/answer': { good: { outcome: 'answered', answer: '是', ...BY }, at: 'asked' },
  'POST /v1/inquiries/:key/withdraw': { good: { ...REASON, ...BY }, at: 'asking' },

  'POST /v1/joint-cases': {
    good: { agreement: '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5', ...JOINT },
    first: 'JOINT_UNKNOWN',
  },
  ...whole('/v1/joint-cases'),
  'POST /v1/bundle-cases': { good: { bundle: 'B1', ...JOINT }, first: 'NOT_FOUND' },
  ...whole('/v1/bundle-cases'),

  'POST /v1/cases/:key/materials': { streams: 'application/octet-stream', query: 'name=a' },
  'POST /v1/cases/:key/materials/:digest/check': { good: BY },
  'GET /v1/cases/:key/materials/:digest': {},
  'POST /v1/cases/:key/materials/:digest/release': { good: REASON },
  'POST /v1/cases/:key/uploads': {},
  'GET /v1/cases/:key/uploads/:digest': {},
  'PATCH /v1/cases/:key/uploads/:digest': { streams: 'application/offset+octet-stream' },
  'DELETE /v1/cases/:key/uploads/:digest': {},
  'GET /v1/parked-materials': {},
  'GET /v1/cases/:key/materials/:digest/report': {},
  'GET /v1/cases/:key/papers': {},
  'GET /v1/cases/:key/papers/:number': {},
  'POST /v1/documents/verify': { streams: 'application/octet-stream' },

  'GET /v1/certificates': {},
  'POST /v1/certificates': {
    good: {
      typeName: '食品经营许可证',
      item: FOOD_LICENCE,
      caseNumber: '1',
      holder: SUBJECT,
      authority: { name: '某局', code: CODES.uxinMarket },
      number: '1',
      validFrom: 1_800_000_000_000,
      validUntil: 1_900_000_000_000,
      fields: {},
    },
  },
  'POST /v1/certificates/search': { good: { holder: { number: CODES.applicant }, purpose: '核验证照' } },
  'GET /v1/certificates/searches': {},
  'GET /v1/certificates/:identifier': {},
  'GET /v1/certificates/:identifier/pdf': {},
  'GET /v1/certificates/:identifier/status': {},
  'POST /v1/certificates/:identifier/status': { good: { status: 'suspended', ...REASON } },
  'GET /v1/certificates/:identifier/notices': {},
  'GET /v1/certificates/:identifier/notices/:region/evidence': {},
  'POST /v1/certificates/:identifier/stamped-copies': {
    good: { creator: '某局', cause: '办理年检', expiresAt: 1_900_000_000_000 },
  },
  'GET /v1/certificates/:identifier/stamped-copies': {},
  'POST /v1/certificates/verify': { good: { certificate: 'x' } },
  'POST /v1/certificates/check': { good: { region: '150626', identifier: CERTIFICATE, fields: [], purpose: '核验' } },
  'POST /v1/certificates/checks': { streams: 'application/x-ndjson' },
  'POST /v1/data/check': {
    good: {
      region: '150626',
      item: FOOD_LICENCE,
      kind: 'real-estate',
      parameters: [{ name: 'a', type: 'text', value: 'b' }],
      fields: [],
      purpose: '核验',
      legalBasis: '某法',
    },
  },
  'GET /status-lists': {},
  'GET /status-lists/:n': {},
  'GET /verify': {},
  'GET /verify/:file': {},
  'GET /console': {},
  'GET /console/:file': {},
  'POST /v1/public/verify/text': { good: { text: 'x' }, isPlain: true },
  'POST /v1/public/verify/file': { streams: 'application/octet-stream' },
  'POST /hooks/:platform': { streams: 'application/json', unknown: 'UNAUTHORIZED' },

  'GET /v1/statistics': { query: 'from=2026-11-01&to=2026-11-02' },
  'GET /v1/ledger': { query: 'from=2026-11-01&to=2026-11-02' },
  'GET /v1/cases/:key/evidence': {},
  'GET /v1/checks/:id/evidence': {},
  'GET /v1/log/checkpoint': {},
  'GET /v1/log/witnesses': {},
};
