import { integer, list, type Problem, text } from '#proto';
import { parseDateTime } from './date-time.ts';
import { checkGrants, type Grant, grant, orderedGrant } from './grant.ts';
import { dateTime, fieldPath, isObject, membersOf, region, uniqueList, uuid } from './member-rules.ts';

export type { Grant } from './grant.ts';

/**
 * What two regions agree on (相互授权): the payload of the document, member for member.
 * Names no contact person, so that a change of staff needs no new signature.
 */
export interface AgreementContent {
  /** UUID, lower case. */
  readonly id: string;
  readonly version: 1;
  readonly parties: readonly [string, string];
  readonly grants: readonly Grant[];
  /** Paths of the personal fields that may travel: `applicant.name`, `form.经营项目`, `form.*`, `certificate.*`. */
  readonly fields: readonly string[];
  /** Date-time with offset (RFC 3339), inclusive. */
  readonly valid_from: string;
  /** Date-time with offset (RFC 3339), exclusive. */
  readonly valid_until: string;
  /** Text of the agreement. */
  readonly terms: string;
  /** Id of the older agreement that this one replaces (续签). */
  readonly supersedes?: string;
  /** Id of the other region's proposal that this one answers (反提案). */
  readonly counters?: string;
  /** Date-time with offset (RFC 3339). */
  readonly created_at: string;
}

/** Longest validity in milliseconds: five years, two leap days included. */
const MAX_VALIDITY_MS = (5 * 365 + 2) * 24 * 60 * 60 * 1000;

const members = membersOf(
  {
    id: uuid,
    version: integer(1, 1),
    parties: uniqueList(region, 2, 2),
    grants: list(grant, 50, 1),
    fields: uniqueList(fieldPath, 500),
    valid_from: dateTime,
    valid_until: dateTime,
    terms: text(100_000, { lines: true }),
    created_at: dateTime,
  },
  { supersedes: uuid, counters: uuid },
);

/** Every wrong member of a content, with its pointer; empty when it is an AgreementContent. */
export function checkContent(value: unknown): Problem[] {
  const problems: Problem[] = [];
  members(value, '', problems);
  if (isObject(value)) problems.push(...checkGrants(value), ...checkDates(value), ...checkAncestors(value));
  return problems;
}

/** The members in their fixed order, and no others. The argument must have passed `checkContent`. */
export function orderedContent(content: AgreementContent): AgreementContent {
  return {
    id: content.id,
    version: 1,
    parties: [content.parties[0], content.parties[1]],
    grants: content.grants.map(orderedGrant),
    fields: content.fields,
    valid_from: content.valid_from,
    valid_until: content.valid_until,
    terms: content.terms,
    ...(content.supersedes === undefined ? {} : { supersedes: content.supersedes }),
    ...(content.counters === undefined ? {} : { counters: content.counters }),
    created_at: content.created_at,
  };
}

function checkDates(content: Record<string, unknown>): Problem[] {
  const [from, until, created] = ['valid_from', 'valid_until', 'created_at'].map((member) => {
    const value = content[member];
    return typeof value === 'string' ? parseDateTime(value) : undefined;
  });
  const problems: Problem[] = [];
  const late = (message: string) => problems.push({ pointer: '/valid_until', code: 'RANGE', message });
  if (until === undefined) return problems;
  if (from !== undefined && until <= from) late('must be after valid_from');
  if (from !== undefined && until - from > MAX_VALIDITY_MS) late('must be at most five years after valid_from');
  if (created !== undefined && until <= created) late('must be after created_at');
  return problems;
}

function checkAncestors({ id, supersedes, counters }: Record<string, unknown>): Problem[] {
  const problems: Problem[] = [];
  for (const [member, older] of Object.entries({ supersedes, counters })) {
    if (older === undefined || older !== id) continue;
    problems.push({ pointer: `/${member}`, code: 'SAME_ID', message: 'must be the id of an older agreement' });
  }
  return problems;
}
