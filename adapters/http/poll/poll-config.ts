import { absentOr, both, fields, integer, list, oneOf, optional, type Rule } from '#proto';
import { pathRule, type QueryValues } from '../place.ts';
import { keyPaths, memberPath } from '../records.ts';
import { type PagesConfig, pagesRule } from './pages.ts';

/** How records are fetched from a platform that only answers (轮询). */
export interface PollConfig {
  /** Of the list, below the URL of the platform. */
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  /** Sent with every request, beside what the pages need. */
  readonly query?: QueryValues;
  /** JSON of a POST. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Milliseconds between two rounds. */
  readonly every_ms?: number;
  /** Where the list of records is in the answer; the whole answer when absent. */
  readonly records?: string;
  /** Members that say which record it is; the whole record when absent, so that a changed one is another one. */
  readonly key?: readonly string[];
  /** Member that records of one case have in common; without it they may overtake each other. */
  readonly lane?: string;
  readonly pages?: PagesConfig;
  /** What a good answer says, beside its status. */
  readonly success?: SuccessConfig;
  readonly ack?: AckConfig;
  /** Most new records of one round. */
  readonly most?: number;
  /** Records that are handed in side by side. */
  readonly at_once?: number;
}

/** A member of an answer, and the values by which it says that all went well. */
export interface SuccessConfig {
  readonly at: string;
  readonly is: readonly (string | number | boolean)[];
}

/** The request that tells the platform what became of a record (回执). Its texts may hold `{…}`, see `fill`. */
export interface AckConfig {
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET';
  readonly path: string;
  readonly query?: QueryValues;
  readonly body?: unknown;
  /** What `{outcome}` stands for. */
  readonly accepted?: string | number;
  readonly refused?: string | number;
}

export const DEFAULT_EVERY_MS = 10_000;
export const DEFAULT_MOST = 1_000;
export const DEFAULT_AT_ONCE = 16;

const plain: Rule = (value, pointer, problems) => {
  if (!['string', 'number', 'boolean'].includes(typeof value))
    problems.push({ pointer, code: 'TYPE', message: 'must be text, a number, true or false' });
};
const object: Rule = (value, pointer, problems) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    problems.push({ pointer, code: 'TYPE', message: 'must be an object' });
};
const values: Rule = both(object, (value, pointer, problems) => {
  for (const [name, one] of Object.entries(value as object)) plain(one, `${pointer}/${name}`, problems);
});
const anything: Rule = () => {};

const success = fields({ at: memberPath, is: list(plain, 10, 1) });
const ack = fields({
  method: optional(oneOf('POST', 'PUT', 'PATCH', 'DELETE', 'GET')),
  path: pathRule,
  query: optional(values),
  body: anything,
  accepted: optional(plain),
  refused: optional(plain),
});

export const pollRule: Rule = both(
  fields({
    path: pathRule,
    method: optional(oneOf('GET', 'POST')),
    query: optional(values),
    body: absentOr(object),
    every_ms: optional(integer(100, 24 * 60 * 60 * 1000)),
    records: optional(memberPath),
    key: optional(keyPaths),
    lane: optional(memberPath),
    pages: optional(pagesRule),
    success: optional(success),
    ack: optional(ack),
    most: optional(integer(1, 100_000)),
    at_once: optional(integer(1, 64)),
  }),
  (value, pointer, problems) => {
    const { method, body, pages } = value as PollConfig;
    if (method === 'POST') return;
    const message = 'needs method: POST';
    if (body) problems.push({ pointer: `${pointer}/body`, code: 'FORMAT', message });
    if (pages?.in === 'body') problems.push({ pointer: `${pointer}/pages/in`, code: 'FORMAT', message });
  },
);
