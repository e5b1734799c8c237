import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { publicJwkOf, SUITE_NAMES, suiteOf } from '../../../suites.ts';
import { SignatureServer } from './signature-server.ts';
import type { SignerAnswer, SignerRequest } from './transport.ts';

const DATA = Buffer.from('办件');
const signature = () => json(200, { signature: Buffer.from('signature').toString('base64') });

function json(status: number, value: unknown): SignerAnswer {
  return { status, body: Buffer.from(JSON.stringify(value)) };
}

type Answer = (request: SignerRequest, signal: AbortSignal) => SignerAnswer | Promise<SignerAnswer>;

/** A signature server that answers as told, the last way for ever, and the requests that reached it. */
function bench(...answers: readonly Answer[]) {
  const requests: SignerRequest[] = [];
  const time = { now: 0 };
  const server = new SignatureServer({
    name: 'sdf',
    transport: {
      send: async (request, signal) => {
        const answer = answers[Math.min(requests.length, answers.length - 1)]!;
        requests.push(request);
        return answer(request, signal);
      },
    },
    clock: { now: () => time.now },
    random: () => 0,
    timeoutMs: 300,
    atOnce: 4,
  });
  return { server, requests, time, sign: () => server.sign('signing', 'ES256', DATA) };
}

const unanswered: Answer = () => Promise.reject(new Error('connect ECONNREFUSED'));
const hanging: Answer = async (_, signal) => {
  await once(signal, 'abort');
  throw signal.reason;
};
const status = (code: number): Answer => (() => json(code, { error: 'words of the server about 办件' })) as Answer;
const outcome = (promise: Promise<unknown>) => promise.catch((error: CodedError) => error.code);

describe('a signature', () => {
  it('is asked for with the whole message', async () => {
    const { server, requests } = bench(signature);
    expect(await server.sign('signing-2026.1', 'SM2-SM3', DATA)).toEqual(Buffer.from('signature'));
    expect(requests).toEqual([
      {
        method: 'POST',
        path: 'v1/keys/signing-2026.1/signatures',
        body: JSON.stringify({ suite: 'SM2-SM3', data: DATA.toString('base64') }),
      },
    ]);
  });

  it('is not asked for when there is too much to sign', async () => {
    const { server, requests } = bench(signature);
    const signing = server.sign('signing', 'ES256', Buffer.alloc(64 * 1024 + 1));
    await expect(signing).rejects.toMatchObject({ code: 'SIGNER_REFUSED' });
    expect(requests).toEqual([]);
  });

  it.each([
    ['an overloaded server', status(503)],
    ['a busy server', status(429)],
    ['a broken proxy', status(502)],
    ['a connection that breaks', unanswered],
    ['silence', hanging],
  ])('comes after %s when that passes', async (_, failing) => {
    const { sign, requests } = bench(failing, failing, signature);
    expect(await sign()).toEqual(Buffer.from('signature'));
    expect(requests).toHaveLength(3);
  });

  it.each([
    ['an overloaded server', status(503)],
    ['a connection that breaks', unanswered],
    ['silence', hanging],
  ])('is given up after three attempts on %s, to be tried again later', async (_, failing) => {
    const { sign, requests } = bench(failing);
    expect(await outcome(sign())).toBe('SIGNER_UNAVAILABLE');
    expect(requests).toHaveLength(3);
  });

  it.each([
    [400, 'SIGNER_REFUSED'],
    [401, 'SIGNER_REFUSED'],
    [403, 'SIGNER_REFUSED'],
    [404, 'KEY_MISSING'],
    [422, 'SIGNER_REFUSED'],
    [201, 'SIGNER_WRONG'],
    [302, 'SIGNER_WRONG'],
    [0, 'SIGNER_WRONG'],
  ])('is not asked for again after status %i', async (code, expected) => {
    const { sign, requests } = bench(status(code));
    const error = (await sign().catch((reason) => reason)) as CodedError;
    expect(error.code).toBe(expected);
    expect(error.message).not.toContain('办件');
    expect(requests).toHaveLength(1);
  });

  it('is not asked for again when the other end is not the server', async () => {
    const { sign, requests } = bench(() => Promise.reject(new CodedError('SIGNER_WRONG')));
    expect(await outcome(sign())).toBe('SIGNER_WRONG');
    expect(requests).toHaveLength(1);
  });

  it('is taken from no answer that is not one, whatever its bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (bytes) => {
          const { server } = bench(() => ({ status: 200, body: Buffer.from(bytes) }));
          expect(await outcome(server.sign('signing', 'ES256', DATA))).toBe('SIGNER_WRONG');
          expect(await outcome(server.keys())).toBe('SIGNER_WRONG');
        },
      ),
    );
  });
});

