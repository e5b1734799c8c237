import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CodedError } from '#proto';
import { sealingStatus } from '../../at-rest/status.ts';
import { writeFileAtomic } from '../../config/atomic-file.ts';
import { type GatewayConfig, statementFile } from '../../config/config.ts';
import { inSnapshot } from '../../store/open-store.ts';
import { copySqlite } from '../../store/sqlite/sqlite-copy.ts';
import { sqliteStatus } from '../../store/sqlite/sqlite-status.ts';
import type { Reader } from '../../store/store.ts';
import { fileError } from '../files.ts';
import { copyMissing, syncFile } from './backup-files.ts';
import { copyVolumes } from './backup-volumes.ts';
import { BACKUP_FILES, type BackupManifest, manifestText, readManifest, sha256Of } from './manifest.ts';

export interface BackupOptions {
  /** The private keys too; without it they are not in the backup. */
  readonly withKeys: boolean;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Copies a gateway that may be running into a folder: its database as it is at one moment, checked whole, then the files
 * of its materials, the volumes of its archive, its config and its statement. The folder appears only once everything is in it.
 *
 * @param out folder that does not exist yet
 * @throws CodedError CONFLICT when it exists, NOT_FOUND without a database, BACKUP_INVALID when the copy is not sound,
 *   VALIDATION_FAILED for a database that is not a SQLite file, or when the folder cannot be written
 */
export async function backupGateway(
  config: GatewayConfig,
  out: string,
  { withKeys, now }: BackupOptions,
): Promise<BackupManifest> {
  if (config.store.kind !== 'sqlite')
    throw new CodedError('VALIDATION_FAILED', 'back a PostgreSQL database up with its own tools; see docs/store.md');
  const folder = resolve(out);
  if (await stat(folder).catch(() => undefined))
    throw new CodedError('CONFLICT', `${folder} is there already; name a folder that is not`);
  await sqliteStatusOf(config.store.path);
  const partial = `${folder}.partial-${now}`;
  try {
    await mkdir(partial, { recursive: true, mode: 0o700 });
    const database = join(partial, BACKUP_FILES.database);
    await copySqlite(config.store.path, database);
    const { version, bytes, faults } = await sqliteStatus(database);
    if (faults.length > 0) throw new CodedError('BACKUP_INVALID', `the copy is not sound: ${faults[0]}`);
    await syncFile(database);
    // After the database: no file that it names is missing then.
    const cases = join(config.data, BACKUP_FILES.materials, 'cases');
    const materials = await copyMissing(cases, join(partial, BACKUP_FILES.materials, 'cases'));
    const facts = await inSnapshot({ kind: 'sqlite', path: database }, {}, async (read) => ({
      ...(await logOf(read)),
      ...(await copyVolumes(read, config.archive.folder, join(partial, BACKUP_FILES.volumes))),
      storage_key: (await sealingStatus(read)).storageKey ?? '',
    }));
    await copyFile(config.file, join(partial, BACKUP_FILES.config));
    await copyFile(statementFile(config.data), join(partial, BACKUP_FILES.statement));
    if (withKeys) await copyMissing(config.keys.directory, join(partial, BACKUP_FILES.keys));
    const manifest = manifestText({
      region: config.region,
      version,
      taken_at: now,
      ...facts,
      sha256: await sha256Of(database),
      bytes,
      material_files: materials.files,
      material_bytes: materials.bytes,
    });
    await writeFileAtomic(join(partial, BACKUP_FILES.manifest), manifest, 0o600);
    await rename(partial, folder);
    await syncFile(dirname(folder));
    return await readManifest(folder);
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('write', folder, error);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Fails with a clear word where there is nothing to copy. */
async function sqliteStatusOf(path: string): Promise<void> {
  if (!(await stat(path).catch(() => undefined)))
    throw new CodedError('NOT_FOUND', `there is no database at ${path}; has the gateway ever been started?`);
}

async function logOf(read: Reader): Promise<Pick<BackupManifest, 'epoch' | 'size' | 'checkpoint'>> {
  const state = await read.get<{ epoch: number; size: number; checkpoint: string }>(
    'SELECT epoch, size, checkpoint FROM log_state WHERE id = 1',
  );
  return state ?? { epoch: 1, size: 0, checkpoint: '' };
}
