import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSecret, signWebhook, verifyWebhook } from './webhook-signature.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const KEY = Buffer.alloc(32, 7);
const NOW = 1_800_000_000_500;
const TOLERANCE = 300_000;

/** The example that the libraries of Standard Webhooks test themselves with. */
const PUBLISHED = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: Buffer.from('{"test": 2432232314}'),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

describe('the published example', () => {
  const { secret, id, timestamp, body, signature } = PUBLISHED;

  it('is signed alike', () => {
    const key = decodeSecret(secret) ?? Buffer.alloc(0);
    expect(signWebhook(id, timestamp * 1000 + 999, body, key)).toEqual({
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
    });
  });

  it('is verified, beside other signatures and without the prefix of the secret too', () => {
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1a,other v1,AAAA ${signature}`,
    };
    expect(verifyWebhook(headers, body, secret, timestamp * 1000, 0)).toEqual({ ok: true, id });
    expect(verifyWebhook(headers, body, secret.slice(6), timestamp * 1000, 0)).toEqual({ ok: true, id });
  });
});

it('verifies whatever was signed, and nothing that was altered in one byte', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[!-~]{1,80}$/),
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (id, body, at, change) => {
        const headers = signWebhook(id, NOW, body, KEY);
        expect(verifyWebhook(headers, body, SECRET, NOW, TOLERANCE)).toEqual({ ok: true, id });
        const altered = Uint8Array.from(body);
        altered[at % body.length] = (body[at % body.length] ?? 0) ^ change;
        const wrong = { ok: false, reason: 'has a wrong signature' };
        expect(verifyWebhook(headers, altered, SECRET, NOW, TOLERANCE)).toEqual(wrong);
        expect(verifyWebhook({ ...headers, 'webhook-id': `${id}x` }, body, SECRET, NOW, TOLERANCE)).toEqual(wrong);
        const later = { ...headers, 'webhook-timestamp': String(Math.floor(NOW / 1000) + 1) };
        expect(verifyWebhook(later, body, SECRET, NOW, TOLERANCE)).toEqual(wrong);
      },
    ),
    { numRuns: 50 },
  );
});

describe('refuses', () => {
  const body = Buffer.from('{}');
  const headers = signWebhook('id', NOW, body, KEY);
  const signature = headers['webhook-signature'] ?? '';

  it.each([
    ['a missing header', { 'webhook-signature': undefined }, NOW, SECRET, 'lacks'],
    ['a header that came twice', { 'webhook-id': ['id', 'id'] }, NOW, SECRET, 'lacks'],
    ['an odd time', { 'webhook-timestamp': '1e9' }, NOW, SECRET, 'not in seconds'],
    ['an old request', {}, NOW + TOLERANCE + 1000, SECRET, 'not sent just now'],
    ['a request from the future', {}, NOW - TOLERANCE - 1000, SECRET, 'not sent just now'],
    ['another secret', {}, NOW, Buffer.alloc(32, 8).toString('base64'), 'wrong signature'],
    ['a secret that is none', {}, NOW, '', 'not base64'],
    ['no signature', { 'webhook-signature': '' }, NOW, SECRET, 'wrong signature'],
    ['another version', { 'webhook-signature': signature.replace('v1', 'v2') }, NOW, SECRET, 'wrong signature'],
    ['half a signature', { 'webhook-signature': signature.slice(0, 20) }, NOW, SECRET, 'wrong signature'],
    [
      'a flood of signatures',
      { 'webhook-signature': `${'v1,AA '.repeat(8)}${signature}` },
      NOW,
      SECRET,
      'wrong signature',
    ],
  ])('%s', (_, changes, nowMs, secret, reason) => {
    expect(verifyWebhook({ ...headers, ...changes }, body, secret, nowMs, TOLERANCE)).toEqual({
      ok: false,
      reason: expect.stringContaining(reason),
    });
  });
});
