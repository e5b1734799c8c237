import { createHmac, createPrivateKey } from 'node:crypto';
import fc from 'fast-check';
import { CompactSign, compactVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { encodeJson, signJws, type VerificationKey, verifyJws } from './jws.ts';
import { localSigner } from './keys/signer.ts';
import { SUITE_NAMES, type SuiteName, suiteOf } from './suites.ts';
import { othersVerify } from './testing/jws-oracle.ts';
import { oracleSigns } from './testing/sm2-oracle.ts';

const TYP = 'test+jws';
const CLAIMS = { subject: '苏州', number: 7 };

async function party(name: SuiteName) {
  const suite = suiteOf(name);
  const { privateKey, publicKey } = suite.generate();
  const signer = await localSigner(suite, privateKey, publicKey);
  const trusted: VerificationKey = { kid: signer.kid, suite, key: publicKey };
  const keyOf = (kid: string) => (kid === trusted.kid ? trusted : undefined);
  /** Signs any header, as an attacker who has the key could. */
  const forge = async (header: object, payload = encodeJson(CLAIMS)) => {
    const input = `${encodeJson(header)}.${payload}`;
    return `${input}.${(await signer.sign(Buffer.from(input))).toString('base64url')}`;
  };
  const header = { alg: suite.alg, kid: signer.kid, typ: TYP };
  return { privateKey, publicKey, signer, keyOf, forge, header };
}

const es256 = await party('ES256');
const ed25519 = await party('Ed25519');
const sm2 = await party('SM2-SM3');
const parties = { ES256: es256, Ed25519: ed25519, 'SM2-SM3': sm2 };
const withCode = (code: string) => expect.objectContaining({ code });
const verify = (jws: string, maxBytes?: number) => () => verifyJws(jws, TYP, es256.keyOf, maxBytes);

it.each(SUITE_NAMES)('a JWS under %s returns what was signed', async (name) => {
  const { signer, keyOf, header } = parties[name];
  const jws = await signJws(signer, TYP, CLAIMS);
  expect(verifyJws(jws, TYP, keyOf)).toEqual({ kid: signer.kid, payload: CLAIMS, header });
});

// jose knows no SM2.
describe.each(['ES256', 'Ed25519'] as const)('a JWS under %s', (name) => {
  const { privateKey, publicKey, signer, keyOf, header } = parties[name];

  it('is accepted by jose', async () => {
    const jws = await signJws(signer, TYP, CLAIMS);
    const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: [header.alg] });
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(CLAIMS);
    expect(protectedHeader).toEqual(header);
  });

  it('is taken from jose', async () => {
    const jws = await new CompactSign(Buffer.from(JSON.stringify(CLAIMS)))
      .setProtectedHeader(header)
      .sign(createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    expect(verifyJws(jws, TYP, keyOf).payload).toEqual(CLAIMS);
  });
});

describe('a JWS under SM2-SM3', () => {
  it('is accepted by another implementation', async () => {
    const jws = await signJws(sm2.signer, TYP, CLAIMS);
    expect(await othersVerify(jws, sm2.signer)).toEqual({ header: sm2.header, payload: CLAIMS });
  });

  it('is taken from another implementation', () => {
    const input = `${encodeJson(sm2.header)}.${encodeJson(CLAIMS)}`;
    const jws = `${input}.${oracleSigns(sm2.privateKey, Buffer.from(input)).toString('base64url')}`;
    expect(verifyJws(jws, TYP, sm2.keyOf).payload).toEqual(CLAIMS);
  });

  it.each(['ES256', 'Ed25519', 'SM2', 'ES256K', 'none', undefined])(
    'is refused when its header says %s',
    async (alg) => {
      const jws = await sm2.forge({ ...sm2.header, alg });
      expect(() => verifyJws(jws, TYP, sm2.keyOf)).toThrow(withCode('ALGORITHM_NOT_ALLOWED'));
    },
  );

  it('is not signed by a key of another suite under its kid', async () => {
    const jws = await es256.forge(sm2.header);
    expect(() => verifyJws(jws, TYP, sm2.keyOf)).toThrow(withCode('SIGNATURE_INVALID'));
    expect(verify(await sm2.forge({ ...es256.header, alg: 'SM2-SM3' }))).toThrow(withCode('ALGORITHM_NOT_ALLOWED'));
  });
});

