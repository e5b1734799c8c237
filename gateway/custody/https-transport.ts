import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { CodedError } from '#proto';
import type { SignerAnswer, SignerRequest, SignerTransport } from '#trust';
import type { SignerConfig } from '../config/signer-config.ts';
import { SignerAgent } from './connection.ts';
import { readToken } from './credentials.ts';

/** Bytes of an answer: a list of 256 keys is far below. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** Alerts by which a server refuses the certificate of a client (RFC 8446, 6.2), as OpenSSL names them. */
const REFUSED = /ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR)/;

/** The way to one signature server over HTTPS. Must be closed. */
export class HttpsTransport implements SignerTransport {
  readonly #config: SignerConfig;
  readonly #agent: SignerAgent;

  /** @param passphrase opens the client key if that is encrypted */
  constructor(config: SignerConfig, passphrase: string) {
    this.#config = config;
    this.#agent = new SignerAgent(config, passphrase);
  }

  async send({ method, path, body }: SignerRequest, signal: AbortSignal): Promise<SignerAnswer> {
    const token = await readToken(this.#config);
    const headers = {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // node:https follows no redirect and unpacks no body: what the server says is what we see.
    const request = httpsRequest(new URL(path, this.#config.url), { method, headers, agent: this.#agent, signal });
    request.on('response', resolve);
    request.on('error', reject);
    request.end(body);
    try {
      const response = await promise;
      return { status: response.statusCode ?? 0, body: await this.#read(response) };
    } catch (error) {
      throw this.#refusal(error) ?? error;
    }
  }

  /** Ends every connection. */
  close(): void {
    this.#agent.destroy();
  }

  async #read(response: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES)
        throw new CodedError('SIGNER_WRONG', `the signature server ${this.#config.name} answers with too many bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #refusal(error: unknown): CodedError | undefined {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof CodedError || typeof code !== 'string' || !REFUSED.test(code)) return undefined;
    const message = `the signature server ${this.#config.name} refuses our TLS certificate; check certificate_file`;
    return new CodedError('SIGNER_REFUSED', message, [], { cause: error });
  }
}
