import { readFileSync } from 'node:fs';
import { deflateRawSync, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { demandFresh, issueStatusList, statusIn as statusByProduct, verifyStatusList as verifyByProduct } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { statusIn, verifyStatusList } from './certificate-status.ts';
import { readStatement, type Statement } from './documents.ts';
import { readJws } from './signed.ts';
import { change, changed, type Draft, garbling, textOf, written } from './testing/altered-certificate.ts';
import { Refused } from './wire.ts';

const ROOT = new URL('../../trust/vectors/', import.meta.url);
const MIB = 1024 * 1024;
const NOW = Date.UTC(2026, 10, 21);
const HOUR = 3_600_000;
const URI = 'https://150626.example/status-lists/1';
const ENTRIES = [0, 1, 2, 3, 4, 5, 1023, 1024, 2 ** 20 - 1, 2 ** 20, 2 ** 32];

function outcome<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused || error instanceof CodedError) return error.code;
    throw error;
  }
}

describe.each(['es256', 'ed25519', 'sm2-sm3'])('the recorded status list of %s', (suite) => {
  it('verifies and says how every entry stands', () => {
    const vector = JSON.parse(readFileSync(new URL(`status-list-${suite}.json`, ROOT), 'utf8')) as {
      now: number;
      statement: string;
      uri: string;
      list: string;
      expected: { issuedAt: number; expiresAt: number; ttl: number; entries: [number, string][]; outside: number };
    };
    const { expected } = vector;
    const list = verifyStatusList(vector.list, readStatement(vector.statement), vector.uri, { now: vector.now });
    const times = [expected.issuedAt, expected.expiresAt, expected.ttl].map((ms) => ms / 1000);
    expect([list.iat, list.exp, list.ttl]).toEqual(times);
    expect(expected.entries.map(([idx]) => [idx, outcome(() => statusIn(list, idx))])).toEqual(expected.entries);
    expect(outcome(() => statusIn(list, expected.outside))).toBe('STATUS_INDEX');
  });
});

describe('a status list beside the product’s own verifier', () => {
  let region: ThrowawayRegion;
  let statement: Statement;
  let good: Draft;

  beforeAll(async () => {
    region = await throwawayRegion('150626', { now: NOW - 48 * HOUR });
    statement = readStatement(region.jwt);
    const text = await issueStatusList(region.certificate, {
      region: '150626',
      uri: URI,
      aggregationUri: 'https://150626.example/status-lists',
      size: 1024,
      entries: [
        [1, 'revoked'],
        [2, 'suspended'],
        [3, 'cancelled'],
        [4, 'withdrawn'],
      ],
      issuedAt: NOW - HOUR,
      ttl: HOUR,
      expiresAt: NOW + HOUR,
    });
    const { header, claims } = readJws(text, 'statuslist+jwt', 'STATUS_LIST_INVALID', 2 * MIB);
    good = { header, claims, hidden: [] };
  });

  const text = async (draft: Draft) => (await written(draft, region.certificate, region.certificate)).jwt;

  /** What both say of a list and of some of its entries, or a code. */
  function both(list: string, now = NOW, maxAge?: number, seen?: number) {
    const ours = outcome(() => {
      const limits = { ...(maxAge !== undefined && { maxAge }), ...(seen !== undefined && { seen: seen / 1000 }) };
      const { iat, ...rest } = verifyStatusList(list, statement, URI, { now, ...limits });
      return { issuedAt: iat * 1000, entries: ENTRIES.map((idx) => outcome(() => statusIn({ iat, ...rest }, idx))) };
    });
    const product = outcome(() => {
      const statementOf = (code: string) => (code === '150626' ? region.statement : undefined);
      const verified = verifyByProduct(list, { issuer: '150626', uri: URI }, { statementOf, now });
      demandFresh(verified, now, { maxAgeMs: maxAge, seenIssuedAt: seen });
      const entries = ENTRIES.map((idx) => outcome(() => statusByProduct(verified, idx)));
      return { issuedAt: verified.issuedAt, entries };
    });
    return { ours, product };
  }

  it('is read alike, entry by entry', async () => {
    const { ours, product } = both(await text(good));
    const words = ['valid', 'revoked', 'suspended', 'cancelled', 'withdrawn', 'valid', 'valid'];
    const outside = ENTRIES.slice(words.length).map(() => 'STATUS_INDEX');
    expect(ours).toEqual({ issuedAt: NOW - HOUR, entries: [...words, ...outside] });
    expect(ours).toEqual(product);
  });

  it.each([
    ['before it was signed', NOW - HOUR - 300_000, undefined, undefined, 'good'],
    ['long before it was signed', NOW - HOUR - 300_001, undefined, undefined, 'STATUS_LIST_INVALID'],
    ['as it expires', NOW + HOUR, undefined, undefined, 'STATUS_LIST_STALE'],
    ['as old as allowed', NOW, HOUR, undefined, 'good'],
    ['older than allowed', NOW + 1, HOUR, undefined, 'STATUS_LIST_STALE'],
    ['seen before', NOW, undefined, NOW - HOUR, 'good'],
    ['replayed', NOW, undefined, NOW - HOUR + 1000, 'STATUS_LIST_STALE'],
  ])('is judged by its age: %s', async (_, now, maxAge, seen, expected) => {
    const { ours, product } = both(await text(good), now, maxAge, seen);
    expect(typeof ours === 'string' ? ours : 'good').toBe(expected);
    expect(ours).toEqual(product);
  });

  it.each<[string, Buffer, object]>([
    ['one bit an entry', deflateSync(Buffer.of(0b10)), { bits: 1 }],
    ['two bits an entry', deflateSync(Buffer.of(0b1001)), { bits: 2 }],
    ['a byte an entry', deflateSync(Buffer.of(0, 1, 2, 11, 12, 3)), { bits: 8 }],
    ['three bits an entry', deflateSync(Buffer.of(0)), { bits: 3 }],
    ['no entries', deflateSync(Buffer.alloc(0)), {}],
    ['a bomb', deflateSync(Buffer.alloc(4 * MIB + 1)), {}],
    ['the largest list', deflateSync(Buffer.alloc(4 * MIB)), {}],
    ['raw deflate', deflateRawSync(Buffer.alloc(8)), {}],
    ['a list cut short', deflateSync(Buffer.alloc(64)).subarray(0, 8), {}],
    ['nothing', Buffer.alloc(0), {}],
  ])('is inflated alike: %s', async (_, packed, changes) => {
    const list = { ...(good.claims['status_list'] as object), lst: packed.toString('base64url'), ...changes };
    const { ours, product } = both(await text({ ...good, claims: { ...good.claims, status_list: list } }));
    expect(ours).toEqual(product);
  });

  it('gets the same answer, or the same code, for one thing that an issuer did otherwise', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (one) => {
        const { ours, product } = both(await text(changed(good, one)));
        if (typeof ours !== 'string' || product !== 'KEY_NOT_VALID') expect(ours).toEqual(product);
      }),
      { numRuns: 300 },
    );
  });

  it('is taken or refused alike for whatever happened on the way', async () => {
    await fc.assert(
      fc.asyncProperty(garbling, async (garble) => {
        const pieces = await written(good, region.certificate, region.certificate);
        const garbled = garble(pieces).replace(textOf({ jwt: '', disclosures: [], binding: '' }), '');
        const { ours, product } = both(garbled);
        if (typeof product === 'string') expect(ours).toBeTypeOf('string');
        else expect(ours).toEqual(product);
      }),
      { numRuns: 200 },
    );
  });
});
