import { decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { CodedError, type Problem } from '#proto';
import type { OidcConfig } from '../../config/tokens-config.ts';
import { SIGN_ON_PREFIX } from '../../duty/administrator.ts';
import { isRole, ROLES, type Role } from '../roles.ts';
import type { Caller } from '../typed.ts';
import { IssuerKeys, type IssuerKeysOptions } from './issuer-keys.ts';

/** Signatures of key pairs only (RFC 8725 section 3.1). */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
  'EdDSA',
  'Ed25519',
];
/** Types of a token for an API: none, the plain one, and that of RFC 9068. */
const TYPES = new Set([undefined, 'jwt', 'at+jwt']);
/** Seconds by which the clock of the issuer may differ from ours. */
const SKEW_SECONDS = 30;
const MAX_SUBJECT = 200;

/** Judges tokens of the region's own sign-on (统一身份认证). */
export class OidcTokens {
  readonly #config: OidcConfig;
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #keys: IssuerKeys;

  /** @throws CodedError CONFIG_INVALID when a role is none of ours */
  constructor(config: OidcConfig, options: Pick<IssuerKeysOptions, 'clock' | 'onError'>) {
    this.#config = config;
    this.#roles = rolesOf(config.roles);
    this.#keys = new IssuerKeys({ ...config, ...options });
  }

  /** Whether a token claims to be of this issuer: then nobody else judges it. */
  claims(token: string): boolean {
    try {
      return decodeJwt(token).iss === this.#config.issuer;
    } catch {
      return false;
    }
  }

  /**
   * Who a token is for. `sub` carries `oidc:` before it, so that it is nobody of the local key.
   *
   * @param now milliseconds
   * @throws CodedError ISSUER_UNREACHABLE
   * @throws Error saying what is wrong with it; nobody but its owner may learn
   */
  async callerOf(token: string, now: number): Promise<Caller> {
    const { issuer, audience, maxAgeMs } = this.#config;
    const { payload, protectedHeader } = await jwtVerify(token, (header) => this.#keys.find(demandKid(header)), {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: SKEW_SECONDS,
      maxTokenAge: maxAgeMs / 1000,
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(now),
    });
    if (!TYPES.has(protectedHeader.typ?.toLowerCase())) throw new TypeError('a token for another purpose');
    const { sub = '' } = payload;
    if (!/^[\x21-\x7e]+$/.test(sub) || sub.length > MAX_SUBJECT) throw new TypeError('a subject of the wrong form');
    return { sub: `${SIGN_ON_PREFIX}${sub}`, role: this.#roleIn(payload) };
  }

  /** Exactly one: whoever has several would choose what he is. */
  #roleIn(payload: JWTPayload): Role {
    const value = this.#config.roleClaim.split('.').reduce<unknown>(member, payload);
    const named = (Array.isArray(value) ? value : [value]).map((one) => this.#roles.get(String(one)));
    const roles = new Set(named.filter((role) => role !== undefined));
    const [role] = roles;
    if (role === undefined || roles.size > 1) throw new TypeError('not exactly one role of ours');
    return role;
  }
}

function demandKid<H extends { kid?: string }>(header: H): H {
  if (typeof header.kid !== 'string' || header.kid === '') throw new TypeError('no kid');
  return header;
}

function rolesOf(roles: OidcConfig['roles']): ReadonlyMap<string, Role> {
  const problems: Problem[] = [];
  const known = new Map<string, Role>();
  for (const [value, role] of Object.entries(roles)) {
    if (isRole(role)) known.set(value, role);
    else {
      const message = `must be one of: ${ROLES.join(', ')}`;
      problems.push({ pointer: `/tokens/oidc/roles/${value}`, code: 'NOT_IN_LIST', message });
    }
  }
  if (problems.length > 0)
    throw new CodedError('CONFIG_INVALID', 'tokens.oidc.roles names a role that is none', problems);
  return known;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
