import { Worker } from 'node:worker_threads';
import { CodedError, type ErrorCode } from '#proto';
import type { Copy } from './copy.ts';
import { refused } from './fault.ts';
import { COPY_LIMITS } from './limits.ts';
import type { CopyWords } from './words.ts';

/** What the thread is given. */
export interface CopyTask {
  readonly bytes: Uint8Array;
  readonly words: CopyWords;
}

/** What comes back: the copy, or why there is none. */
export type CopyAnswer = Copy | { readonly code: ErrorCode; readonly message: string };

/**
 * Makes a copy in a thread of its own: whoever made the file also chose how long that takes, and a gateway must go on
 * meanwhile.
 *
 * @param limitMs milliseconds after which it is given up
 * @throws CodedError WATERMARK_UNSUPPORTED, WATERMARK_REFUSED, also when it takes too long or too much memory
 */
export function copyInThread({ bytes, words }: CopyTask, limitMs: number): Promise<Copy> {
  // A copy that can be handed over: pieces of Node's shared pool cannot.
  const own = new Uint8Array(bytes);
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./copy-thread.ts', import.meta.url), {
      workerData: { bytes: own, words } satisfies CopyTask,
      transferList: [own.buffer],
      resourceLimits: { maxOldGenerationSizeMb: COPY_LIMITS.heapMegabytes },
      // What the library says of a malformed file belongs into nobody's log.
      stdout: true,
      stderr: true,
    });
    worker.stdout.resume();
    worker.stderr.resume();
    const giveUp = (cause?: unknown) => {
      clearTimeout(timer);
      void worker.terminate();
      reject(refused('the file takes too much time or memory to copy', cause));
    };
    const timer = setTimeout(giveUp, limitMs);
    worker.once('message', (answer: CopyAnswer) => {
      clearTimeout(timer);
      if ('code' in answer) reject(new CodedError(answer.code, answer.message));
      else resolve(answer);
    });
    worker.once('error', giveUp);
  });
}
