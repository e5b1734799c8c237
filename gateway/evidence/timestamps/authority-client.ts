import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { CodedError } from '#proto';
import { TIMESTAMP_BYTES } from '#trust';

/** Milliseconds that an authority may take to answer. */
const ANSWER_MS = 10_000;

/**
 * Posts a timestamp request to an authority (RFC 3161, 3.4).
 *
 * @param query DER of the request
 * @param stop ends the call
 * @returns DER of the answer, at most 64 KiB
 * @throws CodedError TIMESTAMP_UNAVAILABLE when it cannot be reached, is too slow, or answers something else
 */
export function askAuthority(url: string, query: Uint8Array, stop: AbortSignal): Promise<Buffer> {
  const post = url.startsWith('https:') ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => {
      call.destroy();
      const message = `the timestamp authority ${new URL(url).host} ${reason}`;
      reject(new CodedError('TIMESTAMP_UNAVAILABLE', message, [], { cause }));
    };
    const call = post(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', 'content-length': query.length },
      // Covers everything, also an answer that comes byte by byte.
      signal: AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]),
    });
    call.on('error', (error) => fail('cannot be reached', error));
    call.on('response', (response) => {
      const type = response.headers['content-type'] ?? '';
      if (response.statusCode !== 200) return fail(`answers with status ${response.statusCode}`);
      if (!type.startsWith('application/timestamp-reply')) return fail('answers with something else than a timestamp');
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > TIMESTAMP_BYTES) fail('answers with too much');
        else chunks.push(chunk);
      });
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', (error) => fail('broke off its answer', error));
    });
    call.end(query);
  });
}
