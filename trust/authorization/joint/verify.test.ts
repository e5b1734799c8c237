import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, TYP } from '#proto';
import { encodeJson } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import type { RegionStatement, StatementKey } from '../../region/statement.ts';
import { type SuiteName, suiteOf } from '../../suites.ts';
import { exampleJoint, JOINT_CREATED } from '../../testing/example-joint.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { draftJoint, type JointSignature, joinJoint, readJoint, signJoint } from './document.ts';
import { type JointExpectation, verifyJoint, verifyJointSignature } from './verify.ts';

const DAY = 24 * 60 * 60 * 1000;
const MADE = JOINT_CREATED - DAY;
const ARRIVES = JOINT_CREATED + DAY;
const CODES = ['320600', '150626', '350500'];

describe.each<SuiteName>(['ES256', 'Ed25519', 'SM2-SM3'])('a joint agreement signed with %s', (suite) => {
  let nantong: ThrowawayRegion;
  let uxin: ThrowawayRegion;
  let quanzhou: ThrowawayRegion;
  let stranger: ThrowawayRegion;
  let payload: Buffer;
  let signatures: [JointSignature, JointSignature, JointSignature];

  beforeAll(async () => {
    const made = await Promise.all([...CODES, '140400'].map((code) => throwawayRegion(code, { suite, now: MADE })));
    [nantong, uxin, quanzhou, stranger] = made as [ThrowawayRegion, ThrowawayRegion, ThrowawayRegion, ThrowawayRegion];
    payload = draftJoint(exampleJoint([nantong, uxin, quanzhou].map(({ statement }) => statement)));
    signatures = (await Promise.all([nantong, uxin, quanzhou].map(({ signing }) => signJoint(payload, signing)))) as [
      JointSignature,
      JointSignature,
      JointSignature,
    ];
  });

  const known = (...changed: RegionStatement[]) => {
    const all = [nantong, uxin, quanzhou, stranger].map(({ statement }) => statement);
    const byRegion = new Map([...all, ...changed].map((statement) => [statement.region, statement]));
    return (region: string) => byRegion.get(region);
  };
  const complete = { signatures: 'complete', at: ARRIVES } as const;
  const proposed = { signatures: 'proposed', at: ARRIVES } as const;

  const refused = (
    document: string,
    code: ErrorCode,
    expected: JointExpectation = complete,
    statementOf: (region: string) => RegionStatement | undefined = known(),
  ) => expect(() => verifyJoint(document, statementOf, expected)).toThrow(expect.objectContaining({ code }));

  const withKey = ({ statement }: ThrowawayRegion, change: Partial<StatementKey>): RegionStatement => ({
    ...statement,
    keys: statement.keys.map((key) => (key.purpose === 'signing' ? { ...key, ...change } : key)),
  });

  /** Signs with a protected header of the caller's choice. */
  const signAs = async (signer: Signer, header: object): Promise<JointSignature> => {
    const signature = await signer.sign(Buffer.from(`${encodeJson(header)}.${payload.toString('base64url')}`));
    return { protected: encodeJson(header), signature: signature.toString('base64url') };
  };

  it('verifies with the signature of the lead, and with all', () => {
    expect(verifyJoint(joinJoint(payload, signatures.slice(0, 1)), known(), proposed).signedBy).toEqual(['320600']);
    expect(verifyJoint(joinJoint(payload, signatures), known(), complete).signedBy).toEqual(CODES);
    expect(verifyJoint(joinJoint(payload, signatures), known(), { signatures: 'complete' }).signedBy).toEqual(CODES);
    expect(verifyJoint(joinJoint(payload, [...signatures].reverse()), known(), complete).signedBy).toHaveLength(3);
  });

  it('refuses when a party is missing, whichever', () => {
    for (const left of [0, 1, 2]) {
      const rest = signatures.filter((_, index) => index !== left);
      refused(joinJoint(payload, rest), 'JOINT_INVALID');
    }
  });

  it('refuses two signatures by the same party', async () => {
    const second = await throwawayRegion('150626', { suite, now: MADE });
    const both = { ...uxin.statement, keys: [...uxin.statement.keys, ...second.statement.keys] };
    const again = await signJoint(payload, second.signing);
    refused(joinJoint(payload, [...signatures, again]), 'JOINT_INVALID', complete, known(both));
    refused(joinJoint(payload, [signatures[0], signatures[1], again]), 'JOINT_INVALID', complete, known(both));
  });

  it('refuses an extra signer, though its region is known', async () => {
    const extra = await signJoint(payload, stranger.signing);
    refused(joinJoint(payload, [...signatures, extra]), 'KEY_UNKNOWN');
    refused(joinJoint(payload, [signatures[0], signatures[1], extra]), 'KEY_UNKNOWN');
  });

  it('refuses a proposal by anybody but the lead, or by more', () => {
    refused(joinJoint(payload, [signatures[1]]), 'JOINT_INVALID', proposed);
    refused(joinJoint(payload, signatures.slice(0, 2)), 'JOINT_INVALID', proposed);
  });

  it('refuses a key that two parties claim', () => {
    const greedy = { ...uxin.statement, keys: [...uxin.statement.keys, ...quanzhou.statement.keys] };
    refused(joinJoint(payload, signatures), 'JOINT_INVALID', complete, known(greedy));
  });

  it('refuses a party of another identity than the document names, or of which nothing is known', async () => {
    const impostor = await throwawayRegion('350500', { suite, now: MADE });
    const forged = [signatures[0], signatures[1], await signJoint(payload, impostor.signing)];
    refused(joinJoint(payload, forged), 'FINGERPRINT_MISMATCH', complete, known(impostor.statement));
    refused(joinJoint(payload, signatures), 'KEY_UNKNOWN', complete, (region) =>
      region === '350500' ? undefined : known()(region),
    );
  });

  it.each<[string, () => Promise<JointSignature>, ErrorCode]>([
    [
      'a signature that was made for a mutual authorization',
      () => signAs(uxin.signing, { alg: suiteOf(suite).alg, kid: uxin.signing.kid, typ: TYP.authorization }),
      'TYP_MISMATCH',
    ],
    [
      'no algorithm',
      () => signAs(uxin.signing, { alg: 'none', kid: uxin.signing.kid, typ: TYP.joint }),
      'ALGORITHM_NOT_ALLOWED',
    ],
    [
      'a MAC',
      () => signAs(uxin.signing, { alg: 'HS256', kid: uxin.signing.kid, typ: TYP.joint }),
      'ALGORITHM_NOT_ALLOWED',
    ],
    [
      'a key for another purpose',
      () => signAs(uxin.certificate, { alg: suiteOf(suite).alg, kid: uxin.certificate.kid, typ: TYP.joint }),
      'KEY_UNKNOWN',
    ],
    [
      'the signature of another party under this one’s name',
      async () => ({ ...signatures[1], signature: signatures[2].signature }),
      'SIGNATURE_INVALID',
    ],
  ])('refuses %s', async (_, make, code) => {
    refused(joinJoint(payload, [signatures[0], await make(), signatures[2]]), code);
  });

  it('refuses the signatures under other content', () => {
    const content = exampleJoint(
      [nantong, uxin, quanzhou].map(({ statement }) => statement),
      { working_days: 9 },
    );
    refused(joinJoint(draftJoint(content), signatures), 'SIGNATURE_INVALID');
  });

  it('refuses an agreement from the future', () => {
    refused(joinJoint(payload, signatures), 'JOINT_INVALID', {
      signatures: 'complete',
      at: JOINT_CREATED - 6 * 60_000,
    });
  });

  it('takes a key that was retired since, never one that was over before or was revoked', () => {
    const document = joinJoint(payload, signatures);
    const retired = known(withKey(uxin, { notAfter: ARRIVES - 1 }));
    expect(verifyJoint(document, retired, complete).signedBy).toHaveLength(3);
    refused(document, 'KEY_NOT_VALID', complete, known(withKey(uxin, { notAfter: JOINT_CREATED })));
    refused(document, 'KEY_NOT_VALID', complete, known(withKey(uxin, { notBefore: ARRIVES + 1 })));
    refused(document, 'KEY_REVOKED', complete, known(withKey(uxin, { revokedAt: ARRIVES })));
    refused(document, 'KEY_REVOKED', { signatures: 'complete' }, known(withKey(uxin, { revokedAt: ARRIVES })));
    const proposal = joinJoint(payload, signatures.slice(0, 1));
    refused(proposal, 'KEY_NOT_VALID', proposed, known(withKey(nantong, { notAfter: ARRIVES })));
  });

  it('verifies the signature that a party adds, by itself', async () => {
    const proposal = readJoint(joinJoint(payload, signatures.slice(0, 1)));
    expect(() => verifyJointSignature(proposal, signatures[1], uxin.statement, ARRIVES)).not.toThrow();
    const cases: [JointSignature, RegionStatement, ErrorCode][] = [
      [signatures[1], quanzhou.statement, 'KEY_UNKNOWN'],
      [await signJoint(payload, stranger.signing), stranger.statement, 'JOINT_INVALID'],
      [{ ...signatures[1], signature: signatures[2].signature }, uxin.statement, 'SIGNATURE_INVALID'],
      [{ ...signatures[1], protected: 'e30' }, uxin.statement, 'JOINT_INVALID'],
      [signatures[1], withKey(uxin, { notAfter: ARRIVES }), 'KEY_NOT_VALID'],
      [signatures[1], withKey(uxin, { revokedAt: ARRIVES }), 'KEY_REVOKED'],
    ];
    for (const [signature, statement, code] of cases)
      expect(() => verifyJointSignature(proposal, signature, statement, ARRIVES)).toThrow(
        expect.objectContaining({ code }),
      );
  });

  it('never verifies after an alteration of one character, wherever', () => {
    const document = joinJoint(payload, signatures);
    const characters = fc.constantFrom(...'ABab09-_{}[]":, .=\\\u0000通');
    fc.assert(
      fc.property(fc.nat(document.length - 1), characters, (index, character) => {
        fc.pre(document[index] !== character);
        const altered = document.slice(0, index) + character + document.slice(index + 1);
        expect(() => verifyJoint(altered, known(), complete)).toThrow();
      }),
      { numRuns: 200 },
    );
  });
});
