import type { FastifyRequest } from 'fastify';
import { HttpFault } from '../problem.ts';

/** Entity tag of a version of a thing (RFC 9110 section 8.8.3). Versions count up with every change. */
export function etag(version: number): string {
  return quoted(`v${version}`);
}

/**
 * Lets a change pass only if the caller has seen the version that it changes (RFC 9110 section 13.1.1).
 *
 * @throws HttpFault REQUEST_INVALID with status 428 without If-Match, CONFLICT with 412 if the version is another
 */
export function demandMatch(request: FastifyRequest, version: number): void {
  const header = request.headers['if-match'];
  if (header === undefined)
    throw new HttpFault('REQUEST_INVALID', 428, 'send If-Match with the ETag of the version that you change');
  const tags = header.split(',').map((tag) => tag.trim());
  if (!tags.includes('*') && !tags.includes(etag(version)))
    throw new HttpFault('CONFLICT', 412, 'it was changed in the meantime; read it again', {
      headers: { etag: etag(version) },
    });
}

/** Whether the caller already has this version (RFC 9110 section 13.1.2): then answer 304 without a body. */
export function isUnchanged(request: FastifyRequest, version: number): boolean {
  return hasTag(request, `v${version}`);
}

/** Entity tag of something that has no version, by a name of its content. */
export function quoted(name: string): string {
  return `"${name}"`;
}

/** Whether the caller already has what has this tag. */
export function hasTag(request: FastifyRequest, name: string): boolean {
  const tags = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(quoted(name));
}
