import { nameKey } from '../../certificate/library-holders.ts';
import type { Row, Value } from '../../store/store.ts';
import type { Vault } from '../../store/vault/vault.ts';
import type { State } from '../transitions.ts';
import {
  CASE_MODES,
  CASE_ROLES,
  type CaseFilter,
  type CasePosition,
  type CaseQuery,
  orderOf,
  type SoughtApplicant,
} from './case-filter.ts';
import { applicantKey } from './case-keys.ts';

/** What a person is found by: one value, or two while cases of before are not hashed yet. */
type Hashes = Pick<Vault, 'hashes'>;

/** A statement and its values. */
interface Asked {
  readonly text: string;
  readonly values: Value[];
}

/** A way through the cases in the order of an index, stretch by stretch. */
export interface CaseWalk {
  /** Column that the cases are in order by; cases of one value are in the order of their conversations. */
  readonly by: 'created_at' | 'due_at' | 'updated_at' | 'number';
  /** Whether every case of a stretch is one that was asked for. */
  readonly isExact: boolean;
  /** What looking at a case costs, in entries of an index: several arms are read and sorted each, some columns are in the row alone. */
  readonly cost: number;
  /** Of so many cases behind a place, or from the beginning, the first `limit` of those that were asked for. */
  found(after: CasePosition | undefined, size: number, limit: number): Asked;
  /** The last of so many cases; no row when there are fewer. */
  end(after: CasePosition | undefined, size: number): Asked;
}

/** Something that is true of the rows. */
interface Condition {
  /** Columns that it looks at. */
  readonly columns: readonly string[];
  readonly text: string;
  readonly values: readonly Value[];
}

/** Rows that an index has side by side, in the order of the walk. */
interface Arm {
  readonly where: string;
  readonly values: readonly Value[];
}

interface Lead {
  readonly by: CaseWalk['by'];
  readonly arms: readonly Arm[];
  /** Filters that the arms see to. */
  readonly sees: readonly (keyof CaseFilter)[];
}

/** Most cases are in such a state in the end: an item or a region leaves fewer. */
const COMMON: ReadonlySet<State> = new Set<State>(['delivered', 'rated']);
/** What it costs to read an entry of one of several arms, and to read a row, in entries of an index that are just read. */
const SORTED_COST = 3;
const ROW_COST = 4;
/** What the indexes of the newest cases hold beside what they begin with. */
const IN_INDEX: ReadonlySet<string> = new Set(['item', 'peer', 'role', 'mode']);
/** A letter comes behind every digit, in every collation. */
const BEHIND_DIGITS = 'z';
/** More than any time or limit. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

/**
 * How the cases of a query are walked through. One filter leads: an index has its cases in the order of the list, those
 * of several states beside one another to be merged. The other filters only sort out what they find in a stretch.
 */
export function walkOf(query: CaseQuery, vault: Hashes): CaseWalk {
  const lead = leadOf(query, vault);
  const rest = conditionsOf(query, lead.sees, vault);
  const { by, arms } = lead;
  const keys = ['conversation', by];
  const isNewestFirst = by === 'created_at' || by === 'number';
  const behind = by === 'number' ? 'number < ?' : `(${by}, conversation) ${isNewestFirst ? '<' : '>'} (?, ?)`;
  const direction = isNewestFirst ? ' DESC' : '';
  const order = `ORDER BY ${by}${direction}${by === 'number' ? '' : `, conversation${direction}`}`;
  const columns = [...new Set([...keys, ...rest.flatMap((condition) => condition.columns)])].join(', ');
  const selects = arms.map(({ where }) => {
    const select = `SELECT ${columns} FROM case_file WHERE ${where === '' ? '' : `${where} AND `}${behind}`;
    // Each of several arms says how far it goes: PostgreSQL merges them only then.
    return arms.length === 1 ? select : `SELECT * FROM (${select} ${order} LIMIT ?) AS arm`;
  });
  const cases = `${selects.join('\nUNION ALL ')}\n${order}`;
  const valuesOf = (after: CasePosition | undefined, size: number) => {
    const place = placeOf(by, query, after);
    return arms.flatMap(({ values }) => [...values, ...place, ...(arms.length === 1 ? [] : [size])]);
  };
  return {
    by,
    isExact: rest.length === 0,
    cost: costOf(lead, rest),
    found: (after, size, limit) => {
      if (rest.length === 0) return { text: `${cases} LIMIT ?`, values: [...valuesOf(after, limit), limit] };
      return {
        text: `SELECT ${keys.join(', ')} FROM (\n${cases} LIMIT ?\n) AS stretch
WHERE ${rest.map(({ text }) => text).join(' AND ')} ${order} LIMIT ?`,
        values: [...valuesOf(after, size), size, ...rest.flatMap(({ values }) => values), limit],
      };
    },
    end: (after, size) => ({ text: `${cases} LIMIT 1 OFFSET ?`, values: [...valuesOf(after, size), size - 1] }),
  };
}

function costOf({ by, arms }: Lead, rest: readonly Condition[]): number {
  if (arms.length > 1) return SORTED_COST * arms.length;
  const needsRow = rest.some(({ columns }) => columns.some((column) => !IN_INDEX.has(column)));
  return by === 'created_at' && needsRow ? ROW_COST : 1;
}

