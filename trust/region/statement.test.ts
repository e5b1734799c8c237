import { beforeAll, describe, expect, it } from 'vitest';
import { regionUrn, TYP } from '#proto';
import { readJws, signJws } from '../jws.ts';
import { localSigner, type Signer, STATED_PURPOSES } from '../keys/signer.ts';
import { SUITE_NAMES, suiteOf } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { fingerprintOf, issueStatement, matchesFingerprint, verifyStatement } from './statement.ts';

const NOW = Date.UTC(2026, 10, 1);
const DAY_MS = 24 * 60 * 60 * 1000;

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW, endpoint: 'gateway.example:7443' });
  uxin = await throwawayRegion('150626', { now: NOW, suite: 'Ed25519' });
});

const GATEWAY = 'metadata/tongban_gateway';
const KEYS = `${GATEWAY}/jwks/keys`;

/** Nantong's claims with one place changed, signed as the owner of the identity key could. */
async function restated(place: string, value: unknown, by: Signer = nantong.identity): Promise<string> {
  const claims = structuredClone(readJws(nantong.jwt).payload);
  const names = place.split('/');
  const last = names.pop()!;
  const parent = names.reduce((object, name) => object[name] as Record<string, unknown>, claims);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return signJws(by, TYP.statement, claims);
}

const refusal = (jwt: string) =>
  verifyStatement(jwt).then(
    () => 'accepted',
    (error) => error.code,
  );

describe('a statement', () => {
  it('says after verification what was issued', () => {
    expect(nantong.statement).toMatchObject({
      region: '320600',
      name: '江苏省南通市',
      serial: 1,
      previous: '',
      issuedAt: NOW,
      expiresAt: NOW + 365 * DAY_MS,
      identity: nantong.identity.kid,
      endpoint: 'gateway.example:7443',
      suites: ['ES256'],
      contacts: [],
      jwt: nantong.jwt,
    });
    expect(nantong.statement.digest).toEqual(suiteOf('ES256').hash(Buffer.from(nantong.jwt)));
    expect(nantong.statement.keys.map(({ purpose, kid }) => [purpose, kid])).toEqual([
      ['signing', nantong.signing.kid],
      ['log', nantong.log.kid],
      ['certificate', nantong.certificate.kid],
      ['seal', nantong.seal.kid],
    ]);
    expect(nantong.statement.tls.map(({ spki }) => spki)).toEqual([nantong.tls.spki]);
  });

  it('carries keys that verify what their owners sign', async () => {
    for (const purpose of STATED_PURPOSES) {
      const key = uxin.statement.keys.find((candidate) => candidate.purpose === purpose)!;
      const signature = await uxin[purpose].sign(Buffer.from(purpose));
      expect(key.suite.verify(key.key, Buffer.from(purpose), signature)).toBe(true);
    }
  });

  it('carries several keys of one purpose, of several suites, with their windows', async () => {
    const keys = await Promise.all(
      SUITE_NAMES.map(async (suite, index) => {
        const { privateKey, publicKey } = suiteOf(suite).generate();
        const { publicJwk } = await localSigner(suite, privateKey, publicKey);
        return { purpose: 'signing' as const, jwk: publicJwk, notBefore: NOW, notAfter: NOW + (index + 1) * DAY_MS };
      }),
    );
    const jwt = await issueStatement(nantong.identity, {
      region: '320600',
      name: '南通',
      serial: 2,
      previous: nantong.statement.digest.toString('base64url'),
      issuedAt: NOW,
      expiresAt: NOW + DAY_MS,
      endpoint: '[::1]:7443',
      keys,
      tls: [nantong.tls.der],
      contacts: ['0513-12345'],
    });
    const statement = await verifyStatement(jwt);
    expect(statement.suites).toEqual(['ES256', 'Ed25519', 'SM2-SM3']);
    expect(statement.keys.map(({ suite, notAfter }) => [suite.name, notAfter - NOW])).toEqual([
      ['ES256', DAY_MS],
      ['Ed25519', 2 * DAY_MS],
      ['SM2-SM3', 3 * DAY_MS],
    ]);
    expect(statement).toMatchObject({
      previous: nantong.statement.digest.toString('base64url'),
      contacts: ['0513-12345'],
    });
  });

  it("is still verified when it is out of date: that is the caller's to judge", async () => {
    const old = await nantong.restate({ issuedAt: 0, expiresAt: 1000 });
    expect(old.expiresAt).toBe(1000);
  });
});

