import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const BYTES = 4096;
const TIMES = 5;

/**
 * How long a small write takes to become durable in a folder, in whole milliseconds: the median of five. The file that
 * was written is gone afterwards.
 *
 * @throws errors of the file system
 */
export async function durableWriteMs(folder: string): Promise<number> {
  const path = join(folder, `.doctor-${process.pid}`);
  const handle = await open(path, 'wx', 0o600);
  const times: number[] = [];
  try {
    for (let time = 0; time < TIMES; time += 1) {
      const began = performance.now();
      await handle.write(Buffer.alloc(BYTES, time), 0, BYTES, time * BYTES);
      await handle.sync();
      times.push(performance.now() - began);
    }
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(TIMES / 2)]!);
}
