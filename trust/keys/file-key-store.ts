import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import type { TlsIdentity } from '../pki/tls-identity.ts';
import type { SuiteName } from '../suites.ts';
import { Custodian, type CustodyContext } from './custody/custodian.ts';
import type { KeyCustody } from './custody/custody.ts';
import { INDEX, readCertificate, readKeyFolder, writeKeyFiles } from './key-folder.ts';
import { type IndexedKey, writeIndex } from './key-index.ts';
import type { KeyInfo, KeyStore } from './key-store.ts';
import { makeKeys } from './new-keys.ts';
import { demandPassphrase } from './passphrase.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';
import type { KeyPurpose, Signer } from './signer.ts';

const IN_FILE: KeyCustody = { kind: 'file' };

/** What a new key folder is made of. */
export interface NewKeyStore {
  /** Suite of the identity, signing and certificate keys. */
  readonly suite: SuiteName;
  readonly passphrase: string;
  /** Milliseconds. */
  readonly now: number;
  /** Noted in the index for the people who find the folder. */
  readonly region?: string;
  /** What a try of a passphrase costs, where it is not to be the most: keys that protect nothing are opened faster. */
  readonly cost?: number;
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
  await Promise.all([...signing, tls].map((key) => writeKeyFiles(dir, key, options.passphrase, options.cost)));
  // The index is written last: without it there is no store, and an interrupted creation can be done again.
  const keys = [...signing, tls].map(({ info }) => ({ ...info, created: options.now }));
  await writePrivateFile(join(dir, INDEX), writeIndex({ ...options, keys }));
  return openFileKeyStore(dir, options.passphrase);
}

/**
 * Opens a folder of keys. A key is read and decrypted when it is first asked for, so that a key file may be absent as
 * long as nobody needs it: the identity key belongs in a safe. Keys that are kept elsewhere are opened where they are.
 *
 * @throws CodedError KEY_MISSING when the folder holds no keys, CONFIG_INVALID or STORE_VERSION when its index cannot
 *   be read; a wrong passphrase shows at the first key
 */
export async function openFileKeyStore(dir: string, passphrase: string, reach: Reach = {}): Promise<KeyStore> {
  const custodian = new Custodian({ folder: dir, passphrase, servers: new Map(), environment: {}, ...reach });
  return new FileKeyStore(dir, custodian, (await readKeyFolder(dir)).keys);
}

/** Where keys are looked for that are not kept in the folder itself. */
export type Reach = Partial<Pick<CustodyContext, 'servers' | 'environment'>>;

class FileKeyStore implements KeyStore {
  readonly #dir: string;
  readonly #custodian: Custodian;
  readonly #keys: readonly IndexedKey[];
  readonly #signers = new Map<string, Signer>();
  readonly #tls = new Map<string, TlsIdentity>();

  constructor(dir: string, custodian: Custodian, keys: readonly IndexedKey[]) {
    this.#dir = dir;
    this.#custodian = custodian;
    this.#keys = keys;
  }

  async signer(purpose: KeyPurpose, kid?: string): Promise<Signer> {
    const info = this.#find(purpose, kid);
    const signer = this.#signers.get(info.kid) ?? (await this.#custodian.openSigner(info.custody ?? IN_FILE, info));
    // The identity is not kept in memory: it is used a few times a year, and carrying its file away must end its use.
    if (purpose !== 'identity') this.#signers.set(info.kid, signer);
    return signer;
  }

  async tls(kid?: string): Promise<TlsIdentity> {
    const info = this.#find('tls', kid);
    const identity = this.#tls.get(info.kid) ?? (await this.#custodian.openTls(info.custody ?? IN_FILE, info));
    this.#tls.set(info.kid, identity);
    return identity;
  }

  async certificate(kid: string): Promise<Uint8Array> {
    return (await readCertificate(this.#dir, this.#find('tls', kid))).raw;
  }

  async list(): Promise<readonly KeyInfo[]> {
    return this.#keys;
  }

  #find(purpose: KeyInfo['purpose'], kid: string | undefined): IndexedKey {
    const info = this.#keys.findLast(
      (key) => key.purpose === purpose && (kid === undefined ? key.revoked === undefined : key.kid === kid),
    );
    if (!info) throw new CodedError('KEY_MISSING', `${join(this.#dir, INDEX)} names no such ${purpose} key`);
    return info;
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
