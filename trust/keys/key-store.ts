import type { JWK } from 'jose';
import type { TlsIdentity } from '../pki/tls-identity.ts';
import type { RevocationReason } from '../region/revocation.ts';
import type { SuiteName } from '../suites.ts';
import type { KeyCustody } from './custody/custody.ts';
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
  /** `at` in milliseconds: what is not proved to be older does not count. Absent while the key is not revoked. */
  readonly revoked?: { readonly at: number; readonly reason: RevocationReason };
  /** Where its private half is kept; in the encrypted file of the key folder when absent. */
  readonly custody?: KeyCustody;
}

/** Whether a key may be used at a moment (ms). */
export function usableAt({ notBefore, notAfter, revoked }: KeyInfo, at: number): boolean {
  return revoked === undefined && at >= notBefore && at < notAfter;
}

/**
 * Port to the keys of one region, wherever they are kept. Of several keys of one purpose the newest is the one made last
 * and not revoked.
 * Implementations must never hand out a private key, except that of TLS, which the TLS library needs.
 */
export interface KeyStore {
  /**
   * The signer of a purpose with its newest key.
   *
   * @param kid that very key, revoked or not, instead of the newest
   * @throws CodedError KEY_MISSING when the key is not where it should be, PASSPHRASE_WRONG, SIGNER_UNAVAILABLE
   */
  signer(purpose: KeyPurpose, kid?: string): Promise<Signer>;
  /**
   * What the gateway presents in TLS, as client and as server: the newest, or the one of that key.
   *
   * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG
   */
  tls(kid?: string): Promise<TlsIdentity>;
  /**
   * DER certificate of a TLS key. Needs no passphrase.
   *
   * @throws CodedError KEY_MISSING
   */
  certificate(kid: string): Promise<Uint8Array>;
  /** Every key of the store in the order of their making, those that were moved away too. Needs no passphrase. */
  list(): Promise<readonly KeyInfo[]>;
}
