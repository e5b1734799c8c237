import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, TYP } from '#proto';
import { encodeJson } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import type { RegionStatement, StatementKey } from '../region/statement.ts';
import { SUITE_NAMES, suiteOf } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { draftAgreement, signAgreement } from './agreement.ts';
import { EXAMPLE_CREATED, exampleAgreement } from './example-agreement.ts';
import { type AgreementExpectation, verifyAgreement } from './verify.ts';

const DAY = 24 * 60 * 60 * 1000;
const MADE = EXAMPLE_CREATED - DAY;
const ARRIVES = EXAMPLE_CREATED + DAY;

describe.each(SUITE_NAMES)('an agreement signed with %s', (suite) => {
  let nantong: ThrowawayRegion;
  let uxin: ThrowawayRegion;
  let quanzhou: ThrowawayRegion;
  let proposal: string;
  let complete: string;

  beforeAll(async () => {
    nantong = await throwawayRegion('320600', { suite, now: MADE });
    uxin = await throwawayRegion('150626', { suite, now: MADE });
    quanzhou = await throwawayRegion('350500', { suite, now: MADE });
    proposal = await signAgreement(draftAgreement(exampleAgreement()), nantong.signing);
    complete = await signAgreement(proposal, uxin.signing);
  });

  const known = (...changed: RegionStatement[]) => {
    const all = [nantong.statement, uxin.statement, quanzhou.statement, ...changed];
    const byRegion = new Map(all.map((statement) => [statement.region, statement]));
    return (region: string) => byRegion.get(region);
  };

  const refused = (document: string, expected: AgreementExpectation, code: ErrorCode, statementOf = known()) =>
    expect(() => verifyAgreement(document, statementOf, expected)).toThrow(expect.objectContaining({ code }));

  const withSigningKey = ({ statement }: ThrowawayRegion, change: Partial<StatementKey>): RegionStatement => ({
    ...statement,
    keys: statement.keys.map((key) => (key.purpose === 'signing' ? { ...key, ...change } : key)),
  });

  /** Signs with a protected header of the caller's choice. */
  const signAs = async (signer: Signer, header: object): Promise<string> => {
    const payload = draftAgreement(exampleAgreement()).toString('base64url');
    const input = `${encodeJson(header)}.${payload}`;
    const signature = (await signer.sign(Buffer.from(input))).toString('base64url');
    return JSON.stringify({ payload, signatures: [{ protected: encodeJson(header), signature }] });
  };

  it('verifies as a proposal and as a complete document', () => {
    const proposed = verifyAgreement(proposal, known(), { signatures: 'proposed', at: ARRIVES, proposer: '320600' });
    expect(proposed.signedBy).toEqual(['320600']);
    const agreed = verifyAgreement(complete, known(), { signatures: 'complete', at: ARRIVES, proposer: '320600' });
    expect(agreed.signedBy).toEqual(['320600', '150626']);
    expect(agreed.digest).toEqual(proposed.digest);
    expect(agreed.content).toEqual(exampleAgreement());
    expect(agreed.document).toBe(complete);
  });

  it('verifies in history without a moment of arrival', () => {
    expect(verifyAgreement(complete, known(), { signatures: 'complete' }).signedBy).toHaveLength(2);
  });

  it('wants exactly the signatures that are expected', () => {
    refused(proposal, { signatures: 'complete' }, 'AUTHORIZATION_INVALID');
    refused(complete, { signatures: 'proposed' }, 'AUTHORIZATION_INVALID');
  });

  it('refuses a proposal that its proposer did not sign', () => {
    refused(proposal, { signatures: 'proposed', at: ARRIVES, proposer: '150626' }, 'AUTHORIZATION_INVALID');
    refused(proposal, { signatures: 'proposed', at: ARRIVES, proposer: '350500' }, 'AUTHORIZATION_INVALID');
  });

  it('refuses the signature of a third region, though it is pinned', async () => {
    const thirdAlone = await signAgreement(draftAgreement(exampleAgreement()), quanzhou.signing);
    refused(thirdAlone, { signatures: 'proposed' }, 'KEY_UNKNOWN');
    const thirdBeside = await signAgreement(proposal, quanzhou.signing);
    refused(thirdBeside, { signatures: 'complete' }, 'KEY_UNKNOWN');
  });

  it('refuses two signatures of the same party', async () => {
    const other = await throwawayRegion('320600', { suite, now: MADE });
    const twoKeys = { ...nantong.statement, keys: [...nantong.statement.keys, ...other.statement.keys] };
    const twice = await signAgreement(proposal, other.signing);
    refused(twice, { signatures: 'complete' }, 'AUTHORIZATION_INVALID', known(twoKeys));
  });

  it('refuses one signature of a party twice', () => {
    const { payload, signatures } = JSON.parse(proposal);
    const doubled = JSON.stringify({ payload, signatures: [...signatures, ...signatures] });
    refused(doubled, { signatures: 'complete' }, 'AUTHORIZATION_INVALID');
  });

  it('refuses a key that both parties claim', () => {
    const greedy = { ...uxin.statement, keys: [...uxin.statement.keys, ...nantong.statement.keys] };
    refused(complete, { signatures: 'complete' }, 'AUTHORIZATION_INVALID', known(greedy));
  });

  it('refuses a key for another purpose', async () => {
    const header = { alg: suiteOf(nantong.log.suite).alg, kid: nantong.log.kid, typ: TYP.authorization };
    refused(await signAs(nantong.log, header), { signatures: 'proposed' }, 'KEY_UNKNOWN');
  });

  it('refuses a region that is not known', () => {
    refused(proposal, { signatures: 'proposed' }, 'KEY_UNKNOWN', () => undefined);
  });

  it('refuses an algorithm that is not the one of the key', async () => {
    const header = { alg: 'none', kid: nantong.signing.kid, typ: TYP.authorization };
    refused(await signAs(nantong.signing, header), { signatures: 'proposed' }, 'ALGORITHM_NOT_ALLOWED');
  });

  it.each(['HS256', 'EdDSA', 'RS256', 'ES256K', ''])('refuses the algorithm %o, whatever the key', async (alg) => {
    const header = { alg, kid: nantong.signing.kid, typ: TYP.authorization };
    const code = alg === '' ? 'AUTHORIZATION_INVALID' : 'ALGORITHM_NOT_ALLOWED';
    refused(await signAs(nantong.signing, header), { signatures: 'proposed' }, code);
  });

  it('refuses a MAC made with the public key', async () => {
    const secret = Buffer.from(JSON.stringify(nantong.signing.publicJwk));
    const sign = async (data: Uint8Array) => createHmac('sha256', secret).update(data).digest();
    const header = { alg: 'HS256', kid: nantong.signing.kid, typ: TYP.authorization };
    const forged = await signAs({ ...nantong.signing, sign }, header);
    refused(forged, { signatures: 'proposed' }, 'ALGORITHM_NOT_ALLOWED');
    const honest = { ...header, alg: suiteOf(suite).alg };
    refused(await signAs({ ...nantong.signing, sign }, honest), { signatures: 'proposed' }, 'SIGNATURE_INVALID');
  });

  it.each<[string, unknown]>([
    ['crit', ['exp']],
    ['b64', false],
    ['jwk', { kty: 'OKP' }],
    ['jku', 'https://example.invalid/keys'],
    ['x5u', 'https://example.invalid/chain'],
    ['x5c', ['AA']],
    ['cty', 'json'],
  ])('refuses a protected header with %s', async (member, value) => {
    const { alg } = suiteOf(suite);
    const header = { alg, kid: nantong.signing.kid, typ: TYP.authorization, [member]: value };
    const act = async () => verifyAgreement(await signAs(nantong.signing, header), known(), { signatures: 'proposed' });
    await expect(act()).rejects.toMatchObject({
      code: 'AUTHORIZATION_INVALID',
      problems: [{ pointer: `/signatures/0/protected/${member}`, code: 'UNKNOWN_FIELD' }],
    });
  });

  it('refuses a member of the protected header that stands twice', async () => {
    const { kid } = nantong.signing;
    const header = JSON.stringify({ alg: suiteOf(suite).alg, kid, typ: TYP.authorization });
    const twice = Buffer.from(header.replace('{', `{"kid":"${uxin.signing.kid}",`)).toString('base64url');
    const payload = draftAgreement(exampleAgreement()).toString('base64url');
    const signature = (await nantong.signing.sign(Buffer.from(`${twice}.${payload}`))).toString('base64url');
    const document = JSON.stringify({ payload, signatures: [{ protected: twice, signature }] });
    refused(document, { signatures: 'proposed' }, 'AUTHORIZATION_INVALID');
  });

  it('refuses the kid of one region under the signature of another', async () => {
    for (const [signer, kid] of [
      [nantong.signing, quanzhou.signing.kid],
      [quanzhou.signing, nantong.signing.kid],
    ] as const) {
      const header = { alg: suiteOf(suite).alg, kid, typ: TYP.authorization };
      const code = kid === quanzhou.signing.kid ? 'KEY_UNKNOWN' : 'SIGNATURE_INVALID';
      refused(await signAs(signer, header), { signatures: 'proposed' }, code);
    }
  });

  it.each(Object.entries(TYP).filter(([name]) => name !== 'authorization'))(
    'refuses a signature with the typ of another purpose: %s',
    async (_, typ) => {
      const header = { alg: suiteOf(suite).alg, kid: nantong.signing.kid, typ };
      refused(await signAs(nantong.signing, header), { signatures: 'proposed' }, 'TYP_MISMATCH');
    },
  );

  it('refuses one good signature beside one bad', () => {
    const { payload, signatures } = JSON.parse(complete);
    const crossed = [signatures[0], { protected: signatures[1].protected, signature: signatures[0].signature }];
    refused(JSON.stringify({ payload, signatures: crossed }), { signatures: 'complete' }, 'SIGNATURE_INVALID');
    const bad = [{ protected: signatures[0].protected, signature: signatures[1].signature }, signatures[1]];
    refused(JSON.stringify({ payload, signatures: bad }), { signatures: 'complete' }, 'SIGNATURE_INVALID');
  });

  it('refuses the signatures under other content', () => {
    const payload = draftAgreement(exampleAgreement({ fields: ['form.*'] })).toString('base64url');
    const moved = JSON.stringify({ payload, signatures: JSON.parse(complete).signatures });
    refused(moved, { signatures: 'complete' }, 'SIGNATURE_INVALID');
  });

  it('refuses an agreement from the future', () => {
    refused(proposal, { signatures: 'proposed', at: EXAMPLE_CREATED - 6 * 60 * 1000 }, 'AUTHORIZATION_INVALID');
  });

  describe('when a key was revoked', () => {
    it('refuses a document that arrives with a signature of it, whoever made the other; history is judged by evidence', async () => {
      const [one, other] = [await throwawayRegion('320600'), await throwawayRegion('150626')];
      const proposal = await signAgreement(draftAgreement(exampleAgreement()), one.signing);
      const complete = await signAgreement(proposal, other.signing);
      const at = Date.parse(exampleAgreement().created_at) + 1000;
      const revoked = {
        ...one.statement,
        keys: one.statement.keys.map((key) => ({ ...key, notBefore: 0, revokedAt: at + 1000 })),
      };
      const theirs = { ...other.statement, keys: other.statement.keys.map((key) => ({ ...key, notBefore: 0 })) };
      const statementOf = (region: string) => [revoked, theirs].find((statement) => statement.region === region);
      const proposer = one.region;
      for (const [document, signatures] of [
        [proposal, 'proposed'],
        [complete, 'complete'],
      ] as const) {
        const arriving = () => verifyAgreement(document, statementOf, { signatures, at, proposer });
        expect(arriving).toThrow(expect.objectContaining({ code: 'KEY_REVOKED' }));
        expect(verifyAgreement(document, statementOf, { signatures } as AgreementExpectation).signedBy[0]).toBe(
          proposer,
        );
      }
    });
  });

  describe('when a key was retired', () => {
    it('refuses an arriving signature by it, as a proposal and as an acceptance', () => {
      const retired = { notAfter: ARRIVES };
      const atArrival = { at: ARRIVES, proposer: '320600' };
      refused(
        proposal,
        { signatures: 'proposed', ...atArrival },
        'KEY_NOT_VALID',
        known(withSigningKey(nantong, retired)),
      );
      refused(
        complete,
        { signatures: 'complete', ...atArrival },
        'KEY_NOT_VALID',
        known(withSigningKey(uxin, retired)),
      );
    });

    it('still takes the acceptance of a proposal that was signed with it in time', () => {
      const statementOf = known(withSigningKey(nantong, { notAfter: ARRIVES - 1 }));
      const expected = { signatures: 'complete', at: ARRIVES, proposer: '320600' } as const;
      expect(verifyAgreement(complete, statementOf, expected).signedBy).toEqual(['320600', '150626']);
    });

    it('never takes a key that ended before the agreement was written, or began after it ended', () => {
      const before = known(withSigningKey(nantong, { notAfter: EXAMPLE_CREATED }));
      refused(complete, { signatures: 'complete' }, 'KEY_NOT_VALID', before);
      refused(complete, { signatures: 'complete', at: ARRIVES, proposer: '320600' }, 'KEY_NOT_VALID', before);
      const after = known(withSigningKey(uxin, { notBefore: Date.parse('2030-01-01T00:00:00Z') }));
      refused(complete, { signatures: 'complete' }, 'KEY_NOT_VALID', after);
    });
  });

  it('never verifies after an alteration of one character, wherever', () => {
    const characters = fc.constantFrom(...'ABab09-_{}[]":, .=\\\u0000通');
    fc.assert(
      fc.property(fc.nat(complete.length - 1), characters, (index, character) => {
        fc.pre(complete[index] !== character);
        const altered = complete.slice(0, index) + character + complete.slice(index + 1);
        expect(() => verifyAgreement(altered, known(), { signatures: 'complete' })).toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it('never verifies after bytes were cut out, put in or exchanged', () => {
    fc.assert(
      fc.property(fc.nat(complete.length), fc.nat(50), fc.base64String({ maxLength: 40 }), (index, cut, insert) => {
        const altered = complete.slice(0, index) + insert + complete.slice(index + cut);
        fc.pre(altered !== complete);
        expect(() => verifyAgreement(altered, known(), { signatures: 'complete' })).toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
