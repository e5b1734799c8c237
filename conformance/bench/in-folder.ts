import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from './children.ts';

/**
 * Does something with processes and a folder of its own, and leaves neither behind.
 *
 * @param signal ends it; everything is cleaned up all the same
 */
export async function inFolder<T>(
  signal: AbortSignal,
  work: (children: Children, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-bench-'));
  const children = new Children();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const working = work(children, folder);
  try {
    signal.throwIfAborted();
    return await Promise.race([working, aborted]);
  } finally {
    // Work that was left fails on the processes that are gone; nobody waits for it.
    working.catch(() => {});
    aborted.catch(() => {});
    await children.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
