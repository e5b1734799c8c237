import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueStatement, verifyStatement } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { DAY_MS, joinedWindow, urgencyOf, validitiesOf } from './validity.ts';

const NOW = Date.UTC(2026, 10, 22);

describe('how urgent an end is', () => {
  it.each([
    [31, 'fine'],
    [30, 'plan'],
    [8, 'plan'],
    [7, 'week'],
    [2, 'week'],
    [1, 'today'],
    [0, 'ended'],
    [-1, 'ended'],
  ] as const)('%i days before it is %s', (days, urgency) => {
    expect(urgencyOf(NOW + days * DAY_MS, NOW)).toBe(urgency);
  });
});

describe('windows of several keys', () => {
  const day = (from: number, to: number) => ({ notBefore: NOW + from * DAY_MS, notAfter: NOW + to * DAY_MS });

  it('join where they overlap or touch, and the end is that of the last', () => {
    expect(joinedWindow([day(10, 40), day(-5, 10), day(30, 90)], NOW)).toEqual(day(-5, 90));
  });

  it('end before a gap, although a later key is named', () => {
    expect(joinedWindow([day(-5, 3), day(4, 90)], NOW)).toEqual(day(-5, 3));
  });

  it('show what ended last when none is good, else what comes', () => {
    expect(joinedWindow([day(-9, -8), day(-5, -2), day(3, 4)], NOW)).toEqual(day(-5, -2));
    expect(joinedWindow([day(5, 6), day(3, 4)], NOW)).toEqual(day(3, 4));
    expect(joinedWindow([], NOW)).toBeUndefined();
  });

  it('are good at a moment exactly when one of them is', () => {
    const window = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 30 }));
    fc.assert(
      fc.property(fc.array(window, { maxLength: 6 }), (drawn) => {
        const windows = drawn.map(([from, length]) => ({ notBefore: from, notAfter: from + length }));
        const good = windows.some(({ notBefore, notAfter }) => notBefore <= 0 && 0 < notAfter);
        const joined = joinedWindow(windows, 0);
        expect(joined !== undefined && joined.notBefore <= 0 && 0 < joined.notAfter).toBe(good);
      }),
    );
  });
});

describe('a statement', () => {
  let nantong: ThrowawayRegion;
  beforeAll(async () => {
    nantong = await throwawayRegion('320600', { now: NOW });
  });

  it('says when it ends, its keys by purpose and its TLS certificate', () => {
    expect(validitiesOf(nantong.statement, NOW).map(({ region, subject }) => `${region} ${subject}`)).toEqual([
      '320600 statement',
      '320600 signing',
      '320600 certificate',
      '320600 seal',
      '320600 log',
      '320600 tls',
    ]);
    const tls = validitiesOf(nantong.statement, NOW).find(({ subject }) => subject === 'tls');
    expect(tls?.notAfter).toBe(nantong.tls.certificate.validToDate.getTime());
  });

  it('counts a revoked key as ended, and a successor as going on', async () => {
    const window = { notBefore: NOW - DAY_MS, notAfter: NOW + 100 * DAY_MS };
    const content = (revoked: boolean) => ({
      region: '320600',
      name: '南通',
      serial: 2,
      issuedAt: NOW,
      expiresAt: NOW + 50 * DAY_MS,
      endpoint: 'a:1',
      tls: [nantong.tls.der],
      keys: [
        {
          purpose: 'signing' as const,
          jwk: nantong.signing.publicJwk,
          ...window,
          ...(revoked && { revoked: { at: NOW, reason: 'compromised' as const } }),
        },
        { purpose: 'signing' as const, jwk: nantong.certificate.publicJwk, ...window, notAfter: NOW + 9 * DAY_MS },
      ],
    });
    const end = async (revoked: boolean) => {
      const statement = await verifyStatement(await issueStatement(nantong.identity, content(revoked)));
      return validitiesOf(statement, NOW).find(({ subject }) => subject === 'signing')?.notAfter;
    };
    expect(await end(false)).toBe(NOW + 100 * DAY_MS);
    expect(await end(true)).toBe(NOW + 9 * DAY_MS);
  });
});
