import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { SecondFactor } from '../duty/administrator.ts';
import type { Access, Role } from './roles.ts';

/** Fastify whose handlers know the types of what their schemas let through. */
export type TypedFastify = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/**
 * Registers the routes of one subject. Each needs an entry in the table of access; each object of its schemas must
 * say `additionalProperties: false` (or what else it takes); what it throws becomes the answer.
 *
 * @example
 * const Submitted = Type.Object({ item: Type.String({ maxLength: 64 }) }, { additionalProperties: false });
 *
 * export function caseRoutes(cases: CaseService, once: AnswerOnce): RouteModule {
 *   return (app) => {
 *     app.post('/v1/cases', { schema: { body: Submitted } }, async (request, reply) => {
 *       const answer = await once(request, async () => ({ status: 201, body: await cases.submit(request.body) }));
 *       return reply.code(answer.status).send(answer.body);
 *     });
 *     app.put(
 *       '/v1/materials/:digest',
 *       { bodyLimit: LIMITS.materialBytes, config: { streams: 'application/octet-stream' } },
 *       async (request) => cases.keep(request.body as Readable),
 *     );
 *   };
 * }
 */
export type RouteModule = (app: TypedFastify) => void;

/** Media types of bodies that are handed to the route as they arrive, as a `Readable` bounded by its `bodyLimit`. */
export type StreamedType = 'application/octet-stream' | 'application/offset+octet-stream' | 'application/x-ndjson';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The one media type that the route takes, as a stream; JSON when absent. */
    streams?: StreamedType;
    /** Media types of which the route gets the bytes as they are, because somebody signed them; it brings the parser. */
    raw?: readonly string[];
    /** Set by the server from the table of access. */
    access?: Access;
    /** Set by the server: it changes something, so that who did it is written down. */
    isAct?: boolean;
    /** Set by the server: an administrator needs his second factor for it. */
    needsFactor?: boolean;
  }
}

/** What was proven about the caller. */
export interface Caller {
  readonly sub: string;
  readonly role: Role;
  /** What the token is for (用途), where it says so: counts for every look into personal data. */
  readonly purpose?: string;
  /** How an administrator proved who he is, beyond his token. */
  readonly factor?: SecondFactor;
  /** SHA-256 of the client certificate that his connection has shown. */
  readonly certificate?: Buffer;
  /** Why the key of the machine stands in for an administrator (应急). */
  readonly breakGlass?: string;
  /** Milliseconds: when the token was issued, where it is one of the local key. */
  readonly issuedAt?: number;
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: Record<string, unknown>;
    user: Caller;
  }
}
