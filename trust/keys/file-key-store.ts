import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import { type TlsIdentity, tlsIdentityOf } from '../pki/tls-identity.ts';
import { importPublicJwk, type SuiteName } from '../suites.ts';
import { type IndexedKey, readIndex, writeIndex } from './key-index.ts';
import type { KeyInfo, KeyStore } from './key-store.ts';
import { makeKeys, type NewKey } from './new-keys.ts';
import { demandPassphrase } from './passphrase.ts';
import { decryptPrivateKey, encryptPrivateKey } from './pkcs8.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';
import { type KeyPurpose, localSigner, type Signer } from './signer.ts';

const INDEX = 'keys.json';

/** What a new key folder is made of. */
export interface NewKeyStore {
  /** Suite of the identity, signing and certificate keys. */
  readonly suite: SuiteName;
  readonly passphrase: string;
  /** Milliseconds. */
  readonly now: number;
  /** Noted in the index for the people who find the folder. */
  readonly region?: string;
}

/**
 * Makes the keys of a region and keeps them in a folder: one encrypted PKCS#8 file for each key, the TLS certificate,
 * and `keys.json` with what is public. Only the owner of the process can read them.
 *
 * @throws CodedError CONFLICT when the folder already holds keys, CONFIG_INVALID for an unusable passphrase
 */
export async function createFileKeyStore(dir: string, options: NewKeyStore): Promise<KeyStore> {
  demandPassphrase(options.passphrase);
  await demandNoStore(dir);
  await makePrivateFolder(dir);
  const { signing, tls } = await makeKeys(options.suite, options.now);
  await Promise.all([...signing, tls].map((key) => writeKey(dir, key, options.passphrase)));
  await writePrivateFile(certificateFile(dir, tls.info), tls.identity.certificatePem);
  // The index is written last: without it there is no store, and an interrupted creation can be done again.
  const keys = [...signing, tls].map(({ info }) => ({ ...info, created: options.now }));
  await writePrivateFile(join(dir, INDEX), writeIndex({ ...options, keys }));
  return openFileKeyStore(dir, options.passphrase);
}

/**
 * Opens a folder of keys. A key is read and decrypted when it is first asked for, so that a key file may be absent as
 * long as nobody needs it: the identity key belongs in a safe.
 *
 * @throws CodedError KEY_MISSING when the folder holds no keys, CONFIG_INVALID or STORE_VERSION when its index cannot
 *   be read; a wrong passphrase shows at the first key
 */
export async function openFileKeyStore(dir: string, passphrase: string): Promise<KeyStore> {
  const path = join(dir, INDEX);
  const json = await read(path, `there are no keys in ${dir}; make them with: tongban init`);
  return new FileKeyStore(dir, passphrase, readIndex(json, path).keys);
}

class FileKeyStore implements KeyStore {
  readonly #dir: string;
  readonly #passphrase: string;
  readonly #keys: readonly IndexedKey[];
  readonly #signers = new Map<KeyPurpose, Signer>();
  #tls: TlsIdentity | undefined;

  constructor(dir: string, passphrase: string, keys: readonly IndexedKey[]) {
    this.#dir = dir;
    this.#passphrase = passphrase;
    this.#keys = keys;
  }

  async signer(purpose: KeyPurpose): Promise<Signer> {
    const signer = this.#signers.get(purpose) ?? (await this.#openSigner(purpose));
    // The identity is not kept in memory: it is used a few times a year, and carrying its file away must end its use.
    if (purpose !== 'identity') this.#signers.set(purpose, signer);
    return signer;
  }

  async tls(): Promise<TlsIdentity> {
    this.#tls ??= await this.#openTls();
    return this.#tls;
  }

  async list(): Promise<readonly KeyInfo[]> {
    return this.#keys;
  }

  async #openSigner(purpose: KeyPurpose): Promise<Signer> {
    const info = this.#newest(purpose);
    const privateKey = await this.#openKey(info);
    return localSigner(info.suite, privateKey, createPublicKey(privateKey));
  }

  async #openTls(): Promise<TlsIdentity> {
    const info = this.#newest('tls');
    const path = certificateFile(this.#dir, info);
    const pem = await read(path, `the TLS certificate is missing; bring it back as ${path}`);
    return tlsIdentityOf(readCertificate(pem, path), await this.#openKey(info));
  }

  #newest(purpose: KeyInfo['purpose']): IndexedKey {
    const info = this.#keys.findLast((key) => key.purpose === purpose);
    if (!info) throw new CodedError('KEY_MISSING', `${join(this.#dir, INDEX)} names no ${purpose} key`);
    return info;
  }

  async #openKey(info: KeyInfo): Promise<KeyObject> {
    const path = keyFile(this.#dir, info);
    const text = await read(path, `the ${info.purpose} key is not here; bring its file back as ${path}`);
    const privateKey = decryptPrivateKey(text, this.#passphrase);
    if (!createPublicKey(privateKey).equals(importPublicJwk(info.publicJwk))) {
      throw new CodedError('KEY_MISSING', `${path} holds another key than ${INDEX} says; restore the right file`);
    }
    return privateKey;
  }
}

function keyFile(dir: string, { purpose, kid }: KeyInfo): string {
  return join(dir, `${purpose}-${kid.slice(0, 8)}.pem`);
}

function certificateFile(dir: string, { kid }: KeyInfo): string {
  return join(dir, `tls-${kid.slice(0, 8)}.crt`);
}

async function writeKey(dir: string, { info, privateKey }: NewKey, passphrase: string): Promise<void> {
  await writePrivateFile(keyFile(dir, info), await encryptPrivateKey(privateKey, passphrase));
}

async function demandNoStore(dir: string): Promise<void> {
  const path = join(dir, INDEX);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new CodedError('CONFLICT', `there are keys already: ${path}; they are never overwritten`);
}

/** @throws CodedError KEY_MISSING with the given words when the file is absent or may not be read */
async function read(path: string, absent: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CodedError('KEY_MISSING', absent, [], { cause });
  }
}

function readCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new CodedError('KEY_MISSING', `${path} is not a certificate; restore it from a backup`);
  }
}
