import { randomUUIDv7 } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, decode, encode, envelopeLeaf, type messages } from '#proto';
import { fixEnvelope, type Signer, sealEnvelopes, sealOf, suiteOf } from '#trust';
import { throwawayRegion } from '../../trust/testing/index.ts';
import type { Interference } from '../testing/check-link.ts';
import { type CheckPair, type CheckRow, checkAgreement, checkPair, checksOf, logOf } from '../testing/check-pair.ts';
import { type CheckRegion, licence } from '../testing/check-region.ts';
import type { CheckInput } from './check-service.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const ABSENT = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';
const FIELDS = [
  'certificate_holder_name',
  'business_items',
  'certificate_validate_end',
  'related_case_number',
  'colour',
];

let pair: CheckPair;
let time: { value: number };
let uxin: CheckRegion;
let nantong: CheckRegion;
let wire: Interference;

beforeEach(async () => {
  pair = await checkPair(NOW);
  ({ time, uxin, nantong, wire } = pair);
});

afterEach(() => pair.close());

function ask(identifier: string, changes: Partial<CheckInput> = {}) {
  return nantong.checks.ask('150626', { identifier, fields: FIELDS, purpose: '异地经营核验', ...changes });
}

async function issued(changes: Parameters<typeof licence>[1] = {}) {
  return uxin.certificates.issue(licence(NOW, changes));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CodedError)) throw error ?? new Error('nothing failed');
  return error.code;
}

async function expectNothingKept(...regions: CheckRegion[]): Promise<void> {
  for (const region of regions) {
    expect(await checksOf(region)).toEqual([]);
    expect(await logOf(region)).toEqual([]);
  }
}

/** Writes an envelope anew, as its sender or somebody else could. */
async function reseal(
  envelope: messages.Envelope,
  signer: Signer,
  region: string,
  changes: { header?: Partial<messages.EnvelopeHeader>; answer?: Partial<messages.CertificateAnswer> } = {},
): Promise<messages.Envelope> {
  const header = { ...decode('EnvelopeHeader', envelope.header), ...changes.header };
  const payload = changes.answer
    ? encode('CertificateAnswer', { ...decode('CertificateAnswer', envelope.payload), ...changes.answer })
    : envelope.payload;
  const { leaf, ...fixed } = fixEnvelope(header, payload);
  const root = await sealEnvelopes(signer, region, [leaf], time.value);
  return { ...fixed, seal: sealOf(root, 0, signer.suite) };
}

