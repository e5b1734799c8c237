import { Worker } from 'node:worker_threads';
import { CodedError } from '#proto';
import type { DocumentReport } from './report.ts';

/** Megabytes that an examination may take, beside the file itself. */
const MEMORY_MB = 512;

/** What the thread is given. */
export interface ThreadTask {
  readonly bytes: Uint8Array;
  /** PEM of the trust list; empty for none. */
  readonly trust: string;
  /** DER of lists of revoked certificates, in memory that the threads share. */
  readonly revocationLists?: readonly Uint8Array[];
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Examines a document in a thread of its own: whoever made the file also chose how long that takes, and a gateway must go
 * on meanwhile.
 *
 * @param limitMs milliseconds after which it is given up
 * @param stop gives it up at once
 * @throws CodedError VALIDATION_FAILED when it takes too long or too much memory, SHUTTING_DOWN when it was stopped
 */
export function examineInThread(task: ThreadTask, limitMs: number, stop?: AbortSignal): Promise<DocumentReport> {
  if (stop?.aborted) return Promise.reject(new CodedError('SHUTTING_DOWN'));
  // A copy that can be handed over: pieces of Node's shared pool cannot.
  const workerData: ThreadTask = { ...task, bytes: new Uint8Array(task.bytes) };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./examine-thread.ts', import.meta.url), {
      workerData,
      transferList: [workerData.bytes.buffer as ArrayBuffer],
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    const end = (error: CodedError) => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', stopped);
      void worker.terminate();
      reject(error);
    };
    const giveUp = (cause?: unknown) =>
      end(new CodedError('VALIDATION_FAILED', 'the document takes too much time or memory to examine', [], { cause }));
    const stopped = () => end(new CodedError('SHUTTING_DOWN'));
    const timer = setTimeout(giveUp, limitMs);
    stop?.addEventListener('abort', stopped);
    worker.once('message', (report: DocumentReport) => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', stopped);
      resolve(report);
    });
    worker.once('error', giveUp);
  });
}
