import type { Readable } from 'node:stream';
import { CodedError, type ErrorCode, type Problem } from '#proto';
import type { CreditSource } from './credit.ts';
import type { Locker } from './services/locker.ts';
import type { ParcelTracker } from './services/parcels.ts';
import type { RatingPlatform } from './services/rating.ts';
import type { SmsSender } from './services/sms.ts';
import type { Supervision } from './services/supervision.ts';

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
 * a time, several subjects at once only where `atOnce` says so, and never delivers one event twice at once. In return an
 * implementation
 * - resolves only when the platform has the event durably, as far as the platform can say;
 * - may be called again with an event that arrived before (at least once), and then changes nothing at the platform, or
 *   lets the platform recognise the repetition by `id`;
 * - keeps nothing between calls that a restart would lose;
 * - stops soon after `signal` aborts and then rejects as retryable, because nobody knows whether the event arrived.
 */
export interface DeliverySink {
  /** Subjects of which it takes events side by side; one unless told. */
  readonly atOnce?: number;
  /** @throws PlatformError, and nothing else */
  deliver(event: PlatformEvent, signal: AbortSignal): Promise<void>;
  /** When it may be called next, in ms since 1970: some are left alone at certain hours. At any time when it is absent. */
  opensAt?(now: number): number;
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

/** A case by one of its names; `reference` is the platform's own number (平台办件号), bound when either side first said it. */
export type CaseReference =
  | { readonly conversation: string }
  | { readonly number: string }
  | { readonly reference: string };

/** One file that belongs to a submission. */
export interface SubmissionFile {
  /** The name that people see, not a path. */
  readonly name: string;
  readonly mediaType: string;
  /**
   * The bytes, from the beginning on every call, until `submit` settles.
   *
   * @throws PlatformError when the file cannot be had now, or never
   */
  open(signal: AbortSignal): Promise<Readable>;
}

/** One thing that a platform wants done (交办). */
export type Wish =
  | {
      readonly do: 'open';
      /** The platform's own number for the case. */
      readonly reference?: string;
      /** The same JSON as the body of `POST /v1/cases`, not yet checked. */
      readonly body: unknown;
      readonly files: readonly SubmissionFile[];
    }
  | {
      readonly do: 'act';
      readonly case: CaseReference;
      /** Bound to the case with the act, so that the platform may use its own number from then on. */
      readonly reference?: string;
      /** Name of an act of `POST /v1/cases/:key/acts`, and its data; neither is checked yet. */
      readonly act: string;
      readonly data: unknown;
      /** Become materials of the case before the act. */
      readonly files: readonly SubmissionFile[];
    }
  | {
      readonly do: 'note';
      readonly case: CaseReference;
      readonly reference?: string;
      /** Name of a note of `POST /v1/cases/:key/notes`, and its data; neither is checked yet. */
      readonly note: string;
      readonly data: unknown;
    };

/** What a platform hands in at once: one row, one file, one message. */
export interface Submission {
  /** Idempotency key: the same for the same submission, also after a restart. At most 64 characters. */
  readonly key: string;
  /** JSON value in the platform's own words, at most 1 MiB: kept when it is refused, so that it can be taken again. */
  readonly document: unknown;
  /** What is to be done, in this order; empty when there is nothing to do, or when there are problems. */
  readonly wishes: readonly Wish[];
  /** Why the document cannot be understood, by pointer within it; the gateway then parks it (`MAPPING_FAILED`). */
  readonly problems: readonly Problem[];
}

export interface TakenOutcome {
  readonly ok: true;
  /** Of the last wish; empty when there was none, as is `caseNumber`. */
  readonly conversation: string;
  readonly caseNumber: string;
}

export type SubmissionOutcome =
  | TakenOutcome
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly problems: readonly Problem[];
    };

/**
 * Takes a submission. Called again with the same key it changes nothing and answers with the outcome of the first time;
 * the wishes of one submission are done in order, and those that were done before an interruption are not done again.
 * An outcome whose code is retryable in the registry, or a rejection, means that nothing more was decided.
 * A final refusal is parked with its document and its reasons, durably, before it is answered.
 */
export type Submit = (submission: Submission, signal: AbortSignal) => Promise<SubmissionOutcome>;

