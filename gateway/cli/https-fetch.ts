import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ConnectionOptions, PeerCertificate } from 'node:tls';
import { CodedError } from '#proto';
import { readText } from './files.ts';

const PEM_BYTES = 256 * 1024;
/** Answers that have no body (RFC 9110). */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

/** What a request is made of. */
export interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Blob;
  readonly signal?: AbortSignal;
}

/** Sends a request. @throws Error when nobody answers */
export type Fetch = (url: URL, asked: Asked) => Promise<Response>;

/** Over plain HTTP, on this machine. */
export const plainFetch: Fetch = (url, asked) => fetch(url, { ...asked, redirect: 'error' });

/**
 * Over TLS, to a gateway that has the very certificate of its config; the name in it does not count, as we dial this
 * machine. Shows the client certificate of TONGBAN_CLIENT_CERTIFICATE and TONGBAN_CLIENT_KEY (files in PEM, the key under
 * TONGBAN_CLIENT_KEY_PASSPHRASE where it is encrypted).
 *
 * @throws CodedError CONFIG_INVALID, VALIDATION_FAILED when a file cannot be read
 */
export async function httpsFetch(
  certificateFile: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Fetch> {
  const tls = { ...(await trustIn(certificateFile)), ...(await ownCertificate(environment)) };
  return (url, asked) => send(url, asked, tls);
}

async function trustIn(file: string): Promise<ConnectionOptions> {
  try {
    const ca = await readFile(file, 'latin1');
    const { fingerprint256 } = new X509Certificate(ca);
    const checkServerIdentity = (_name: string, shown: PeerCertificate) =>
      shown.fingerprint256 === fingerprint256 ? undefined : new Error('the gateway has another certificate');
    return { ca, allowPartialTrustChain: true, checkServerIdentity };
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `http.tls.certificate_file: cannot read ${file}`, [], { cause });
  }
}

async function ownCertificate(environment: Readonly<Record<string, string | undefined>>): Promise<ConnectionOptions> {
  const certificate = environment['TONGBAN_CLIENT_CERTIFICATE'];
  const key = environment['TONGBAN_CLIENT_KEY'];
  const passphrase = environment['TONGBAN_CLIENT_KEY_PASSPHRASE'];
  if (!certificate) return {};
  if (!key) throw new CodedError('VALIDATION_FAILED', 'TONGBAN_CLIENT_CERTIFICATE needs its key in TONGBAN_CLIENT_KEY');
  const own = { cert: await readText(certificate, PEM_BYTES), key: await readText(key, PEM_BYTES) };
  return { ...own, ...(passphrase !== undefined && { passphrase }) };
}

function send(url: URL, { method, headers, body, signal }: Asked, tls: ConnectionOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    const size = typeof body === 'string' ? Buffer.byteLength(body) : body?.size;
    const length = size === undefined ? {} : { 'content-length': String(size) };
    const asked = request(url, { ...tls, method, headers: { ...headers, ...length }, ...(signal && { signal }) });
    asked.on('error', reject);
    // Some ends come without an error, such as an answer that wants to go on in another protocol.
    asked.once('close', () => reject(new Error('the connection ended without an answer')));
    asked.once('response', (answer) => {
      try {
        resolve(asResponse(answer));
      } catch (error) {
        // A status or a header that is none: whoever listens there is no gateway.
        reject(error);
        answer.destroy();
      }
    });
    if (body instanceof Blob) pipeline(Readable.fromWeb(body.stream()), asked).catch(reject);
    else asked.end(body);
  });
}

/** @throws Error when it cannot be an answer: RangeError for its status, TypeError for its headers */
function asResponse(answer: IncomingMessage): Response {
  const { statusCode: status = 500 } = answer;
  const given = Object.entries(answer.headersDistinct).map(([name, values]) => [name, values!.join(', ')] as const);
  const isEmpty = EMPTY.has(status);
  const headers = Object.fromEntries(given);
  // Tried without the body first, which would be left open.
  const tried = new Response(null, { status, headers });
  if (!isEmpty) return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status, headers });
  answer.resume();
  return tried;
}
