import { setImmediate as turn } from 'node:timers/promises';
import { CodedError } from '#proto';
import type { Sql } from '../../store/store.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { type CasePosition, type CaseQuery, orderOf } from './case-filter.ts';
import { type CaseWalk, positionOf, walkOf } from './case-walk.ts';

/** A page of cases, and where the next one begins; nowhere after the last. */
export interface CasePage {
  readonly files: readonly CaseFile[];
  readonly next?: CasePosition;
}

/** Cases of the first stretch of a walk. What many cases are need not be looked for in more. */
const FIRST_STRETCH = 250;
/** Cases of one stretch, at most: a database in this process answers while the network waits. */
const STRETCH = 2000;
/** Entries of an index that a page looks at, about. */
const LOOKS = 20_000;

/**
 * Finds the cases of a query, in its order, by an index whatever is asked. Where several filters together leave few cases, a
 * page ends after so many looks: it may hold fewer cases than asked for, even none, and still be followed by another.
 *
 * @throws CodedError TRY_LATER while cases of before an upgrade cannot be found by applicant or limit yet,
 *   VALIDATION_FAILED when `after` is a place in a list of another order
 */
export async function findCases(sql: Sql, query: CaseQuery): Promise<CasePage> {
  const walk = walkOf(query, sql.vault);
  if (query.after) demandPlace(walk, query.after);
  const needsKeys = query.applicant !== undefined || query.dueBefore !== undefined || orderOf(query) === 'deadline';
  if (needsKeys) await demandRead(sql);
  const { keys, next } = await stroll(sql, walk, query);
  return { files: await caseRepository.findAll(sql, keys), ...(next && { next }) };
}

async function stroll(
  sql: Sql,
  walk: CaseWalk,
  { limit, after }: CaseQuery,
): Promise<{ keys: string[]; next?: CasePosition }> {
  const keys: string[] = [];
  let place = after;
  let last = after;
  let size = FIRST_STRETCH;
  for (let looked = 0; looked < LOOKS; looked += size * walk.cost, size = Math.min(STRETCH, 4 * size)) {
    if (looked > 0) await turn();
    // One more than the page shows that another follows.
    const found = walk.found(place, size, limit + 1 - keys.length);
    for (const row of await sql.all(found.text, ...found.values)) {
      if (keys.length === limit) return { keys, next: last! };
      keys.push(String(row.conversation));
      last = positionOf(walk.by, row);
    }
    const end = walk.isExact ? undefined : walk.end(place, size);
    const row = end && (await sql.get(end.text, ...end.values));
    if (!row) return { keys };
    place = positionOf(walk.by, row);
  }
  return { keys, next: place! };
}

/** @throws CodedError VALIDATION_FAILED */
function demandPlace({ by }: CaseWalk, [of, value, key]: CasePosition): void {
  if (of === by && Number.isSafeInteger(value) && /^[\w-]{1,64}$/.test(key)) return;
  throw new CodedError('VALIDATION_FAILED', undefined, [
    {
      pointer: '/cursor',
      code: 'FORMAT',
      message: 'must be the next of a page of this list, asked for in the same order',
    },
  ]);
}

/** Nobody is told that there is no case of an applicant while not every case was looked at. @throws CodedError TRY_LATER */
async function demandRead(sql: Sql): Promise<void> {
  const unread = await sql.get('SELECT 1 AS one FROM case_file WHERE applicant_key IS NULL LIMIT 1');
  if (unread)
    throw new CodedError('TRY_LATER', 'cases of before the upgrade are still being read; try again in a minute');
}