describe('asking about a certificate', () => {
  it('is answered by the issuer, sealed both ways and logged at both', async () => {
    const { identifier, verified } = await issued();
    const result = await ask(identifier, { digest: verified.digest });
    expect(result).toEqual({
      status: 'valid',
      answeredAt: NOW,
      fields: {
        certificate_holder_name: '示例餐饮有限公司',
        business_items: '热食类食品制售',
        certificate_validate_end: '2031-12-09',
      },
      validForSeconds: 0,
      cached: false,
      evidence: expect.any(String),
    });
    const [asked] = await checksOf(nantong);
    const [answered] = await checksOf(uxin);
    expect(asked).toMatchObject({ direction: 'asked', peer: '150626', id: result.evidence });
    expect(answered).toMatchObject({ direction: 'answered', peer: '320600', id: result.evidence });
    expect(answered!.question).toEqual(asked!.question);
    expect(answered!.answer).toEqual(asked!.answer);
    const answerHeader = decode('EnvelopeHeader', decode('Envelope', asked!.answer).header);
    const questionHeader = decode('EnvelopeHeader', decode('Envelope', asked!.question).header);
    expect(answerHeader).toMatchObject({
      sequence: 0,
      inReplyTo: result.evidence,
      conversation: questionHeader.conversation,
      authorizationId: questionHeader.authorizationId,
    });
    expect(await logOf(nantong)).toMatchObject([
      { kind: 'LOG_ENTRY_KIND_CHECK_ASKED', subject: asked!.leaf, peer: '150626', at: NOW },
      { kind: 'LOG_ENTRY_KIND_ANSWER_RECEIVED', peer: '150626', at: NOW },
    ]);
    const [entry] = await logOf(uxin);
    expect(entry).toMatchObject({ kind: 'LOG_ENTRY_KIND_CHECK_ANSWERED', peer: '320600', at: NOW });
    const { hash } = suiteOf(uxin.own.signing.suite);
    expect(entry!.subject).toEqual(envelopeLeaf(hash, decode('Envelope', answered!.answer).header));
    expect((await logOf(nantong))[1]!.subject).toEqual(entry!.subject);
  });

  it('cites an authorization for the item when we hold the certificate', async () => {
    const { identifier, text } = await issued();
    await ask(identifier);
    await nantong.store.write((tx) =>
      nantong.certificates.keepReceived(tx, { conversation: randomUUIDv7(), item: 'EX018', issuer: '150626' }, text),
    );
    await ask(identifier);
    expect(nantong.cited).toEqual([undefined, 'EX018']);
  });

  it('finds it by the reference of its QR code, and learns no identifier by it', async () => {
    const { identifier } = await issued();
    const qr = (await uxin.certificates.reference({ identifier, issuer: '150626' }))!;
    const reference = qr.replace('TONGBAN:150626:', '');
    const fields = [...FIELDS, 'certificate_identifier'];
    const result = await nantong.checks.ask('150626', { reference, fields, purpose: '窗口扫码' });
    expect(result).toMatchObject({ status: 'valid', fields: { business_items: '热食类食品制售' } });
    expect(result.fields).not.toHaveProperty('certificate_identifier');
    const [asked] = await checksOf(nantong);
    expect(decode('CertificateAnswer', decode('Envelope', asked!.answer).payload)).toMatchObject({
      identifier: '',
      reference,
    });
    expect(asked!.answer.includes(identifier)).toBe(false);
  });

  it('gives a certificate one reference for ever, which is that of no other', async () => {
    const [one, other] = [await issued(), await issued()];
    const of = ({ identifier }: { identifier: string }, issuer = '150626') =>
      uxin.certificates.reference({ identifier, issuer });
    expect(await of(one)).toBe(await of(one));
    expect(await of(one)).not.toBe(await of(other));
    expect(await of(one, '320600')).toBeUndefined();
    await uxin.store.write((tx) => tx.run('DELETE FROM certificate_reference'));
    const later = await of(one);
    expect(later).toMatch(/^TONGBAN:150626:[A-Z2-7]{26}$/);
    expect(await of(one)).toBe(later);
  });

  it('reads a word that is newer than itself as unknown, and tells nothing of it', async () => {
    const { identifier } = await issued();
    wire.answer = (envelope) => reseal(envelope, uxin.own.signing, '150626', { answer: { status: 99 as never } });
    expect(await ask(identifier)).toMatchObject({ status: 'unknown', fields: {} });
    expect(await checksOf(nantong)).toHaveLength(1);
  });

  it.each(['suspended', 'cancelled', 'revoked', 'withdrawn'] as const)('learns that it is %s', async (status) => {
    const { identifier } = await issued();
    await uxin.certificates.setStatus(identifier, status, '监督检查', 'window');
    expect(await ask(identifier)).toMatchObject({ status, fields: { business_items: '热食类食品制售' } });
  });

  it('learns that it expired, by the clock of the issuer', async () => {
    const { identifier } = await issued({ validUntil: NOW + 60_000 });
    expect((await ask(identifier)).status).toBe('valid');
    time.value = NOW + 60_000;
    expect((await ask(identifier)).status).toBe('expired');
  });

  it('sends nothing that is wrong, naming every wrong field', async () => {
    const wrong = ask('1.2.3', { purpose: '', fields: [''], digest: Buffer.alloc(3) });
    const error = await wrong.catch((reason: unknown) => reason as CodedError);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((error as CodedError).problems.map(({ pointer }) => pointer)).toEqual([
      '/identifier',
      '/digest',
      '/fields/0',
      '/purpose',
    ]);
    await expectNothingKept(uxin, nantong);
  });

  it('needs a pinned region and something to cite', async () => {
    const { identifier } = await issued();
    const other = nantong.checks.ask('350500', { identifier, fields: [], purpose: '核验' });
    expect(await codeOf(other)).toBe('PEER_NOT_PINNED');
    nantong.agreements.clear();
    expect(await codeOf(ask(identifier))).toBe('AUTHORIZATION_REQUIRED');
    await expectNothingKept(uxin, nantong);
  });
});

