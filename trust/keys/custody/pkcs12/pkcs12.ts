import type { KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CodedError } from '#proto';
import { readPassphrase } from '../../passphrase.ts';
import type { Pkcs12Custody } from '../custody.ts';
import { type ContainedKey, MAX_CONTAINER_BYTES, readContainer } from './container.ts';

/**
 * The private key that a custody means.
 *
 * @param folder where paths of the custody start
 * @param passphrase of the key folder, for a container without one of its own
 * @throws CodedError KEY_MISSING when the file or the key is not there, PASSPHRASE_WRONG, CONFIG_INVALID when the
 *   container holds several such keys or cannot be used
 */
export async function openPkcs12Key(custody: Pkcs12Custody, folder: string, passphrase: string): Promise<KeyObject> {
  const file = resolve(folder, custody.file);
  const keys = await readContainer(await readBounded(file), await passphraseOf(custody, folder, passphrase), file);
  return chooseKey(keys, custody, file).privateKey;
}

async function passphraseOf({ passphraseFile }: Pkcs12Custody, folder: string, passphrase: string): Promise<string> {
  if (passphraseFile === undefined) return passphrase;
  return (await readPassphrase({ file: resolve(folder, passphraseFile) })).passphrase;
}

function chooseKey(keys: readonly ContainedKey[], custody: Pkcs12Custody, file: string): ContainedKey {
  const { friendlyName, localKeyId } = custody;
  const [key, ...others] = keys.filter(
    ({ friendlyNames, localKeyIds }) =>
      (friendlyName === undefined || friendlyNames.includes(friendlyName)) &&
      (localKeyId === undefined || localKeyIds.includes(localKeyId)),
  );
  if (!key)
    throw new CodedError(
      'KEY_MISSING',
      `${file} holds ${keys.length} private keys, none of them by the name that is asked for`,
    );
  if (others.length === 0) return key;
  throw new CodedError(
    'CONFIG_INVALID',
    `${file} holds ${others.length + 1} such private keys; name one by friendlyName or localKeyId: ${keys.map(describe).join('; ')}`,
  );
}

/** The names of a key, for the operator who has to choose. */
function describe({ friendlyNames, localKeyIds }: ContainedKey): string {
  return [...new Set([...friendlyNames, ...localKeyIds])].join(' = ') || 'without a name';
}

/** Reads no more than one byte above what a container may have: the reader then refuses it. */
async function readBounded(file: string): Promise<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_CONTAINER_BYTES + 1));
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new CodedError('KEY_MISSING', `the container is not here; bring it back as ${file}`, [], { cause });
  }
}
