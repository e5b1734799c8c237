import { both, fields, integer, optional, type Problem, type Rule, record, text } from '#proto';

/** A region's own sign-on (统一身份认证) whose tokens the API takes beside those of the local key. Every path is absolute. */
export interface OidcConfig {
  /** `iss` of its tokens, exactly (OpenID Connect Core 1.0 section 2). */
  readonly issuer: string;
  /** `aud` that they must name. */
  readonly audience: string;
  /** Where its public keys stand (JWK Set, RFC 7517): an https address, or a file where there is no way to it. */
  readonly keys: { readonly url: string } | { readonly file: string };
  /** PEM of the authorities that may vouch for the address; those of the system when absent. */
  readonly caFile: string | undefined;
  /** Claim that holds the roles; dots lead into objects, as in `realm_access.roles`. */
  readonly roleClaim: string;
  /** Our role for each value of the claim that counts. */
  readonly roles: Readonly<Record<string, string>>;
  /** Milliseconds after its issue that a token is good at most, whatever it says. */
  readonly maxAgeMs: number;
}

/** What the API demands of its tokens: `iss` and `aud` (RFC 7519), and who else issues them. */
export interface TokensConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly oidc: OidcConfig | undefined;
}

/** The section as the file has it. */
export interface TokensSection {
  issuer?: string | null;
  audience?: string | null;
  oidc?: {
    issuer: string;
    audience: string;
    jwks_url?: string | null;
    jwks_file?: string | null;
    ca_file?: string | null;
    role_claim?: string | null;
    roles: Record<string, string>;
    max_age_hours?: number | null;
  } | null;
}

const HOUR_MS = 60 * 60 * 1000;
const MAX_ROLES = 100;

const urn = text(256, { pattern: /^\S+$/, hint: 'must not contain spaces' });
const path = text(4096);
const claim = text(200, {
  pattern: /^[\w:/-]+(\.[\w:/-]+)*$/,
  hint: 'must be the name of a claim; dots lead into objects',
});

export const tokensRule: Rule = both(
  fields({
    issuer: optional(urn),
    audience: optional(urn),
    oidc: optional(
      both(
        fields({
          issuer: urn,
          audience: urn,
          jwks_url: optional(httpsUrl),
          jwks_file: optional(path),
          ca_file: optional(path),
          role_claim: optional(claim),
          roles: record(text(200), text(50), MAX_ROLES),
          max_age_hours: optional(integer(1, 24 * 31)),
        }),
        oneSource,
      ),
    ),
  }),
  issuersDiffer,
);

/**
 * The section with its defaults.
 *
 * @param issuer of the tokens of the local key, where the file does not say
 * @param inData makes a path absolute
 */
export function tokensOf(section: TokensSection, issuer: string, inData: (path: string) => string): TokensConfig {
  const { oidc } = section;
  return {
    issuer: section.issuer ?? issuer,
    audience: section.audience ?? 'tongban-api',
    oidc: oidc
      ? {
          issuer: oidc.issuer,
          audience: oidc.audience,
          keys: oidc.jwks_url ? { url: oidc.jwks_url } : { file: inData(oidc.jwks_file!) },
          caFile: oidc.ca_file ? inData(oidc.ca_file) : undefined,
          roleClaim: oidc.role_claim ?? 'roles',
          roles: oidc.roles,
          maxAgeMs: (oidc.max_age_hours ?? 12) * HOUR_MS,
        }
      : undefined,
  };
}

/** Keys that came over an open line would be anybody's. */
function httpsUrl(value: unknown, pointer: string, problems: Problem[]): void {
  const url = typeof value === 'string' ? URL.parse(value) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.hash !== '')
    problems.push({ pointer, code: 'FORMAT', message: 'must be an https address without a name or password' });
}

function oneSource(value: unknown, pointer: string, problems: Problem[]): void {
  const { jwks_url, jwks_file, ca_file } = value as NonNullable<TokensSection['oidc']>;
  if (!jwks_url === !jwks_file)
    problems.push({
      pointer: `${pointer}/jwks_url`,
      code: 'REQUIRED',
      message: 'or jwks_file is required, and only one',
    });
  if (jwks_file && ca_file)
    problems.push({ pointer: `${pointer}/ca_file`, code: 'CONFLICT', message: 'is not looked at for a file' });
}

/** A token must say by its issuer alone which keys judge it. */
function issuersDiffer(value: unknown, pointer: string, problems: Problem[]): void {
  const { issuer, oidc } = value as TokensSection;
  if (oidc && issuer === oidc.issuer)
    problems.push({ pointer: `${pointer}/oidc/issuer`, code: 'DUPLICATE', message: 'must differ from tokens.issuer' });
}
