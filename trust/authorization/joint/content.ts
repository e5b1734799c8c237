import {
  checkItemCode,
  checkSocialCreditCode,
  fields,
  identifier,
  integer,
  LIMITS,
  list,
  oneOf,
  type Problem,
  type Rule,
  text,
} from '#proto';
import { parseDateTime } from '../date-time.ts';
import { dateTime, fieldPath, region, uniqueList, uuid } from '../member-rules.ts';
import { circularParts } from './order.ts';

/** A region that takes part, and whose word counts for it. */
export interface JointParty {
  readonly region: string;
  /** RFC 7638 thumbprint of its identity key: parties need not have pinned one another, the document names them. */
  readonly identity: string;
}

/** What one region does in the joint handling. */
export interface JointPart {
  /** Short name in this agreement, `company`. */
  readonly id: string;
  /** Region that decides this part (办理地). */
  readonly region: string;
  /** Department with power over the item (事权部门) and its social credit code. */
  readonly department: { readonly name: string; readonly code: string };
  /** Item code (事项编码). */
  readonly item: string;
  /** Parts that must be finished first (前置); parts without an order between them run side by side (并联). */
  readonly after: readonly string[];
  /** Time limit (承诺办结时限) from the moment it may begin; 0 means on the spot (即办). */
  readonly working_days: number;
}

/** Who hands over the results: the window that received, all at once, or each region its own. */
export const HANDOVERS = ['one-window', 'each-region'] as const;

/** What three or more regions agree on (多地联办协议): the payload of the document, member for member. */
export interface JointContent {
  /** UUID, lower case. */
  readonly id: string;
  readonly version: 1;
  /** What the applicant calls it (一件事). */
  readonly name: string;
  readonly parties: readonly JointParty[];
  /** Region that leads (牵头地区): it proposes, collects the signatures and orders the whole. */
  readonly lead: string;
  /** Regions whose windows take applications in (收件地). */
  readonly receiving: readonly string[];
  readonly handover: (typeof HANDOVERS)[number];
  readonly parts: readonly JointPart[];
  /** Personal fields that may travel, each with the parts that may have it; paths as in an authorization. */
  readonly fields: readonly { readonly path: string; readonly parts: readonly string[] }[];
  /** Limit for the whole (总时限). */
  readonly working_days: number;
  /** Until when every party must have signed. Date-time with offset (RFC 3339), exclusive, as the other times. */
  readonly sign_by: string;
  readonly valid_from: string;
  readonly valid_until: string;
  /** Text of the agreement. */
  readonly terms: string;
  readonly created_at: string;
}

/** Longest validity in milliseconds: five years, two leap days included. */
const MAX_VALIDITY_MS = (5 * 365 + 2) * 24 * 60 * 60 * 1000;
const MAX_PARTS = 64;

