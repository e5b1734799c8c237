import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CodedError } from '#proto';
import { listStorageKeys, type RegionStatement, verifyStatement } from '#trust';
import { CONFIG_FILE, type GatewayConfig, loadConfig, parseConfig, statementFile } from '../../config/config.ts';
import { readText } from '../files.ts';
import { readStatementText } from '../gateway-folder.ts';
import { copyMissing, countFiles, isThere, layFile, syncFile } from './backup-files.ts';
import { BACKUP_FILES, readManifest } from './manifest.ts';

const CONFIG_BYTES = 256 * 1024;

/**
 * The config of a gateway that is to be restored: its own, or the one of the backup where the folder was lost.
 *
 * @throws CodedError CONFIG_INVALID, BACKUP_INVALID
 */
export async function configToRestore(folder: string, backup: string): Promise<GatewayConfig> {
  const file = join(resolve(folder), CONFIG_FILE);
  if (await isThere(file)) return loadConfig(file);
  const from = resolve(backup);
  await readManifest(from);
  const kept = join(from, BACKUP_FILES.config);
  if (!(await isThere(kept)))
    throw new CodedError(
      'BACKUP_INVALID',
      `neither ${file} nor ${kept} is there: put the config of this gateway back; tongban init would make another gateway`,
    );
  return parseConfig(await readText(kept, CONFIG_BYTES), file);
}

/** Our own statement, or the one of the backup where it was lost. @throws CodedError BACKUP_INVALID */
export async function statementToRestore({ data, region }: GatewayConfig, from: string): Promise<RegionStatement> {
  const file = statementFile(data);
  const source = (await isThere(file)) ? file : join(from, BACKUP_FILES.statement);
  const statement = await verifyStatement(await readStatementText(source));
  if (statement.region !== region)
    throw new CodedError('BACKUP_INVALID', `${source} is of region ${statement.region}, the gateway of ${region}`);
  return statement;
}

/**
 * Looks whether the keys are there, or in the backup, with the storage key that its database needs.
 *
 * @param storageKey its id; undefined when nothing is encrypted
 * @throws CodedError KEY_MISSING, which says what to put back where
 */
export async function demandKeys(directory: string, from: string, storageKey: string | undefined): Promise<void> {
  const inBackup = join(from, BACKUP_FILES.keys);
  const source = (await isEmpty(directory)) ? inBackup : directory;
  if (await isEmpty(source))
    throw new CodedError(
      'KEY_MISSING',
      `there are no keys in ${directory}, and the backup has none: put the newest copy of that folder back there, then restore ` +
        'again; tongban init would make another identity, which no peer knows',
    );
  if (storageKey === undefined || (await listStorageKeys(source)).some(({ id }) => id === storageKey)) return;
  throw new CodedError(
    'KEY_MISSING',
    `the backup is encrypted under the storage key ${storageKey}, which is not in ${source}: put storage-${storageKey}.json ` +
      `from your newest copy of the keys into ${directory}, then restore again`,
  );
}

/**
 * Puts what a lost folder needs besides its data in place: keys, statement, config. What is there stays as it is.
 *
 * @param now milliseconds
 * @returns what was put back
 */
export async function layFolder({ file, data, keys }: GatewayConfig, from: string, now: number): Promise<string[]> {
  const laid: string[] = [];
  if (await layKeys(join(from, BACKUP_FILES.keys), keys.directory, now)) laid.push(keys.directory);
  const statement = statementFile(data);
  if (await layFile(join(from, BACKUP_FILES.statement), statement)) laid.push(statement);
  if (await layFile(join(from, BACKUP_FILES.config), file)) laid.push(file);
  return laid;
}

/** All keys or none: a folder of some is no key folder. */
async function layKeys(from: string, directory: string, now: number): Promise<boolean> {
  if (!(await isEmpty(directory))) return false;
  const staging = `${directory}.restored-${now}`;
  try {
    await mkdir(staging, { recursive: true, mode: 0o700 });
    await copyMissing(from, staging);
    await rename(staging, directory);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  await syncFile(dirname(directory));
  return true;
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await countFiles(folder)).files === 0;
}
