import { constants } from 'node:os';
import { CodedError, isErrorCode, isRegionCode, PAYLOAD_NAMES, UUID } from '#proto';
import { VALIDITY_SUBJECTS } from './subjects.ts';

/** What systems call their failures. */
const SYSTEM_CODES: ReadonlySet<string> = new Set([...Object.keys(constants.errno), 'ENOTFOUND']);
/** What libraries call theirs: AMQP_404, NO_QUEUE. No name and no number of a document looks like it. */
const LIBRARY_CODE = /^[A-Z]{2,20}(?:_[A-Z0-9]{1,20}){1,4}$/;

const MAX_CAUSES = 3;

/** Turns a value into what may stand in the log, or into undefined: then the field is dropped. */
type Passes = (value: never) => unknown;

/**
 * The closed list of what a log line may say. Each field lets through only values of its own narrow form, none of
 * which a name, a number of a person or free text can have: what is not here cannot be logged, by mistake or not.
 */
export const LOG_FIELDS = {
  // who and what
  region: text(isRegionCode),
  peer: text(isRegionCode),
  request: text(matching(UUID)),
  envelope: text(matching(UUID)),
  conversation: text(matching(UUID)),
  case: text(matching(UUID)),
  authorization: text(matching(UUID)),
  digest: text(matching(/^[0-9a-f]{64}$/)),
  type: text((value) => (PAYLOAD_NAMES as readonly string[]).includes(value)),
  // how it went
  code: text((value) => isErrorCode(value) || SYSTEM_CODES.has(value) || LIBRARY_CODE.test(value)),
  outcome: text(oneOf('accepted', 'rejected', 'refused', 'deferred', 'repeated', 'delivered', 'failed', 'expired')),
  ready: (value: boolean) => (typeof value === 'boolean' ? value : undefined),
  err: (value: unknown) => errorForm(value, MAX_CAUSES),
  // where
  adapter: text(matching(/^[a-z][a-z0-9-]{0,49}$/)),
  /** Name of an anchor of the federation. */
  anchor: text(matching(/^(?!.*\d{6})[a-z0-9][a-z0-9-]{0,49}$/)),
  /** Name that the config gives to one of several replicas. */
  replica: text(matching(/^(?!.*\d{6})[a-z][a-z0-9-]{0,29}$/)),
  method: text(oneOf('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')),
  route: text(matching(/^(?!.*\d{4})\/[A-Za-z0-9:._/*-]{0,120}$/)),
  role: text(oneOf('platform', 'operator', 'sysadmin', 'secadmin', 'auditor')),
  /** 'host:port' on which something listens or is dialled. */
  address: text(matching(/^(?!.*\d{11})[\w.:[\]-]{1,255}:\d{1,5}$/)),
  signal: text(oneOf('SIGTERM', 'SIGINT', 'SIGHUP')),
  /** What of a region ends: its statement, or the keys of a purpose. */
  subject: text(oneOf(...VALIDITY_SUBJECTS)),
  version: text(matching(/^\d{1,4}(\.\d{1,4}){0,2}$/)),
  // how many
  status: number,
  port: number,
  pid: number,
  count: number,
  attempt: number,
  pending: number,
  sequence: number,
  size: number,
  bytes: number,
  serial: number,
  duration_ms: number,
  delay_ms: number,
  days_left: number,
} as const satisfies Record<string, Passes>;

type Name = keyof typeof LOG_FIELDS;

/** What a caller may hand to the log. */
export type LogFields = { readonly [N in Name]?: Passed<N> };
type Passed<N extends Name> = (typeof LOG_FIELDS)[N] extends (value: infer V) => unknown ? V : never;

/** The fields that the list knows, in the form that it allows; everything else is gone. */
export function permittedFields(fields: LogFields): Record<string, unknown> {
  const permitted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(LOG_FIELDS, name)) continue;
    const passed = (LOG_FIELDS[name as Name] as (value: unknown) => unknown)(value);
    if (passed !== undefined) permitted[name] = passed;
  }
  return permitted;
}

function text(isAllowed: (value: string) => boolean): (value: string) => string | undefined {
  return (value) => (typeof value === 'string' && isAllowed(value) ? value : undefined);
}

function matching(pattern: RegExp): (value: string) => boolean {
  return (value) => pattern.test(value);
}

function oneOf(...words: readonly string[]): (value: string) => boolean {
  return (value) => words.includes(value);
}

/** Amounts stay below ten digits: mobile numbers have eleven, citizen numbers eighteen. */
function number(value: number): number | undefined {
  return typeof value === 'number' && value >= 0 && value < 10_000_000_000 ? value : undefined;
}

/**
 * An error without its message, which may quote input: class, code and where it was thrown. The message of a
 * CodedError is free of personal data by contract, but may name what the operator typed: its code says enough.
 */
function errorForm(value: unknown, causes: number): unknown {
  if (!(value instanceof Error)) return { class: typeof value };
  const { code } = value as { code?: unknown };
  return {
    class: value.constructor.name,
    code: typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,60}$/.test(code) ? code : undefined,
    at: value instanceof CodedError && value.code !== 'INTERNAL' ? undefined : stackFrames(value),
    cause: value.cause === undefined || causes === 0 ? undefined : errorForm(value.cause, causes - 1),
  };
}

function stackFrames(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^ {4}at [\w.$<>[\] #*()/:@+-]+$/.test(line) && !/\d{11}/.test(line))
    .slice(0, 12)
    .map((line) => line.trim());
}
