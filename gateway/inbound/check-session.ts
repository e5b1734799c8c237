import type { ServerDuplexStream } from '@grpc/grpc-js';
import { CodedError, type ErrorCode, LIMITS, type messages } from '#proto';
import type { RegionStatement } from '#trust';
import { drained } from './drained.ts';
import { codeOf, statusOf } from './grpc-status.ts';

/** A frame that answers questions of a group. */
interface AnswerFrame {
  readonly failures: readonly { readonly code: string }[];
}

export interface CheckSessionOptions {
  /** Answers a group of sealed questions, in as many frames as it takes. */
  readonly checkGroup: (peer: RegionStatement, group: messages.CheckManyRequest) => AsyncIterable<AnswerFrame>;
  readonly onUnexpected: (error: unknown) => void;
  /** Counts calls and questions that end with a code. */
  readonly onRefusedCall: (code: ErrorCode) => void;
}

type CheckCall = ServerDuplexStream<messages.CheckManyRequest, object>;

/** One stream of groups of questions of one peer: each group is answered before the next is read. */
export class CheckSession {
  readonly #call: CheckCall;
  readonly #caller: () => RegionStatement;
  readonly #options: CheckSessionOptions;
  #working: Promise<void> = Promise.resolve();
  #isEnded = false;

  /** @param caller the pinned region that called, looked up anew for every group; throws PEER_UNKNOWN */
  constructor(call: CheckCall, caller: () => RegionStatement, options: CheckSessionOptions) {
    this.#call = call;
    this.#caller = caller;
    this.#options = options;
  }

  /** Serves the stream until it ends. Never throws. */
  async run(): Promise<void> {
    try {
      // Leaving the loop must not destroy the call: its status is still to be sent.
      const groups: AsyncIterable<messages.CheckManyRequest> = this.#call.iterator({ destroyOnReturn: false });
      for await (const group of groups) {
        if (this.#isEnded) return;
        this.#working = this.#answer(group);
        await this.#working;
      }
      if (!this.#isEnded) this.#call.end();
    } catch (error) {
      if (!(error instanceof CodedError) && !this.#call.cancelled && !this.#isEnded) this.#options.onUnexpected(error);
      this.#finish(error);
    }
  }

  /** Answers the group under way and ends the stream. */
  async drain(): Promise<void> {
    await this.#working.catch(() => {});
    this.#finish(new CodedError('SHUTTING_DOWN'));
  }

  async #answer(group: messages.CheckManyRequest): Promise<void> {
    demandGroup(group);
    for await (const frame of this.#options.checkGroup(this.#caller(), group)) {
      if (this.#isEnded || this.#call.cancelled) return;
      for (const { code } of frame.failures) this.#options.onRefusedCall(code as ErrorCode);
      if (!this.#call.write(frame)) await drained(this.#call);
    }
  }

  #finish(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.onRefusedCall(codeOf(error));
    if (!this.#call.cancelled) this.#call.emit('error', statusOf(error));
  }
}

/** @throws CodedError PROTOCOL_VIOLATION for a group that is out of bounds */
function demandGroup({ questions }: messages.CheckManyRequest): void {
  const { length } = questions;
  if (length === 0 || length > LIMITS.batchEnvelopes)
    throw new CodedError('PROTOCOL_VIOLATION', 'a group holds 1 to 256 questions');
  const bytes = questions.reduce((sum, { header, payload }) => sum + header.length + payload.length, 0);
  // One question may always travel alone: its own size is judged with the envelope.
  if (length > 1 && bytes > LIMITS.batchBytes)
    throw new CodedError('PROTOCOL_VIOLATION', 'a group of questions holds at most 2 MiB');
}