describe('what is not to be told', () => {
  const shapeOf = (row: CheckRow) => {
    const { header, payload, seal } = decode('Envelope', row.answer);
    const answer = decode('CertificateAnswer', payload);
    return { header: header.length, path: seal?.inclusionPath.length, status: answer.status, fields: answer.fields };
  };

  it('looks like what is not there', async () => {
    const otherItem = await issued({ item: 'EX777' });
    const future = await uxin.certificates.issue(licence(NOW + YEAR_MS));
    const wrongDigest = await issued();
    const results = [
      await ask(ABSENT),
      await ask(otherItem.identifier),
      await ask(future.identifier),
      await ask(wrongDigest.identifier, { digest: Buffer.alloc(32, 1) }),
    ];
    for (const result of results) expect(result).toMatchObject({ status: 'unknown', answeredAt: NOW, fields: {} });
    const shapes = (await checksOf(uxin)).map(shapeOf);
    expect(shapes).toHaveLength(4);
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(1);
    expect(shapes[0]).toMatchObject({ status: 'CERTIFICATE_STATUS_UNKNOWN', fields: {} });
    const [absent, ...others] = (await checksOf(uxin)).map(({ answer }) => decode('Envelope', answer).payload.length);
    // Only the identifier that was asked for makes a difference in length.
    const identifiers = [otherItem, future, wrongDigest].map(({ identifier }) => identifier.length - ABSENT.length);
    expect(others.map((length) => length - absent!)).toEqual(identifiers);
  });

  it('looks the same by reference', async () => {
    const { identifier } = await issued({ item: 'EX777' });
    const qr = (await uxin.certificates.reference({ identifier, issuer: '150626' }))!;
    for (const reference of [qr.replace('TONGBAN:150626:', ''), 'A'.repeat(26)])
      expect(await nantong.checks.ask('150626', { reference, fields: FIELDS, purpose: '核验' })).toMatchObject({
        status: 'unknown',
        fields: {},
      });
    const rows = await checksOf(uxin);
    expect(new Set(rows.map((row) => JSON.stringify(shapeOf(row)))).size).toBe(1);
    expect(new Set(rows.map(({ answer }) => decode('Envelope', answer).payload.length)).size).toBe(1);
  });

  it('is about a certificate that another region issued, even if we hold it', async () => {
    const { identifier, text } = await nantong.certificates.issue(licence(NOW));
    await uxin.store.write((tx) =>
      uxin.certificates.keepReceived(tx, { conversation: randomUUIDv7(), item: 'EX018', issuer: '320600' }, text),
    );
    expect(await ask(identifier)).toMatchObject({ status: 'unknown', fields: {} });
  });

  it('is not told by an agreement that is out of date, whether the certificate exists or not', async () => {
    const { identifier } = await issued();
    pair.agree(checkAgreement({ valid_until: '2026-12-10T08:00:00+08:00' }));
    expect(await codeOf(ask(identifier))).toBe('AUTHORIZATION_INACTIVE');
    expect(await codeOf(ask(ABSENT))).toBe('AUTHORIZATION_INACTIVE');
    await expectNothingKept(uxin, nantong);
  });

  it('is not told under an authorization that the issuer does not know', async () => {
    const { identifier } = await issued();
    uxin.agreements.clear();
    expect(await codeOf(ask(identifier))).toBe('AUTHORIZATION_UNKNOWN');
    await expectNothingKept(uxin, nantong);
  });
});

