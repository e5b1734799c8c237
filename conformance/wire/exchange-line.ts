import type { ClientDuplexStream, StatusObject } from '@grpc/grpc-js';
import type { messages } from '#proto';
import { Deviation, say } from '../finding.ts';
import { type CallEnd, CallEnded, callEndOf } from './call-end.ts';

/** What is sent: a frame, or bytes that need not be one. */
export type OutgoingFrame = object | Buffer;

/** Milliseconds that a peer may take for one answer. */
export const ANSWER_MS = 15_000;

/** Milliseconds that a peer may take to end a stream that we ended. */
const CLOSE_MS = 2_000;

/** One Exchange stream from the sender's side, frame by frame. Must be closed by the caller. */
export class ExchangeLine {
  readonly #call: ClientDuplexStream<OutgoingFrame, messages.ExchangeResponse>;
  readonly #frames: messages.ExchangeResponse[] = [];
  #end: CallEnd | undefined;
  #onChange: () => void = () => {};

  constructor(call: ClientDuplexStream<OutgoingFrame, messages.ExchangeResponse>) {
    this.#call = call;
    call.on('data', (frame: messages.ExchangeResponse) => {
      this.#frames.push(frame);
      this.#onChange();
    });
    call.on('status', (status: StatusObject) => {
      this.#end = callEndOf(status);
      this.#onChange();
    });
    // The status says the same.
    call.on('error', () => {});
  }

  /** Sends a frame, or any bytes in the place of one. */
  send(frame: OutgoingFrame): void {
    this.#call.write(frame);
  }

  /**
   * The next frame.
   *
   * @throws CallEnded when the stream ended instead, Deviation when nothing came
   */
  next(): Promise<messages.ExchangeResponse> {
    return this.#wait(() => {
      const frame = this.#frames.shift();
      if (!frame && this.#end) throw new CallEnded(this.#end);
      return frame;
    });
  }

  /** Ends our side and waits until the call is over. @returns frames that nobody waited for */
  async close(): Promise<readonly messages.ExchangeResponse[]> {
    this.#call.end();
    await this.#wait(() => this.#end, CLOSE_MS).catch(() => this.#call.cancel());
    return this.#frames.splice(0);
  }

  async #wait<T>(look: () => T | undefined, withinMs: number = ANSWER_MS): Promise<T> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#onChange();
    }, withinMs);
    try {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (late) throw new Deviation(say('对端在 15 秒内没有应答', 'the peer did not answer within 15 s'));
        await new Promise<void>((resolve) => {
          this.#onChange = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
