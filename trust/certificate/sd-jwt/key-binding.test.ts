import { beforeAll, describe, expect, it } from 'vitest';
import { encodeJson } from '../../jws.ts';
import { localSigner, type Signer } from '../../keys/signer.ts';
import { SUITE_NAMES, type SuiteName, suiteOf } from '../../suites.ts';
import { digestOf } from './disclosure.ts';
import { issueSdJwt } from './issue.ts';
import { type BindingDemand, bindSdJwt, demandBinding, readBinding } from './key-binding.ts';
import { presentSdJwt } from './present.ts';
import { readSdJwt } from './text.ts';

const TYP = 'example+sd-jwt';
const NOW = 1_795_132_800_000;
const DEMAND: BindingDemand = { audience: 'urn:tongban:region:320600', nonce: 'n-0S6', maxAgeMs: 60_000 };

let issuer: Signer;
let holder: Signer;
beforeAll(async () => {
  [issuer, holder] = [await newSigner('ES256'), await newSigner('ES256')];
});

async function newSigner(suite: SuiteName): Promise<Signer> {
  const { privateKey, publicKey } = suiteOf(suite).generate();
  return localSigner(suite, privateKey, publicKey);
}

function issue(cnf: unknown = { jwk: holder.publicJwk }): Promise<string> {
  return issueSdJwt(issuer, TYP, { cnf, a: '1', b: '2' }, { disclosable: ['/a', '/b'] });
}

function codeOf(text: string, demand: Partial<BindingDemand> = {}, now = NOW): string {
  try {
    demandBinding(readSdJwt(text), { ...DEMAND, ...demand }, now);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}

function bindingOf(text: string): string {
  return text.slice(text.lastIndexOf('~') + 1);
}

/** A key binding with whatever header and claims, signed by whom. */
async function forge(changes: object, header: object = {}, by: Signer = holder): Promise<string> {
  const issued = await issue();
  const claims = { iat: NOW / 1000, aud: DEMAND.audience, nonce: DEMAND.nonce, sd_hash: digestOf('sha-256', issued) };
  const input = `${encodeJson({ alg: 'ES256', typ: 'kb+jwt', ...header })}.${encodeJson({ ...claims, ...changes })}`;
  return `${issued}${input}.${(await by.sign(Buffer.from(input))).toString('base64url')}`;
}

describe.each(SUITE_NAMES)('a holder with a key of %s', (suite) => {
  it('proves that he presents what he chose, to this verifier and now', async () => {
    const own = await newSigner(suite);
    const { kty, crv, x, y } = own.publicJwk;
    const shown = presentSdJwt(await issue({ jwk: { kty, crv, x, ...(y && { y }) } }), ['/a']);
    const bound = await bindSdJwt(shown, own, DEMAND, NOW);
    expect(codeOf(bound)).toBe('none');
    expect(codeOf(bound, { audience: 'urn:tongban:region:150626' })).toBe('CERTIFICATE_BINDING');
    expect(codeOf(bound, { nonce: 'another' })).toBe('CERTIFICATE_BINDING');
    // What was bound cannot be given another disclosure, or one less.
    const [jwt, a, binding] = bound.split('~');
    expect(codeOf(`${jwt}~${binding}`)).toBe('CERTIFICATE_BINDING');
    expect(codeOf(`${jwt}~${a}~`)).toBe('CERTIFICATE_BINDING_MISSING');
    // Presenting it further leaves the binding out: it would be of another presentation.
    expect(readSdJwt(presentSdJwt(bound, [])).binding).toBeUndefined();
  });
});

it.each([
  ['at once', 0, 'none'],
  ['after a minute', 60_000, 'none'],
  ['too late', 61_000, 'CERTIFICATE_BINDING_STALE'],
  ['with a clock a little behind', -4 * 60_000, 'none'],
  ['from the future', -6 * 60_000, 'CERTIFICATE_BINDING_STALE'],
])('a proof is taken in time: %s', async (_, passed, code) => {
  expect(codeOf(await bindSdJwt(await issue(), holder, DEMAND, NOW), {}, NOW + passed)).toBe(code);
});

describe('a proof is refused', () => {
  it.each([
    ['of another presentation', { sd_hash: digestOf('sha-256', 'another') }],
    ['for several verifiers', { aud: [DEMAND.audience] }],
    ['without a verifier', { aud: undefined }],
    ['without a nonce', { nonce: undefined }],
    ['without a time', { iat: undefined }],
    ['with a time that is text', { iat: String(NOW / 1000) }],
    ['with further claims', { exp: NOW }],
  ])('%s', async (_, changes) => {
    expect(codeOf(await forge({}))).toBe('none');
    expect(codeOf(await forge(changes))).toBe('CERTIFICATE_BINDING');
  });

  it.each([
    ['another kind of signed object', { typ: 'JWT' }],
    ['another algorithm', { alg: 'Ed25519' }],
    ['no algorithm', { alg: 'none' }],
    ['a key of its own', { jwk: {} }],
    ['a critical extension', { crit: ['x'], x: 1 }],
  ])('%s', async (_, header) => {
    expect(codeOf(await forge({}, header))).toBe('CERTIFICATE_BINDING');
  });

  it('by another key, or when the certificate is made out to none', async () => {
    expect(codeOf(await forge({}, {}, issuer))).toBe('CERTIFICATE_BINDING');
    const unbound = await issueSdJwt(issuer, TYP, { a: '1' }, { disclosable: [] });
    expect(codeOf(unbound + bindingOf(await forge({})))).toBe('CERTIFICATE_BINDING');
  });

  it.each([['x'], ['YQ.YQ.YQ'], [`${'a'.repeat(9000)}.a.a`], ['.'], ['e30.e30.!']])(
    'when it is no JWT: %s',
    async (binding) => {
      expect(codeOf((await issue()) + binding)).toBe('CERTIFICATE_BINDING');
    },
  );

  it('even where nobody asked for one', async () => {
    const open = readSdJwt(await forge({ sd_hash: 'another' }));
    expect(() => readBinding(open)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_BINDING' }));
    expect(readBinding(readSdJwt(await issue()))).toBeUndefined();
  });
});

describe('a certificate', () => {
  it.each([
    ['a cnf that is no object', 'key'],
    ['a cnf without a key', { kid: 'x' }],
    ['a key of no suite', { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }],
    ['a point that is not on the curve', { jwk: { kty: 'EC', crv: 'P-256', x: 'AQ', y: 'AQ' } }],
  ])('with %s is malformed', async (_, cnf) => {
    expect(codeOf((await issue(cnf)) + bindingOf(await forge({})))).toBe('CERTIFICATE_MALFORMED');
  });

  it('with a private key is malformed', async () => {
    const text = await issue({ jwk: { ...holder.publicJwk, d: 'AQ' } });
    expect(codeOf(text + bindingOf(await forge({})))).toBe('CERTIFICATE_MALFORMED');
  });

  it('is bound by nobody but its holder, and once', async () => {
    const issued = await issue();
    const wrong = expect.objectContaining({ code: 'CERTIFICATE_BINDING' });
    await expect(bindSdJwt(issued, issuer, DEMAND, NOW)).rejects.toThrow(wrong);
    const bound = await bindSdJwt(issued, holder, DEMAND, NOW);
    await expect(bindSdJwt(bound, holder, DEMAND, NOW)).rejects.toThrow(wrong);
    const unbound = await issueSdJwt(issuer, TYP, { a: '1' }, { disclosable: [] });
    await expect(bindSdJwt(unbound, holder, DEMAND, NOW)).rejects.toThrow(wrong);
  });
});
