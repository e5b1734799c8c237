import { SDJwtInstance } from '@sd-jwt/core';
import { digest, ES256 } from '@sd-jwt/crypto-nodejs';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import fc from 'fast-check';
import { sm3 } from 'sm-crypto-v2';
import { beforeAll, describe, expect, it } from 'vitest';
import { localSigner, type Signer } from '../../keys/signer.ts';
import { importPublicJwk, SUITE_NAMES, type SuiteName, suiteOf } from '../../suites.ts';
import { issueSdJwt } from './issue.ts';
import { bindSdJwt, demandBinding } from './key-binding.ts';
import { presentSdJwt } from './present.ts';
import { readSdJwt } from './text.ts';
import { type VerifiedSdJwt, verifySdJwt } from './verify.ts';

/*
 * Another implementation of SD-JWT, with our signatures behind its callbacks (they are held against other
 * implementations elsewhere): what one writes the other reads, whatever the claims.
 */
const TYP = 'example+sd-jwt';
const AUDIENCE = { audience: 'urn:tongban:region:320600', nonce: 'n-0S6_WzA2Mj' };
const NOW = 1_795_132_800_000;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
interface Plan {
  readonly claims: { [name: string]: Json };
  /** What may be kept back, as pointers. */
  readonly disclosable: readonly string[];
  /** What is shown. */
  readonly kept: readonly string[];
}

const name = fc.string({ unit: fc.constantFrom('a', 'b', '键', '~', '/', ' '), minLength: 1, maxLength: 3 });
const { tree } = fc.letrec<{ tree: { [name: string]: Json }; value: Json; list: Json[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Json>('值', '', 0, -1.5, true, false, 1e21),
    tie('list'),
    tie('tree'),
  ),
  list: fc.array(tie('value'), { maxLength: 3 }),
  tree: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));
const plans: fc.Arbitrary<Plan> = fc
  .tuple(tree, fc.infiniteStream(fc.integer({ min: 0, max: 5 })))
  .map(([claims, dice]) => {
    const throwDie = () => dice.next().value as number;
    const disclosable = pointersIn(claims, '').filter(() => throwDie() < 3);
    return { claims, disclosable, kept: disclosable.filter(() => throwDie() < 3) };
  });

