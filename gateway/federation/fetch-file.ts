import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { fileURLToPath } from 'node:url';
import { CodedError } from '#proto';

/** A file as it was read. */
export interface FetchedFile {
  readonly text: string;
  /** What names this version (RFC 9110, 8.8.3); empty when the server gives no name. */
  readonly etag: string;
}

export interface FetchOptions {
  /** Version that we hold; empty for none. */
  readonly etag: string;
  readonly maxBytes: number;
  readonly agent: HttpAgent | undefined;
  /** Ends the reading, whatever the other side does. */
  readonly signal: AbortSignal;
}

/**
 * Reads one file of an anchor, over HTTP(S) or from the file system. Follows no redirect and unpacks nothing.
 *
 * @returns undefined when the version that we hold is still the newest
 * @throws CodedError ANCHOR_UNREACHABLE, CHAIN_INVALID when it is larger than it may be
 */
export async function fetchFile(url: URL, options: FetchOptions): Promise<FetchedFile | undefined> {
  try {
    if (url.protocol !== 'file:') return await readRemote(url, options);
    // A file system on a network may never answer.
    return await within(readLocal(url, options), options.signal);
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError('ANCHOR_UNREACHABLE', `${url.href} cannot be read`, [], { cause });
  }
}

function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

async function readLocal(url: URL, { etag, maxBytes }: FetchOptions): Promise<FetchedFile | undefined> {
  const handle = await open(fileURLToPath(url), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new CodedError('ANCHOR_UNREACHABLE', `${url.href} is not a file`);
    const { size, mtimeMs, ino } = stat;
    const version = `${ino}-${size}-${mtimeMs}`;
    if (version === etag) return undefined;
    if (size > maxBytes) throw tooLarge(url, maxBytes);
    const bytes = Buffer.alloc(size);
    await handle.read(bytes, 0, size, 0);
    return { text: bytes.toString('latin1'), etag: version };
  } finally {
    await handle.close();
  }
}

async function readRemote(url: URL, options: FetchOptions): Promise<FetchedFile | undefined> {
  const { etag, maxBytes } = options;
  const response = await answerOf(url, options);
  try {
    const { statusCode, headers } = response;
    if (statusCode === 304 && etag !== '') return undefined;
    if (statusCode !== 200 || headers['content-encoding'] !== undefined)
      throw new CodedError('ANCHOR_UNREACHABLE', `${url.href} answers with status ${statusCode}`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(url, maxBytes);
      chunks.push(chunk);
    }
    return { text: Buffer.concat(chunks).toString('latin1'), etag: headers.etag ?? '' };
  } finally {
    response.destroy();
  }
}

function answerOf(url: URL, { etag, agent, signal }: FetchOptions): Promise<IncomingMessage> {
  const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // A cache between must not answer by itself: what it holds may be as old as the server lets it.
  const headers = { 'cache-control': 'no-cache', ...(etag !== '' && { 'if-none-match': etag }) };
  return new Promise((resolve, reject) => {
    const request = ask(url, { headers, signal, ...(agent && { agent }) }, resolve);
    request.on('error', reject);
    request.end();
  });
}

function tooLarge(url: URL, maxBytes: number): CodedError {
  return new CodedError('CHAIN_INVALID', `${url.href} is larger than ${maxBytes} bytes`);
}