describe('a question that is not right', () => {
  it('gets the same answer again while it lives', async () => {
    const { identifier } = await issued();
    const first = await ask(identifier);
    const question = decode('Envelope', (await checksOf(nantong))[0]!.question);
    await uxin.certificates.setStatus(identifier, 'revoked', '注销', 'window');
    time.value += 4 * 60_000;
    const again = await uxin.checks.answer(nantong.own.statement, question);
    expect(encode('Envelope', again)).toEqual((await checksOf(nantong))[0]!.answer);
    expect(await checksOf(uxin)).toMatchObject([{ id: first.evidence }]);
    const answered = (await logOf(uxin)).filter(({ kind }) => kind === 'LOG_ENTRY_KIND_CHECK_ANSWERED');
    expect(answered).toHaveLength(1);
  });

  it('is answered once when it comes on two calls at the same time', async () => {
    const { identifier } = await issued();
    await ask(identifier);
    const old = decode('Envelope', (await checksOf(nantong))[0]!.question);
    const question = await reseal(old, nantong.own.signing, '320600', { header: { id: randomUUIDv7() } });
    const [one, two] = await Promise.all([
      uxin.checks.answer(nantong.own.statement, question),
      uxin.checks.answer(nantong.own.statement, question),
    ]);
    expect(encode('Envelope', one)).toEqual(encode('Envelope', two));
    expect(await checksOf(uxin)).toHaveLength(2);
    expect(await logOf(uxin)).toHaveLength(2);
  });

  it('is refused when its life is over', async () => {
    const { identifier } = await issued();
    await ask(identifier);
    const question = decode('Envelope', (await checksOf(nantong))[0]!.question);
    time.value += 5 * 60_000;
    expect(await codeOf(uxin.checks.answer(nantong.own.statement, question))).toBe('EXPIRED');
    expect(await checksOf(uxin)).toHaveLength(1);
  });

  const wrong: [string, (envelope: messages.Envelope) => messages.Envelope | Promise<messages.Envelope>, string][] = [
    ['altered', (envelope) => ({ ...envelope, payload: Buffer.from('altered') }), 'PAYLOAD_MISMATCH'],
    ['without a seal', (envelope) => ({ ...envelope, seal: null }), 'JWS_INVALID'],
    [
      'sealed by another region',
      async (envelope) => reseal(envelope, (await throwawayRegion('350500', { now: NOW })).signing, '320600'),
      'KEY_UNKNOWN',
    ],
    [
      'for another recipient',
      (envelope) => reseal(envelope, nantong.own.signing, '320600', { header: { recipient: '350500' } }),
      'WRONG_RECIPIENT',
    ],
    [
      'of another sender than the connection',
      (envelope) => reseal(envelope, nantong.own.signing, '320600', { header: { sender: '350500' } }),
      'PEER_MISMATCH',
    ],
    [
      'of another type',
      (envelope) => reseal(envelope, nantong.own.signing, '320600', { header: { type: 'tongban.v1.Ping' } }),
      'UNKNOWN_TYPE',
    ],
    [
      'in a sequence',
      (envelope) => reseal(envelope, nantong.own.signing, '320600', { header: { sequence: 1 } }),
      'PROTOCOL_VIOLATION',
    ],
    [
      'an answer to something',
      (envelope) => reseal(envelope, nantong.own.signing, '320600', { header: { inReplyTo: randomUUIDv7() } }),
      'PROTOCOL_VIOLATION',
    ],
    [
      'with a wrong field',
      async (envelope) => {
        const question = { ...decode('CertificateQuestion', envelope.payload), purpose: '' };
        const payload = encode('CertificateQuestion', question);
        return reseal({ ...envelope, payload }, nantong.own.signing, '320600');
      },
      'PAYLOAD_INVALID',
    ],
    [
      'without an authorization',
      (envelope) =>
        reseal(envelope, nantong.own.signing, '320600', {
          header: { authorizationId: '', authorizationDigest: Buffer.alloc(0) },
        }),
      'AUTHORIZATION_UNKNOWN',
    ],
  ];
  it.each(wrong)('is refused when it is %s', async (_what, change, code) => {
    const { identifier } = await issued();
    wire.question = change;
    expect(await codeOf(ask(identifier))).toBe(code);
    await expectNothingKept(uxin, nantong);
  });

  it('is refused when its id belongs to another one', async () => {
    const { identifier } = await issued();
    const { evidence } = await ask(identifier);
    wire.question = (envelope) => reseal(envelope, nantong.own.signing, '320600', { header: { id: evidence } });
    expect(await codeOf(ask(identifier))).toBe('ID_REUSED');
    expect(await checksOf(uxin)).toHaveLength(1);
    expect(await checksOf(nantong)).toHaveLength(1);
  });
});

