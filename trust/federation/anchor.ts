import { TYP } from '#proto';
import { signJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { type ChainConstraints, constraintClaims, readConstraints } from './constraints.ts';
import { entityUrn, type IdentityKey, invalid, readEntity, readValidity, verifySelfSigned } from './entity.ts';

/** What an anchor (信任锚点) says of itself. Times in milliseconds. */
export interface AnchorContent {
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** URL of the folder that holds its files, with a slash at the end. */
  readonly location: string;
  /** What it binds itself to; every link of a chain through it is held to them. */
  readonly constraints: ChainConstraints;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The entity configuration of an anchor, whose signature by the key that it names was verified. */
export interface AnchorConfiguration extends AnchorContent {
  readonly key: IdentityKey;
  readonly jwt: string;
}

interface ConfigurationClaims {
  iss: string;
  sub: string;
  iat: number;
  exp: number;
  jwks: { keys: object[] };
  metadata: { tongban_anchor: { name: string; location: string; constraints?: object } };
}

const MAX_TITLE = 100;
const MAX_URL = 2048;

/**
 * Signs what an anchor says of itself: an entity configuration (OpenID Federation 1.1). That specification keeps the
 * claim `constraints` to subordinate statements; what an anchor binds itself to is therefore part of its metadata.
 */
export function issueAnchorConfiguration(identity: Signer, content: AnchorContent): Promise<string> {
  const urn = entityUrn({ kind: 'anchor', name: content.name });
  const constraints = constraintClaims(content.constraints);
  const claims: ConfigurationClaims = {
    iss: urn,
    sub: urn,
    iat: Math.floor(content.issuedAt / 1000),
    exp: Math.floor(content.expiresAt / 1000),
    jwks: { keys: [identity.publicJwk] },
    metadata: {
      tongban_anchor: { name: content.title, location: content.location, ...(constraints && { constraints }) },
    },
  };
  return signJws(identity, TYP.statement, claims);
}

/**
 * Verifies an entity configuration of an anchor by the key that it names. Whether that is the right key, and whether it
 * is in date, is the caller's to compare.
 *
 * @throws VerificationError CHAIN_INVALID and the codes of a signed object
 */
export async function verifyAnchorConfiguration(jwt: string): Promise<AnchorConfiguration> {
  const { key, claims } = await verifySelfSigned<ConfigurationClaims>(jwt, TYP.statement);
  const { kind, name } = readEntity(claims.sub);
  if (kind !== 'anchor' || claims.iss !== claims.sub) invalid('has not the anchor as issuer and subject');
  const metadata = claims.metadata?.tongban_anchor ?? invalid('has no metadata of an anchor');
  if (typeof metadata.name !== 'string' || metadata.name === '' || metadata.name.length > MAX_TITLE)
    invalid('has no name for people');
  return {
    name,
    title: metadata.name,
    location: readLocation(metadata.location),
    constraints: readConstraints(metadata.constraints),
    ...readValidity(claims),
    key,
    jwt,
  };
}

/**
 * Where the files of an anchor are: a folder on a web server or in the file system.
 *
 * @throws VerificationError CHAIN_INVALID
 */
export function readLocation(location: unknown): string {
  const url = typeof location === 'string' && location.length <= MAX_URL ? URL.parse(location) : null;
  const known = url !== null && ['https:', 'http:', 'file:'].includes(url.protocol);
  if (!known || url.search || url.hash || url.username || url.password || !url.pathname.endsWith('/'))
    return invalid('has no location: an http, https or file URL that ends with a slash');
  return url.href;
}
