import { Worker } from 'node:worker_threads';
import { CodedError } from '#proto';
import type { DocumentReport, signerOfPdf } from '#trust';

/** What the thread is given. */
export interface FileTask {
  readonly bytes: Uint8Array;
  /** PEM of the trust list for departments' own files; empty for none. */
  readonly trust: string;
  /** DER of lists of revoked certificates, in memory that the threads share. */
  readonly revocationLists?: readonly Uint8Array[];
  /** Milliseconds. */
  readonly now: number;
}

/** What the thread found out. */
export interface FileThreadResult {
  readonly report: DocumentReport;
  /** The key of the PDF's signature; undefined for any file that is not as regions sign their PDFs. */
  readonly signer: Awaited<ReturnType<typeof signerOfPdf>> | undefined;
}

/** Milliseconds and megabytes of heap that one file of a stranger may take; what it unpacks to is bounded by itself. */
const LIMIT_MS = 15_000;
const MEMORY_MB = 256;
const THREAD = new URL('./file-thread.ts', import.meta.url);

/**
 * Examines a file that anybody sent, in a thread of its own, apart from the one in which our windows' files are examined:
 * nobody outside makes them wait.
 *
 * @param thread what runs in it
 * @throws CodedError VALIDATION_FAILED when it takes too long or too much memory, or the thread ends without an answer
 */
export function examineFile(given: FileTask, thread: URL = THREAD): Promise<FileThreadResult> {
  // A copy that can be handed over: pieces of Node's shared pool cannot.
  const task: FileTask = { ...given, bytes: new Uint8Array(given.bytes) };
  const worker = new Worker(thread, {
    workerData: task,
    transferList: [task.bytes.buffer as ArrayBuffer],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  return new Promise<FileThreadResult>((resolve, reject) => {
    const giveUp = (cause?: unknown) =>
      reject(new CodedError('VALIDATION_FAILED', 'the file takes too much time or memory to examine', [], { cause }));
    const timer = setTimeout(giveUp, LIMIT_MS);
    worker.once('message', resolve);
    worker.once('error', giveUp);
    worker.once('exit', () => {
      clearTimeout(timer);
      // After an answer or an error this changes nothing; both come before.
      giveUp();
    });
  }).finally(() => void worker.terminate());
}
