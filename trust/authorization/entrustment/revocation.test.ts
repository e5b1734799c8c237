import { beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, TYP } from '#proto';
import { signJws } from '../../jws.ts';
import { ENTRUSTED_AT } from '../../testing/example-entrustment.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { type EntrustmentRevocation, signRevocation, verifyRevocation } from './revocation.ts';

const AT = ENTRUSTED_AT + 60_000;

let uxin: ThrowawayRegion;
let nantong: ThrowawayRegion;

beforeAll(async () => {
  [uxin, nantong] = await Promise.all([
    throwawayRegion('150626', { now: ENTRUSTED_AT }),
    throwawayRegion('320600', { now: ENTRUSTED_AT }),
  ]);
});

function revocation(changes: Partial<EntrustmentRevocation> = {}): EntrustmentRevocation {
  const entrustment = Buffer.alloc(32, 7).toString('base64url');
  return { entrustment, region: '150626', reason: '窗口调整', revoked_at: AT, ...changes };
}

describe('the revocation of an entrustment', () => {
  it('is proved by the region to which the power belongs', async () => {
    const jws = await signRevocation(uxin.signing, revocation());
    expect(verifyRevocation(jws, uxin.statement, AT)).toEqual(revocation());
  });

  const REFUSED: [string, () => Promise<string>, ErrorCode][] = [
    ['by another region in its name', () => signRevocation(nantong.signing, revocation()), 'KEY_UNKNOWN'],
    [
      'of another region',
      () => signRevocation(nantong.signing, revocation({ region: '320600' })),
      'ENTRUSTMENT_INVALID',
    ],
    ['of another typ', () => signJws(uxin.signing, TYP.entrustment, revocation()), 'TYP_MISMATCH'],
    [
      'from the future',
      () => signRevocation(uxin.signing, revocation({ revoked_at: AT + 301_000 })),
      'ENTRUSTMENT_INVALID',
    ],
    ['without a reason', () => signRevocation(uxin.signing, revocation({ reason: '' })), 'ENTRUSTMENT_INVALID'],
    ['of nothing', () => signRevocation(uxin.signing, revocation({ entrustment: '' })), 'ENTRUSTMENT_INVALID'],
    ['no JWS', async () => 'hello', 'JWS_INVALID'],
  ];
  it.each(REFUSED)('is refused when it is %s', async (_, make, code) => {
    const jws = await make();
    expect(() => verifyRevocation(jws, uxin.statement, AT)).toThrow(expect.objectContaining({ code }));
  });
});