/**
 * Port in: takes submissions from one platform.
 *
 * An implementation
 * - calls `submit` with one submission of a case at a time, in an order it documents; with several cases at once only
 *   through `Lanes`, which bounds how many;
 * - lets go of a submission only after a final outcome, and tells the platform that outcome;
 * - offers it again, under the same key, after a retryable outcome and after a restart;
 * - never lets one bad submission hold up the others.
 */
export interface SubmissionSource {
  /** Begins to take submissions. Called at most once. Rejects when the platform cannot be watched at all. */
  start(submit: Submit): Promise<void>;
  /** Aborts the signal of a running `submit`, waits until it settled, and then takes nothing more. */
  stop(): Promise<void>;
  /**
   * Understands a document that was parked anew, with the mapping as it is now, and opens its files at the platform. Absent
   * where the platform has to hand it in again.
   */
  again?(key: string, document: unknown): Promise<Submission>;
  /**
   * Tells the platform that what was refused before has been taken after all, because an operator tried it again. Changes
   * nothing where the platform has changed it since. Called at most once and never again: a platform that is away misses
   * it. Absent where there is nobody to tell.
   */
  told?(key: string, document: unknown, outcome: TakenOutcome): Promise<void>;
}

/** A record that a platform pushed, with the proof that it did. */
export interface PushedRecord {
  /**
   * Hands it in by the `submit` of the source and waits for the outcome. After a retryable one the platform has to push it
   * again; what is pushed twice has the same key.
   */
  submit(): Promise<SubmissionOutcome>;
  /** What the platform is answered, in a protocol of its own; absent where the gateway answers in JSON. */
  answer?(outcome: SubmissionOutcome): PushedAnswer;
}

export interface PushedAnswer {
  /** Status of HTTP. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Port for pushes (推送): takes what a platform itself sends to `POST /hooks/:platform`. Belongs to a source, which says
 * where to hand it in: before it starts and after it stops every outcome is SHUTTING_DOWN.
 */
export interface SubmissionHook {
  /**
   * Looks at nothing of the body but its bytes before it is proven who sent them, unless the proof stands in it.
   *
   * @param request headers with lower-case names, and the exact bytes of the body
   * @returns undefined when it does not prove that the platform sent it
   */
  open(request: {
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly body: Uint8Array;
  }): Promise<PushedRecord | undefined>;
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

/** The link to one platform of the own region: a way out, a way in, answers, services, or several of these. */
export interface Adapter {
  /** A kind of the catalog. */
  readonly kind: string;
  /** What the operator calls this platform. */
  readonly name: string;
  readonly sink?: DeliverySink;
  readonly source?: SubmissionSource;
  readonly hook?: SubmissionHook;
  readonly data?: DataSource;
  readonly credit?: CreditSource;
  readonly sms?: SmsSender;
  readonly parcels?: ParcelTracker;
  readonly locker?: Locker;
  readonly rating?: RatingPlatform;
  readonly supervision?: Supervision;
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
  readonly cases: CaseDesk;
  /** Absent where nothing durable is at hand: a kind that needs it says so when it is made. */
  readonly state?: AdapterState;
}

/** One text that the gateway keeps for an adapter, such as how far it has read where it may write nothing (读取位置). */
export interface AdapterState {
  /** Undefined when nothing was ever written. */
  read(): Promise<string | undefined>;
  /** Durable when it resolves. @param text at most 64 KiB, nothing personal */
  write(text: string): Promise<void>;
}

/** What an adapter may ask of the gateway about the case of an event. Every look is recorded in the name of the platform. */
export interface CaseDesk {
  /**
   * The case in full, as JSON: what `GET /v1/cases/:key` shows whoever may see personal data, and `reference`, the
   * platform's own number if it is known. Undefined when the subject of the event is no case.
   */
  read(conversation: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Whether a material may be handed out now; no look yet. @throws CodedError as `openMaterial` does */
  demandMaterial(conversation: string, digest: string): Promise<void>;
  /** Bytes of a material of the case. @throws CodedError NOT_FOUND, MATERIAL_PARKED, MATERIAL_UNSCANNED */
  openMaterial(conversation: string, digest: string): Promise<Readable>;
  /** Remembers the platform's own number of a case, as its answer to an event said it; the first one stays. */
  bind(conversation: string, reference: string): Promise<void>;
}
