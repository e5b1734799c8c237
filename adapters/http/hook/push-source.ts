import { CodedError, type ErrorCode, fields, integer, optional, type Rule } from '#proto';
import type {
  AdapterContext,
  PushedAnswer,
  PushedRecord,
  Submission,
  SubmissionHook,
  SubmissionOutcome,
  SubmissionSource,
  Submit,
} from '../../adapter.ts';
import { Lanes } from '../../lanes.ts';
import { understand } from '../../mapping/understand.ts';
import { Unreadable } from '../../unreadable.ts';
import { valueAt } from '../json.ts';
import { keyOf, keyPaths, memberPath, type RecordReader, submissionOf } from '../records.ts';
import { type HookAuthConfig, hookAuthRules, type PushedRequest, type PushProof, verifyPush } from './hook-proof.ts';
import { type PushedDocument, pushedDocument } from './pushed-document.ts';

/** What a platform may push to us. */
export interface PushConfig {
  /** Members that say which record it is; an id of the request, or the whole record, when absent. */
  readonly key?: readonly string[];
  /** Member that records of one case have in common; without it they may overtake each other. */
  readonly lane?: string;
  /** Requests that are under way side by side; more are told to come again. */
  readonly at_once?: number;
}

/** The same for JSON, and how the platform proves itself. */
export interface HookConfig extends PushConfig {
  readonly auth: HookAuthConfig;
}

/** How pushes of a kind are proven, read and answered. */
export interface PushWords {
  prove(request: PushedRequest): Promise<PushProof>;
  /** @throws Unreadable */
  read(request: PushedRequest): PushedDocument;
  /** Absent where the gateway answers. */
  answer?(request: PushedRequest, outcome: SubmissionOutcome): PushedAnswer;
}

const DEFAULT_AT_ONCE = 16;
/** Milliseconds between two lines of the log about pushes that prove nothing. */
const WARN_EVERY_MS = 60_000;
/** Characters of an idempotency key that a platform gives. */
const MAX_KEY = 256;

export const PUSH_RULES: Readonly<Record<keyof PushConfig, Rule>> = {
  key: optional(keyPaths),
  lane: optional(memberPath),
  at_once: optional(integer(1, 256)),
};

export const hookRule: Rule = fields({ auth: hookAuthRules, ...PUSH_RULES });

/** Pushes of JSON. */
export function jsonPushes({ auth }: HookConfig, context: AdapterContext): PushWords {
  return { prove: (request) => verifyPush(auth, request, context), read: pushedDocument };
}

/**
 * Takes what a platform pushes. Records of one case go one after another in the order in which their requests came, those
 * of different cases side by side.
 */
export class PushSource implements SubmissionSource, SubmissionHook {
  readonly #config: PushConfig;
  readonly #words: PushWords;
  readonly #reader: RecordReader;
  readonly #context: AdapterContext;
  readonly #atOnce: number;
  readonly #lanes: Lanes;
  readonly #stopping = new AbortController();
  #submit: Submit | undefined;
  #underWay = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(config: PushConfig, words: PushWords, reader: RecordReader, context: AdapterContext) {
    this.#config = config;
    this.#words = words;
    this.#reader = reader;
    this.#context = context;
    this.#atOnce = config.at_once ?? DEFAULT_AT_ONCE;
    this.#lanes = new Lanes(this.#atOnce);
  }

  async start(submit: Submit): Promise<void> {
    this.#submit = submit;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#lanes.idle();
  }

  again(key: string, document: unknown): Promise<Submission> {
    return understand(key, document, this.#reader.mapping, this.#reader.openFile);
  }

  async open(request: PushedRequest): Promise<PushedRecord | undefined> {
    const proof = await this.#words.prove(request);
    if (!proof.ok) {
      this.#warn(proof.reason);
      return undefined;
    }
    const words = this.#words;
    return {
      submit: () => this.#take(request, proof.id),
      ...(words.answer && { answer: (outcome) => words.answer!(request, outcome) }),
    };
  }

  async #take(request: PushedRequest, id: string | undefined): Promise<SubmissionOutcome> {
    if (!this.#submit || this.#stopping.signal.aborted) return notNow('SHUTTING_DOWN');
    if (this.#underWay >= this.#atOnce) return notNow('BACK_PRESSURE');
    this.#underWay += 1;
    try {
      const submit = this.#submit;
      const { submission, lane } = await this.#read(request, id);
      return await new Promise((resolve) => {
        void this.#lanes.add(lane ?? submission.key, async () => resolve(await this.#hand(submission, submit)));
      });
    } finally {
      this.#underWay -= 1;
    }
  }

  async #hand(submission: Submission, submit: Submit): Promise<SubmissionOutcome> {
    const { signal } = this.#stopping;
    if (signal.aborted) return notNow('SHUTTING_DOWN');
    try {
      return await submit(submission, signal);
    } catch (error) {
      if (signal.aborted) return notNow('SHUTTING_DOWN');
      const code = error instanceof CodedError ? error.code : 'INTERNAL';
      this.#context.log.warn(
        { adapter: this.#reader.platform, code },
        'a pushed record was not taken; it is to come again',
      );
      return notNow('TRY_LATER');
    }
  }

  /** What cannot be read is a submission too: it is parked with the reasons. */
  async #read(request: PushedRequest, id: string | undefined) {
    const { platform } = this.#reader;
    try {
      const { document, event } = this.#words.read(request);
      const given = request.headers['idempotency-key'];
      const isKey = typeof given === 'string' && given !== '' && given.length <= MAX_KEY;
      const name =
        id !== undefined ? ['webhook', id] : event ? ['event', ...event] : isKey ? ['key', given] : undefined;
      const submission = await submissionOf(document, { paths: this.#config.key, id: name }, this.#reader);
      return { submission, lane: this.#laneOf(document) };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const key = keyOf(platform, 'bytes', Buffer.from(request.body).toString('base64'));
      return { submission: { key, document: null, wishes: [], problems: error.problems }, lane: undefined };
    }
  }

  #laneOf(document: unknown): string | undefined {
    const value = this.#config.lane === undefined ? undefined : valueAt(document, this.#config.lane);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  }

  /** Strangers must not fill the log. */
  #warn(reason: string): void {
    const now = this.#context.now();
    if (Math.abs(now - this.#warnedAt) < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    this.#context.log.warn(
      { adapter: this.#reader.platform, code: 'UNAUTHORIZED' },
      `a push was not believed: it ${reason}`,
    );
  }
}

/** The platform pushes it again. */
function notNow(code: ErrorCode): SubmissionOutcome {
  return { ok: false, code, message: 'nothing was decided; push it again', problems: [] };
}