describe('a forged statement is refused', () => {
  it('when any claim was altered after signing', async () => {
    const [header, , signature] = nantong.jwt.split('.');
    const altered = (await restated(`${GATEWAY}/endpoint`, 'thief.example:7443')).split('.')[1];
    expect(await refusal(`${header}.${altered}.${signature}`)).toBe('SIGNATURE_INVALID');
  });

  it('when another key signed than the identity it names', async () => {
    expect(await refusal(await restated('exp', 2_000_000_000, uxin.identity))).toBe('KEY_UNKNOWN');
    const posing: Signer = { ...uxin.identity, kid: nantong.identity.kid, suite: 'ES256' };
    expect(await refusal(await restated('exp', 2_000_000_000, posing))).toBe('SIGNATURE_INVALID');
  });

  it('when an operational key signed it', async () => {
    expect(await refusal(await restated('exp', 2_000_000_000, nantong.signing))).toBe('KEY_UNKNOWN');
  });

  it('when it was signed for another purpose', async () => {
    const claims = readJws(nantong.jwt).payload;
    expect(await refusal(await signJws(nantong.identity, TYP.certificate, claims))).toBe('TYP_MISMATCH');
  });

  it('when it is larger than 64 KiB', async () => {
    expect(await refusal(await restated(`${GATEWAY}/name`, '通'.repeat(20_000)))).toBe('JWS_INVALID');
  });

  it('when it is no JWS', async () => {
    for (const text of ['', 'a.b.c', '{}']) expect(await refusal(text)).toBe('JWS_INVALID');
  });
});

