import fc from 'fast-check';
import { sm3 } from 'sm-crypto-v2';
import { beforeAll, describe, expect, it } from 'vitest';
import { signJws } from '../jws.ts';
import { localSigner, type Signer } from '../keys/signer.ts';
import { importPublicJwk, SUITE_NAMES, suiteOf } from '../suites.ts';
import { othersVerify } from '../testing/jws-oracle.ts';
import * as disclosure from './disclosure.ts';
import { issueSdJwt, presentSdJwt, readSdJwt, verifySdJwt } from './sd-jwt.ts';

const TYP = 'example+sd-jwt';
const { hash } = suiteOf('ES256');
const digestOf = (text: string) => disclosure.digestOf(hash, text);
const createDisclosure = (name: string, value: unknown) => {
  const made = disclosure.createDisclosure(name, value);
  return { ...made, digest: digestOf(made.encoded) };
};
const MALFORMED = expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' });
const DISCLOSURE = expect.objectContaining({ code: 'CERTIFICATE_DISCLOSURE' });

let signer: Signer;
beforeAll(async () => {
  signer = await newSigner('ES256');
});

async function newSigner(suite: (typeof SUITE_NAMES)[number]): Promise<Signer> {
  const { privateKey, publicKey } = suiteOf(suite).generate();
  return localSigner(suite, privateKey, publicKey);
}

function verify(text: string, by: Signer = signer): ReturnType<typeof verifySdJwt> {
  const key = { kid: by.kid, suite: suiteOf(by.suite), key: importPublicJwk(by.publicJwk) };
  return verifySdJwt(text, TYP, (kid) => (kid === key.kid ? key : undefined));
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
};

it('has disclosures whose digests another implementation of SM3 finds', async () => {
  const issued = await issueSdJwt(await newSigner('SM2-SM3'), TYP, { name: '王小明' }, ['name']);
  const [jwt = '', encoded = ''] = issued.split('~');
  const { _sd } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  expect(_sd).toEqual([Buffer.from(sm3(encoded), 'hex').toString('base64url')]);
});

describe.each(SUITE_NAMES)('an SD-JWT of %s', (suite) => {
  it('is verified with any subset of its disclosures, and its digest stays', async () => {
    const own = await newSigner(suite);
    const names = fc.uniqueArray(
      fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !['_sd', '_sd_alg', '...'].includes(name)),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(names, fc.infiniteStream(fc.boolean()), fc.nat(3), async (all, coins, decoys) => {
        const coin = (): boolean => coins.next().value as boolean;
        const hidden = all.filter(coin);
        const claims = Object.fromEntries(all.map((name, index) => [name, `${index} 值`]));
        const issued = await issueSdJwt(own, TYP, claims, hidden, decoys);
        const whole = verify(issued, own);
        expect(whole.claims).toEqual(claims);
        expect(whole.disclosed).toEqual(hidden);

        const keep = hidden.filter(coin);
        const presented = verify(presentSdJwt(issued, keep), own);
        const shown = all.filter((name) => !hidden.includes(name) || keep.includes(name));
        expect(presented.claims).toEqual(Object.fromEntries(shown.map((name) => [name, claims[name]])));
        expect(presented.disclosed).toEqual(keep);
        expect(presented.digest).toEqual(whole.digest);
      }),
      { numRuns: 40 },
    );
  });

  it('has an issuer signature that another implementation accepts', async () => {
    const own = await newSigner(suite);
    const issued = await issueSdJwt(own, TYP, { iss: 'x', name: '王小明' }, ['name'], 2);
    const { header, payload } = await othersVerify(issued, own);
    expect(header).toEqual({ alg: suite, kid: own.kid, typ: TYP });
    const { iss, _sd, _sd_alg, ...rest } = payload;
    expect({ iss, _sd_alg, rest }).toEqual({ iss: 'x', _sd_alg: suite === 'SM2-SM3' ? 'sm3' : 'sha-256', rest: {} });
    expect(_sd).toHaveLength(3);
    expect(_sd).toEqual([...(_sd as string[])].sort());
  });

  it('is refused with the digests of another hash, or when it does not name its own', async () => {
    const own = await newSigner(suite);
    const [hashName, other] = suite === 'SM2-SM3' ? ['sm3', 'sha-256'] : ['sha-256', 'sm3'];
    const jwt = await signJws(own, TYP, { _sd: [digestOf('decoy')], _sd_alg: other });
    expect(() => verify(`${jwt}~`, own)).toThrow(MALFORMED);
    const unnamed = await signJws(own, TYP, { _sd: [digestOf('decoy')] });
    if (hashName === 'sha-256') expect(verify(`${unnamed}~`, own).claims).toEqual({});
    else expect(() => verify(`${unnamed}~`, own)).toThrow(MALFORMED);
  });
});

