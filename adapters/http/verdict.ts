import { PlatformError } from '../adapter.ts';
import type { PostAnswer } from './post.ts';

/** Longest wait that a platform can ask for, in ms: one that errs must not silence the gateway for ever. */
const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/** Answers of the 4xx range that say nothing about the event (RFC 9110 section 15.5.9, RFC 6585 section 4). */
const RETRYABLE_4XX: ReadonlySet<number> = new Set([408, 429]);

/**
 * What an answer means for the delivery.
 *
 * @param nowMs to read a Retry-After that names a date, in ms since 1970
 * @param what the request was about
 * @returns undefined when the platform has the event
 */
export function verdict(host: string, answer: PostAnswer, nowMs: number, what = 'event'): PlatformError | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 400 && status < 500 && !RETRYABLE_4XX.has(status))
    return new PlatformError(false, `the platform at ${host} refuses the ${what} for good: it answered ${status}`);
  const retryAfterMs = readRetryAfter(answer.retryAfter, nowMs);
  const detail = `the platform at ${host} did not take or give the ${what}: it answered ${status}`;
  return new PlatformError(true, detail, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/**
 * Retry-After in ms: seconds or an HTTP date (RFC 9110 section 10.2.3). Anything else counts as absent; `Date.parse`
 * alone would take "-5" for a date.
 */
function readRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const date = value.endsWith(' GMT') ? Date.parse(value) : Number.NaN;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : date - nowMs;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), MAX_RETRY_AFTER_MS);
}
