import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, TYP } from '#proto';
import { signJws } from '../../jws.ts';
import { JOINT_CREATED } from '../../testing/example-joint.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { type JointEnding, signEnding, strongerEnding, type VerifiedEnding, verifyEnding } from './ending.ts';

const AT = JOINT_CREATED + 60_000;

let uxin: ThrowawayRegion;
let quanzhou: ThrowawayRegion;

beforeAll(async () => {
  [uxin, quanzhou] = await Promise.all([
    throwawayRegion('150626', { now: JOINT_CREATED }),
    throwawayRegion('350500', { now: JOINT_CREATED }),
  ]);
});

function ending(changes: Partial<JointEnding> = {}): JointEnding {
  return {
    agreement: '7a1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11',
    digest: Buffer.alloc(32, 1).toString('base64url'),
    by: '150626',
    kind: 'revoked',
    for_cause: true,
    reason: '对方擅自扩大使用范围',
    ended_at: AT,
    ...changes,
  };
}

describe('the ending of a joint agreement', () => {
  it('is proved by the region that ends it', async () => {
    const jws = await signEnding(uxin.signing, ending());
    expect(verifyEnding(jws, uxin.statement, AT)).toEqual({ ...ending(), text: jws });
  });

  const REFUSED: [string, () => Promise<string>, ErrorCode][] = [
    ['by another region in its name', () => signEnding(quanzhou.signing, ending()), 'KEY_UNKNOWN'],
    ['by another region in its own', () => signEnding(quanzhou.signing, ending({ by: '350500' })), 'JOINT_INVALID'],
    ['by a key for another purpose', () => signEnding(uxin.certificate, ending()), 'KEY_UNKNOWN'],
    ['of another typ', () => signJws(uxin.signing, TYP.joint, ending()), 'TYP_MISMATCH'],
    ['from the future', () => signEnding(uxin.signing, ending({ ended_at: AT + 301_000 })), 'JOINT_INVALID'],
    [
      'from before its key',
      () => signEnding(uxin.signing, ending({ ended_at: JOINT_CREATED - 400 * 86_400_000 })),
      'KEY_NOT_VALID',
    ],
    ['of an unknown kind', () => signEnding(uxin.signing, ending({ kind: 'eaten' as 'revoked' })), 'JOINT_INVALID'],
    ['without a reason', () => signEnding(uxin.signing, ending({ reason: '' })), 'JOINT_INVALID'],
    ['a refusal for cause', () => signEnding(uxin.signing, ending({ kind: 'refused' })), 'JOINT_INVALID'],
    ['with another member', () => signJws(uxin.signing, TYP.jointEnding, { ...ending(), more: 1 }), 'JOINT_INVALID'],
    ['no JWS', async () => 'hello', 'JOINT_INVALID'],
    ['nothing', async () => '', 'JOINT_INVALID'],
  ];
  it.each(REFUSED)('is refused when it is %s', async (_, make, code) => {
    const jws = await make();
    expect(() => verifyEnding(jws, uxin.statement, AT)).toThrow(expect.objectContaining({ code }));
  });

  it('is refused when its key was revoked', async () => {
    const jws = await signEnding(uxin.signing, ending());
    const keys = uxin.statement.keys.map((key) => ({ ...key, revokedAt: AT }));
    expect(() => verifyEnding(jws, { ...uxin.statement, keys }, AT)).toThrow(
      expect.objectContaining({ code: 'KEY_REVOKED' }),
    );
  });
});

describe('of several endings', () => {
  const any: fc.Arbitrary<VerifiedEnding> = fc
    .record({ for_cause: fc.boolean(), ended_at: fc.nat(3), text: fc.constantFrom('a', 'b', 'c') })
    .map((part) => ({ ...ending(), ...part }));

  it('one for cause holds, then the earlier', () => {
    const of = (for_cause: boolean, ended_at: number, text: string) => ({ ...ending(), for_cause, ended_at, text });
    expect(strongerEnding(of(false, 1, 'a'), of(true, 2, 'b')).text).toBe('b');
    expect(strongerEnding(of(false, 1, 'b'), of(false, 2, 'a')).text).toBe('b');
  });

  it('the same one holds in whatever order they come, and however often', () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat(5)), (endings, order) => {
        const repeated = [...endings, ...Array.from(order.take(6), (index) => endings[index % endings.length]!)];
        const last = (list: readonly VerifiedEnding[]) => list.reduce(strongerEnding);
        const key = ({ for_cause, ended_at, text }: VerifiedEnding) => `${for_cause} ${ended_at} ${text}`;
        expect(key(last(repeated))).toBe(key(last(endings)));
        expect(key(last([...repeated].reverse()))).toBe(key(last(endings)));
      }),
    );
  });
});