describe('issuing', () => {
  it('keeps every trace of a hidden claim out of the JWT', async () => {
    const issued = await issueSdJwt(signer, TYP, { holder: '王小明', iss: 'x' }, ['holder']);
    const payload = Buffer.from(issued.split('.')[1] ?? '', 'base64url').toString();
    expect(payload).not.toContain('王小明');
    expect(payload).not.toContain('holder');
  });

  it('leaves _sd out when nothing is disclosable', async () => {
    const issued = await issueSdJwt(signer, TYP, { iss: 'x' }, []);
    expect(readSdJwt(issued)).toEqual({ claims: { iss: 'x' }, disclosed: [] });
    expect(issued.match(/~/g)).toHaveLength(1);
  });

  it('refuses what verifiers would refuse', async () => {
    await expect(issueSdJwt(signer, TYP, { a: 'x'.repeat(70_000) }, [])).rejects.toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED' }),
    );
    await expect(issueSdJwt(signer, TYP, { _sd: [] }, [])).rejects.toThrow(MALFORMED);
    await expect(issueSdJwt(signer, TYP, { a: [{ '...': 'x' }] }, ['a'])).rejects.toThrow(MALFORMED);
    await expect(issueSdJwt(signer, TYP, { a: 1 }, ['b'])).rejects.toThrow(TypeError);
  });
});

describe('presenting', () => {
  it('refuses a name that is not disclosed', async () => {
    const issued = await issueSdJwt(signer, TYP, { a: '1', b: '2' }, ['a']);
    expect(() => presentSdJwt(issued, ['b'])).toThrow(DISCLOSURE);
    expect(() => presentSdJwt(presentSdJwt(issued, []), ['a'])).toThrow(DISCLOSURE);
  });

  it('refuses a text whose disclosures do not belong together', async () => {
    const issued = await issueSdJwt(signer, TYP, { a: '1' }, ['a']);
    expect(() => presentSdJwt(`${issued}${createDisclosure('b', '2').encoded}~`, ['b'])).toThrow(DISCLOSURE);
  });
});

