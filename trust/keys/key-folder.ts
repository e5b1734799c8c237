import { X509Certificate } from 'node:crypto';
import { access, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import { type IndexedKey, type KeyIndex, readIndex, writeIndex } from './key-index.ts';
import type { KeyInfo } from './key-store.ts';
import type { NewKey, NewTlsKey } from './new-keys.ts';
import { encryptPrivateKey } from './pkcs8.ts';
import { writePrivateFile } from './private-file.ts';

/** The file that says what a folder of keys holds. */
export const INDEX = 'keys.json';

/** Where the encrypted private key of a folder lies. */
export function keyFile(dir: string, { purpose, kid }: Pick<KeyInfo, 'purpose' | 'kid'>): string {
  return join(dir, `${purpose}-${kid.slice(0, 8)}.pem`);
}

/** Where the certificate of a TLS key lies. */
export function certificateFile(dir: string, { kid }: Pick<KeyInfo, 'kid'>): string {
  return join(dir, `tls-${kid.slice(0, 8)}.crt`);
}

/**
 * Whether the private half of a key lies in its folder; the identity key may be in a safe. True of a key that is kept
 * elsewhere. Needs no passphrase.
 */
export async function holdsKey(dir: string, key: Pick<IndexedKey, 'purpose' | 'kid' | 'custody'>): Promise<boolean> {
  if (key.custody && key.custody.kind !== 'file') return true;
  return access(keyFile(dir, key)).then(
    () => true,
    () => false,
  );
}

/** Writes the encrypted private key, and for TLS its certificate. @param cost as of `encryptPrivateKey` */
export async function writeKeyFiles(
  dir: string,
  key: NewKey | NewTlsKey,
  passphrase: string,
  cost?: number,
): Promise<void> {
  await writePrivateFile(keyFile(dir, key.info), await encryptPrivateKey(key.privateKey, passphrase, cost));
  if ('identity' in key) await writePrivateFile(certificateFile(dir, key.info), key.identity.certificatePem);
}

/**
 * Reads what a folder holds.
 *
 * @throws CodedError KEY_MISSING when it holds no keys, CONFIG_INVALID or STORE_VERSION when its index cannot be read
 */
export async function readKeyFolder(dir: string): Promise<KeyIndex> {
  const path = join(dir, INDEX);
  return readIndex(await readKeyFile(path, `there are no keys in ${dir}; make them with: tongban init`), path);
}

/**
 * Changes what a folder says of its keys, one process at a time.
 *
 * @throws CodedError CONFLICT while another process changes it, and the errors of `readKeyFolder` and of `change`
 */
export async function editKeyFolder<T>(
  dir: string,
  change: (keys: readonly IndexedKey[]) => Promise<{ readonly keys: readonly IndexedKey[]; readonly result: T }>,
): Promise<T> {
  const lock = join(dir, `${INDEX}.lock`);
  await (await takeLock(lock)).close();
  try {
    const index = await readKeyFolder(dir);
    const { keys, result } = await change(index.keys);
    await writePrivateFile(join(dir, INDEX), writeIndex({ ...index, keys }));
    return result;
  } finally {
    await rm(lock, { force: true });
  }
}

/** @throws CodedError KEY_MISSING with the given words when the file is absent or may not be read */
export async function readKeyFile(path: string, absent: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CodedError('KEY_MISSING', absent, [], { cause });
  }
}

/**
 * The certificate of a TLS key of the folder.
 *
 * @throws CodedError KEY_MISSING
 */
export async function readCertificate(dir: string, key: Pick<KeyInfo, 'kid'>): Promise<X509Certificate> {
  const path = certificateFile(dir, key);
  const pem = await readKeyFile(path, `the TLS certificate is missing; bring it back as ${path}`);
  try {
    return new X509Certificate(pem);
  } catch {
    throw new CodedError('KEY_MISSING', `${path} is not a certificate; restore it from a backup`);
  }
}

async function takeLock(lock: string) {
  try {
    return await open(lock, 'wx', 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new CodedError('KEY_MISSING', `the folder of keys cannot be written: ${lock}`, [], { cause });
    }
    throw new CodedError(
      'CONFLICT',
      `another command changes the keys; if none is running, remove ${lock} and try again`,
      [],
      { cause },
    );
  }
}
