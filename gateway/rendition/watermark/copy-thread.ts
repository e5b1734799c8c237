import { parentPort, workerData } from 'node:worker_threads';
import { CodedError } from '#proto';
import { COPY_LIMITS } from './limits.ts';
import type { CopyAnswer, CopyTask } from './thread.ts';

/** What runs in the thread: one file, one copy. */

/**
 * Lets nothing in this thread ask for an array beyond a bound. The library unpacks parts of a PDF when it opens it, into
 * arrays that double without end, and the memory of arrays does not count as the heap of a thread.
 */
function boundArrays(limit: number): void {
  globalThis.Uint8Array = new Proxy(Uint8Array, {
    construct(target, args: unknown[], made) {
      if (typeof args[0] === 'number' && args[0] > limit) throw new RangeError('an array would be too large');
      return Reflect.construct(target, args, made) as Uint8Array;
    },
  });
}

async function answer({ bytes, words }: CopyTask): Promise<CopyAnswer> {
  boundArrays(COPY_LIMITS.arrayBytes);
  // Only now: libraries keep the arrays that they find when they are loaded.
  const [{ makeCopy }, { openFont }] = await Promise.all([import('./copy.ts'), import('../font.ts')]);
  try {
    return await makeCopy(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), words, await openFont());
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code, message: error.message };
    throw error;
  }
}

parentPort?.postMessage(await answer(workerData as CopyTask));
