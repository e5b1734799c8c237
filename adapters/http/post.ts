import { type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** As much of an answer's body as is read away to keep the connection; beyond it the connection is dropped. */
const MAX_DRAINED_BYTES = 64 * 1024;

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/**
 * Sends one POST and reports the head of the answer. Follows no redirect and looks at no body. node:http rather than
 * fetch: fetch refuses some ports and unpacks compressed answers.
 *
 * @param signal ends the request, and the reading away of the answer's body
 * @throws whatever node:http reports: nobody knows then whether the request arrived
 */
export function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  agent: HttpAgent,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { ...headers, 'content-length': body.length }, agent, signal };
    const request = send(url, options, (response) => {
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      drain(response);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Reads the body away. What happens to it no longer matters: the answer is known. */
function drain(response: IncomingMessage): void {
  let drained = 0;
  response.on('error', () => response.destroy());
  response.on('data', (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > MAX_DRAINED_BYTES) response.destroy();
  });
}