describe('a server that is down', () => {
  it('is left alone for ten seconds after five failures, and callers are told at once', async () => {
    const { sign, requests, time } = bench(unanswered);
    await outcome(sign());
    await outcome(sign());
    expect(requests).toHaveLength(5);
    time.now = 9_999;
    const before = performance.now();
    expect(await Promise.all(Array.from({ length: 50 }, () => outcome(sign())))).toEqual(
      Array.from({ length: 50 }, () => 'SIGNER_UNAVAILABLE'),
    );
    expect(performance.now() - before).toBeLessThan(300);
    expect(requests).toHaveLength(5);
  });

  it('is then asked once, and by everybody again when it is back', async () => {
    const { sign, requests, time } = bench(
      unanswered,
      unanswered,
      unanswered,
      unanswered,
      unanswered,
      unanswered,
      signature,
    );
    await outcome(sign());
    await outcome(sign());
    time.now = 10_000;
    expect(await outcome(sign())).toBe('SIGNER_UNAVAILABLE');
    expect(requests).toHaveLength(6);
    time.now = 20_000;
    expect(await sign()).toEqual(Buffer.from('signature'));
    expect(await Promise.all([sign(), sign(), sign()])).toHaveLength(3);
    expect(requests).toHaveLength(10);
  });
});

it('asks no more at a time than it was told to, and turns away what cannot even wait', async () => {
  const { promise, resolve } = Promise.withResolvers<SignerAnswer>();
  let running = 0;
  let most = 0;
  const { sign } = bench(async () => {
    running += 1;
    most = Math.max(most, running);
    const answer = await promise;
    running -= 1;
    return answer;
  });
  const signing = Array.from({ length: 1100 }, () => outcome(sign()));
  resolve(signature());
  const outcomes = await Promise.all(signing);
  expect(most).toBe(4);
  expect(outcomes.filter((code) => code === 'SIGNER_UNAVAILABLE')).toHaveLength(1100 - 1024 - 4);
});

describe('the list of keys', () => {
  const jwkOf = (suite: (typeof SUITE_NAMES)[number]) => publicJwkOf(suiteOf(suite).generate().publicKey);
  const keys = SUITE_NAMES.map((suite) => ({ id: `key-${suite}`, suite, jwk: jwkOf(suite) }));

  it('holds the keys of the suites that are known here, and of them what is public', async () => {
    const rsa = { id: 'rsa', suite: 'RS256', jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } };
    const listed = [rsa, ...keys.map((key) => ({ ...key, label: '签名', jwk: { ...key.jwk, d: 'AAAA', use: 'sig' } }))];
    const { server } = bench(() => json(200, { keys: listed, next: null }));
    expect(await server.keys()).toEqual(keys.map(({ id, suite, jwk }) => ({ id, suite, publicJwk: jwk })));
  });

  it.each([
    ['a key of another suite', { ...keys[0], suite: 'Ed25519' }],
    ['a point that is on no curve', { ...keys[0], jwk: { ...keys[0]!.jwk, x: keys[0]!.jwk.y } }],
    ['a key without a name', { ...keys[0], id: '' }],
    ['a name that leads elsewhere', { ...keys[0], id: '../../admin' }],
  ])('is not believed with %s', async (_, key) => {
    const { server } = bench(() => json(200, { keys: [key] }));
    expect(await outcome(server.keys())).toBe('SIGNER_WRONG');
  });

  it('is not read beyond 256 keys', async () => {
    const { server } = bench(() => json(200, { keys: Array.from({ length: 257 }, () => keys[0]) }));
    expect(await outcome(server.keys())).toBe('SIGNER_WRONG');
  });
});
