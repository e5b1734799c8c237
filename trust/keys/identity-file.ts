import { createPublicKey } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { publicJwkOf, suiteOfKey } from '../suites.ts';
import { readKeyFile } from './key-folder.ts';
import { decryptPrivateKey } from './pkcs8.ts';
import { localSigner, type Signer } from './signer.ts';

/** A key of the suites has a few hundred bytes. */
const MAX_BYTES = 16 * 1024;

/**
 * Opens a key file alone, away from its folder: the identity key (身份密钥) as it comes out of the safe. Its suite is that
 * of its public key.
 *
 * @throws CodedError KEY_MISSING when the file cannot be read or holds no encrypted key of a suite, PASSPHRASE_WRONG
 */
export async function openIdentityFile(path: string, passphrase: string): Promise<Signer> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > MAX_BYTES) throw new CodedError('KEY_MISSING', `${path} is too large for a key file`);
  const text = await readKeyFile(path, `the identity key is not there: ${path}`);
  const privateKey = decryptPrivateKey(text, passphrase);
  const publicKey = createPublicKey(privateKey);
  const suite = suiteOfKey(publicJwkOf(publicKey));
  if (!suite) throw new CodedError('KEY_MISSING', `${path} holds a key of an unknown kind`);
  return localSigner(suite, privateKey, publicKey);
}
