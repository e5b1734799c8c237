import fc from 'fast-check';
import { sm3 } from 'sm-crypto-v2';
import { beforeAll, describe, expect, it } from 'vitest';
import { signJws } from '../../jws.ts';
import { localSigner, type Signer } from '../../keys/signer.ts';
import { importPublicJwk, SUITE_NAMES, suiteOf } from '../../suites.ts';
import { othersVerify } from '../../testing/jws-oracle.ts';
import * as disclosure from './disclosure.ts';
import { issueSdJwt } from './issue.ts';
import { readBinding } from './key-binding.ts';
import { presentSdJwt } from './present.ts';
import { type Claims, readSdJwt } from './text.ts';
import { type VerifiedSdJwt, verifySdJwt } from './verify.ts';

const TYP = 'example+sd-jwt';
const digestOf = (text: string) => disclosure.digestOf('sha-256', text);
const createDisclosure = (name: string | undefined, value: unknown) => {
  const made = disclosure.createDisclosure('c2FsdHNhbHRzYWx0c2FsdA', name, value);
  return { ...made, digest: digestOf(made.encoded) };
};
/** Claims of the top level may be kept back. */
const issue = (by: Signer, claims: Claims, names: readonly string[], decoys = 0) =>
  issueSdJwt(by, TYP, claims, { disclosable: names.map(pointer), decoys: { '': decoys } });
const pointer = (name: string) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
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

function verify(text: string, by: Signer = signer): VerifiedSdJwt {
  const key = { kid: by.kid, suite: suiteOf(by.suite), key: importPublicJwk(by.publicJwk) };
  const open = readSdJwt(text);
  readBinding(open);
  return verifySdJwt(open, TYP, (kid) => (kid === key.kid ? key : undefined));
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
  const issued = await issue(await newSigner('SM2-SM3'), { name: '王小明' }, ['name']);
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
        const inOrder = (names: readonly string[]) =>
          Object.keys(claims).flatMap((name) => (names.includes(name) ? [pointer(name)] : []));
        const issued = await issue(own, claims, hidden, decoys);
        const whole = verify(issued, own);
        expect(whole.claims).toEqual(claims);
        expect(whole.disclosed).toEqual(inOrder(hidden));

        const keep = hidden.filter(coin);
        const presented = verify(presentSdJwt(issued, keep.map(pointer)), own);
        const shown = all.filter((name) => !hidden.includes(name) || keep.includes(name));
        expect(presented.claims).toEqual(Object.fromEntries(shown.map((name) => [name, claims[name]])));
        expect(presented.disclosed).toEqual(inOrder(keep));
      }),
      { numRuns: 40 },
    );
  });

  it('has an issuer signature that another implementation accepts', async () => {
    const own = await newSigner(suite);
    const issued = await issue(own, { iss: 'x', name: '王小明' }, ['name'], 2);
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
    const issued = await issue(signer, { holder: '王小明', iss: 'x' }, ['holder']);
    const payload = Buffer.from(issued.split('.')[1] ?? '', 'base64url').toString();
    expect(payload).not.toContain('王小明');
    expect(payload).not.toContain('holder');
  });

  it('leaves _sd out when nothing is disclosable', async () => {
    const issued = await issue(signer, { iss: 'x' }, []);
    expect(readSdJwt(issued)).toMatchObject({ issued: { payload: { iss: 'x' } }, disclosures: [] });
    expect(issued.match(/~/g)).toHaveLength(1);
  });

  it('refuses what verifiers would refuse', async () => {
    await expect(issue(signer, { a: 'x'.repeat(70_000) }, [])).rejects.toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED' }),
    );
    await expect(issue(signer, { a: 'x'.repeat(30_000) }, ['a'])).rejects.toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED' }),
    );
    await expect(issue(signer, { _sd: [] }, [])).rejects.toThrow(MALFORMED);
    await expect(issue(signer, { a: [{ '...': 'x' }] }, ['a'])).rejects.toThrow(MALFORMED);
    await expect(issue(signer, { a: 1 }, ['b'])).rejects.toThrow(TypeError);
  });
});

describe('presenting', () => {
  it('refuses a name that is not disclosed', async () => {
    const issued = await issue(signer, { a: '1', b: '2' }, ['a']);
    expect(() => presentSdJwt(issued, ['/b'])).toThrow(DISCLOSURE);
    expect(() => presentSdJwt(presentSdJwt(issued, []), ['/a'])).toThrow(DISCLOSURE);
  });

  it('refuses a text whose disclosures do not belong together', async () => {
    const issued = await issue(signer, { a: '1' }, ['a']);
    expect(() => presentSdJwt(`${issued}${createDisclosure('b', '2').encoded}~`, ['/b'])).toThrow(DISCLOSURE);
  });
});

