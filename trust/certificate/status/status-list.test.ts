import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { deflateSync } from 'node:zlib';
import { createHeaderAndPayload, getListFromStatusListJWT, StatusList } from '@sd-jwt/jwt-status-list';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodedError, regionUrn, TYP } from '#proto';
import { signJws } from '../../jws.ts';
import type { RegionStatement } from '../../region/statement.ts';
import { SUITE_NAMES } from '../../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { othersVerify } from '../../testing/jws-oracle.ts';
import { packStatuses } from './status-bits.ts';
import {
  demandFresh,
  issueStatusList,
  readStatusList,
  STATUS_LIST_SIZE,
  type StatusListContent,
  statusIn,
  type VerifiedStatusList,
  verifyStatusList,
} from './status-list.ts';
import { STATUS_WORDS, type StatusWord } from './status-words.ts';

const HOUR_MS = 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 20);
const URI = 'https://150626.example/status-lists/1';

let uxin: ThrowawayRegion;
let nantong: ThrowawayRegion;
beforeAll(async () => {
  uxin = await throwawayRegion('150626', { now: NOW - HOUR_MS });
  nantong = await throwawayRegion('320600', { now: NOW - HOUR_MS });
});

const statementOf = (code: string): RegionStatement | undefined =>
  [uxin, nantong].find(({ region }) => region === code)?.statement;

function content(changes: Partial<StatusListContent> = {}): StatusListContent {
  return {
    region: '150626',
    uri: URI,
    aggregationUri: 'https://150626.example/status-lists',
    size: STATUS_LIST_SIZE,
    entries: [],
    issuedAt: NOW,
    ttl: 15 * 60 * 1000,
    expiresAt: NOW + 24 * HOUR_MS,
    ...changes,
  };
}

function verify(text: string, of = { issuer: '150626', uri: URI }, now = NOW): VerifiedStatusList {
  return verifyStatusList(text, of, { statementOf, now });
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'none';
}

/** The claims of a good list, to be spoilt. */
function claims(changes: object = {}): object {
  const lst = deflateSync(packStatuses(64, 4, [[5, 1]])).toString('base64url');
  const seconds = NOW / 1000;
  return {
    iss: regionUrn('150626'),
    sub: URI,
    iat: seconds,
    exp: seconds + 3600,
    ttl: 900,
    status_list: { bits: 4, lst },
    ...changes,
  };
}

describe.each(SUITE_NAMES)('a list signed with %s', (suite) => {
  it('says every word of every entry, to us and to others', async () => {
    const region = await throwawayRegion('150626', { suite, now: NOW - HOUR_MS });
    const entries: [number, StatusWord][] = STATUS_WORDS.map((word, place) => [place * 1001, word]);
    const text = await issueStatusList(region.certificate, content({ entries }));
    const list = verifyStatusList(
      text,
      { issuer: '150626', uri: URI },
      { statementOf: () => region.statement, now: NOW },
    );
    expect(list).toMatchObject({
      issuer: '150626',
      uri: URI,
      kid: region.certificate.kid,
      issuedAt: NOW,
      ttl: 900_000,
    });
    for (const [idx, word] of entries) expect(statusIn(list, idx)).toBe(word);
    expect(statusIn(list, STATUS_LIST_SIZE - 1)).toBe('valid');
    const { header, payload } = await othersVerify(text, region.certificate);
    expect(header).toEqual({ alg: suite, kid: region.certificate.kid, typ: 'statuslist+jwt' });
    expect(payload).toMatchObject({ sub: URI, iat: NOW / 1000, exp: NOW / 1000 + 86_400, ttl: 900 });
    const others = getListFromStatusListJWT(text);
    expect(others.getBitsPerStatus()).toBe(4);
    expect(entries.map(([idx]) => others.getStatus(idx))).toEqual([0x00, 0x01, 0x02, 0x0b, 0x0c]);
  });
});

