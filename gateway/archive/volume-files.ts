import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { CodedError } from '#proto';
import { linesOf } from '#trust';

/** Ending of a volume's file. */
const ENDING = '.ndjson.gz';
const NAME = /^\d{6,}\.ndjson\.gz$/;

/** File of a volume (归档卷) in its folder. */
export function volumeFile(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(6, '0')}${ENDING}`);
}

/** Numbers of the volumes in a folder, in order. @throws CodedError NOT_FOUND when there is no such folder */
export async function volumesIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new CodedError('NOT_FOUND', `cannot read the folder of the archive ${folder} (${error.code})`);
  });
  return names
    .filter((name) => NAME.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

/**
 * Writes the lines of a volume into a file that appears under its name whole or not at all, and that nobody writes
 * again.
 *
 * @param check reads the finished file before it gets its name
 * @throws CodedError CONFLICT when there is a volume with this number
 */
export async function writeVolumeFile(
  folder: string,
  number: number,
  lines: AsyncIterable<string>,
  check: (path: string) => Promise<unknown>,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = volumeFile(folder, number);
  const part = `${path}.part`;
  // What a crash left of an earlier try.
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600);
  try {
    await pipeline(Readable.from(lines), createGzip(), file.createWriteStream({ flush: true }));
    await check(part);
    await chmod(part, 0o400);
    await link(part, path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? new CodedError('CONFLICT', `there is a volume ${number} already`) : error;
    });
  } finally {
    await rm(part, { force: true });
  }
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}

/** The lines of a volume. @throws VerificationError ARCHIVE_INVALID, NOT_FOUND when there is no such file */
export async function* volumeLines(path: string): AsyncGenerator<string, void> {
  const source = createReadStream(path);
  const unpacked = createGunzip();
  // What goes wrong below shows where the lines are read.
  source.on('error', (error) => unpacked.destroy(error));
  try {
    yield* linesOf(source.pipe(unpacked));
  } catch (error) {
    throw asCoded(error, path);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

/** SHA-256 of a volume's file, and its bytes. @throws CodedError NOT_FOUND */
export async function digestOfFile(path: string): Promise<{ digest: Buffer; size: number }> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return { digest: hash.digest(), size: (await stat(path)).size };
  } catch (error) {
    throw asCoded(error, path);
  }
}

/** Whether there is a file of a volume. */
export async function hasVolume(folder: string, number: number): Promise<boolean> {
  return stat(volumeFile(folder, number)).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

function asCoded(error: unknown, path: string): unknown {
  if (error instanceof CodedError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new CodedError('NOT_FOUND', `there is no volume ${path}`);
  return code.startsWith('Z_') ? new CodedError('ARCHIVE_INVALID', `${path} is not whole gzip (${code})`) : error;
}
