import type { JWK } from 'jose';
import type { TlsIdentity } from '../pki/tls-identity.ts';
import type { SuiteName } from '../suites.ts';
import type { KeyPurpose, Signer } from './signer.ts';

/** What is known of a key without touching its private half. */
export interface KeyInfo {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  /** `tls` keys are only for connections: no signer is ever made of one. */
  readonly purpose: KeyPurpose | 'tls';
  readonly suite: SuiteName;
  /** Milliseconds. */
  readonly notBefore: number;
  /** Milliseconds; the key must not be used from here on. */
  readonly notAfter: number;
  /** Public JWK with `kid` and `alg`. */
  readonly publicJwk: JWK;
}

/**
 * Port to the keys of one region, wherever they are kept. Where a purpose has several keys, the one made last is used.
 * Implementations must never hand out a private key, except that of TLS, which the TLS library needs.
 */
export interface KeyStore {
  /**
   * The signer of a purpose.
   *
   * @throws CodedError KEY_MISSING when the key is not where it should be, PASSPHRASE_WRONG
   */
  signer(purpose: KeyPurpose): Promise<Signer>;
  /**
   * What the gateway presents in TLS, as client and as server.
   *
   * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG
   */
  tls(): Promise<TlsIdentity>;
  /** Every key of the store, those that were moved away too. Needs no passphrase. */
  list(): Promise<readonly KeyInfo[]>;
}