describe('within claims', () => {
  const claims = {
    property: { location: '示例街1号', unit: '1' },
    records: [
      { from: '2020-01', base: 1 },
      { from: '2021-01', base: 2 },
      { from: '2022-01', base: 3 },
    ],
    names: ['甲', '乙', '丙'],
  };
  const disclosable = [
    '/property/location',
    '/records',
    '/records/0',
    '/records/1',
    '/records/1/base',
    '/records/2',
    '/names/0',
    '/names/2',
  ];

  it('anything may be kept back, and lists close up', async () => {
    const issued = await issueSdJwt(signer, TYP, claims, { disclosable });
    expect(verify(issued)).toMatchObject({ claims, disclosed: expect.arrayContaining(disclosable) });
    const shown = (...keep: string[]) => verify(presentSdJwt(issued, keep));
    expect(shown().claims).toEqual({ property: { unit: '1' }, names: ['乙'] });
    expect(shown('/names/2')).toMatchObject({
      claims: { property: { unit: '1' }, names: ['乙', '丙'] },
      disclosed: ['/names/2'],
      places: ['/names/1'],
    });
    // What stands around it must be shown too, what is in it comes along.
    const { claims: within, disclosed, places } = shown('/records/1');
    expect(within).toMatchObject({ records: [{ from: '2021-01', base: 2 }] });
    expect(disclosed).toEqual(['/records/1/base', '/records/1', '/records']);
    expect(places).toEqual(['/records/0/base', '/records/0', '/records']);
    expect(shown('/records').claims['records']).toEqual(claims.records);
  });

  it('claims that are kept back as a whole are given beside the others', async () => {
    const { records, ...open } = claims;
    const issued = await issueSdJwt(signer, TYP, open, {
      concealed: { records },
      disclosable: ['/records/1', '/names/0'],
    });
    expect(Object.keys(readSdJwt(issued).issued.payload)).not.toContain('records');
    expect(verify(issued)).toMatchObject({ claims, disclosed: ['/records/1', '/records', '/names/0'] });
    for (const name of ['_sd', '_sd_alg', '...'])
      await expect(issueSdJwt(signer, TYP, open, { concealed: { [name]: 1 }, disclosable: [] })).rejects.toThrow(
        MALFORMED,
      );
  });

  it('decoys look like all the others, in objects and in lists', async () => {
    const decoys = { '': 2, '/property': 1, '/names': 3 };
    const issued = await issueSdJwt(signer, TYP, claims, { disclosable, decoys });
    const { payload } = readSdJwt(issued).issued;
    expect(payload['_sd']).toHaveLength(3);
    expect(payload['property']).toEqual({ unit: '1', _sd: [expect.any(String), expect.any(String)] });
    expect(payload['names']).toHaveLength(6);
    expect(verify(issued).claims).toEqual(claims);
  });

  it('a disclosure that only another disclosure mentions is worth nothing without that one', async () => {
    const issued = await issueSdJwt(signer, TYP, claims, { disclosable });
    const [jwt, ...all] = issued.split('~').filter((part) => part !== '');
    const outer = all.find((encoded) => disclosure.readDisclosures([encoded])[0]?.name === 'records');
    const without = all.filter((encoded) => encoded !== outer);
    expect(() => verify(`${[jwt, ...without].join('~')}~`)).toThrow(DISCLOSURE);
  });

  it('a claim in a list and an entry in an object are refused', async () => {
    const claim = createDisclosure('a', 1);
    const entry = createDisclosure(undefined, 1);
    const misplaced = [
      [await signJws(signer, TYP, { list: [{ '...': claim.digest }] }), claim.encoded],
      [await signJws(signer, TYP, { _sd: [entry.digest] }), entry.encoded],
    ];
    for (const [jwt, encoded] of misplaced) expect(() => verify(`${jwt}~${encoded}~`)).toThrow(DISCLOSURE);
  });

  it('a name that stands twice at one level, or is reserved, is refused in a disclosed value too', async () => {
    const inner = createDisclosure('b', 2);
    const twice = createDisclosure('a', { b: 1, _sd: [inner.digest] });
    const jwt = await signJws(signer, TYP, { _sd: [twice.digest] });
    expect(verify(`${jwt}~${twice.encoded}~`).claims).toEqual({ a: { b: 1 } });
    expect(() => verify(`${jwt}~${twice.encoded}~${inner.encoded}~`)).toThrow(DISCLOSURE);
    for (const value of [{ '...': digestOf('x') }, { _sd: 'x' }, { b: { _sd_alg: 'sha-256' } }]) {
      const { encoded, digest } = createDisclosure('a', value);
      const strange = await signJws(signer, TYP, { _sd: [digest] });
      expect(() => verify(`${strange}~${encoded}~`)).toThrow(MALFORMED);
    }
  });

  it('nesting and digests have their bounds, however they are reached', async () => {
    const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
    const { encoded, digest } = createDisclosure('a', deep(15));
    const jwt = await signJws(signer, TYP, { b: { _sd: [digest] } });
    expect(verify(`${jwt}~${encoded}~`).disclosed).toEqual(['/b/a']);
    const further = await signJws(signer, TYP, { b: { c: { _sd: [digest] } } });
    expect(() => verify(`${further}~${encoded}~`)).toThrow(MALFORMED);
    const half = Array.from({ length: 201 }, (_, index) => digestOf(String(index)));
    const many = createDisclosure('a', { _sd: half });
    const manyMore = Array.from({ length: 199 }, (_, index) => digestOf(`x${index}`));
    const crowded = await signJws(signer, TYP, { _sd: [...manyMore, many.digest] });
    expect(verify(`${crowded}~`).claims).toEqual({});
    expect(() => verify(`${crowded}~${many.encoded}~`)).toThrow(MALFORMED);
  });
});

