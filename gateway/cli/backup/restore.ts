import { copyFile, link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CodedError } from '#proto';
import { archivedRecords } from '../../archive/archived-records.ts';
import { sealingStatus } from '../../at-rest/status.ts';
import type { GatewayConfig } from '../../config/config.ts';
import { findGateway } from '../../config/run-file.ts';
import { verifyLog } from '../../evidence/verify-log.ts';
import { markRestored } from '../../recovery/mark-restored.ts';
import { MIGRATIONS } from '../../store/migrations/migrations.ts';
import { type Environment, openStore } from '../../store/open-store.ts';
import { settleSqlite } from '../../store/sqlite/sqlite-copy.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import { copyMissing, countFiles, isThere, syncFile } from './backup-files.ts';
import { demandVolumes, layVolumes } from './backup-volumes.ts';
import { BACKUP_FILES, type BackupManifest, readManifest, sha256Of } from './manifest.ts';
import { demandKeys, layFolder, statementToRestore } from './restore-folder.ts';

/** What a restore did. */
export interface Restored {
  readonly manifest: BackupManifest;
  /** Where the database that was there before is kept; absent when there was none. */
  readonly replaced?: string;
  /** What was gone and is back besides the data: key folder, statement, config. */
  readonly laid: readonly string[];
}

/**
 * Puts a backup in the place of the database of a gateway that does not run, and marks it as restored. Everything is
 * checked on a copy first; the database that was there is kept aside, and of all else only what is gone is added.
 *
 * @param config of the gateway, or what `configToRestore` found
 * @param now milliseconds
 * @throws CodedError STORE_IN_USE, BACKUP_INVALID, STORE_VERSION, LOG_CORRUPT when its evidence log does not verify,
 *   KEY_MISSING, ARCHIVE_INVALID, VALIDATION_FAILED for a database that is not a SQLite file
 */
export async function restoreGateway(config: GatewayConfig, backup: string, now: number): Promise<Restored> {
  const { store, data } = config;
  if (store.kind !== 'sqlite')
    throw new CodedError('VALIDATION_FAILED', 'restore PostgreSQL by its own tools, then run: tongban store restored');
  await demandStopped(config);
  const from = resolve(backup);
  const manifest = await readManifest(from);
  await demandWhole(from, manifest, config.region);
  const fresh = `${store.path}.restored-${now}`;
  try {
    await mkdir(dirname(store.path), { recursive: true, mode: 0o700 });
    await copyFile(join(from, BACKUP_FILES.database), fresh);
    await prepare(config, { from, fresh, volumes: manifest.volumes, now });
    await copyMissing(join(from, BACKUP_FILES.materials), join(data, BACKUP_FILES.materials));
    const laid = await layFolder(config, from, now);
    const replaced = await replace(store.path, fresh, join(data, `replaced-${now}`));
    return { manifest, laid, ...(replaced !== undefined && { replaced }) };
  } finally {
    for (const end of ENDS) await rm(`${fresh}${end}`, { force: true });
  }
}

/**
 * Marks a database as restored that was brought back by other means, such as the tools of PostgreSQL.
 *
 * @param now milliseconds
 * @throws CodedError STORE_IN_USE while a gateway uses it
 */
export async function declareRestored(config: GatewayConfig, environment: Environment, now: number): Promise<void> {
  await demandStopped(config);
  const store = await openStore(config.store, environment, 'tongban store restored');
  try {
    await markRestored(store, now);
  } finally {
    await store.close();
  }
}

/** A database file, and what SQLite may have beside it. */
const ENDS = ['', '-wal', '-shm'] as const;

async function demandStopped({ data, replica }: GatewayConfig): Promise<void> {
  const running = await findGateway(data, replica?.name).catch(() => undefined);
  if (running) throw new CodedError('STORE_IN_USE', `the gateway runs (process ${running.pid}): stop it first`);
}

async function demandWhole(folder: string, manifest: BackupManifest, region: string): Promise<void> {
  if (manifest.region !== region)
    throw new CodedError('BACKUP_INVALID', `the backup is of region ${manifest.region}, the gateway of ${region}`);
  if (manifest.version > MIGRATIONS.length) throw new CodedError('STORE_VERSION');
  const database = join(folder, BACKUP_FILES.database);
  const found = await stat(database).catch(() => undefined);
  if (found?.size !== manifest.bytes || (await sha256Of(database)) !== manifest.sha256)
    throw new CodedError('BACKUP_INVALID', `${database} is not the file that was backed up`);
  const { files, bytes } = await countFiles(join(folder, BACKUP_FILES.materials));
  if (files !== manifest.material_files || bytes !== manifest.material_bytes)
    throw new CodedError(
      'BACKUP_INVALID',
      `the backup has ${files} files of materials (${bytes} bytes), and should have ${manifest.material_files}`,
    );
}

interface Candidate {
  /** Folder of the backup. */
  readonly from: string;
  /** The copy of its database. */
  readonly fresh: string;
  /** Volumes that the backup has. */
  readonly volumes: number;
  /** Milliseconds. */
  readonly now: number;
}

/** Brings the copy up to date, rechecks it with its keys, volumes and evidence log, and marks it. @throws CodedError */
async function prepare(config: GatewayConfig, { from, fresh, volumes, now }: Candidate): Promise<void> {
  const { keys, archive } = config;
  const statement = await statementToRestore(config, from);
  const inBackup = join(from, BACKUP_FILES.volumes);
  const store = await openSqliteStore(fresh);
  try {
    await demandKeys(keys.directory, from, (await sealingStatus(store.read)).storageKey);
    await demandVolumes(store.read, inBackup, volumes, archive.folder);
    const archived = archivedRecords([inBackup, archive.folder], statement);
    const { faults } = await verifyLog(store.read, statement, [], archived, now);
    // What peers held against this log before, the new epoch answers.
    const first = faults.find(({ where }) => !where.startsWith('log_alarm/'));
    if (first)
      throw new CodedError('LOG_CORRUPT', `the log in the backup does not verify: ${first.where}: ${first.message}`);
    await layVolumes(store.read, inBackup, archive.folder);
    await markRestored(store, now);
  } finally {
    await store.close();
  }
  settleSqlite(fresh);
}

/** One step puts the new file in place: whoever dies before or after it leaves a whole database. */
async function replace(path: string, fresh: string, aside: string): Promise<string | undefined> {
  const isReplaced = await isThere(path);
  if (isReplaced) {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    for (const end of ['-wal', '-shm'])
      await rename(`${path}${end}`, join(aside, `${basename(path)}${end}`)).catch(ignoreAbsent);
    await link(path, join(aside, basename(path)));
    await syncFile(aside);
  }
  await syncFile(fresh);
  await rename(fresh, path);
  await syncFile(dirname(path));
  return isReplaced ? aside : undefined;
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
