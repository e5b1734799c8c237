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
    options.peers.onChange(follow);
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
    const region = this.#regionOf(socket);
    if (region === undefined) dropAfter(socket, this.#options.strangerMs ?? STRANGER_MS);
    else if (!this.#connections.recognise(socket, region)) return;
    this.#options.onConnection(socket);
  }

  #regionOf(socket: TLSSocket): string | undefined {
    const { raw } = socket.authorized ? socket.getPeerCertificate() : {};
    return raw && this.#options.peers.directory.ownerOf(new X509Certificate(raw))?.region;
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

function dropAfter(socket: Socket, ms: number): void {
  const late = setTimeout(() => socket.destroy(), ms);
  late.unref();
  socket.once('close', () => clearTimeout(late));
}