it('reads a list that another implementation made', async () => {
  const made = createHeaderAndPayload(
    new StatusList([0, 1, 2, 0, 0, 0, 0, 0], 2),
    { iss: regionUrn('150626'), sub: URI, iat: NOW / 1000 },
    { alg: 'ES256', typ: 'statuslist+jwt' },
  );
  const list = verify(await signJws(uxin.certificate, made.header.typ, made.payload));
  expect([0, 1, 2].map((idx) => statusIn(list, idx))).toEqual(['valid', 'revoked', 'suspended']);
  expect(list).toMatchObject({ ttl: undefined, expiresAt: undefined });
});

describe('a list is refused', () => {
  const other = (changes: object, typ: string = TYP.statusList) => signJws(uxin.certificate, typ, claims(changes));

  it.each<[string, () => Promise<string>, string]>([
    [
      'of another region',
      () => signJws(nantong.certificate, TYP.statusList, claims({ iss: regionUrn('320600') })),
      'STATUS_LIST_ISSUER',
    ],
    ['by another region in our name', () => signJws(nantong.certificate, TYP.statusList, claims()), 'KEY_UNKNOWN'],
    ['by a key for something else', () => signJws(uxin.signing, TYP.statusList, claims()), 'KEY_UNKNOWN'],
    ['of another address', () => other({ sub: 'https://150626.example/status-lists/2' }), 'STATUS_LIST_ISSUER'],
    ['of another kind', () => other({}, TYP.certificate), 'TYP_MISMATCH'],
    ['that has expired', () => other({ exp: NOW / 1000 }), 'STATUS_LIST_STALE'],
    ['of the future', () => other({ iat: NOW / 1000 + 600 }), 'STATUS_LIST_INVALID'],
    ['from before its key', () => other({ iat: NOW / 1000 - 7200 }), 'KEY_NOT_VALID'],
    ['without a time', () => other({ iat: undefined }), 'STATUS_LIST_INVALID'],
    ['without entries', () => other({ status_list: undefined }), 'STATUS_LIST_INVALID'],
    ['with 3 bits', () => other({ status_list: { bits: 3, lst: 'eNrbuRgAAhcBXQ' } }), 'STATUS_LIST_INVALID'],
    ['with unknown claims', () => other({ nonce: 1 }), 'STATUS_LIST_INVALID'],
    ['that cannot be inflated', () => other({ status_list: { bits: 4, lst: 'AAAA' } }), 'STATUS_LIST_INVALID'],
    [
      'that is a bomb',
      () => other({ status_list: { bits: 4, lst: deflateSync(Buffer.alloc(2 ** 27)).toString('base64url') } }),
      'STATUS_LIST_INVALID',
    ],
    ['that is too long', async () => `${'a'.repeat(3 * 1024 * 1024)}.a.a`, 'STATUS_LIST_INVALID'],
    ['that is none', async () => 'nothing', 'STATUS_LIST_INVALID'],
    ['that was changed', async () => (await other({})).replace(/\.[^.]+$/, `.${'A'.repeat(86)}`), 'SIGNATURE_INVALID'],
  ])('%s', async (_what, make, code) => {
    const text = await make();
    expect(codeOf(() => verify(text))).toBe(code);
  });

  it('as newer than the moment of verification, which is not always now, and the clock may be right', async () => {
    const text = await issueStatusList(uxin.certificate, content());
    const now = NOW - 24 * HOUR_MS;
    const newer = expect.objectContaining({
      code: 'STATUS_LIST_INVALID',
      message: expect.stringMatching(/newer than the moment of verification.*the clock, or.*--at/),
    });
    expect(() => verifyStatusList(text, { issuer: '150626', uri: URI }, { statementOf, now })).toThrow(newer);
  });

  it('when its key was revoked, whatever time it names', async () => {
    const text = await issueStatusList(uxin.certificate, content());
    const keys = uxin.statement.keys.map((key) => ({ ...key, revokedAt: NOW + 1 }));
    const revoked = { ...uxin.statement, keys };
    expect(
      codeOf(() => verifyStatusList(text, { issuer: '150626', uri: URI }, { statementOf: () => revoked, now: NOW })),
    ).toBe('KEY_REVOKED');
  });

  it('when its region is not trusted', async () => {
    const text = await issueStatusList(uxin.certificate, content());
    const nobody = { statementOf: () => undefined, now: NOW };
    expect(codeOf(() => verifyStatusList(text, { issuer: '150626', uri: URI }, nobody))).toBe('STATUS_LIST_ISSUER');
  });
});

