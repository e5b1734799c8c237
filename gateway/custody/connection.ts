import { once } from 'node:events';
import { Agent } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { CodedError } from '#proto';
import { spkiOf } from '#trust';
import type { SignerConfig } from '../config/signer-config.ts';
import { type Credentials, readCredentials } from './credentials.ts';

/**
 * Connections to one signature server. A connection is handed out only after the server has proved to be the configured
 * one, so that nothing is ever sent to another: no message and no token. Only the configured authorities and the pin
 * count, never those that Node or the system trust.
 *
 * Certificates and keys are read for every new connection: new ones are used without a restart.
 */
export class SignerAgent extends Agent {
  readonly #config: SignerConfig;
  readonly #passphrase: string;

  /** @param passphrase opens the client key if that is encrypted */
  constructor(config: SignerConfig, passphrase: string) {
    super({ keepAlive: true, maxSockets: config.concurrency });
    this.#config = config;
    this.#passphrase = passphrase;
  }

  override createConnection(
    { host, port }: { host?: string | null | undefined; port?: number | string | null | undefined },
    connected?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#connect(String(host), Number(port)).then(
      (socket) => connected?.(null, socket),
      (error: Error) => connected?.(error, undefined as never),
    );
  }

  async #connect(host: string, port: number): Promise<TLSSocket> {
    const credentials = await readCredentials(this.#config);
    const socket = this.#dial({
      ...credentials,
      passphrase: this.#passphrase,
      host,
      port,
      // A server that is known by its key alone may have any certificate for it.
      rejectUnauthorized: credentials.ca !== undefined,
      minVersion: 'TLSv1.2',
      ...(isIP(host) ? {} : { servername: host }),
    });
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(this.#config.timeoutMs) });
      // A server that refuses our certificate says so right after the handshake (RFC 8446, 4.4.2.4).
      if (socket.destroyed) throw socket.errored ?? new Error('the connection was closed');
      this.#demandPin(socket);
      return socket;
    } catch (error) {
      socket.destroy();
      if (error instanceof CodedError || !socket.authorizationError) throw error;
      throw this.#wrong(`its certificate is not trusted (${socket.authorizationError})`);
    }
  }

  #dial(options: ConnectionOptions & Credentials): TLSSocket {
    try {
      // An error that comes when nobody listens yet would end the process; whoever waits sees it on the socket.
      return connect(options).on('error', () => {});
    } catch (cause) {
      const message = `the certificates or the key for the signature server ${this.#config.name} cannot be used`;
      throw new CodedError('CONFIG_INVALID', message, [], { cause });
    }
  }

  #demandPin(socket: TLSSocket): void {
    const { spki } = this.#config;
    if (spki === undefined) return;
    const certificate = socket.getPeerX509Certificate();
    if (!certificate || spkiOf(certificate) !== spki) throw this.#wrong('it has another key than the pinned one');
  }

  #wrong(why: string): CodedError {
    const { name, url } = this.#config;
    return new CodedError('SIGNER_WRONG', `what answers at ${url} is not the signature server ${name}: ${why}`);
  }
}
