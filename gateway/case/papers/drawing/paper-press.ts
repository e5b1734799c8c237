import { Worker } from 'node:worker_threads';
import { CodedError, type ErrorCode } from '#proto';
import type { DrawnPaper, PaperSheet } from './draw-paper.ts';

/** What comes back from the thread: the pages, or why there are none. */
export type PressAnswer = DrawnPaper | { readonly code: ErrorCode; readonly message: string };

/** Milliseconds that one notice may take, the start of the thread included. */
const LIMIT_MS = 60_000;
/** Milliseconds without work after which the thread ends: it holds the whole font in memory. */
const IDLE_MS = 60_000;
/** Notices that wait or are drawn. */
const MAX_AT_ONCE = 64;

/**
 * Draws notices in a thread of its own, one at a time, so that a gateway goes on meanwhile: each takes a tenth of a second.
 * It must be closed by the caller.
 */
export class PaperPress {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** @throws CodedError RENDITION_UNSUPPORTED when it is too long, BACK_PRESSURE when too many wait */
  async draw(sheet: PaperSheet): Promise<DrawnPaper> {
    if (this.#count >= MAX_AT_ONCE) throw new CodedError('BACK_PRESSURE', 'too many notices are being drawn');
    this.#count += 1;
    const turn = this.#turn.then(() => this.#drawNow(sheet));
    this.#turn = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#count -= 1;
    }
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#turn;
    clearTimeout(this.#idle);
    await this.#end();
  }

  async #drawNow(sheet: PaperSheet): Promise<DrawnPaper> {
    clearTimeout(this.#idle);
    const worker = this.#start();
    try {
      const answer = await asked(worker, sheet);
      if ('code' in answer) throw new CodedError(answer.code, answer.message);
      return answer;
    } catch (error) {
      if (!(error instanceof CodedError)) await this.#end();
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref();
    }
  }

  #start(): Worker {
    if (!this.#worker) {
      this.#worker = new Worker(new URL('./press-thread.ts', import.meta.url));
      this.#worker.unref();
    }
    return this.#worker;
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

/** One question to the thread. @throws Error when it ends or takes too long */
function asked(worker: Worker, sheet: PaperSheet): Promise<PressAnswer> {
  return new Promise<PressAnswer>((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      worker.off('message', answered).off('error', failed).off('exit', ended);
      act();
    };
    const answered = (answer: PressAnswer) => settle(() => resolve(answer));
    const failed = (cause: unknown) => settle(() => reject(new Error('a notice could not be drawn', { cause })));
    const ended = () => failed('the thread ended');
    const timer = setTimeout(() => failed('it took too long'), LIMIT_MS);
    worker.on('message', answered).on('error', failed).on('exit', ended);
    worker.postMessage(sheet);
  });
}