describe('an answer that is not right', () => {
  const as = (changes: Parameters<typeof reseal>[3]) => (envelope: messages.Envelope) =>
    reseal(envelope, uxin.own.signing, '150626', changes);

  const wrong: [string, (envelope: messages.Envelope) => messages.Envelope | Promise<messages.Envelope>, string][] = [
    [
      'altered on its way',
      (envelope) => {
        const revoked = { ...decode('CertificateAnswer', envelope.payload), status: 'CERTIFICATE_STATUS_REVOKED' };
        return { ...envelope, payload: encode('CertificateAnswer', revoked) };
      },
      'PAYLOAD_MISMATCH',
    ],
    ['without a seal', (envelope) => ({ ...envelope, seal: null }), 'JWS_INVALID'],
    [
      'sealed by a third region in the name of the issuer',
      async (envelope) => reseal(envelope, (await throwawayRegion('350500', { now: NOW })).signing, '150626'),
      'KEY_UNKNOWN',
    ],
    [
      'of a third region',
      async (envelope) =>
        reseal(envelope, (await throwawayRegion('350500', { now: NOW })).signing, '350500', {
          header: { sender: '350500' },
        }),
      'PEER_MISMATCH',
    ],
    ['for another region', as({ header: { recipient: '350500' } }), 'WRONG_RECIPIENT'],
    ['to another question', as({ header: { inReplyTo: randomUUIDv7() } }), 'PROTOCOL_VIOLATION'],
    ['in another conversation', as({ header: { conversation: randomUUIDv7() } }), 'PROTOCOL_VIOLATION'],
    ['under another authorization', as({ header: { authorizationId: randomUUIDv7() } }), 'PROTOCOL_VIOLATION'],
    ['about another certificate', as({ answer: { identifier: ABSENT } }), 'PROTOCOL_VIOLATION'],
    ['with fields that were not asked for', as({ answer: { fields: { residence: 'x' } } }), 'PAYLOAD_INVALID'],
    ['unknown, and yet with fields', as({ answer: { status: 'CERTIFICATE_STATUS_UNKNOWN' } }), 'PAYLOAD_INVALID'],
    ['without a status', as({ answer: { status: 'CERTIFICATE_STATUS_UNSPECIFIED' } }), 'PAYLOAD_INVALID'],
  ];
  it.each(wrong)('is not believed when it is %s', async (_what, change, code) => {
    const { identifier } = await issued();
    wire.answer = change;
    expect(await codeOf(ask(identifier))).toBe(code);
    await expectNothingKept(nantong);
  });

  it('is not believed when it is an old one, replayed', async () => {
    const { identifier } = await issued();
    let old: messages.Envelope | undefined;
    wire.answer = (envelope) => {
      old ??= envelope;
      return old;
    };
    expect((await ask(identifier)).status).toBe('valid');
    await uxin.certificates.setStatus(identifier, 'revoked', '注销', 'window');
    expect(await codeOf(ask(identifier))).toBe('PROTOCOL_VIOLATION');
    expect(await checksOf(nantong)).toHaveLength(1);
  });
});
