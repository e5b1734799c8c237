import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '#proto';
import { HttpFault } from '../problem.ts';
import type { StreamedType, TypedFastify } from '../typed.ts';
import { demandShape } from './json-shape.ts';

const STREAMED: readonly StreamedType[] = [
  'application/octet-stream',
  'application/offset+octet-stream',
  'application/x-ndjson',
];
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Teaches the server its bodies: JSON, or for routes that ask for it a bounded stream. Nothing else is read. */
export function acceptBodies(app: TypedFastify): void {
  app.removeContentTypeParser(['text/plain', 'application/json']);
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    try {
      demandShape(body as string);
    } catch (error) {
      done(error as CodedError);
      return;
    }
    parse(request, body as string, done);
  });
  app.addContentTypeParser([...STREAMED], async (request: FastifyRequest, payload: Readable) =>
    boundedStream(payload, request.headers['content-length'], request.routeOptions.bodyLimit),
  );
}

/**
 * Refuses a body of another media type than the route takes.
 *
 * @throws HttpFault REQUEST_INVALID with status 415
 */
export function demandMediaType(request: FastifyRequest): void {
  if (request.is404 || !WITH_BODY.has(request.method)) return;
  const { streams, raw } = request.routeOptions.config;
  if (!streams && !raw && !hasBody(request)) return;
  const wanted = raw ?? [streams ?? 'application/json'];
  const given = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (given === undefined || !wanted.includes(given))
    throw new HttpFault('REQUEST_INVALID', 415, `this route takes a body of the media type ${wanted.join(' or ')}`);
}

/**
 * Refuses members that nobody would read: the route takes no body.
 *
 * @throws CodedError VALIDATION_FAILED with each of them
 */
export function demandNoBody({ method, body, routeOptions: { schema, config } }: FastifyRequest): void {
  if (
    !WITH_BODY.has(method) ||
    schema?.body !== undefined ||
    config.streams ||
    config.raw ||
    body === undefined ||
    body === null
  )
    return;
  const message = 'this route takes no body';
  if (typeof body !== 'object' || Array.isArray(body))
    throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '', code: 'TYPE', message }]);
  const problems = Object.keys(body).map((name) => ({
    pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: 'UNKNOWN_FIELD',
    message,
  }));
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function boundedStream(payload: Readable, announced: string | undefined, max: number): Readable {
  if (Number(announced ?? 0) > max) throw tooLarge(max);
  return Readable.from(bounded(payload, max), { objectMode: false });
}

async function* bounded(payload: Readable, max: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  // Destroying the payload would close the connection before the answer is sent.
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > max) throw tooLarge(max);
    yield chunk;
  }
}

function tooLarge(max: number): HttpFault {
  return new HttpFault('REQUEST_INVALID', 413, `the body is larger than the ${max} bytes that this route accepts`);
}