describe('freshness', () => {
  let list: VerifiedStatusList;
  beforeAll(async () => {
    list = verify(await issueStatusList(uxin.certificate, content()));
  });

  it('is judged by the age that is demanded, to the millisecond', () => {
    expect(codeOf(() => demandFresh(list, NOW + HOUR_MS, { maxAgeMs: HOUR_MS }))).toBe('none');
    expect(codeOf(() => demandFresh(list, NOW + HOUR_MS + 1, { maxAgeMs: HOUR_MS }))).toBe('STATUS_LIST_STALE');
    expect(codeOf(() => demandFresh(list, NOW + 24 * HOUR_MS, {}))).toBe('STATUS_LIST_STALE');
  });

  it('is over for a list that is older than one that was seen, however young it is', () => {
    expect(codeOf(() => demandFresh(list, NOW, { seenIssuedAt: NOW }))).toBe('none');
    expect(codeOf(() => demandFresh(list, NOW, { seenIssuedAt: NOW + 1000 }))).toBe('STATUS_LIST_STALE');
  });
});

describe('an entry', () => {
  it('outside the list is refused', async () => {
    const list = verify(await issueStatusList(uxin.certificate, content()));
    expect(codeOf(() => statusIn(list, STATUS_LIST_SIZE))).toBe('STATUS_INDEX');
    expect(codeOf(() => statusIn(list, -1))).toBe('STATUS_INDEX');
  });

  it('with a value that has no meaning is not taken for valid', async () => {
    const lst = deflateSync(packStatuses(64, 4, [[5, 0x0f]])).toString('base64url');
    const list = verify(await signJws(uxin.certificate, TYP.statusList, claims({ status_list: { bits: 4, lst } })));
    expect(codeOf(() => statusIn(list, 5))).toBe('STATUS_UNKNOWN');
    expect(statusIn(list, 6)).toBe('valid');
  });
});

it('reads of what list it is before anything is proved', async () => {
  expect(readStatusList(await issueStatusList(uxin.certificate, content()))).toEqual({ uri: URI, issuedAt: NOW });
});

describe('a million certificates', () => {
  /** As many different entries as told, scattered like random ones and the same in every run. */
  function scattered(count: number): [number, StatusWord][] {
    const found = new Set<number>();
    for (let at = 0; found.size < count; at += 1)
      found.add(createHash('sha256').update(String(at)).digest().readUInt32BE() % STATUS_LIST_SIZE);
    return [...found].map((idx, place) => [idx, STATUS_WORDS[1 + (place % 4)]!]);
  }

  it.each([
    ['none revoked', 0, 2],
    ['one in a thousand revoked', 1_000, 10],
    ['one in fifty revoked', 20_000, 200],
  ])('with %s need a list under so many KB', async (_how, count, kilobytes) => {
    const text = await issueStatusList(uxin.certificate, content({ entries: scattered(count) }));
    expect(text.length).toBeLessThan(kilobytes * 1000);
  });

  it('are looked up in under 10 µs each', async () => {
    const list = verify(await issueStatusList(uxin.certificate, content({ entries: scattered(1_000) })));
    const times = 200_000;
    let valid = 0;
    const begun = performance.now();
    for (let at = 0; at < times; at += 1) if (statusIn(list, (at * 7919) % STATUS_LIST_SIZE) === 'valid') valid += 1;
    const each = ((performance.now() - begun) * 1000) / times;
    expect(valid).toBeGreaterThan(times * 0.99);
    expect(each).toBeLessThan(10);
  });
});
