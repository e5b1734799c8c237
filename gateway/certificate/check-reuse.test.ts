import { afterEach, expect, it } from 'vitest';
import { decode, encode, type messages } from '#proto';
import { fixEnvelope, sealEnvelopes, sealOf } from '#trust';
import { type CheckPair, checkAgreement, checkPair, checksOf, logOf } from '../testing/check-pair.ts';
import { licence } from '../testing/check-region.ts';
import type { CheckInput } from './check-service.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');

let pair: CheckPair;
afterEach(() => pair.close());

/** Two regions, a certificate, and how Nantong asks about it. */
async function open(answerSeconds: number, reuseSeconds: number, changes: Parameters<typeof licence>[1] = {}) {
  pair = await checkPair(NOW, { answerSeconds, reuseSeconds });
  const { identifier } = await pair.uxin.certificates.issue(licence(NOW, changes));
  const query = { identifier, fields: ['business_items'], purpose: '核验' };
  return (more: Partial<CheckInput> = {}, way: 'alone' | 'together' = 'alone') =>
    pair.nantong.checks.ask('150626', { ...query, ...more }, way);
}

it.each(['alone', 'together'] as const)(
  'an answer serves the same question again for the time that it states (%s)',
  async (way) => {
    const ask = await open(60, 3600);
    const first = await ask({}, way);
    expect(first).toMatchObject({ cached: false, validForSeconds: 60 });
    pair.time.value += 59_999;
    expect(await ask({}, way)).toEqual({ ...first, cached: true });
    pair.time.value += 1;
    const later = await ask({}, way);
    expect(later).toMatchObject({ cached: false, answeredAt: NOW + 60_000 });
    expect(later.evidence).not.toBe(first.evidence);
    for (const region of [pair.nantong, pair.uxin]) {
      expect(await checksOf(region)).toHaveLength(2);
      expect(await logOf(region)).toHaveLength(region === pair.nantong ? 4 : 2);
    }
  },
);

it('no longer than we allow ourselves, however long its region allows', async () => {
  const ask = await open(3600, 10);
  await ask();
  pair.time.value += 9_999;
  expect((await ask()).cached).toBe(true);
  pair.time.value += 1;
  expect((await ask()).cached).toBe(false);
});

it.each([
  ['its region allows none', 0, 3600],
  ['we allow ourselves none', 3600, 0],
])('never where %s: a revocation counts at once', async (_who, answerSeconds, reuseSeconds) => {
  const ask = await open(answerSeconds, reuseSeconds);
  expect((await ask()).status).toBe('valid');
  const [{ identifier } = { identifier: '' }] = await pair.uxin.certificates.list({ limit: 1 });
  await pair.uxin.certificates.setStatus(identifier, 'revoked', '撤销', 'window');
  expect(await ask()).toMatchObject({ status: 'revoked', cached: false });
});

it.each([
  ['another purpose', { purpose: '其他' }],
  ['other fields', { fields: [] }],
  ['more fields', { fields: ['business_items', 'residence'] }],
  ['a certificate at hand', { digest: Buffer.alloc(32, 1) }],
])('never for a question with %s', async (_what, change) => {
  const ask = await open(3600, 3600);
  await ask();
  expect((await ask(change)).cached).toBe(false);
});

it('never under another authorization, or under none', async () => {
  const ask = await open(3600, 3600);
  await ask();
  pair.nantong.agreements.clear();
  await expect(ask()).rejects.toMatchObject({ code: 'AUTHORIZATION_REQUIRED' });
  pair.agree(checkAgreement({ id: '7f1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b12' }));
  expect((await ask()).cached).toBe(false);
});

it('never what is unknown, and never past the end of the certificate', async () => {
  const ask = await open(3600, 3600, { validUntil: NOW + 90_500 });
  expect(await ask({ identifier: undefined, reference: 'A'.repeat(26) })).toMatchObject({
    status: 'unknown',
    validForSeconds: 0,
  });
  expect(await ask()).toMatchObject({ status: 'valid', validForSeconds: 90 });
  pair.time.value = NOW + 90_500;
  expect(await ask()).toMatchObject({ status: 'expired', cached: false });
});

it('an answer that says more than a day is not believed', async () => {
  const ask = await open(60, 3600);
  pair.wire.answer = async (envelope) => {
    const answer = { ...decode('CertificateAnswer', envelope.payload), validForSeconds: 86_401 };
    return reseal(envelope, encode('CertificateAnswer', answer));
  };
  await expect(ask()).rejects.toMatchObject({ code: 'PAYLOAD_INVALID' });
  expect(await checksOf(pair.nantong)).toEqual([]);
});

async function reseal(envelope: messages.Envelope, payload: Buffer): Promise<messages.Envelope> {
  const { signing } = pair.uxin.own;
  const { leaf, ...fixed } = fixEnvelope(decode('EnvelopeHeader', envelope.header), payload);
  const root = await sealEnvelopes(signing, '150626', [leaf], pair.time.value);
  return { ...fixed, seal: sealOf(root, 0, signing.suite) };
}
