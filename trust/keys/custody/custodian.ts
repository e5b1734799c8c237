import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { CodedError } from '#proto';
import { certifyTlsKey, type TlsIdentity, tlsIdentityOf } from '../../pki/tls-identity.ts';
import { publicJwkOf, type SuiteName, suiteOfKey } from '../../suites.ts';
import { keyFile, readCertificate, readKeyFile } from '../key-folder.ts';
import type { KeyInfo } from '../key-store.ts';
import { decryptPrivateKey } from '../pkcs8.ts';
import { localSigner, type Signer } from '../signer.ts';
import type { FileCustody, KeyCustody, Pkcs12Custody } from './custody.ts';
import { Pkcs11Tokens } from './pkcs11/pkcs11.ts';
import { openPkcs12Key } from './pkcs12/pkcs12.ts';
import { findRemoteKey, openRemoteSigner, type SignatureServers } from './remote/remote.ts';

/** What is needed to reach keys, wherever they are kept. */
export interface CustodyContext {
  /** The key folder: relative paths of a custody start there. */
  readonly folder: string;
  /** Passphrase of the key folder, and of every container that has none of its own. */
  readonly passphrase: string;
  /** The signature servers of the configuration. */
  readonly servers: SignatureServers;
  /** Environment of the process, in which libraries of tokens look for their settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A key as `keys.json` states it. */
export type CustodyKey = Pick<KeyInfo, 'kid' | 'purpose' | 'suite' | 'publicJwk'>;

/** What is public about a key that is not in `keys.json` yet. */
export interface FoundKey {
  readonly kid: string;
  readonly suite: SuiteName;
  /** Public JWK with `kid` and `alg`. */
  readonly publicJwk: JWK;
}

/**
 * Opens keys where they are kept (密钥保管): in the encrypted file of the key folder, in a PKCS#12 container, in a token
 * or in a signature server. Whoever asks gets a signer and never the key; only for TLS, whose library needs it, the key
 * comes along. Every key is compared with what `keys.json` states of it before it is used.
 */
export class Custodian {
  readonly #context: CustodyContext;
  readonly #tokens: Pkcs11Tokens;

  constructor(context: CustodyContext) {
    this.#context = context;
    this.#tokens = new Pkcs11Tokens(context);
  }

  /**
   * The signer of a key.
   *
   * @throws CodedError KEY_MISSING when it is not where it should be or is another key, PASSPHRASE_WRONG for a wrong
   *   passphrase or PIN, CONFIG_INVALID, SIGNER_UNAVAILABLE, SIGNER_REFUSED, SIGNER_WRONG
   */
  async openSigner(custody: KeyCustody, key: CustodyKey): Promise<Signer> {
    await demandSound(key);
    switch (custody.kind) {
      case 'file':
      case 'pkcs12':
        return fitting(key, await this.#openKey(custody, key));
      case 'pkcs11':
        return tried(key, await this.#tokens.signer(custody, key));
      case 'remote':
        return openRemoteSigner(custody, key, this.#context.servers);
    }
  }

  /**
   * What the gateway presents in TLS with a key: the key and the certificate of our own making that lies in the folder.
   *
   * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG, CONFIG_INVALID
   */
  async openTls(custody: KeyCustody, key: CustodyKey): Promise<TlsIdentity> {
    const privateKey = await this.#openKey(inMemory(custody), key);
    return tlsIdentityOf(await readCertificate(this.#context.folder, key), privateKey);
  }

  /**
   * What is public about a key that is to be taken into `keys.json`.
   *
   * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG, CONFIG_INVALID for a key of no suite of ours, and as `openSigner`
   */
  async findKey(custody: Exclude<KeyCustody, FileCustody>): Promise<FoundKey> {
    const jwk = await this.#publicJwk(custody);
    const suite = suiteOfKey(jwk);
    if (!suite)
      throw new CodedError(
        'CONFIG_INVALID',
        'the key cannot sign here; it must be EC P-256, Ed25519 or SM2 (RSA is for TLS only)',
      );
    const kid = await calculateJwkThumbprint(jwk);
    return { kid, suite: suite.name, publicJwk: { ...jwk, kid, alg: suite.alg } };
  }

  /**
   * Makes the certificate of a TLS key that is to be taken into `keys.json`.
   *
   * @param validity milliseconds
   * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG, CONFIG_INVALID for a key that does not serve TLS
   */
  async certify(custody: Pkcs12Custody, validity: { notBefore: number; notAfter: number }): Promise<TlsIdentity> {
    const { folder, passphrase } = this.#context;
    return certifyTlsKey(await openPkcs12Key(custody, folder, passphrase), validity);
  }

  async #openKey(custody: FileCustody | Pkcs12Custody, key: CustodyKey): Promise<KeyObject> {
    const { folder, passphrase } = this.#context;
    if (custody.kind === 'pkcs12') return openPkcs12Key(custody, folder, passphrase);
    const path = keyFile(folder, key);
    const text = await readKeyFile(path, `the ${key.purpose} key is not here; bring its file back as ${path}`);
    return decryptPrivateKey(text, passphrase);
  }

  async #publicJwk(custody: Exclude<KeyCustody, FileCustody>): Promise<JWK> {
    const { folder, passphrase, servers } = this.#context;
    switch (custody.kind) {
      case 'pkcs12':
        return publicJwkOf(createPublicKey(await openPkcs12Key(custody, folder, passphrase)));
      case 'pkcs11':
        return publicJwkOf(await this.#tokens.publicKey(custody));
      case 'remote':
        return (await findRemoteKey(custody, servers)).publicJwk;
    }
  }
}

/** What is stated of a key must fit together: the rest is compared with a part of it. */
async function demandSound({ kid, suite, purpose, publicJwk }: CustodyKey): Promise<void> {
  const thumbprint = await calculateJwkThumbprint(publicJwk).catch(() => undefined);
  if (thumbprint === kid && suiteOfKey(publicJwk)?.name === suite) return;
  throw new CodedError('CONFIG_INVALID', `what keys.json says of the ${purpose} key contradicts itself; restore it`);
}

/** A TLS library signs with the key itself. */
function inMemory(custody: KeyCustody): FileCustody | Pkcs12Custody {
  if (custody.kind === 'file' || custody.kind === 'pkcs12') return custody;
  throw new CodedError('CONFIG_INVALID', `a TLS key cannot be kept as ${custody.kind}; keep it as file or pkcs12`);
}

/** A signer of a key in memory, if it is the stated one. */
async function fitting({ kid, purpose, suite }: CustodyKey, privateKey: KeyObject): Promise<Signer> {
  const publicKey = createPublicKey(privateKey);
  if ((await calculateJwkThumbprint(publicJwkOf(publicKey))) !== kid) throw another(purpose);
  return localSigner(suite, privateKey, publicKey);
}

/** The signer, after one signature of it was verified with the stated key. */
async function tried({ purpose }: CustodyKey, signer: Signer): Promise<Signer> {
  try {
    // No signed object has spaces at its beginning: the trial passes for nothing else.
    await signer.sign(Buffer.concat([Buffer.from('trial of a key: '), randomBytes(16)]));
    return signer;
  } catch (error) {
    throw error instanceof CodedError && error.code === 'SIGNER_WRONG' ? another(purpose) : error;
  }
}

function another(purpose: CustodyKey['purpose']): CodedError {
  return new CodedError(
    'KEY_MISSING',
    `where the ${purpose} key is kept lies another key than keys.json says; restore the right one`,
  );
}
