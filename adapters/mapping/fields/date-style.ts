import { MappingFault } from '../fault.ts';

/** A way to write moments (日期时间格式). */
export interface DateStyle {
  /** @returns ms since 1970 @throws MappingFault DATE when it is not written so, or there is no such day or hour */
  read(value: unknown): number;
  /** @param ms since 1970 @throws MappingFault DATE when it is no moment */
  write(ms: unknown): string | number;
}

/** The first and last moment that are taken for one, in ms: what lies outside is a mistake in writing. */
const FIRST = Date.UTC(1800, 0, 1);
const LAST = Date.UTC(2200, 0, 1);

/** What stands for several patterns. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  iso: ['yyyy-MM-ddTHH:mm:ss.SSSXXX', 'yyyy-MM-ddTHH:mm:ssXXX', 'yyyy-MM-ddTHH:mmXXX'],
  common: [
    'yyyy-MM-dd HH:mm:ss',
    'yyyy-M-d H:mm:ss',
    'yyyy-M-d H:mm:ss.SSS',
    'yyyy-M-d H:mm',
    'yyyy-M-d',
    'yyyy/M/d H:mm:ss',
    'yyyy/M/d H:mm',
    'yyyy/M/d',
    'yyyyMMddHHmmss',
    'yyyyMMdd',
    'yyyy年M月d日 H:mm:ss',
    'yyyy年M月d日',
    'yyyy-MM-ddTHH:mm:ss',
    'yyyy-MM-ddTHH:mm:ss.SSS',
    'yyyy-MM-ddTHH:mm:ssXXX',
    'yyyy-MM-ddTHH:mm:ss.SSSXXX',
  ],
};

/**
 * Makes a style of one or several patterns: all of them are read, the first is written. A pattern has yyyy, MM, dd, HH, mm,
 * ss, SSS and XXX (an offset such as +08:00 or Z); M, d and H are read with one digit or two. `epoch-ms` and `epoch-s`
 * are numbers; `iso` is ISO 8601 with an offset; `common` is every way that is common in China.
 *
 * @param zone offset of texts that have none, such as `+08:00`
 * @returns undefined when one of them is no pattern
 */
export function dateStyle(patterns: readonly string[], zone: string): DateStyle | undefined {
  const offset = offsetOf(zone);
  const single = patterns.flatMap((pattern) => (Object.hasOwn(NAMED, pattern) ? NAMED[pattern]! : [pattern]));
  const ways = single.map((pattern) => wayOf(pattern, offset));
  if (ways.length === 0 || !ways.every((way) => way !== undefined)) return undefined;
  const hint = patterns.join(', ');
  return {
    read: (value) => {
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text !== 'string') throw new MappingFault('DATE', `must be a date as ${hint}`);
      for (const { read } of ways) {
        const found = read(text);
        if (found === 'impossible') break;
        if (found !== undefined) return found;
      }
      throw new MappingFault('DATE', `is no date, or is not written as ${hint}`);
    },
    write: (ms) => {
      if (typeof ms === 'number' && ms >= FIRST && ms < LAST) return ways[0]!.write(ms);
      throw new MappingFault('DATE', 'must be a moment in ms since 1970');
    },
  };
}

/** Whether a text is an offset from UTC. */
export function isZone(text: string): boolean {
  return /^(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/.test(text);
}

interface Way {
  /** Undefined when it is not written so. */
  read(text: string): number | 'impossible' | undefined;
  write(ms: number): string | number;
}

function wayOf(pattern: string, offset: number): Way | undefined {
  if (pattern === 'epoch-ms') return epoch(1);
  if (pattern === 'epoch-s') return epoch(1_000);
  return patternWay(pattern, offset);
}

function epoch(unit: number): Way {
  return {
    read: (text) => (/^-?\d{1,15}$/.test(text) ? inRange(Number(text) * unit) : undefined),
    write: (ms) => Math.floor(ms / unit),
  };
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'ms' | 'zone';
const TOKENS: Readonly<Record<string, readonly [part: Part, source: string, width: number]>> = {
  yyyy: ['year', '\\d{4}', 4],
  MM: ['month', '\\d{2}', 2],
  M: ['month', '\\d{1,2}', 1],
  dd: ['day', '\\d{2}', 2],
  d: ['day', '\\d{1,2}', 1],
  HH: ['hour', '\\d{2}', 2],
  H: ['hour', '\\d{1,2}', 1],
  mm: ['minute', '\\d{2}', 2],
  ss: ['second', '\\d{2}', 2],
  SSS: ['ms', '\\d{3}', 3],
  XXX: ['zone', 'Z|[+-]\\d{2}:[0-5]\\d', 6],
};

function patternWay(pattern: string, offset: number): Way | undefined {
  const pieces = pattern.match(/([yMdHmsSX])\1*|[^yMdHmsSX]+/g) ?? [];
  const parts = pieces.flatMap((piece) => (TOKENS[piece] ? [TOKENS[piece][0]] : []));
  const isMeant = pieces.every((piece) => TOKENS[piece] || !/[yMdHmsSX]/.test(piece));
  if (!isMeant || !parts.includes('year') || new Set(parts).size !== parts.length) return undefined;
  const literal = (piece: string) => piece.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  const shape = new RegExp(
    `^${pieces.map((piece) => (TOKENS[piece] ? `(${TOKENS[piece][1]})` : literal(piece))).join('')}$`,
  );
  return {
    read: (text) => {
      const match = text.length <= 64 ? shape.exec(text) : null;
      return match ? momentOf(new Map(parts.map((part, index) => [part, match[index + 1]!])), offset) : undefined;
    },
    write: (ms) => {
      const local = new Date(ms + offset * 60_000);
      return pieces.map((piece) => (TOKENS[piece] ? written(TOKENS[piece], local, offset) : piece)).join('');
    },
  };
}

function momentOf(parts: ReadonlyMap<Part, string>, offset: number): number | 'impossible' {
  const number = (part: Part, absent: number) => Number(parts.get(part) ?? absent);
  const [year, month, day] = [number('year', 0), number('month', 1), number('day', 1)];
  const [hour, minute, second] = [number('hour', 0), number('minute', 0), number('second', 0)];
  if (hour > 23 || minute > 59 || second > 59) return 'impossible';
  const local = Date.UTC(year, month - 1, day, hour, minute, second, number('ms', 0));
  const date = new Date(local);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    return 'impossible';
  const own = parts.get('zone');
  return inRange(local - (own === undefined ? offset : offsetOf(own)) * 60_000);
}

function written([part, , width]: readonly [Part, string, number], local: Date, offset: number): string {
  if (part === 'zone') return zoneText(offset);
  const numbers: Readonly<Record<Exclude<Part, 'zone'>, number>> = {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    ms: local.getUTCMilliseconds(),
  };
  return String(numbers[part]).padStart(width, '0');
}

function inRange(ms: number): number | 'impossible' {
  return ms >= FIRST && ms < LAST ? ms : 'impossible';
}

/** Minutes east of Greenwich. */
function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return zone.startsWith('-') ? -minutes : minutes;
}

function zoneText(offset: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