describe('the header', () => {
  it('cannot choose the algorithm', async () => {
    const { header, forge } = es256;
    const spki = es256.publicKey.export({ type: 'spki', format: 'pem' });
    const input = `${encodeJson({ ...header, alg: 'HS256' })}.${encodeJson(CLAIMS)}`;
    const withPublicKeyAsSecret = `${input}.${createHmac('sha256', spki).update(input).digest('base64url')}`;
    expect(verify(withPublicKeyAsSecret)).toThrow(withCode('ALGORITHM_NOT_ALLOWED'));
    for (const alg of ['none', 'None', 'Ed25519', 'EdDSA', 'ES384', '', 1, undefined])
      expect(verify(await forge({ ...header, alg }))).toThrow(withCode('ALGORITHM_NOT_ALLOWED'));
  });

  it('cannot do without a signature', () => {
    const input = `${encodeJson({ ...es256.header, alg: 'none' })}.${encodeJson(CLAIMS)}`;
    expect(verify(`${input}.`)).toThrow(withCode('JWS_INVALID'));
    expect(verify(input)).toThrow(withCode('JWS_INVALID'));
  });

  it.each([
    ['jwk', es256.signer.publicJwk],
    ['jku', 'https://example.invalid/keys'],
    ['x5u', 'https://example.invalid/certificate'],
    ['x5c', []],
    ['crit', ['b64']],
    ['b64', false],
    ['zip', 'DEF'],
    ['cty', 'JWT'],
  ])('must not have %s', async (name, value) => {
    expect(verify(await es256.forge({ ...es256.header, [name]: value }))).toThrow(withCode('JWS_INVALID'));
  });

  it('must not say anything twice', async () => {
    const { alg, kid, typ } = es256.header;
    for (const twice of [`"alg":"none","alg":"${alg}"`, `"alg":"${alg}","alg":"${alg}"`]) {
      const header = Buffer.from(`{${twice},"kid":"${kid}","typ":"${typ}"}`).toString('base64url');
      const input = `${header}.${encodeJson(CLAIMS)}`;
      const signature = (await es256.signer.sign(Buffer.from(input))).toString('base64url');
      expect(verify(`${input}.${signature}`)).toThrow(withCode('JWS_INVALID'));
    }
  });

  it('must be for this purpose', async () => {
    expect(verify(await signJws(es256.signer, 'other+jws', CLAIMS))).toThrow(withCode('TYP_MISMATCH'));
    const { typ: _, ...withoutTyp } = es256.header;
    expect(verify(await es256.forge(withoutTyp))).toThrow(withCode('TYP_MISMATCH'));
  });

  it('must name a trusted key', async () => {
    expect(verify(await signJws(ed25519.signer, TYP, CLAIMS))).toThrow(withCode('KEY_UNKNOWN'));
    expect(verify(await es256.forge({ ...es256.header, kid: undefined }))).toThrow(withCode('JWS_INVALID'));
    expect(verify(await es256.forge({ ...es256.header, kid: [es256.header.kid] }))).toThrow(withCode('JWS_INVALID'));
  });

  it('must not name a key that did not sign', async () => {
    expect(verify(await ed25519.forge({ ...es256.header }))).toThrow(withCode('SIGNATURE_INVALID'));
  });
});

describe('the text', () => {
  it('must be canonical base64url in every part', async () => {
    const jws = await signJws(es256.signer, TYP, CLAIMS);
    const parts = jws.split('.') as [string, string, string];
    // 64 bytes leave four unused bits in the last character: fifteen other characters decode to the same bytes.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(parts[2].at(-1)!);
    const sameBytes = `${parts[2].slice(0, -1)}${alphabet[last + 1]}`;
    expect(Buffer.from(sameBytes, 'base64url')).toEqual(Buffer.from(parts[2], 'base64url'));
    expect(verify(`${parts[0]}.${parts[1]}.${sameBytes}`)).toThrow(withCode('JWS_INVALID'));
    for (const bad of [`${jws}=`, ` ${jws}`, `${jws}\n`, `${jws}.`, `${jws}.AA`, jws.replace('.', '..'), ''])
      expect(verify(bad)).toThrow(withCode('JWS_INVALID'));
  });

  it('must not be larger than allowed', async () => {
    const jws = await signJws(es256.signer, TYP, { text: 'x'.repeat(48 * 1024) });
    expect(verify(jws)).toThrow(withCode('JWS_INVALID'));
    expect(verify(jws, jws.length)()).toMatchObject({ kid: es256.signer.kid });
    expect(verify(jws, jws.length - 1)).toThrow(withCode('JWS_INVALID'));
  });

  it.each([
    ['a list', '[1]'],
    ['a text', '"text"'],
    ['null', 'null'],
    ['a number', '7'],
    ['no JSON', '{'],
    ['an object with a member twice', `{"iss":"urn:a","iss":"urn:b"}`],
    ['an object with a member twice deep inside', '{"a":[{"b":1,"\\u0062":2}]}'],
    ['broken UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('must hold a JSON object, not %s', async (_, content) => {
    const part = Buffer.from(content).toString('base64url');
    expect(verify(await es256.forge(es256.header, part))).toThrow(withCode('JWS_INVALID'));
  });

  it('is read by itself, whatever was read before and however long it is', async () => {
    const texts = ['x'.repeat(100_000), 'ä\u{20bb7}', '\uFFFD', '', '证照'.repeat(40_000)];
    const signed = await Promise.all(texts.map((text) => signJws(es256.signer, TYP, { text })));
    for (const [index, text] of texts.entries()) expect(verify(signed[index]!, 2 ** 20)().payload).toEqual({ text });
  });

  it('is refused whichever character of it is altered', async () => {
    const jws = await signJws(es256.signer, TYP, CLAIMS);
    fc.assert(
      fc.property(fc.nat(jws.length - 1), fc.constantFrom(...'Az09-_.'), (at, character) => {
        fc.pre(jws[at] !== character);
        const altered = jws.slice(0, at) + character + jws.slice(at + 1);
        expect(verify(altered)).toThrow(
          expect.objectContaining({
            code: expect.stringMatching(/JWS_INVALID|TYP_MISMATCH|KEY_UNKNOWN|ALGORITHM_NOT_ALLOWED|SIGNATURE_INVALID/),
          }),
        );
      }),
    );
  });
});
