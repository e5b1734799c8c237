import type { experimental } from '@grpc/grpc-js';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Peers } from '../peer/peers.ts';

type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];
type CaListener = Parameters<Provider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0];

/**
 * Hands our TLS identity and the pinned certificates to the server, and again whenever our key or the pinned regions
 * change, so that keys are replaced and peers come and go without a restart.
 */
export class PinnedCertificates implements Provider {
  readonly #keyring: KeyRing;
  readonly #peers: Peers;
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();
  #presented = '';

  constructor(keyring: KeyRing, peers: Peers) {
    this.#keyring = keyring;
    this.#peers = peers;
    peers.onChange(() => {
      for (const listener of this.#caListeners) listener(this.#roots());
      this.#presentNewest();
    });
    keyring.onChange(() => this.#presentNewest());
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    // The server drops every connection when it is called back before it finished registering.
    process.nextTick(() => listener(this.#roots()));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    this.#presented = this.#keyring.tls.spki;
    process.nextTick(() => listener(this.#identity()));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  /** New connections see the new key; those that exist go on. */
  #presentNewest(): void {
    const { spki } = this.#keyring.tls;
    if (spki === this.#presented) return;
    this.#presented = spki;
    for (const listener of this.#identityListeners) listener(this.#identity());
  }

  #identity(): { certificate: Buffer; privateKey: Buffer } {
    const { certificatePem, privateKeyPem } = this.#keyring.tls;
    return { certificate: certificatePem, privateKey: privateKeyPem };
  }

  /** Our own certificate stands in while nobody is pinned: an empty list would mean the system's authorities. */
  #roots(): { caCertificate: Buffer } {
    const certificates = [this.#peers.own, ...this.#peers.all()].flatMap((region) => region.tls);
    return { caCertificate: Buffer.from(certificates.map(({ certificate }) => certificate.toString()).join('\n')) };
  }
}