const partId = text(32, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be a short name: a-z, 0-9 and -' });
const partIds = uniqueList(partId, MAX_PARTS);
const party = fields({ region, identity: text(43, { min: 43, pattern: /^[\w-]+$/, hint: 'must be a thumbprint' }) });
const part = fields({
  id: partId,
  region,
  department: fields({ name: text(100), code: identifier(checkSocialCreditCode) }),
  item: identifier(checkItemCode),
  after: partIds,
  working_days: integer(0, 1000),
});

const shape = fields({
  id: uuid,
  version: integer(1, 1),
  name: text(100),
  parties: list(party, LIMITS.jointParties, 3),
  lead: region,
  receiving: uniqueList(region, LIMITS.jointParties, 1),
  handover: oneOf(...HANDOVERS),
  parts: list(part, MAX_PARTS, 2),
  fields: list(fields({ path: fieldPath, parts: uniqueList(partId, MAX_PARTS, 1) }), 500),
  working_days: integer(0, 10_000),
  sign_by: dateTime,
  valid_from: dateTime,
  valid_until: dateTime,
  terms: text(50_000, { lines: true }),
  created_at: dateTime,
});

/** Every wrong member of a content, with its pointer; empty when it is a JointContent. */
export function checkJointContent(value: unknown): Problem[] {
  const problems: Problem[] = [];
  shape(value, '', problems);
  // How the members fit together is judged once each of them is right.
  if (problems.length > 0) return problems;
  const content = value as JointContent;
  return [...checkParties(content), ...checkParts(content), ...checkFields(content), ...checkTimes(content)];
}

export const jointContent: Rule = (value, _, problems) => void problems.push(...checkJointContent(value));

/** The members in their fixed order, and no others. The argument must have passed `checkJointContent`. */
export function orderedJointContent(content: JointContent): JointContent {
  return {
    id: content.id,
    version: 1,
    name: content.name,
    parties: content.parties.map(({ region: code, identity }) => ({ region: code, identity })),
    lead: content.lead,
    receiving: content.receiving,
    handover: content.handover,
    parts: content.parts.map(({ id, region: code, department, item, after, working_days }) => {
      return {
        id,
        region: code,
        department: { name: department.name, code: department.code },
        item,
        after,
        working_days,
      };
    }),
    fields: content.fields.map(({ path, parts }) => ({ path, parts })),
    working_days: content.working_days,
    sign_by: content.sign_by,
    valid_from: content.valid_from,
    valid_until: content.valid_until,
    terms: content.terms,
    created_at: content.created_at,
  };
}

function checkParties({ parties, lead, receiving, parts }: JointContent): Problem[] {
  const regions = parties.map((one) => one.region);
  const busy = new Set([lead, ...receiving, ...parts.map((one) => one.region)]);
  return [
    ...duplicates(regions, (index) => `/parties/${index}/region`),
    ...duplicates(
      parties.map(({ identity }) => identity),
      (index) => `/parties/${index}/identity`,
    ),
    ...(regions.includes(lead) ? [] : [notAParty('/lead')]),
    ...receiving.flatMap((one, index) => (regions.includes(one) ? [] : [notAParty(`/receiving/${index}`)])),
    ...regions.flatMap((one, index) =>
      busy.has(one)
        ? []
        : [
            {
              pointer: `/parties/${index}`,
              code: 'NO_PART',
              message: 'must decide a part, take applications in, or lead',
            },
          ],
    ),
  ];
}

function checkParts({ parties, parts }: JointContent): Problem[] {
  const ids = parts.map(({ id }) => id);
  const circle = new Set(circularParts(parts));
  return parts.flatMap((one, index) => {
    const at = `/parts/${index}`;
    return [
      ...(ids.indexOf(one.id) < index ? [duplicate(`${at}/id`)] : []),
      ...(parties.some((candidate) => candidate.region === one.region) ? [] : [notAParty(`${at}/region`)]),
      ...one.after.flatMap((id, place) => (ids.includes(id) ? [] : [noSuchPart(`${at}/after/${place}`)])),
      ...(circle.has(one.id) && one.after.every((id) => ids.includes(id)) ? [circular(`${at}/after`)] : []),
    ];
  });
}

function checkFields({ parts, fields: travelling }: JointContent): Problem[] {
  const ids = new Set(parts.map(({ id }) => id));
  return [
    ...duplicates(
      travelling.map(({ path }) => path),
      (index) => `/fields/${index}/path`,
    ),
    ...travelling.flatMap((field, index) =>
      field.parts.flatMap((id, place) => (ids.has(id) ? [] : [noSuchPart(`/fields/${index}/parts/${place}`)])),
    ),
  ];
}

function checkTimes(content: JointContent): Problem[] {
  const at = (member: 'sign_by' | 'valid_from' | 'valid_until' | 'created_at') => parseDateTime(content[member])!;
  const range = (pointer: string, message: string) => ({ pointer, code: 'RANGE', message });
  const problems: Problem[] = [];
  if (at('sign_by') <= at('created_at')) problems.push(range('/sign_by', 'must be after created_at'));
  if (at('sign_by') > at('valid_until')) problems.push(range('/sign_by', 'must not be after valid_until'));
  if (at('valid_until') <= at('valid_from')) problems.push(range('/valid_until', 'must be after valid_from'));
  if (at('valid_until') - at('valid_from') > MAX_VALIDITY_MS)
    problems.push(range('/valid_until', 'must be at most five years after valid_from'));
  return problems;
}

function duplicates(values: readonly string[], pointerOf: (index: number) => string): Problem[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [duplicate(pointerOf(index))] : []));
}

function duplicate(pointer: string): Problem {
  return { pointer, code: 'DUPLICATE', message: 'is there twice' };
}

function notAParty(pointer: string): Problem {
  return { pointer, code: 'NOT_A_PARTY', message: 'must be one of the parties' };
}

function noSuchPart(pointer: string): Problem {
  return { pointer, code: 'NO_SUCH_PART', message: 'must be the id of a part of this agreement' };
}

function circular(pointer: string): Problem {
  return { pointer, code: 'CYCLE', message: 'waits for itself in the end: no part of the circle could ever begin' };
}
