import {
  checkItemCode,
  checkRegionCode,
  checkSocialCreditCode,
  fields,
  identifier,
  integer,
  list,
  MODES,
  type Mode,
  oneOf,
  type Problem,
  type Rule,
  text,
  UUID,
} from '#proto';
import { parseDateTime } from './date-time.ts';
import { RIGHTS, type Right } from './rights.ts';

/** What one region allows the other for a group of items. */
export interface Grant {
  /** Region whose department has power over the items: the handling region. */
  readonly grantor: string;
  /** Region that may use the rights: the receiving region. */
  readonly grantee: string;
  /** Department with power over the items (事权部门) and its social credit code. */
  readonly department: { readonly name: string; readonly code: string };
  readonly rights: readonly Right[];
  /** Item codes (事项编码). */
  readonly items: readonly string[];
  readonly modes: readonly Mode[];
}

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
  /** Id of the older agreement that this one replaces. */
  readonly supersedes?: string;
  /** Date-time with offset (RFC 3339). */
  readonly created_at: string;
}

/** Longest validity in milliseconds: five years, two leap days included. */
const MAX_VALIDITY_MS = (5 * 365 + 2) * 24 * 60 * 60 * 1000;

const FIELD_PATH =
  /^(?:applicant\.(?:name|documentNumber|mobile|address|\*)|(?:form|certificate)\.(?:\*|[\p{L}\p{N}_.-]+))$/u;

const region = identifier(checkRegionCode);
const uuid = text(36, { min: 36, pattern: UUID, hint: 'must be a lower-case UUID' });

const dateTime: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || parseDateTime(value) === undefined) {
    problems.push({ pointer, code: 'FORMAT', message: 'must be a date-time with offset: 2026-12-01T00:00:00+08:00' });
  }
};

const fieldPath = text(80, {
  pattern: FIELD_PATH,
  hint: 'must be applicant.name, .documentNumber, .mobile, .address or .*, form.NAME, form.*, certificate.NAME or certificate.*',
});

const grant = fields({
  grantor: region,
  grantee: region,
  department: fields({ name: text(100), code: identifier(checkSocialCreditCode) }),
  rights: uniqueList(oneOf(...RIGHTS), RIGHTS.length, 1),
  items: uniqueList(identifier(checkItemCode), 2000, 1),
  modes: uniqueList(oneOf(...MODES), MODES.length, 1),
});

const MEMBERS = {
  id: uuid,
  version: integer(1, 1),
  parties: uniqueList(region, 2, 2),
  grants: list(grant, 50, 1),
  fields: uniqueList(fieldPath, 500),
  valid_from: dateTime,
  valid_until: dateTime,
  terms: text(100_000, { lines: true }),
  created_at: dateTime,
};

const shape = fields(MEMBERS);
const superseding = fields({ ...MEMBERS, supersedes: uuid });

/** Every wrong member of a content, with its pointer; empty when it is an AgreementContent. */
export function checkContent(value: unknown): Problem[] {
  const problems: Problem[] = [];
  const rule = isObject(value) && 'supersedes' in value ? superseding : shape;
  rule(value, '', problems);
  if (isObject(value)) problems.push(...checkGrants(value), ...checkDates(value), ...checkSuperseded(value));
  return problems;
}

/** The members in their fixed order, and no others. The argument must have passed `checkContent`. */
export function orderedContent(content: AgreementContent): AgreementContent {
  return {
    id: content.id,
    version: 1,
    parties: [content.parties[0], content.parties[1]],
    grants: content.grants.map(({ grantor, grantee, department: { name, code }, rights, items, modes }) => {
      return { grantor, grantee, department: { name, code }, rights, items, modes };
    }),
    fields: content.fields,
    valid_from: content.valid_from,
    valid_until: content.valid_until,
    terms: content.terms,
    ...(content.supersedes === undefined ? {} : { supersedes: content.supersedes }),
    created_at: content.created_at,
  };
}

function checkGrants({ parties, grants }: Record<string, unknown>): Problem[] {
  const problems: Problem[] = [];
  if (!Array.isArray(parties) || !Array.isArray(grants)) return problems;
  grants.forEach((entry: unknown, index) => {
    if (!isObject(entry)) return;
    for (const role of ['grantor', 'grantee'] as const) {
      if (typeof entry[role] === 'string' && !parties.includes(entry[role])) {
        const pointer = `/grants/${index}/${role}`;
        problems.push({ pointer, code: 'NOT_A_PARTY', message: 'must be one of the two parties' });
      }
    }
    if (entry.grantor === entry.grantee) {
      const pointer = `/grants/${index}/grantee`;
      problems.push({ pointer, code: 'SAME_REGION', message: 'must be another region than the grantor' });
    }
  });
  return problems;
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

function checkSuperseded({ id, supersedes }: Record<string, unknown>): Problem[] {
  if (supersedes === undefined || supersedes !== id) return [];
  return [{ pointer: '/supersedes', code: 'SAME_ID', message: 'must be the id of an older agreement' }];
}

function uniqueList(rule: Rule, max: number, min = 0): Rule {
  const entries = list(rule, max, min);
  return (value, pointer, problems) => {
    entries(value, pointer, problems);
    if (!Array.isArray(value) || value.length > max) return;
    const seen = new Set<unknown>();
    value.forEach((entry: unknown, index) => {
      if (seen.has(entry))
        problems.push({ pointer: `${pointer}/${index}`, code: 'DUPLICATE', message: 'is there twice' });
      seen.add(entry);
    });
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
