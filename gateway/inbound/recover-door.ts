import type { ServerWritableStream } from '@grpc/grpc-js';
import { CodedError, type ErrorCode, type messages } from '#proto';
import type { Clock, RegionStatement } from '#trust';
import { Pace } from '../evidence/witness/pace.ts';
import { drained } from './drained.ts';
import { codeOf, statusOf } from './grpc-status.ts';

/** Requests of one peer in a minute: one that breaks off is tried again. */
const RECOVERS_A_MINUTE = 6;

export interface RecoverDoorOptions {
  readonly clock: Clock;
  /** What was exchanged with a peer since a moment (ms), as frames. */
  readonly giveBack: (peer: RegionStatement, since: number) => AsyncIterable<object>;
  readonly onUnexpected: (error: unknown) => void;
  /** Counts calls that end with a code. */
  readonly onRefusedCall: (code: ErrorCode) => void;
}

/** Gives a peer back what its store has lost: its own envelopes and those that it received, one answer at a time. */
export class RecoverDoor {
  readonly #options: RecoverDoorOptions;
  readonly #pace: Pace;
  readonly #serving = new Set<string>();

  constructor(options: RecoverDoorOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock, RECOVERS_A_MINUTE);
  }

  /**
   * Serves a call to its end.
   *
   * @param caller the pinned region that called, looked up anew for every frame; throws PEER_UNKNOWN
   */
  serve(call: ServerWritableStream<messages.RecoverRequest, object>, caller: () => RegionStatement): void {
    this.#answer(call, caller).catch((error: unknown) => {
      if (!(error instanceof CodedError) && !call.cancelled) this.#options.onUnexpected(error);
      this.#options.onRefusedCall(codeOf(error));
      if (!call.cancelled) call.emit('error', statusOf(error));
    });
  }

  async #answer(
    call: ServerWritableStream<messages.RecoverRequest, object>,
    caller: () => RegionStatement,
  ): Promise<void> {
    const peer = caller();
    const { region } = peer;
    if (this.#serving.has(region) || !this.#pace.allows(region)) throw new CodedError('BACK_PRESSURE');
    this.#serving.add(region);
    try {
      for await (const frame of this.#options.giveBack(peer, call.request.since)) {
        if (call.cancelled) return;
        caller();
        if (!call.write(frame)) await drained(call);
      }
      call.end();
    } finally {
      this.#serving.delete(region);
    }
  }
}