describe('verifying', () => {
  const { encoded: stray } = createDisclosure('stray', 'x');

  it('refuses a disclosure that is not in _sd, that is there twice, or that belongs to another SD-JWT', async () => {
    const [one, other] = await Promise.all([issue(signer, { a: '1' }, ['a']), issue(signer, { a: '1' }, ['a'])]);
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
    ['a digest twice at different places', { _sd: [digestOf('x')], a: { _sd: [digestOf('x')] } }],
    ['a digest twice, once in a list', { _sd: [digestOf('x')], a: [{ '...': digestOf('x') }] }],
    ['a placeholder of another length', { a: [{ '...': 'x' }] }],
    ['a placeholder with more than a digest', { a: [{ '...': digestOf('x'), b: 1 }] }],
    ['a placeholder outside a list', { a: { '...': digestOf('x') } }],
    ['a hash name inside a claim', { a: { _sd_alg: 'sha-256' } }],
    ['a reserved name at the top', { '...': digestOf('x') }],
    ['claims nested too deeply', { a: JSON.parse('['.repeat(10_000) + ']'.repeat(10_000)) }],
  ])('refuses %s', async (_, payload) => {
    const jwt = await signJws(signer, TYP, payload);
    expect(() => verify(`${jwt}~`)).toThrow(MALFORMED);
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
    expect(Object.entries(claims).filter(([, value]) => value !== undefined)).toEqual([['__proto__', { admin: true }]]);
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
    const issued = await issue(signer, { a: '1' }, []);
    expect(() => verify(issued.slice(0, -1))).toThrow(MALFORMED);
  });

  it('refuses another purpose, an unknown key, another key', async () => {
    const issued = await issue(signer, { a: '1' }, ['a']);
    const thief = await newSigner('ES256');
    const key = { kid: signer.kid, suite: suiteOf('ES256'), key: importPublicJwk(thief.publicJwk) };
    expect(codeOf(() => verifySdJwt(readSdJwt(issued), 'dc+sd-jwt', () => key))).toBe('TYP_MISMATCH');
    expect(codeOf(() => verifySdJwt(readSdJwt(issued), TYP, () => undefined))).toBe('KEY_UNKNOWN');
    expect(codeOf(() => verifySdJwt(readSdJwt(issued), TYP, () => key))).toBe('SIGNATURE_INVALID');
  });

  it('refuses a change of any single character', async () => {
    const issued = await issue(signer, { a: '1', b: '2' }, ['a'], 1);
    await fc.assert(
      fc.property(fc.nat(issued.length - 1), fc.constantFrom('A', 'b', '0', '-', '.', '~'), (at, character) => {
        fc.pre(issued[at] !== character);
        expect(codeOf(() => verify(issued.slice(0, at) + character + issued.slice(at + 1)))).not.toBe('none');
      }),
      { numRuns: 300 },
    );
  });
});
