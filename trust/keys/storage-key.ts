import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  randomBytes,
  type ScryptOptions,
  scrypt,
} from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CodedError, fields, integer, oneOf, type Problem, text } from '#proto';
import type { SuiteName } from '../suites.ts';
import { readKeyFile } from './key-folder.ts';
import { writePrivateFile } from './private-file.ts';

/** How values are encrypted: AES (NIST SP 800-38D) with 256 bits, or SM4 (GB/T 32907, GB/T 36624) with its 128. */
export type StorageCipher = 'AES-256-GCM' | 'SM4-GCM';

/** What the library calls a cipher, and the hash of the same family. Its types do not know that SM4 has this mode too. */
export const STORAGE_CIPHERS: Readonly<
  Record<StorageCipher, { readonly name: CipherGCMTypes; readonly keyBytes: number; readonly hash: string }>
> = {
  'AES-256-GCM': { name: 'aes-256-gcm', keyBytes: 32, hash: 'sha256' },
  'SM4-GCM': { name: 'sm4-gcm' as string as CipherGCMTypes, keyBytes: 16, hash: 'sm3' },
};

/** What is known of a storage key (存储密钥) without its passphrase. */
export interface StorageKeyInfo {
  /** 16 hex digits. */
  readonly id: string;
  readonly cipher: StorageCipher;
  /** Milliseconds. */
  readonly created: number;
}

/** A storage key: it wraps the data keys under which a gateway keeps what is personal. */
export interface StorageKey extends StorageKeyInfo {
  readonly key: Buffer;
}

export interface NewStorageKey {
  /** Suite of the region: SM2 regions use SM4. */
  readonly suite: SuiteName;
  readonly passphrase: string;
  /** Milliseconds. */
  readonly now: number;
}

/** Cost of scrypt (RFC 7914), as of the other key files. */
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;

const NAME = /^storage-([0-9a-f]{16})\.json$/;

const base64url = text(200, { pattern: /^[\w-]+$/ });

const RULE = fields({
  version: integer(VERSION, VERSION),
  id: text(16, { min: 16, pattern: /^[0-9a-f]+$/ }),
  cipher: oneOf(...Object.keys(STORAGE_CIPHERS)),
  created: integer(0, Number.MAX_SAFE_INTEGER),
  salt: base64url,
  nonce: base64url,
  encrypted: base64url,
});

interface KeyFile extends StorageKeyInfo {
  readonly version: number;
  readonly salt: string;
  readonly nonce: string;
  /** Key and tag. */
  readonly encrypted: string;
}

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/**
 * Makes a storage key in a key folder, beside those that are there. The newest one wraps; the others stay for old backups.
 * It has a passphrase like every key of the folder, and no copy anywhere: who loses it loses what was kept under it.
 */
export async function createStorageKey(
  dir: string,
  { suite, passphrase, now }: NewStorageKey,
): Promise<StorageKeyInfo> {
  const cipher: StorageCipher = suite === 'SM2-SM3' ? 'SM4-GCM' : 'AES-256-GCM';
  // The newest is the one made last, also where the clock was set back.
  const created = Math.max(now, ...(await listStorageKeys(dir)).map((other) => other.created + 1));
  const info = { id: randomBytes(8).toString('hex'), cipher, created };
  const { name, keyBytes } = STORAGE_CIPHERS[cipher];
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const wrapping = await derive(passphrase, salt, keyBytes, SCRYPT);
  const sealing = createCipheriv(name, wrapping, nonce).setAAD(boundTo(info));
  const key = randomBytes(keyBytes);
  const encrypted = Buffer.concat([sealing.update(key), sealing.final(), sealing.getAuthTag()]);
  wrapping.fill(0);
  key.fill(0);
  const file: KeyFile = {
    version: VERSION,
    ...info,
    salt: salt.toString('base64url'),
    nonce: nonce.toString('base64url'),
    encrypted: encrypted.toString('base64url'),
  };
  await writePrivateFile(fileOf(dir, info.id), `${JSON.stringify(file, null, 2)}\n`);
  return info;
}

/** The storage keys of a key folder in the order of their making. Needs no passphrase. @throws CodedError KEY_MISSING for a file that is none */
export async function listStorageKeys(dir: string): Promise<readonly StorageKeyInfo[]> {
  return (await readFiles(dir)).map(({ id, cipher, created }) => ({ id, cipher, created }));
}

/**
 * Opens the storage keys of a key folder, in the order of their making.
 *
 * @throws CodedError PASSPHRASE_WRONG, KEY_MISSING for a file that is none
 */
export async function openStorageKeys(dir: string, passphrase: string): Promise<readonly StorageKey[]> {
  return Promise.all((await readFiles(dir)).map((file) => open(file, passphrase)));
}

async function open({ id, cipher, created, ...file }: KeyFile, passphrase: string): Promise<StorageKey> {
  const { name, keyBytes } = STORAGE_CIPHERS[cipher];
  const [salt, nonce, encrypted] = [file.salt, file.nonce, file.encrypted].map((part) =>
    Buffer.from(part, 'base64url'),
  );
  const wrapping = await derive(passphrase, salt!, keyBytes, SCRYPT);
  try {
    const opening = createDecipheriv(name, wrapping, nonce!, { authTagLength: TAG_BYTES })
      .setAAD(boundTo({ id, cipher, created }))
      .setAuthTag(encrypted!.subarray(-TAG_BYTES));
    return {
      id,
      cipher,
      created,
      key: Buffer.concat([opening.update(encrypted!.subarray(0, -TAG_BYTES)), opening.final()]),
    };
  } catch {
    throw new CodedError('PASSPHRASE_WRONG');
  } finally {
    wrapping.fill(0);
  }
}

async function readFiles(dir: string): Promise<readonly KeyFile[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => NAME.test(name));
  const files = await Promise.all(names.map((name) => read(join(dir, name))));
  return files.toSorted((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
}

async function read(path: string): Promise<KeyFile> {
  const problems: Problem[] = [];
  const file = parsed(await readKeyFile(path, `the storage key ${path} cannot be read; restore it from a backup`));
  RULE(file, '', problems);
  if (problems.length > 0 || !path.endsWith(`storage-${(file as KeyFile).id}.json`))
    throw new CodedError('KEY_MISSING', `${path} is not a storage key; restore it from a backup`);
  return file as KeyFile;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function fileOf(dir: string, id: string): string {
  return join(dir, `storage-${id}.json`);
}

/** What the file says of the key cannot be changed either. */
function boundTo({ id, cipher, created }: StorageKeyInfo): Buffer {
  return Buffer.from(`tongban storage key\n${id}\n${cipher}\n${created}`);
}
