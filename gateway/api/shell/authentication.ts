import fastifyJwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '#proto';
import { HttpFault } from '../problem.ts';
import { isRole } from '../roles.ts';
import { isPurpose } from '../token.ts';
import type { TypedFastify } from '../typed.ts';

/** What a token must be. */
export interface TokenRules {
  /** Key of HS256, at least 32 bytes (RFC 7518 section 3.2). */
  readonly secret: Buffer;
  readonly issuer: string;
  readonly audience: string;
}

/** How many callers are counted at once; beyond it the one that was quiet for longest is forgotten. */
const COUNTED_CALLERS = 10_000;

/**
 * Lets a request pass only if its route is open or its token is good and has one of the route's roles, and counts
 * it. Tokens: HS256 only, with `iss`, `aud`, `sub`, `iat`, `exp` and `role` (RFC 7519, RFC 8725 section 3).
 */
export async function guard(
  app: TypedFastify,
  options: { tokens: TokenRules; clock: { now(): number }; requestsPerMinute: number },
): Promise<(request: FastifyRequest) => Promise<void>> {
  const { tokens, clock, requestsPerMinute } = options;
  if (tokens.secret.length < 32) throw new CodedError('KEY_MISSING', 'the key of the API has fewer than 32 bytes');
  await app.register(fastifyJwt, {
    secret: tokens.secret,
    verify: {
      algorithms: ['HS256'],
      allowedIss: tokens.issuer,
      allowedAud: tokens.audience,
      requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp', 'role'],
    },
  });
  await app.register(rateLimit, { global: false, cache: COUNTED_CALLERS });
  const count = app.createRateLimit({
    max: requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => (request.user ? `${request.user.role} ${request.user.sub}` : request.ip),
  });

  return async (request) => {
    const access = request.routeOptions.config.access ?? 'open';
    if (access === 'probe') return;
    const refused = access === 'open' ? undefined : await authenticate(request, clock.now());
    // A bad token is counted for the address it came from, so that guessing is slow.
    await withinLimit(request);
    if (refused) throw refused;
    if (access !== 'open' && !access.includes(request.user.role)) throw new CodedError('FORBIDDEN');
  };

  async function withinLimit(request: FastifyRequest): Promise<void> {
    const counted = await count(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    throw new HttpFault('BACK_PRESSURE', 429, `more than ${counted.max} requests a minute; wait and try again`, {
      headers: { 'retry-after': String(Math.max(1, counted.ttlInSeconds)) },
    });
  }
}

/** Sets `request.user`, or says why not. What exactly is wrong with a token is nobody's business but its owner's. */
async function authenticate(request: FastifyRequest, now: number): Promise<CodedError | undefined> {
  try {
    const { sub, role, purpose } = await request.jwtVerify<Record<string, unknown>>({ clockTimestamp: now });
    if (typeof sub !== 'string' || sub === '' || !isRole(role)) throw new TypeError('claims of the wrong form');
    if (purpose !== undefined && !isPurpose(purpose)) throw new TypeError('a purpose of the wrong form');
    request.user = { sub, role, ...(purpose !== undefined && { purpose }) };
    return undefined;
  } catch {
    request.user = null as never;
    return new HttpFault('UNAUTHORIZED', 401, MEANING, { headers: { 'www-authenticate': 'Bearer' } });
  }
}

const MEANING = 'a valid bearer token is needed; make one with: tongban token --role';
