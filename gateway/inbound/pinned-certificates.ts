import type { experimental } from '@grpc/grpc-js';
import type { TlsIdentity } from '#trust';
import type { Peers } from '../peer/peers.ts';

type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];
type CaListener = Parameters<Provider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0];

/**
 * Hands our TLS identity and the pinned certificates to the server, and again whenever the pinned regions change, so
 * that peers come and go without a restart.
 */
export class PinnedCertificates implements Provider {
  readonly #tls: TlsIdentity;
  readonly #peers: Peers;
  readonly #caListeners = new Set<CaListener>();

  constructor(tls: TlsIdentity, peers: Peers) {
    this.#tls = tls;
    this.#peers = peers;
    peers.onChange(() => {
      for (const listener of this.#caListeners) listener(this.#roots());
    });
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
    const { certificatePem, privateKeyPem } = this.#tls;
    process.nextTick(() => listener({ certificate: certificatePem, privateKey: privateKeyPem }));
  }

  removeIdentityCertificateListener(): void {}

  /** Our own certificate stands in while nobody is pinned: an empty list would mean the system's authorities. */
  #roots(): { caCertificate: Buffer } {
    const certificates = [this.#peers.own, ...this.#peers.all()].flatMap((region) => region.tls);
    return { caCertificate: Buffer.from(certificates.map(({ certificate }) => certificate.toString()).join('\n')) };
  }
}