describe('verifying', () => {
  const { encoded: stray } = createDisclosure('stray', 'x');

  it('refuses a disclosure that is not in _sd, that is there twice, or that belongs to another SD-JWT', async () => {
    const [one, other] = await Promise.all([
      issueSdJwt(signer, TYP, { a: '1' }, ['a']),
      issueSdJwt(signer, TYP, { a: '1' }, ['a']),
    ]);
    const [jwt, disclosure] = one.split('~') as [string, string];
    expect(() => verify(`${one}${stray}~`)).toThrow(DISCLOSURE);
    expect(() => verify(`${one}${disclosure}~`)).toThrow(DISCLOSURE);
    expect(() => verify(`${jwt}~${other.split('~')[1]}~`)).toThrow(DISCLOSURE);
  });

  it('refuses a disclosure with the name of an open claim, or of another disclosure', async () => {
    const a1 = createDisclosure('a', '1');
    const a2 = createDisclosure('a', '2');
    const clash = await signJws(signer, TYP, { a: '0', _sd: [a1.digest] });
    expect(verify(`${clash}~`).claims).toEqual({ a: '0' });
    expect(() => verify(`${clash}~${a1.encoded}~`)).toThrow(DISCLOSURE);
    const twin = await signJws(signer, TYP, { _sd: [a1.digest, a2.digest] });
    expect(verify(`${twin}~${a2.encoded}~`).claims).toEqual({ a: '2' });
    expect(() => verify(`${twin}~${a1.encoded}~${a2.encoded}~`)).toThrow(DISCLOSURE);
  });

  it.each(['_sd', '...', '_sd_alg'])('refuses a signed disclosure named %s', async (name) => {
    const { encoded, digest } = createDisclosure(name, ['x']);
    const jwt = await signJws(signer, TYP, { _sd: [digest] });
    expect(() => verify(`${jwt}~${encoded}~`)).toThrow(DISCLOSURE);
  });

  it.each([
    ['digests twice', { _sd: [digestOf('x'), digestOf('x')] }],
    ['digests that are no list', { _sd: digestOf('x') }],
    ['digests that are no text', { _sd: [1] }],
    ['digests of another length', { _sd: ['abc'] }],
    ['too many digests', { _sd: Array.from({ length: 401 }, (_, index) => digestOf(String(index))) }],
    ['another hash', { _sd: [], _sd_alg: 'sha-512' }],
    ['digests inside a claim', { a: { _sd: [digestOf('x')] } }],
    ['hidden array elements', { a: ['DE', { '...': digestOf('x') }] }],
    ['a hash name inside a claim', { a: { _sd_alg: 'sha-256' } }],
    ['a reserved name at the top', { '...': digestOf('x') }],
    ['claims nested too deeply', { a: JSON.parse('['.repeat(10_000) + ']'.repeat(10_000)) }],
  ])('refuses %s', async (_, payload) => {
    const jwt = await signJws(signer, TYP, payload);
    expect(() => verify(`${jwt}~`)).toThrow(MALFORMED);
  });

  it('refuses digests inside a disclosed value', async () => {
    const { encoded, digest } = createDisclosure('a', { _sd: [digestOf('x')] });
    const jwt = await signJws(signer, TYP, { _sd: [digest] });
    expect(() => verify(`${jwt}~${encoded}~`)).toThrow(MALFORMED);
  });

  it('takes sha-256 when no hash is named, and ignores digests without a disclosure', async () => {
    const { encoded, digest } = createDisclosure('a', '1');
    const jwt = await signJws(signer, TYP, { _sd: [digestOf('decoy'), digest] });
    expect(verify(`${jwt}~${encoded}~`).claims).toEqual({ a: '1' });
  });

  it('never lets a claim named __proto__ change anything but itself', async () => {
    const { encoded, digest } = createDisclosure('__proto__', { admin: true });
    const jwt = await signJws(signer, TYP, { _sd: [digest] });
    const { claims } = verify(`${jwt}~${encoded}~`);
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
    expect(Object.keys(claims)).toEqual(['__proto__']);
  });

  it('refuses key binding and says so', async () => {
    const issued = await issueSdJwt(signer, TYP, { a: '1' }, ['a']);
    const binding = await signJws(signer, 'kb+jwt', { nonce: 'n' });
    expect(() => verify(issued + binding)).toThrow(MALFORMED);
    expect(() => verify(issued + binding)).toThrow(/key binding/);
  });

  it.each([
    ['nothing', ''],
    ['only tildes', '~~'],
    ['no JWT', '~'],
    ['two parts', 'YQ.YQ~'],
    ['a JWT of no JSON', 'YQ.YQ.YQ~'],
    ['too long', `${'a'.repeat(300_000)}~`],
    ['too many disclosures', `YQ.YQ.YQ${'~x'.repeat(201)}~`],
  ])('refuses %s', (_, text) => {
    expect(['CERTIFICATE_MALFORMED', 'CERTIFICATE_DISCLOSURE']).toContain(codeOf(() => verify(text)));
  });

  it('refuses a text without its last tilde', async () => {
    const issued = await issueSdJwt(signer, TYP, { a: '1' }, []);
    expect(() => verify(issued.slice(0, -1))).toThrow(MALFORMED);
  });

  it('refuses another purpose, an unknown key, another key', async () => {
    const issued = await issueSdJwt(signer, TYP, { a: '1' }, ['a']);
    const thief = await newSigner('ES256');
    const key = { kid: signer.kid, suite: suiteOf('ES256'), key: importPublicJwk(thief.publicJwk) };
    expect(codeOf(() => verifySdJwt(issued, 'dc+sd-jwt', () => key))).toBe('TYP_MISMATCH');
    expect(codeOf(() => verifySdJwt(issued, TYP, () => undefined))).toBe('KEY_UNKNOWN');
    expect(codeOf(() => verifySdJwt(issued, TYP, () => key))).toBe('SIGNATURE_INVALID');
  });

  it('refuses a change of any single character', async () => {
    const issued = await issueSdJwt(signer, TYP, { a: '1', b: '2' }, ['a'], 1);
    await fc.assert(
      fc.property(fc.nat(issued.length - 1), fc.constantFrom('A', 'b', '0', '-', '.', '~'), (at, character) => {
        fc.pre(issued[at] !== character);
        expect(codeOf(() => verify(issued.slice(0, at) + character + issued.slice(at + 1)))).not.toBe('none');
      }),
      { numRuns: 300 },
    );
  });
});
