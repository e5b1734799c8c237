import { X509Certificate } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from 'node:tls';
import { CodedError } from '#proto';
import { parseAddress } from '../config/address.ts';
import { type ConnectionLimits, Connections } from '../door/connections.ts';
import { MODERN_TLS } from '../door/modern-tls.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Peers } from '../peer/peers.ts';

/** Milliseconds for the TLS handshake, and that a caller stays whom we do not know: long enough to be told so. */
const STRANGER_MS = 10_000;

export interface PeerPortOptions {
  readonly keyring: KeyRing;
  readonly peers: Peers;
  readonly limits: ConnectionLimits;
  /** Addresses that bring many callers, as in {@link Connections}. */
  readonly isExempt?: ((address: string) => boolean) | undefined;
  /** {@link STRANGER_MS} when absent. */
  readonly strangerMs?: number;
  /** Takes a connection over whose handshake is done. */
  readonly onConnection: (socket: TLSSocket) => void;
}

/**
 * The TCP port for other regions: TLS that asks for a client certificate, a bounded number of connections, and no time
 * for callers that only hold them. It follows our TLS key and the pinned regions without a restart.
 */
export class PeerPort {
  readonly #options: PeerPortOptions;
  readonly #connections: Connections;
  readonly #tls: TlsServer;
  readonly #tcp: Server;
  readonly #open = new Set<Socket>();
  /** By which certificate each connection is known; none for those that a stranger made. */
  readonly #known = new Map<TLSSocket, X509Certificate>();

  constructor(options: PeerPortOptions) {
    this.#options = options;
    this.#connections = new Connections(options.limits, options.isExempt);
    this.#tls = createTlsServer({
      ...MODERN_TLS,
      ...this.#identity(),
      ALPNProtocols: ['h2'],
      handshakeTimeout: options.strangerMs ?? STRANGER_MS,
      requestCert: true,
      // A stranger is answered PEER_UNKNOWN instead of a riddle.
      rejectUnauthorized: false,
    });
    this.#tls.on('secureConnection', (socket) => this.#welcome(socket));
    // A handshake that fails or takes too long is only told of: its connection stays until somebody ends it.
    this.#tls.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#tcp = createServer((socket) => {
      if (!this.#connections.admit(socket)) return;
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      this.#tls.emit('connection', socket);
    });
    const follow = () => this.#tls.setSecureContext({ ...MODERN_TLS, ...this.#identity() });
    options.peers.onChange(() => {
      follow();
      for (const [socket, certificate] of this.#known)
        if (!this.#regionOf(certificate)) this.#dropLost(socket, certificate);
    });
    options.keyring.onChange(follow);
  }

  /**
   * Listens.
   *
   * @param address `host:port`; port 0 takes any
   * @returns the port
   */
  listen(address: string): Promise<number> {
    const where = parseAddress(address);
    if (!where) throw new CodedError('CONFIG_INVALID', `${address} is not an address to listen on`);
    return new Promise((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(where, () => {
        this.#tcp.off('error', reject);
        resolve((this.#tcp.address() as { port: number }).port);
      });
    });
  }

  /** Takes no new connection. */
  close(): void {
    this.#tcp.close();
  }

  /** Ends whatever is still open, once what was written is sent. */
  cutOff(): void {
    for (const socket of this.#open) socket.destroySoon();
  }

  #welcome(socket: TLSSocket): void {
    // It ends as any other connection does.
    socket.on('error', () => undefined);
    const { raw } = socket.authorized ? socket.getPeerCertificate() : {};
    const certificate = raw && new X509Certificate(raw);
    const region = certificate && this.#regionOf(certificate);
    if (!region) this.#after(socket, () => socket.destroy());
    else if (!this.#connections.recognise(socket, region)) return;
    else {
      this.#known.set(socket, certificate);
      socket.once('close', () => this.#known.delete(socket));
    }
    this.#options.onConnection(socket);
  }

  /** A region that was removed has time to be told so, and may be pinned again meanwhile; then all its calls end. */
  #dropLost(socket: TLSSocket, certificate: X509Certificate): void {
    this.#known.delete(socket);
    this.#after(socket, () => {
      if (this.#regionOf(certificate)) this.#known.set(socket, certificate);
      else socket.destroy();
    });
  }

  #after(socket: TLSSocket, act: () => void): void {
    const late = setTimeout(act, this.#options.strangerMs ?? STRANGER_MS);
    late.unref();
    socket.once('close', () => clearTimeout(late));
  }

  #regionOf(certificate: X509Certificate): string | undefined {
    return this.#options.peers.directory.ownerOf(certificate)?.region;
  }

  /** Our own certificate stands in while nobody is pinned: an empty list would mean the system's authorities. */
  #identity(): Pick<TlsOptions, 'cert' | 'key' | 'ca'> {
    const { keyring, peers } = this.#options;
    const { certificatePem, privateKeyPem } = keyring.tls;
    const pinned = [peers.own, ...peers.all()].flatMap((region) => region.tls);
    return {
      cert: certificatePem,
      key: privateKeyPem,
      ca: pinned.map(({ certificate }) => certificate.toString()),
    };
  }
}
