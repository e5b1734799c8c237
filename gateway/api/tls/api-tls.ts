import { constants } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { Socket } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import type { HttpTlsConfig } from '../../config/http-tls-config.ts';
import { MODERN_TLS } from '../../door/modern-tls.ts';
import { type ClientCertificate, clientCertificate, isInTime } from '../../duty/client-certificate.ts';
import type { Log } from '../../telemetry/log.ts';
import { type CertificateFiles, readCertificateFiles } from './certificate-files.ts';

/** Milliseconds for a handshake. */
const HANDSHAKE_MS = 10_000;
/** Milliseconds between two looks at the files. */
const LOOK_MS = 30_000;

/** Address of a caller as a socket shows it. */
const PLACE = ['remoteAddress', 'remotePort', 'remoteFamily'] as const;

export interface ApiTlsOptions {
  readonly config: HttpTlsConfig;
  readonly clock: { now(): number };
  readonly log: Log;
}

/**
 * TLS of the API: 1.2 at least, forward secrecy and authenticated encryption only. It follows its files without a restart,
 * and asks callers for a certificate where the config names authorities for them; nobody has to have one.
 */
export class ApiTls {
  readonly #options: ApiTlsOptions;
  readonly #servers = new Set<Server>();
  #files: CertificateFiles;
  #looking: NodeJS.Timeout | undefined;
  /** What callers have shown; begun anew with other authorities, so that each has to come again. */
  #shown = new WeakMap<object, ClientCertificate>();

  private constructor(options: ApiTlsOptions, files: CertificateFiles) {
    this.#options = options;
    this.#files = files;
    this.#warn();
  }

  /** @throws CodedError CONFIG_INVALID when the files cannot be used */
  static async open(options: ApiTlsOptions): Promise<ApiTls> {
    return new ApiTls(options, await readCertificateFiles(options.config));
  }

  /** Makes the server under the API. Connections that it is given count as they would over plain TCP. */
  serve(handler: RequestListener, options: ServerOptions): Server {
    const server = createServer({ ...options, ...this.#context(), handshakeTimeout: HANDSHAKE_MS }, handler);
    const places = new Map<string, Socket>();
    server.prependListener('connection', (raw: Socket) => {
      if (raw.destroyed) return;
      const name = wireName(raw);
      places.set(name, raw);
      raw.once('close', () => places.delete(name));
    });
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      const raw = places.get(wireName(socket));
      // What a replica passed on shows the address of the client, not that of the replica.
      for (const property of PLACE) Object.defineProperty(socket, property, { value: raw?.[property] });
      if (socket.authorized) this.#shown.set(socket, clientCertificate(socket.getPeerCertificate().raw));
    });
    // A handshake that fails or takes too long is only told of: its connection stays until somebody ends it.
    server.prependListener('tlsClientError', (_error, socket: TLSSocket) => socket.destroy());
    server.once('close', () => this.#servers.delete(server));
    this.#servers.add(server);
    return server;
  }

  /** SHA-256 of the certificate that a caller has shown on this connection, issued by our authorities and in time. */
  shownBy(socket: object): Buffer | undefined {
    const shown = this.#shown.get(socket);
    return shown && isInTime(shown, this.#options.clock.now()) ? shown.fingerprint : undefined;
  }

  /** Looks at the files from time to time. */
  start(): void {
    this.#looking = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  /** Takes the files as they are now; goes on with the old ones while the new ones cannot be used. */
  async look(): Promise<void> {
    const { config, log } = this.#options;
    try {
      const files = await readCertificateFiles(config);
      const before = this.#files;
      const isSame = (['certificatePem', 'keyPem', 'clientCaPem'] as const).every((one) => files[one] === before[one]);
      if (isSame) return;
      this.#files = files;
      if (files.clientCaPem !== before.clientCaPem) this.#shown = new WeakMap();
      for (const server of this.#servers) server.setSecureContext(this.#context());
      this.#warn();
      log.info({}, 'the API takes its new TLS certificate into use');
    } catch (error) {
      log.warn({ err: error }, 'the new files of http.tls cannot be used; the API goes on with the old ones');
    }
  }

  #context(): TlsOptions {
    const { certificatePem, keyPem, clientCaPem } = this.#files;
    return {
      ...MODERN_TLS,
      cert: certificatePem,
      key: keyPem,
      // Whoever comes again shows his certificate again: a resumed session would bring what was found before.
      secureOptions: constants.SSL_OP_NO_TICKET,
      ...(clientCaPem !== undefined && { ca: clientCaPem, requestCert: true, rejectUnauthorized: false }),
    };
  }

  #warn(): void {
    const { certificate, isKeyOpen } = this.#files;
    const { log, clock } = this.#options;
    if (isKeyOpen) log.warn({}, 'the file of http.tls.key_file can be read by others; close it with: chmod 600');
    if (certificate.validToDate.getTime() <= clock.now())
      log.warn({}, 'the certificate of http.tls has expired: callers refuse it');
  }
}

/** Where a connection really comes from, whatever is written over it. */
function wireName(socket: Socket): string {
  const [address, port] = (['remoteAddress', 'remotePort'] as const).map((one) =>
    Reflect.get(Socket.prototype, one, socket),
  );
  return `${address} ${port}`;
}
