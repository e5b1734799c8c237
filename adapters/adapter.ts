import { CodedError, type ErrorCode, type Problem } from '#proto';
import type { CreditSource } from './credit.ts';

/** Something happened to a case (办件) that a platform of the own region wants to know. */
export interface PlatformEvent {
  /** Stable: the same on every redelivery, different for every event. */
  readonly id: string;
  /** Reverse-DNS name with a version, such as `cn.tongban.case.transferred.v1`. */
  readonly type: string;
  /** Who says so, such as `urn:tongban:region:150626`. */
  readonly source: string;
  /** The conversation: the case key that both regions share. */
  readonly subject: string;
  /** When it happened, in ms since 1970. */
  readonly time: number;
  /** Order within the subject, counted from 1. */
  readonly sequence: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Port out: brings events to one platform.
 *
 * The caller keeps what is undelivered, waits between attempts, delivers the events of one subject in order and one at
 * a time, and never delivers one event twice at once. In return an implementation
 * - resolves only when the platform has the event durably, as far as the platform can say;
 * - may be called again with an event that arrived before (at least once), and then changes nothing at the platform, or
 *   lets the platform recognise the repetition by `id`;
 * - keeps nothing between calls that a restart would lose;
 * - stops soon after `signal` aborts and then rejects as retryable, because nobody knows whether the event arrived.
 */
export interface DeliverySink {
  /** @throws PlatformError, and nothing else */
  deliver(event: PlatformEvent, signal: AbortSignal): Promise<void>;
}

/**
 * The event was not delivered, or nobody knows; or a question has no answer. Its code is PLATFORM_UNREACHABLE when the
 * same can succeed later, else PLATFORM_REFUSED. Its message never holds data of the event or the question, or a secret.
 */
export class PlatformError extends CodedError {
  /** Whether the same event can succeed later without anybody changing it. */
  readonly retryable: boolean;
  /** How long the platform asks to be left alone, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(retryable: boolean, detail: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(retryable ? 'PLATFORM_UNREACHABLE' : 'PLATFORM_REFUSED', detail, [], { cause: options.cause });
    this.retryable = retryable;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** One file that belongs to a submission. */
export interface SubmissionFile {
  /** The name that people see, not a path. */
  readonly name: string;
  /** Absolute path of a regular file, readable until `submit` settles. */
  readonly path: string;
  readonly mediaType: string;
}

/** A case that a platform hands in. */
export interface Submission {
  /** Idempotency key: the same for the same submission, also after a restart. At most 64 characters. */
  readonly key: string;
  /** The same JSON as the body of `POST /v1/cases`, not yet checked. */
  readonly body: unknown;
  readonly files: readonly SubmissionFile[];
}

export type SubmissionOutcome =
  | { readonly ok: true; readonly conversation: string; readonly caseNumber: string }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly problems: readonly Problem[];
    };

/**
 * Takes a submission. Called again with the same key it changes nothing and answers with the outcome of the first time.
 * An outcome whose code is retryable in the registry, or a rejection, means that nothing was decided.
 */
export type Submit = (submission: Submission, signal: AbortSignal) => Promise<SubmissionOutcome>;

/**
 * Port in: takes submissions from one platform.
 *
 * An implementation
 * - calls `submit` with one submission at a time, in an order it documents;
 * - lets go of a submission only after a final outcome, and tells the platform that outcome;
 * - offers it again, under the same key, after a retryable outcome and after a restart;
 * - never lets one bad submission hold up the others.
 */
export interface SubmissionSource {
  /** Begins to take submissions. Called at most once. Rejects when the platform cannot be watched at all. */
  start(submit: Submit): Promise<void>;
  /** Aborts the signal of a running `submit`, waits until it settled, and then takes nothing more. */
  stop(): Promise<void>;
}

/** A question of another region to the data of ours (数据共享查询). Holds personal data. */
export interface DataQuery {
  /** Stable: the same when the same question comes again. */
  readonly id: string;
  /** Code of the region that asks. */
  readonly region: string;
  /** Code of the item for which the answer is needed. */
  readonly item: string;
  readonly kind: string;
  /** At least one, each valid for its type: text, number, date, citizen-number, social-credit-code. */
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly value: string }[];
  /** Fields that the asker needs and may be told. */
  readonly fields: readonly string[];
  readonly purpose: string;
  readonly legalBasis: string;
}

/** What a platform holds: a record, or surely none. */
export type DataFinding =
  | { readonly found: false }
  | { readonly found: true; readonly fields: Readonly<Record<string, string>> };

/**
 * Port for questions: answers what other regions may ask about the data of one platform.
 *
 * The caller has verified who asks and that the authorization permits the question, hands out nothing but the fields of
 * the query, and lets several questions run at once. In return an implementation
 * - says `found: false` only when the platform looked and holds no such record, and fails in every other case;
 * - changes nothing at the platform, which may get the same question twice;
 * - gives up within a time of its own, and soon after `signal` aborts;
 * - logs nothing of a query or a finding.
 */
export interface DataSource {
  /** Kinds of questions that it answers. */
  readonly kinds: readonly string[];
  /** @throws PlatformError, and nothing else; retryable when asking again can help */
  answer(query: DataQuery, signal: AbortSignal): Promise<DataFinding>;
}

/** The link to one platform of the own region: a way out, a way in, answers, credit checks, or several of these. */
export interface Adapter {
  /** A kind of the catalog. */
  readonly kind: string;
  /** What the operator calls this platform. */
  readonly name: string;
  readonly sink?: DeliverySink;
  readonly source?: SubmissionSource;
  readonly data?: DataSource;
  readonly credit?: CreditSource;
  /** Stops the source and frees everything. Must be called by whoever created the adapter; a second call does nothing. */
  close(): Promise<void>;
}

type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What the gateway lends to its adapters. */
export interface AdapterContext {
  /** Milliseconds since 1970. */
  now(): number;
  /** Never given personal data or secrets. */
  readonly log: { readonly info: LogLine; readonly warn: LogLine; readonly error: LogLine };
  /** Code of the own region, such as `150626`. */
  readonly region: string;
}
