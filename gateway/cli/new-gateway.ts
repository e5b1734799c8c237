import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import {
  createFileKeyStore,
  createStorageKey,
  issueOwnStatement,
  type RegionStatement,
  type SuiteName,
  verifyStatement,
} from '#trust';
import { createApiKey } from '../api/token.ts';
import { CONFIG_FILE, statementFile } from '../config/config.ts';
import { type ConfigValues, writeConfig } from '../config/write-config.ts';
import { STATEMENT_LIFETIME_MS } from '../keyring/next-statement.ts';
import { writeText } from './files.ts';

export interface NewGateway {
  readonly values: ConfigValues;
  readonly suite: SuiteName;
  readonly passphrase: string;
  /** Milliseconds. */
  readonly now: number;
}

/** What a finished folder holds; the config comes last, because it makes the folder a gateway. */
const PARTS = ['keys', 'statement.jwt', CONFIG_FILE] as const;

/**
 * Makes the folder of a gateway: keys, key of the API, statement and config. Everything is made beside and moved in at
 * the end; after a failure nothing is left behind, and what was there before stands untouched.
 *
 * @throws CodedError CONFLICT when the folder holds a gateway or parts of one, CONFIG_INVALID with every wrong value
 */
export async function makeGateway(dir: string, options: NewGateway): Promise<RegionStatement> {
  const made = await mkdir(dir, { recursive: true, mode: 0o700 });
  let staging: string | undefined;
  try {
    await demandFree(dir);
    staging = await mkdtemp(join(dir, '.init-'));
    const statement = await makeParts(staging, options);
    await moveIn(staging, dir);
    return statement;
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  } finally {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
  }
}

async function demandFree(dir: string): Promise<void> {
  const present = new Set(await readdir(dir));
  const taken = PARTS.filter((part) => present.has(part));
  if (taken.length > 0)
    throw new CodedError('CONFLICT', `${dir} already holds ${taken.join(', ')}; a gateway is never overwritten`);
}

async function makeParts(folder: string, { values, suite, passphrase, now }: NewGateway): Promise<RegionStatement> {
  const { region, name } = values;
  // First, because it names every wrong value before any key is made.
  const { peer } = await writeConfig(join(folder, CONFIG_FILE), values);
  const keys = await createFileKeyStore(join(folder, 'keys'), { suite, passphrase, now, region });
  await createStorageKey(join(folder, 'keys'), { suite, passphrase, now });
  await createApiKey(join(folder, 'keys'));
  const jwt = await issueOwnStatement(keys, {
    region,
    name,
    serial: 1,
    issuedAt: now,
    expiresAt: now + STATEMENT_LIFETIME_MS,
    endpoint: peer.endpoint,
  });
  await writeText(statementFile(folder), `${jwt}\n`, 0o644);
  return verifyStatement(jwt);
}

async function moveIn(staging: string, dir: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const part of PARTS) {
      await demandAbsent(join(dir, part));
      await rename(join(staging, part), join(dir, part));
      moved.push(part);
    }
  } catch (error) {
    for (const part of moved) await rm(join(dir, part), { recursive: true, force: true });
    throw error;
  }
}

/** A rename would replace what another process has put there in the meantime. */
async function demandAbsent(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found) throw new CodedError('CONFLICT', `${path} has appeared meanwhile; a gateway is never overwritten`);
}
