import { createPublicKey } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '#proto';
import { demandPassphrase } from '../keys/passphrase.ts';
import { decryptPrivateKey, encryptPrivateKey } from '../keys/pkcs8.ts';
import { makePrivateFolder, writePrivateFile } from '../keys/private-file.ts';
import { localSigner, type Signer } from '../keys/signer.ts';
import { type SuiteName, suiteOf } from '../suites.ts';

/**
 * Makes the identity key of an anchor, the only key it has, and keeps it in an encrypted file that only its owner can
 * read. The folder is made if need be.
 *
 * @throws CodedError CONFLICT when the file is there already, CONFIG_INVALID for an unusable passphrase
 */
export async function createAnchorKey(file: string, suite: SuiteName, passphrase: string): Promise<Signer> {
  demandPassphrase(passphrase);
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists) throw new CodedError('CONFLICT', `there is a key already: ${file}; it is never overwritten`);
  await makePrivateFolder(dirname(file));
  const { privateKey, publicKey } = suiteOf(suite).generate();
  await writePrivateFile(file, await encryptPrivateKey(privateKey, passphrase));
  return localSigner(suite, privateKey, publicKey);
}

/**
 * Opens the identity key of an anchor.
 *
 * @param kid RFC 7638 thumbprint that it must have
 * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG
 */
export async function openAnchorKey(file: string, suite: SuiteName, kid: string, passphrase: string): Promise<Signer> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new CodedError('KEY_MISSING', `the key of the anchor is not here; bring its file back as ${file}`, [], {
      cause,
    });
  });
  const privateKey = decryptPrivateKey(text, passphrase);
  const signer = await localSigner(suite, privateKey, createPublicKey(privateKey));
  if (signer.kid !== kid)
    throw new CodedError('KEY_MISSING', `${file} holds another key than that of the anchor; restore the right file`);
  return signer;
}