describe('a statement of the wrong shape is refused', () => {
  it.each([
    ['without an identity key', 'jwks', undefined],
    ['with an identity key of another suite', 'jwks/keys/0', { kty: 'RSA', n: 'AA', e: 'AQAB' }],
    ['with an identity key that lacks a member', 'jwks/keys/0', { kty: 'EC', crv: 'P-256', x: 'AA' }],
    ['with another issuer than subject', 'iss', regionUrn('150626')],
    ['without a subject', 'sub', undefined],
    ['without a time of issue', 'iat', undefined],
    ['with a text for the time of expiry', 'exp', '2030'],
    ['that expires before it was issued', 'exp', 1000],
    ['without metadata', 'metadata', undefined],
    ['without a name', `${GATEWAY}/name`, ''],
    ['without a serial', `${GATEWAY}/serial`, undefined],
    ['with the serial zero', `${GATEWAY}/serial`, 0],
    ['with a URL for an endpoint', `${GATEWAY}/endpoint`, 'https://gateway.example/'],
    ['with an endpoint without a port', `${GATEWAY}/endpoint`, 'gateway.example'],
    ['without keys', `${GATEWAY}/jwks`, undefined],
    ['with something else for keys', KEYS, 'keys'],
    ['with an empty place among the keys', `${KEYS}/0`, null],
    ['with a key of no known purpose', `${KEYS}/0/purpose`, 'identity'],
    ['with a key without a window', `${KEYS}/0/exp`, undefined],
    ['with a revoked key that has no time', `${KEYS}/0/revoked`, { reason: 'compromised' }],
    ['with a revocation that is only said', `${KEYS}/0/revoked`, true],
    ['with a revocation before all time', `${KEYS}/0/revoked`, { revoked_at: -1 }],
    ['with nothing where a revocation stands', `${KEYS}/0/revoked`, null],
    ['with a key of another suite', `${KEYS}/0/crv`, 'P-384'],
    ['without a list of suites', `${GATEWAY}/suites`, 'ES256'],
    ['that names no suite of its signing keys', `${GATEWAY}/suites`, []],
    ['that names another suite than its signing keys have', `${GATEWAY}/suites`, ['SM2-SM3']],
    ['that names one suite more than its signing keys have', `${GATEWAY}/suites`, ['ES256', 'SM2-SM3']],
    ['that names a suite twice', `${GATEWAY}/suites`, ['ES256', 'ES256']],
    ['without TLS certificates', `${GATEWAY}/tls`, undefined],
    ['with a number for a TLS certificate', `${GATEWAY}/tls`, [7]],
    ['with a TLS certificate that is none', `${GATEWAY}/tls`, ['AAAA']],
    ['with contacts that are no list', `${GATEWAY}/contacts`, 7],
  ])('%s', async (_, place, value) => {
    expect(await refusal(await restated(place, value))).toBe('STATEMENT_INVALID');
  });

  it('of a region that is not in the table', async () => {
    for (const code of ['999999', '320699', '3206', '']) {
      const claims = { ...readJws(nantong.jwt).payload, iss: regionUrn(code), sub: regionUrn(code) };
      expect(await refusal(await signJws(nantong.identity, TYP.statement, claims))).toBe('STATEMENT_INVALID');
    }
  });

  it('with a key under the name of another', async () => {
    expect(await refusal(await restated(`${KEYS}/0/kid`, nantong.log.kid))).toBe('STATEMENT_INVALID');
    expect(await refusal(await restated(`${KEYS}/0/x`, 'A'.repeat(43)))).toBe('STATEMENT_INVALID');
  });

  it('with a private key in it', async () => {
    expect(await refusal(await restated(`${KEYS}/0/d`, 'A'.repeat(43)))).toBe('JWS_INVALID');
  });

  it('with one key for two purposes, or with the identity key for any', async () => {
    const content = { region: '320600', name: '南通', serial: 1, issuedAt: NOW, expiresAt: NOW + DAY_MS };
    const more = { endpoint: 'gateway.example:7443', tls: [nantong.tls.der] };
    const key = (purpose: 'signing' | 'log', { publicJwk }: Signer) => ({
      purpose,
      jwk: publicJwk,
      notBefore: NOW,
      notAfter: NOW + DAY_MS,
    });
    for (const keys of [
      [key('signing', nantong.signing), key('log', nantong.signing)],
      [key('signing', nantong.identity)],
    ])
      expect(await refusal(await issueStatement(nantong.identity, { ...content, ...more, keys }))).toBe(
        'STATEMENT_INVALID',
      );
  });
});

it("a statement cannot take the subject that another region's TLS certificate has", async () => {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = `CN=${uxin.tls.spki}`;
  const posing = await x509.X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: algorithm });
  expect(await refusal(await restated(`${GATEWAY}/tls`, [posing.toString('base64')]))).toBe('STATEMENT_INVALID');
});

describe('a fingerprint', () => {
  it('is the thumbprint of the identity in groups that people can read out', () => {
    expect(fingerprintOf(nantong.identity.kid)).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
  });

  it('is recognised however it was typed, and no other is', () => {
    const { kid } = nantong.identity;
    const text = fingerprintOf(kid);
    for (const typed of [text, text.toUpperCase(), text.replaceAll(' ', ''), text.replaceAll(' ', ':'), ` ${text}\n`])
      expect(matchesFingerprint(kid, typed)).toBe(true);
    for (const typed of ['', text.slice(0, -1), `${text}0`, fingerprintOf(uxin.identity.kid), kid])
      expect(matchesFingerprint(kid, typed)).toBe(false);
  });
});
