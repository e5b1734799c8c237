import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MIB = 1024 * 1024;

/** A disk of its own for one folder, small enough to be filled. Must be removed by the caller. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Mounts it. @throws Error where that is not allowed */
  static async mount(folder: string, mebibytes: number): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0755`, 'tmpfs', folder]);
    return new SmallDisk(folder);
  }

  /** Takes all the room that is left. */
  async fill(): Promise<void> {
    for (let n = 0; ; n += 1) {
      const { bavail, bsize } = await statfs(this.folder);
      const left = bavail * bsize;
      if (left === 0 || n === 1000) return;
      // Others may take room meanwhile, and what was written of a file stays.
      await writeFile(this.#ballast(n), Buffer.alloc(Math.min(left, 16 * MIB))).catch(() => {});
    }
  }

  /** Gives the room back. */
  async free(): Promise<void> {
    for (let n = 0; n < 1000; n += 1) {
      const { length } = await rm(this.#ballast(n)).then(
        () => ({ length: 1 }),
        () => ({ length: 0 }),
      );
      if (length === 0) return;
    }
  }

  async remove(): Promise<void> {
    await run('umount', ['-l', this.folder]);
  }

  #ballast(n: number): string {
    return join(this.folder, `.ballast-${n}`);
  }
}

/**
 * Where no disk can be mounted: no file of a process grows beyond so many bytes; every process ignores the signal that
 * comes with it, so that writing fails (EFBIG).
 *
 * @param bytes 'unlimited' lifts it
 */
export async function limitFiles(pid: number, bytes: number | 'unlimited'): Promise<void> {
  await run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}