describe.each(SUITE_NAMES)('with %s', (suite) => {
  let issuer: Signer;
  let holder: Signer;
  beforeAll(async () => {
    [issuer, holder] = [await newSigner(suite), await newSigner(suite)];
  });

  const theirs = () =>
    new SDJwtInstance({
      signAlg: suiteOf(suite).alg,
      hasher: (data, alg) => hashOf(alg, data),
      saltGenerator: (length) =>
        'x'.repeat(length - 8) +
        Math.round(performance.now() * 1000)
          .toString(36)
          .slice(-8),
      signer: signWith(issuer),
      verifier: verifyWith(issuer),
      kbSigner: signWith(holder),
      kbVerifier: verifyWith(holder),
      kbSignAlg: suiteOf(suite).alg,
    });

  it('they read what we issue and present', async () => {
    const other = theirs();
    await fc.assert(
      fc.asyncProperty(plans, async ({ claims, disclosable, kept }) => {
        const issued = await issueSdJwt(issuer, TYP, claims, { disclosable, decoys: { '': 2 } });
        expect((await other.verify(issued)).payload).toEqual(claims);
        const shown = presentSdJwt(issued, kept);
        expect((await other.verify(shown)).payload).toEqual(verify(shown, issuer).claims);
      }),
      { numRuns: 60 },
    );
  });

  it('we read what they issue and present', async () => {
    const other = theirs();
    if (suite === 'SM2-SM3') {
      // They know only registered names of hashes: what they issue with an SM2 key has the digests of another hash.
      const strange = await other.issue({ a: 1 }, { _sd: ['a'] }, { header: { kid: issuer.kid, typ: TYP } });
      expect(() => verify(strange, issuer)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' }));
      return;
    }
    await fc.assert(
      fc.asyncProperty(plans, async ({ claims, disclosable }) => {
        const issued = await other.issue(claims, frameOf(claims, '', new Set(disclosable)) as never, {
          header: { kid: issuer.kid, typ: TYP },
        });
        const whole = verify(issued, issuer);
        expect(whole.claims).toEqual(claims);
        expect([...whole.disclosed].sort()).toEqual([...disclosable].sort());
        const nothing = verify(await other.present(issued, {} as never), issuer);
        expect(nothing.claims).toEqual((await other.verify(presentSdJwt(issued, []))).payload);
      }),
      { numRuns: 60 },
    );
  });

  it('both accept the key binding of the other', async () => {
    const other = theirs();
    const { kty, crv, x, y } = holder.publicJwk;
    const cnf = { jwk: { kty, crv, x, ...(y && { y }) } };
    const claims = { cnf, name: '王小明' };
    const issued = await issueSdJwt(issuer, TYP, claims, { disclosable: ['/name'] });
    const ours = await bindSdJwt(issued, holder, AUDIENCE, NOW);
    const judged = await other.verify(ours, { keyBindingNonce: AUDIENCE.nonce, requiredClaimKeys: ['name'] });
    expect(judged.kb?.payload).toMatchObject({ aud: AUDIENCE.audience, iat: NOW / 1000 });
    const payload = { iat: NOW / 1000, aud: AUDIENCE.audience, nonce: AUDIENCE.nonce };
    const bound = await other.present(issued, { name: true } as never, { kb: { payload } });
    expect(bound).not.toMatch(/~$/);
    expect(() => demandBinding(readSdJwt(bound), { ...AUDIENCE, maxAgeMs: 0 }, NOW)).not.toThrow();
  });
});

it('they take ours for a verifiable credential, with signatures and hashes of their own', async () => {
  const issuer = await newSigner('ES256');
  const claims = { iss: 'https://issuer.example.com', vct: 'urn:example:type', name: '王小明' };
  const issued = await issueSdJwt(issuer, 'dc+sd-jwt', claims, { disclosable: ['/name'] });
  const other = new SDJwtVcInstance({ hasher: digest, verifier: await ES256.getVerifier(issuer.publicJwk) });
  const { payload, header } = await other.verify(issued);
  expect(payload).toEqual(claims);
  expect(header).toMatchObject({ typ: 'dc+sd-jwt' });
});

async function newSigner(suite: SuiteName): Promise<Signer> {
  const { privateKey, publicKey } = suiteOf(suite).generate();
  return localSigner(suite, privateKey, publicKey);
}

function verify(text: string, by: Signer): VerifiedSdJwt {
  const key = { kid: by.kid, suite: suiteOf(by.suite), key: importPublicJwk(by.publicJwk) };
  return verifySdJwt(readSdJwt(text), TYP, () => key);
}

function signWith(by: Signer) {
  return async (data: string) => (await by.sign(Buffer.from(data))).toString('base64url');
}

function verifyWith({ suite, publicJwk }: Signer) {
  const key = importPublicJwk(publicJwk);
  return (data: string, signature: string) =>
    suiteOf(suite).verify(key, Buffer.from(data), Buffer.from(signature, 'base64url'));
}

/** SM3 by another implementation too. */
function hashOf(alg: string, data: string | ArrayBuffer): Uint8Array {
  const bytes = Buffer.from(data as string);
  if (alg === 'sm3') return Buffer.from(sm3(bytes), 'hex');
  return suiteOf('ES256').hash(bytes);
}

function under(pointer: string, member: string): string {
  return `${pointer}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function membersOf(value: Json): [string, Json][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function pointersIn(value: Json, pointer: string): string[] {
  return membersOf(value).flatMap(([member, inner]) => {
    const at = under(pointer, member);
    return [at, ...pointersIn(inner, at)];
  });
}

/** What the other implementation takes instead of pointers. */
function frameOf(value: Json, pointer: string, disclosable: ReadonlySet<string>): object {
  const members = membersOf(value);
  const own = members.filter(([member]) => disclosable.has(under(pointer, member))).map(([member]) => member);
  const inner = members.map(([member, below]) => [member, frameOf(below, under(pointer, member), disclosable)]);
  return {
    ...Object.fromEntries(inner.filter(([, frame]) => Object.keys(frame as object).length > 0)),
    ...(own.length > 0 && { _sd: Array.isArray(value) ? own.map(Number) : own }),
  };
}
