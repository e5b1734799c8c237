import { boolean, fields, integer, oneOf, optional, type Rule, text } from '#proto';
import { valueAt } from '../json.ts';
import { memberPath } from '../records.ts';

/** How a list goes on beyond one answer. */
export type PagesConfig = { readonly name: string; readonly in?: 'query' | 'body' } & (
  | {
      readonly by: 'cursor';
      /** Where the answer says the next cursor; none there: the end. */
      readonly next: string;
      /** Whether the next round goes on after the last cursor, as in a feed, or begins the list anew. */
      readonly resume?: boolean;
    }
  | {
      readonly by: 'page';
      readonly first?: number;
      /** Records of a full page: a shorter one is the last. Without it an empty one is. */
      readonly size?: number;
    }
  | {
      /** The list holds what is as new as a value of the records themselves, or newer. */
      readonly by: 'newest';
      readonly field: string;
      readonly format?: 'number' | 'iso' | 'datetime';
      /** Where to begin; the list is asked without a value when absent. */
      readonly start?: string;
      /** How far back each request reaches: in the unit of a number, in seconds of a time. */
      readonly overlap?: number;
      /** Records of a full page: with it a page is known on which there is no way on. */
      readonly size?: number;
    }
);

/** Characters of a place in a list. */
const MAX_PLACE = 4096;
/** Where nobody says how many records a page has, so many that are all as new as each other look like a full one. */
const MANY_ALIKE = 100;
/** The clock on the wall in China. */
const CHINA_MS = 8 * 60 * 60 * 1000;
/** Moments outside are a mistake: the list would never again have anything newer than one of them. */
const FIRST = Date.UTC(1970, 0, 2);
const LAST = Date.UTC(2200, 0, 1);

const name = text(64, { pattern: /^[\w.-]+$/, hint: 'must be letters, digits, . _ -' });
const common = { name, in: optional(oneOf('query', 'body')) };
const RULES: Readonly<Record<PagesConfig['by'], Rule>> = {
  cursor: fields({ by: oneOf('cursor'), ...common, next: memberPath, resume: optional(boolean) }),
  page: fields({
    by: oneOf('page'),
    ...common,
    first: optional(integer(0, 1)),
    size: optional(integer(1, 10_000)),
  }),
  newest: fields({
    by: oneOf('newest'),
    ...common,
    field: memberPath,
    format: optional(oneOf('number', 'iso', 'datetime')),
    start: optional(text(64)),
    overlap: optional(integer(0)),
    size: optional(integer(1, 10_000)),
  }),
};

export const pagesRule: Rule = (value, pointer, problems) => {
  const by = (value as { by?: unknown } | null)?.by;
  if (typeof by === 'string' && Object.hasOwn(RULES, by)) RULES[by as PagesConfig['by']](value, pointer, problems);
  else
    problems.push({ pointer: `${pointer}/by`, code: 'NOT_IN_LIST', message: 'must be one of: cursor, page, newest' });
};

/** How to walk through one list. A place is text that the platform understands, or that we count. */
export interface Pager {
  /** Whether the list is walked through again and again, so that a place in it may be given up. */
  readonly isAnew: boolean;
  /** Where to begin, by what was kept of the last round. */
  begin(kept: string | undefined): string | undefined;
  /** Value of the parameter for a place; undefined: leave it out. */
  parameter(place: string | undefined): string | undefined;
  /**
   * @returns the next place, undefined at the end; and what to keep then
   */
  after(place: string | undefined, answer: unknown, records: readonly unknown[]): PageEnd;
}

interface PageEnd {
  readonly next: string | undefined;
  readonly kept: string | undefined;
  /** Whether records must stand behind this page that no request reaches. */
  readonly isStuck?: boolean;
}

const ONE_PAGE: Pager = {
  isAnew: true,
  begin: () => undefined,
  parameter: () => undefined,
  after: () => ({ next: undefined, kept: undefined }),
};

export function pagerOf(config: PagesConfig | undefined): Pager {
  if (!config) return ONE_PAGE;
  if (config.by === 'cursor') return byCursor(config);
  return config.by === 'page' ? byPage(config) : byNewest(config);
}

function byCursor({ next: at, resume = true }: Extract<PagesConfig, { by: 'cursor' }>): Pager {
  return {
    isAnew: !resume,
    begin: (kept) => kept,
    parameter: (place) => place,
    after(place, answer) {
      const said = valueAt(answer, at);
      const isNone = said === undefined || said === null || said === '' || typeof said === 'object' || said === false;
      const next = isNone || String(said) === place ? undefined : String(said).slice(0, MAX_PLACE);
      return { next, kept: resume ? (next ?? place) : undefined };
    },
  };
}

function byPage({ first = 1, size = 1 }: Extract<PagesConfig, { by: 'page' }>): Pager {
  return {
    isAnew: true,
    begin: (kept) => kept ?? String(first),
    parameter: (place) => place,
    after: (place, _, records) => ({
      next: records.length < size ? undefined : String(Number(place) + 1),
      kept: undefined,
    }),
  };
}

function byNewest(config: Extract<PagesConfig, { by: 'newest' }>): Pager {
  const { field, start, overlap = 0, size } = config;
  const scale = SCALES[config.format ?? 'number'];
  return {
    isAnew: false,
    begin: (kept) => kept ?? start,
    parameter: (place) => (place === undefined || overlap === 0 ? place : scale.back(place, overlap)),
    after(place, _, records) {
      const told = records.map((record) => valueAt(record, field)).filter((value) => value !== undefined);
      const newest = told
        .map(String)
        .filter((value) => scale.read(value) !== undefined)
        .reduce<string | undefined>(
          (most, value) => (most === undefined || scale.read(value)! > (scale.read(most) ?? -1n) ? value : most),
          place,
        );
      const isSame = newest !== undefined && newest === place;
      const isFull =
        size === undefined
          ? told.length >= MANY_ALIKE && told.every((value) => String(value) === newest)
          : records.length >= size;
      return { next: isSame ? undefined : newest, kept: newest, ...(isSame && isFull && { isStuck: true }) };
    },
  };
}

/** Values that grow; read as whole numbers, since numbers of platforms may be longer than JavaScript's. */
interface Scale {
  read(value: string): bigint | undefined;
  back(value: string, by: number): string;
}

const number: Scale = {
  read: (value) => (/^\d{1,30}$/.test(value) ? BigInt(value) : undefined),
  back(value, by) {
    const less = (number.read(value) ?? 0n) - BigInt(by);
    return String(less < 0n ? 0n : less);
  },
};

function timeScale(read: (value: string) => number, write: (ms: number) => string): Scale {
  return {
    read(value) {
      const ms = read(value);
      return ms >= FIRST && ms < LAST ? BigInt(ms) : undefined;
    },
    back(value, by) {
      const ms = read(value) - by * 1000;
      return Number.isNaN(ms) ? value : write(ms);
    },
  };
}

const SCALES: Readonly<Record<'number' | 'iso' | 'datetime', Scale>> = {
  number,
  iso: timeScale(Date.parse, (ms) => new Date(ms).toISOString()),
  datetime: timeScale(
    (value) => Date.parse(`${value.replace(' ', 'T')}+08:00`),
    (ms) => new Date(ms + CHINA_MS).toISOString().slice(0, 19).replace('T', ' '),
  ),
};
