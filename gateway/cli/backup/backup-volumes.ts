import { copyFile, mkdir, rm } from 'node:fs/promises';
import { CodedError } from '#proto';
import { archiveTable, type Volume } from '../../archive/archive-table.ts';
import { digestOfFile, hasVolume, volumeFile } from '../../archive/volume-files.ts';
import type { Reader } from '../../store/store.ts';
import { layFile, syncFile } from './backup-files.ts';

/** Volumes of the archive (归档卷) that a backup has, and those of its database that it could not get. */
export interface CopiedVolumes {
  readonly volumes: number;
  readonly volumes_missing: number;
}

/**
 * Copies every volume that a database knows into a folder. One that is not in its place, or not as it was closed, is
 * counted: no backup at all would be worse.
 *
 * @param read the database of the backup
 */
export async function copyVolumes(read: Reader, from: string, to: string): Promise<CopiedVolumes> {
  const counts = { volumes: 0, volumes_missing: 0 };
  for await (const { number, digest } of volumesOf(read)) {
    const target = volumeFile(to, number);
    if (await hasVolume(from, number)) {
      await mkdir(to, { recursive: true, mode: 0o700 });
      await copyFile(volumeFile(from, number), target);
      await syncFile(target);
      if ((await digestOfFile(target)).digest.equals(digest)) {
        counts.volumes += 1;
        continue;
      }
      await rm(target, { force: true });
    }
    counts.volumes_missing += 1;
  }
  return counts;
}

/**
 * Compares the volumes of a backup, and those that are still in the folder of the archive, with the database of the backup.
 *
 * @param count volumes that the backup should have
 * @throws CodedError BACKUP_INVALID, ARCHIVE_INVALID when the folder of the archive has another file under the same name
 */
export async function demandVolumes(read: Reader, from: string, count: number, archive: string): Promise<void> {
  let found = 0;
  for await (const volume of volumesOf(read)) {
    if (!(await hasVolume(from, volume.number))) continue;
    found += 1;
    if (!(await isClosedAs(from, volume)))
      throw new CodedError('BACKUP_INVALID', `volume ${volume.number} of the backup is not the file that was closed`);
    if ((await hasVolume(archive, volume.number)) && !(await isClosedAs(archive, volume)))
      throw new CodedError(
        'ARCHIVE_INVALID',
        `${volumeFile(archive, volume.number)} is not the file that was closed: move it away, the backup has the right one`,
      );
  }
  if (found !== count)
    throw new CodedError('BACKUP_INVALID', `the backup has ${found} volumes of the archive, and should have ${count}`);
}

/** Puts volumes of a backup where there are none. */
export async function layVolumes(read: Reader, from: string, archive: string): Promise<void> {
  for await (const { number } of volumesOf(read))
    if (await hasVolume(from, number)) await layFile(volumeFile(from, number), volumeFile(archive, number));
}

async function isClosedAs(folder: string, { number, digest }: Volume): Promise<boolean> {
  return (await digestOfFile(volumeFile(folder, number))).digest.equals(digest);
}

/** Newest first. */
async function* volumesOf(read: Reader): AsyncGenerator<Volume> {
  if (!(await read.hasTable('archive_volume'))) return;
  let before: number | undefined;
  for (;;) {
    const page = await archiveTable.volumes(read, PAGE, before);
    yield* page;
    before = page.at(-1)?.number;
    if (page.length < PAGE) return;
  }
}

const PAGE = 100;
