import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CodedError } from '#proto';
import { publicJwkOf, suiteOfKey } from '../suites.ts';
import { decryptPrivateKey } from './pkcs8.ts';
import { localSigner, type Signer } from './signer.ts';

/**
 * Opens the private key of the holder of a certificate (持证人密钥): PEM, or a private JWK. It is his own and not one of a
 * region, so that no folder of keys holds it.
 *
 * @param text content of the key file
 * @param passphrase asked for only when the key is encrypted
 * @throws CodedError KEY_MISSING when it holds no private key of a suite, PASSPHRASE_WRONG
 */
export async function openHolderKey(text: string, passphrase: () => Promise<string>): Promise<Signer> {
  const privateKey = text.includes('ENCRYPTED') ? decryptPrivateKey(text, await passphrase()) : open(text);
  const publicKey = createPublicKey(privateKey);
  const suite = suiteOfKey(publicJwkOf(publicKey)) ?? missing();
  return localSigner(suite, privateKey, publicKey);
}

function open(text: string): KeyObject {
  try {
    return text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text) as object, format: 'jwk' })
      : createPrivateKey(text);
  } catch {
    // The cause is left out: it may quote what is in the file.
    return missing();
  }
}

function missing(): never {
  throw new CodedError('KEY_MISSING', 'the file holds no private key of ES256, Ed25519 or SM2, as PEM or JWK');
}
