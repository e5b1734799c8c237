import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PageFile } from '../../page-files.ts';

/** What a page may do, in the words of browsers. */
export interface PageRules {
  /** Content-Security-Policy. */
  readonly policy: string;
  /** Permissions-Policy. */
  readonly permissions: string;
}

/** Sends a file of a page, or says that the browser has it already. */
export function sendPage(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  { mediaType, bytes, gzipped, etag }: PageFile,
  { policy, permissions }: PageRules,
) {
  reply.headers({
    etag,
    vary: 'accept-encoding',
    // Asked again each time: what the page says must be what this program does.
    'cache-control': 'no-cache',
    'content-security-policy': policy,
    'permissions-policy': permissions,
  });
  const known = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag)) return reply.code(304).send();
  reply.type(mediaType);
  if (!/\bgzip\b/.test(String(headers['accept-encoding'] ?? ''))) return reply.send(bytes);
  return reply.header('content-encoding', 'gzip').send(gzipped);
}
