import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../telemetry/log.ts';
import { codedError, HttpFault, PROBLEM_JSON, problemAnswer } from '../problem.ts';
import { validationError } from './validation.ts';

/** Header of each answer: the id under which the log knows the request. */
export const REQUEST_ID = 'x-request-id';

/** Answers every error as a problem (RFC 9457), and logs the unexpected ones. */
export function errorHandler(log: Log): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => unknown {
  return (thrown, request, reply) => {
    const error = thrown.validation
      ? validationError(thrown.validation, thrown.validationContext ?? 'body')
      : codedError(thrown);
    if (wasAborted(request)) log.debug({ request: request.id }, 'the client went away');
    else if (error.code === 'INTERNAL') log.error({ request: request.id, err: error }, 'request failed unexpectedly');
    const { status, headers, body } = problemAnswer(error, request.id);
    // What still comes of a body that nobody reads would be taken for the next request.
    if (!request.raw.complete) {
      reply.header('connection', 'close');
      request.raw.resume();
    }
    const common = { 'content-type': PROBLEM_JSON, [REQUEST_ID]: request.id };
    return reply
      .code(status)
      .headers({ ...headers, ...common })
      .send(JSON.stringify(body));
  };
}

/** Answers what is not even HTTP, on the bare socket. */
export function answerBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const body = JSON.stringify(problemAnswer(codedError({ statusCode: status })).body);
  socket.end(
    `HTTP/1.1 ${status} Error\r\ncontent-type: ${PROBLEM_JSON}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** 404, or 405 if the address is right and only the method is not (RFC 9110 section 15.5.6). */
export function noSuchRoute(routes: readonly { method: string; url: string }[], request: FastifyRequest): never {
  const path = request.url.split('?')[0]!;
  const allowed = routes.filter(({ url }) => pathPattern(url).test(path)).map(({ method }) => method);
  if (allowed.length === 0 || allowed.includes(request.method)) throw codedError({ statusCode: 404 });
  throw new HttpFault('REQUEST_INVALID', 405, `this address takes only ${allowed.join(', ')}`, {
    headers: { allow: allowed.join(', ') },
  });
}

function pathPattern(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment === '*') return '.*';
    return segment.startsWith(':') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
}

function wasAborted({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete;
}
