import { issueStatusList, statusIn, verifyStatusList } from '../../certificate/status/status-list.ts';
import { STATUS_WORDS } from '../../certificate/status/status-words.ts';
import type { SuiteName } from '../../suites.ts';
import { throwawayRegion } from '../throwaway-region.ts';

const ISSUER = '150626';
const DAY_MS = 86_400_000;
/** 2026-11-20T08:00:00+08:00 */
const ISSUED_AT = Date.UTC(2026, 10, 20);
const SIZE = 1024;

/** A status list, and what it says of some entries. */
export async function recordStatusList(suite: SuiteName): Promise<object> {
  const region = await throwawayRegion(ISSUER, { suite, now: ISSUED_AT - DAY_MS });
  const uri = 'https://150626.example/status-lists/1';
  const entries = STATUS_WORDS.map((word, place) => [place * 33 + 1, word] as const);
  const list = await issueStatusList(region.certificate, {
    region: ISSUER,
    uri,
    aggregationUri: 'https://150626.example/status-lists',
    size: SIZE,
    entries,
    issuedAt: ISSUED_AT,
    ttl: DAY_MS / 96,
    expiresAt: ISSUED_AT + 7 * DAY_MS,
  });
  const now = ISSUED_AT + DAY_MS;
  const verified = verifyStatusList(list, { issuer: ISSUER, uri }, { statementOf: () => region.statement, now });
  const { kid, issuedAt, expiresAt, ttl } = verified;
  return {
    description: `A status list (Token Status List, ${suite}) of region ${ISSUER} with its region statement, judged at now, and what it says of some entries; times in milliseconds. Keys were thrown away.`,
    now,
    statement: region.jwt,
    issuer: ISSUER,
    uri,
    list,
    expected: {
      kid,
      issuedAt,
      expiresAt,
      ttl,
      entries: [...entries.map(([idx]) => idx), 0, SIZE - 1].map((idx) => [idx, statusIn(verified, idx)]),
      outside: SIZE,
    },
  };
}
