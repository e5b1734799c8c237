import { fields, integer, oneOf, optional, type Problem, type Rule, text } from '#proto';

/** A timestamp authority (RFC 3161) that stamps our log, and what happens while it does not answer. */
export interface TimestampConfig {
  /** Where requests are posted. */
  readonly url: string;
  /** PEM file of the certificates that its timestamps must lead to. */
  readonly caFile: string;
  /** Milliseconds between two timestamps, while the log grows. */
  readonly intervalMs: number;
  /** Milliseconds without an answer, before the policy counts. */
  readonly graceMs: number;
  /** Whether we then go on with a warning, or accept nothing new. */
  readonly policy: 'warn' | 'refuse';
  /** Object identifier of the authority's policy that is asked for; its own choice when absent. */
  readonly authorityPolicy: string | undefined;
}

/** The section as the file spells it. */
export interface TimestampSection {
  url: string;
  ca_file: string;
  interval_ms?: number | null;
  grace_ms?: number | null;
  policy?: 'warn' | 'refuse' | null;
  authority_policy?: string | null;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const timestampRule: Rule = fields({
  url: httpUrl,
  ca_file: text(4096),
  interval_ms: optional(integer(1000, DAY_MS)),
  grace_ms: optional(integer(0, 30 * DAY_MS)),
  policy: optional(oneOf('warn', 'refuse')),
  authority_policy: optional(text(100, { pattern: /^[0-2](\.\d+)+$/, hint: 'must be an object identifier' })),
});

/** @param inData resolves a path against the data folder */
export function timestampsOf(section: TimestampSection, inData: (path: string) => string): TimestampConfig {
  return {
    url: section.url,
    caFile: inData(section.ca_file),
    intervalMs: section.interval_ms ?? 60 * MINUTE_MS,
    graceMs: section.grace_ms ?? DAY_MS,
    policy: section.policy ?? 'warn',
    authorityPolicy: section.authority_policy ?? undefined,
  };
}

function httpUrl(value: unknown, pointer: string, problems: Problem[]): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '')
    problems.push({ pointer, code: 'FORMAT', message: 'must be an http or https address' });
}
