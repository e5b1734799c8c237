import { createPublicKey, type KeyObject } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import { type TlsIdentity, tlsIdentityOf } from '../pki/tls-identity.ts';
import { importPublicJwk, type SuiteName } from '../suites.ts';
import { INDEX, keyFile, readCertificate, readKeyFile, readKeyFolder, writeKeyFiles } from './key-folder.ts';
import { type IndexedKey, writeIndex } from './key-index.ts';
import type { KeyInfo, KeyStore } from './key-store.ts';
import { makeKeys } from './new-keys.ts';
import { demandPassphrase } from './passphrase.ts';
import { decryptPrivateKey } from './pkcs8.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';
import { type KeyPurpose, localSigner, type Signer } from './signer.ts';

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
  await Promise.all([...signing, tls].map((key) => writeKeyFiles(dir, key, options.passphrase)));
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
  return new FileKeyStore(dir, passphrase, (await readKeyFolder(dir)).keys);
}

class FileKeyStore implements KeyStore {
  readonly #dir: string;
  readonly #passphrase: string;
  readonly #keys: readonly IndexedKey[];
  readonly #signers = new Map<string, Signer>();
  readonly #tls = new Map<string, TlsIdentity>();

  constructor(dir: string, passphrase: string, keys: readonly IndexedKey[]) {
    this.#dir = dir;
    this.#passphrase = passphrase;
    this.#keys = keys;
  }

  async signer(purpose: KeyPurpose, kid?: string): Promise<Signer> {
    const info = this.#find(purpose, kid);
    const signer = this.#signers.get(info.kid) ?? (await this.#openSigner(info));
    // The identity is not kept in memory: it is used a few times a year, and carrying its file away must end its use.
    if (purpose !== 'identity') this.#signers.set(info.kid, signer);
    return signer;
  }

  async tls(kid?: string): Promise<TlsIdentity> {
    const info = this.#find('tls', kid);
    const identity = this.#tls.get(info.kid) ?? (await this.#openTls(info));
    this.#tls.set(info.kid, identity);
    return identity;
  }

  async certificate(kid: string): Promise<Uint8Array> {
    return (await readCertificate(this.#dir, this.#find('tls', kid))).raw;
  }

  async list(): Promise<readonly KeyInfo[]> {
    return this.#keys;
  }

  async #openSigner(info: KeyInfo): Promise<Signer> {
    const privateKey = await this.#openKey(info);
    return localSigner(info.suite, privateKey, createPublicKey(privateKey));
  }

  async #openTls(info: KeyInfo): Promise<TlsIdentity> {
    return tlsIdentityOf(await readCertificate(this.#dir, info), await this.#openKey(info));
  }

  #find(purpose: KeyInfo['purpose'], kid: string | undefined): IndexedKey {
    const info = this.#keys.findLast(
      (key) => key.purpose === purpose && (kid === undefined ? key.revoked === undefined : key.kid === kid),
    );
    if (!info) throw new CodedError('KEY_MISSING', `${join(this.#dir, INDEX)} names no such ${purpose} key`);
    return info;
  }

  async #openKey(info: KeyInfo): Promise<KeyObject> {
    const path = keyFile(this.#dir, info);
    const text = await readKeyFile(path, `the ${info.purpose} key is not here; bring its file back as ${path}`);
    const privateKey = decryptPrivateKey(text, this.#passphrase);
    if (!createPublicKey(privateKey).equals(importPublicJwk(info.publicJwk))) {
      throw new CodedError('KEY_MISSING', `${path} holds another key than ${INDEX} says; restore the right file`);
    }
    return privateKey;
  }
}

async function demandNoStore(dir: string): Promise<void> {
  const path = join(dir, INDEX);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new CodedError('CONFLICT', `there are keys already: ${path}; they are never overwritten`);
}
