import fastifyJwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '#proto';
import { callerOf } from '../../door/caller.ts';
import { SIGN_ON_PREFIX } from '../../duty/administrator.ts';
import type { Administrators } from '../../duty/administrators.ts';
import type { OidcTokens } from '../oidc/oidc-tokens.ts';
import { HttpFault } from '../problem.ts';
import { isRole } from '../roles.ts';
import type { ApiTls } from '../tls/api-tls.ts';
import { isPurpose, MAX_BREAK_GLASS_SECONDS, MAX_TTL_SECONDS } from '../token.ts';
import type { TypedFastify } from '../typed.ts';

/** What a token must be. */
export interface TokenRules {
  /** Key of HS256, at least 32 bytes (RFC 7518 section 3.2). */
  readonly secret: Buffer;
  readonly issuer: string;
  readonly audience: string;
  /** Tokens of the region's own sign-on, beside those of the local key. */
  readonly signOn?: OidcTokens;
}

/** Who administers, as far as the guard asks. */
export type Duties = Pick<Administrators, 'isSession' | 'callerOf' | 'demand'>;

/** How many callers are counted at once; beyond it the one that was quiet for longest is forgotten. */
const COUNTED_CALLERS = 10_000;
/** Characters of a token; longer ones are not looked at. */
const TOKEN_LENGTH = 8_192;
/** Seconds by which a token of the local key may be issued later than now: its maker may be another machine. */
const SKEW_SECONDS = 60;

/**
 * Lets a request pass only if its route is open or its token is good and has one of the route's roles, and counts
 * it. Tokens: HS256 with `iss`, `aud`, `sub`, `iat`, `exp` and `role` (RFC 7519, RFC 8725 section 3), those of the
 * region's own sign-on, and sessions of administrators.
 */
export async function guard(
  app: TypedFastify,
  options: {
    tokens: TokenRules;
    duties: Duties;
    clock: { now(): number };
    requestsPerMinute: number;
    tls?: Pick<ApiTls, 'shownBy'> | undefined;
  },
): Promise<(request: FastifyRequest) => Promise<void>> {
  const { tokens, duties, clock, requestsPerMinute } = options;
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
    keyGenerator: (request) => (request.user ? `${request.user.role} ${request.user.sub}` : callerOf(request.ip)),
  });

  return async (request) => {
    const access = request.is404 ? 'open' : request.routeOptions.config.access;
    // What the table does not name is nobody's.
    if (access === undefined) throw new CodedError('FORBIDDEN');
    if (access === 'probe') return;
    const refused = access === 'open' ? undefined : await authenticate(request, options, clock.now());
    // A bad token is counted for the address it came from, so that guessing is slow.
    await withinLimit(request);
    if (refused) throw refused;
    if (access === 'open') return;
    if (!access.includes(request.user.role)) throw new CodedError('FORBIDDEN');
    await duties.demand(request.user, request.routeOptions.config.needsFactor === true);
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
async function authenticate(
  request: FastifyRequest,
  { duties, tokens: { signOn }, tls }: Parameters<typeof guard>[1],
  now: number,
): Promise<CodedError | undefined> {
  try {
    const token = tokenOf(request);
    const certificate = tls?.shownBy(request.raw.socket);
    if (duties.isSession(token)) {
      const caller = await duties.callerOf(token, certificate);
      if (!caller || !isRole(caller.role)) throw new TypeError('a session that ended, or is bound to a certificate');
      request.user = { ...caller, role: caller.role };
      return undefined;
    }
    if (signOn?.claims(token)) {
      request.user = { ...(await signOn.callerOf(token, now)), ...(certificate && { certificate }) };
      return undefined;
    }
    const { sub, role, purpose, break_glass, iat, exp } = await request.jwtVerify<Record<string, unknown>>({
      clockTimestamp: now,
    });
    const longest = break_glass === undefined ? MAX_TTL_SECONDS : MAX_BREAK_GLASS_SECONDS;
    demandTimes(Number(iat), Number(exp), now / 1000, longest);
    if (typeof sub !== 'string' || sub === '' || !isRole(role)) throw new TypeError('claims of the wrong form');
    if (sub.startsWith(SIGN_ON_PREFIX)) throw new TypeError('a subject of the sign-on, which alone vouches for him');
    if (purpose !== undefined && !isPurpose(purpose)) throw new TypeError('a purpose of the wrong form');
    if (break_glass !== undefined && !isPurpose(break_glass)) throw new TypeError('a reason of the wrong form');
    request.user = {
      ...{ sub, role, issuedAt: Number(iat) * 1000 },
      ...(purpose !== undefined && { purpose }),
      ...(break_glass !== undefined && { breakGlass: break_glass }),
      ...(certificate && { certificate }),
    };
    return undefined;
  } catch (error) {
    request.user = null as never;
    if (error instanceof CodedError && error.code === 'ISSUER_UNREACHABLE') return error;
    return new HttpFault('UNAUTHORIZED', 401, MEANING, { headers: { 'www-authenticate': 'Bearer' } });
  }
}

function tokenOf({ headers }: FastifyRequest): string {
  const [, token] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined || token.length > TOKEN_LENGTH) throw new TypeError('no token');
  return token;
}

/** Seconds. Whoever has the key cannot make a token that is good for longer than any that we make. */
function demandTimes(iat: number, exp: number, now: number, longest: number): void {
  if (!(iat <= now + SKEW_SECONDS)) throw new TypeError('issued in the future');
  if (!(exp - iat <= longest)) throw new TypeError('good for too long');
}

const MEANING = 'a valid bearer token is needed; make one with: tongban token --role';
