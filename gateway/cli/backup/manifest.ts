import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { CodedError, fields, instant, integer, optionalText, type Problem, text } from '#proto';
import { CONFIG_FILE } from '../../config/config.ts';
import { readText } from '../files.ts';

/** Files of a backup. */
export const BACKUP_FILES = {
  manifest: 'backup.json',
  database: 'gateway.db',
  materials: 'materials',
  volumes: 'archive',
  config: CONFIG_FILE,
  statement: 'statement.jwt',
  keys: 'keys',
} as const;

const FORMAT = 'tongban-backup/1';
const MAX_BYTES = 64 * 1024;

/** What a backup says of itself. */
export interface BackupManifest {
  readonly format: typeof FORMAT;
  readonly region: string;
  /** Version of the tables. */
  readonly version: number;
  /** Milliseconds. */
  readonly taken_at: number;
  readonly epoch: number;
  /** Leaves of the evidence log, and the state that was signed over them; empty for an empty log. */
  readonly size: number;
  readonly checkpoint: string;
  /** Of the database file: SHA-256 in hex, and bytes. */
  readonly sha256: string;
  readonly bytes: number;
  readonly material_files: number;
  readonly material_bytes: number;
  /** Volumes of the archive in the backup, and those that were not in their place as they were closed. */
  readonly volumes: number;
  readonly volumes_missing: number;
  /** Id of the storage key (存储密钥) without which nobody reads the backup; empty while nothing is encrypted. */
  readonly storage_key: string;
}

const rule = fields({
  format: text(50),
  region: text(12),
  version: integer(1),
  taken_at: instant,
  epoch: integer(0),
  size: integer(0),
  checkpoint: text(2000, { min: 0, lines: true }),
  sha256: text(64),
  bytes: integer(1),
  material_files: integer(0),
  material_bytes: integer(0),
  volumes: integer(0),
  volumes_missing: integer(0),
  storage_key: optionalText(16),
});

export function manifestText(manifest: Omit<BackupManifest, 'format'>): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, null, 2)}\n`;
}

/**
 * Reads what a backup says of itself.
 *
 * @throws CodedError BACKUP_INVALID
 */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const file = join(folder, BACKUP_FILES.manifest);
  const problems: Problem[] = [];
  let value: unknown;
  try {
    value = JSON.parse(await readText(file, MAX_BYTES));
    rule(value, '', problems);
  } catch (cause) {
    throw new CodedError('BACKUP_INVALID', `${file} is not what tongban store backup writes`, [], { cause });
  }
  const manifest = value as BackupManifest;
  if (problems.length > 0 || manifest.format !== FORMAT)
    throw new CodedError('BACKUP_INVALID', `${file} is not of the format ${FORMAT}`, problems);
  return manifest;
}

/** SHA-256 of a file, in hex, in constant memory. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