/** The place of a row of a walk. */
export function positionOf(by: CaseWalk['by'], row: Row): CasePosition {
  return by === 'number' ? [by, 0, String(row.number)] : [by, Number(row[by]), String(row.conversation)];
}

/** Where a stretch begins. */
function placeOf(
  by: CaseWalk['by'],
  { number, updatedSince = 0 }: CaseQuery,
  after: CasePosition | undefined,
): Value[] {
  if (by === 'number') return [after?.[2] ?? `${number}${BEHIND_DIGITS}`];
  if (by === 'updated_at' && (!after || after[1] < updatedSince)) return [updatedSince, ''];
  if (after) return [after[1], after[2]];
  return by === 'created_at' ? [END_OF_TIME, ''] : [-1, ''];
}

/** The filter that leads, the one that leaves fewest cases first. */
function leadOf(query: CaseQuery, vault: Hashes): Lead {
  const { dueBefore, number } = query;
  const order = orderOf(query);
  if (order === 'deadline') {
    const arm = { where: 'due_at IS NOT NULL AND due_at < ?', values: [dueBefore ?? END_OF_TIME] };
    return { by: 'due_at', arms: [arm], sees: ['dueBefore'] };
  }
  // Since when is said by where the walk begins: as a condition beside that it would be looked at row by row.
  if (order === 'changed') return { by: 'updated_at', arms: [{ where: '', values: [] }], sees: ['updatedSince'] };
  const applicant = applicantLead(query, vault);
  if (applicant) return applicant;
  if (number !== undefined)
    return { by: 'number', arms: [{ where: 'number >= ?', values: [number] }], sees: ['number'] };
  return newestLead(query);
}

function applicantLead({ applicant }: CaseQuery, vault: Hashes): Lead | undefined {
  if (!applicant) return undefined;
  const { document, name = '' } = applicant;
  const [column, key] = document
    ? ['applicant_key', applicantKey(document.type, document.number)]
    : ['applicant_name', nameKey(name)];
  const arms = vault.hashes(key).map((value) => ({ where: `${column} = ? AND ${column} <> ''`, values: [value] }));
  return { by: 'created_at', arms, sees: document && name !== '' ? [] : ['applicant'] };
}

function newestLead({ states, item, peer, role, mode }: CaseQuery): Lead {
  const by = 'created_at';
  const equal = (column: string, ...values: readonly Value[]): Arm[] =>
    values.map((value) => ({ where: `${column} = ?`, values: [value] }));
  const isAlone = item === undefined && peer === undefined;
  // What is open is new: in the order of a list it is found soon among the cases of an item, and nothing has to be merged.
  if (states && !states.some((state) => COMMON.has(state)) && (isAlone || states.length === 1))
    return { by, arms: equal('state', ...new Set(states)), sees: ['states'] };
  if (item !== undefined) return { by, arms: equal('item', item), sees: ['item'] };
  if (peer !== undefined) return { by, arms: equal('peer', peer), sees: ['peer'] };
  if (states) return { by, arms: equal('state', ...new Set(states)), sees: ['states'] };
  if (role === undefined && mode === undefined) return { by, arms: [{ where: '', values: [] }], sees: [] };
  const arms = (role ? [role] : CASE_ROLES).flatMap((one) =>
    (mode ? [mode] : CASE_MODES).map((other) => ({ where: 'role = ? AND mode = ?', values: [one, other] })),
  );
  return { by, arms, sees: ['role', 'mode'] };
}

/** What a row must be beyond what led to it. */
function conditionsOf(query: CaseQuery, seen: Lead['sees'], vault: Hashes): Condition[] {
  const { states, item, peer, role, mode, number, dueBefore, updatedSince, applicant } = query;
  const is = (column: string, value: Value | undefined, comparison = '='): Condition | undefined =>
    value === undefined ? undefined : { columns: [column], text: `${column} ${comparison} ?`, values: [value] };
  const all: Readonly<Record<keyof CaseFilter, Condition | undefined>> = {
    states: states && isIn('state', states),
    item: is('item', item),
    peer: is('peer', peer),
    role: is('role', role),
    mode: is('mode', mode),
    number: number === undefined ? undefined : isFrom('number', number, `${number}${BEHIND_DIGITS}`),
    dueBefore: is('due_at', dueBefore, '<'),
    updatedSince: is('updated_at', updatedSince, '>='),
    applicant: applicant && isApplicant(applicant, vault),
  };
  return Object.entries(all).flatMap(([of, condition]) =>
    condition && !seen.includes(of as keyof CaseFilter) ? [condition] : [],
  );
}

function isIn(column: string, values: readonly string[]): Condition {
  return { columns: [column], text: `${column} IN (${values.map(() => '?').join(', ')})`, values };
}

function isFrom(column: string, first: string, before: string): Condition {
  return { columns: [column], text: `${column} >= ? AND ${column} < ?`, values: [first, before] };
}

function isApplicant({ document, name }: SoughtApplicant, vault: Hashes): Condition {
  const asked = [
    document && (['applicant_key', applicantKey(document.type, document.number)] as const),
    name !== undefined && (['applicant_name', nameKey(name)] as const),
  ].filter((one) => one !== false && one !== undefined);
  const each = asked.map(([column, key]) => isIn(column, vault.hashes(key)));
  return {
    columns: each.flatMap(({ columns }) => columns),
    text: each.map(({ text }) => text).join(' AND '),
    values: each.flatMap(({ values }) => values),
  };
}
