import { createHash, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { isRegionCode, regionUrn, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import { readJws, signJws, type VerificationKey, verifyJws } from '../jws.ts';
import { type KeyPurpose, type Signer, STATED_PURPOSES } from '../keys/signer.ts';
import { importPublicJwk, SUITE_NAMES, type SuiteName, suiteOf, suiteOfKey } from '../suites.ts';
import type { RevocationReason } from './revocation.ts';

/** What an operational key of a region may do, and when. */
export interface StatementKey extends VerificationKey {
  readonly purpose: Exclude<KeyPurpose, 'identity'>;
  /** Milliseconds. */
  readonly notBefore: number;
  /** Milliseconds; the key must not be used from here on. */
  readonly notAfter: number;
  /** Milliseconds; what is not proved to be older than this does not count. Absent while the key is not revoked. */
  readonly revokedAt?: number;
  readonly jwk: JWK;
}

/** A TLS certificate that the region's gateway presents, as client and as server. */
export interface StatementTls {
  readonly certificate: X509Certificate;
  /** Hex SHA-256 of the SubjectPublicKeyInfo: what peers pin. */
  readonly spki: string;
}

/** A region statement (地区声明) whose signature and shape were verified. */
export interface RegionStatement {
  readonly region: string;
  readonly name: string;
  readonly serial: number;
  /** Base64url digest of the previous statement; empty for the first. */
  readonly previous: string;
  /** Milliseconds. */
  readonly issuedAt: number;
  /** Milliseconds. */
  readonly expiresAt: number;
  /** RFC 7638 thumbprint of the identity key: what peers pin. */
  readonly identity: string;
  /** `host:port` of the peer listener. */
  readonly endpoint: string;
  readonly suites: readonly SuiteName[];
  readonly keys: readonly StatementKey[];
  readonly tls: readonly StatementTls[];
  readonly contacts: readonly string[];
  /** SHA-256 of the JWT text. */
  readonly digest: Buffer;
  readonly jwt: string;
}

/** What a region says of itself. Times in milliseconds. */
export interface StatementContent {
  readonly region: string;
  readonly name: string;
  readonly serial: number;
  readonly previous?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly endpoint: string;
  readonly keys: readonly {
    readonly purpose: StatementKey['purpose'];
    readonly jwk: JWK;
    readonly notBefore: number;
    readonly notAfter: number;
    /** `at` in milliseconds. */
    readonly revoked?: { readonly at: number; readonly reason: RevocationReason };
  }[];
  /** DER certificates. */
  readonly tls: readonly Uint8Array[];
  readonly contacts?: readonly string[];
}

interface StatementClaims {
  iss: string;
  sub: string;
  iat: number;
  exp: number;
  jwks: { keys: JWK[] };
  metadata: {
    tongban_gateway: {
      name: string;
      serial: number;
      previous?: string;
      endpoint: string;
      transports: string[];
      suites: string[];
      jwks: { keys: OperationalJwk[] };
      tls: string[];
      contacts: string[];
    };
  };
}

type OperationalJwk = JWK & {
  kid: string;
  purpose: string;
  nbf: number;
  exp: number;
  revoked?: { revoked_at: number; reason: string };
};

/** Largest statement in bytes. */
const STATEMENT_BYTES = 64 * 1024;

/** Signs what a region says of itself with its identity key (vocabulary of OpenID Federation 1.1, entity configuration). */
export function issueStatement(identity: Signer, content: StatementContent): Promise<string> {
  const urn = regionUrn(content.region);
  const claims: StatementClaims = {
    iss: urn,
    sub: urn,
    iat: Math.floor(content.issuedAt / 1000),
    exp: Math.floor(content.expiresAt / 1000),
    jwks: { keys: [identity.publicJwk] },
    metadata: {
      tongban_gateway: {
        name: content.name,
        serial: content.serial,
        ...(content.previous ? { previous: content.previous } : {}),
        endpoint: content.endpoint,
        transports: ['grpc'],
        suites: suitesOf(content),
        jwks: {
          keys: content.keys.map(({ purpose, jwk, notBefore, notAfter, revoked }) => ({
            ...jwk,
            kid: String(jwk.kid),
            purpose,
            nbf: Math.floor(notBefore / 1000),
            exp: Math.floor(notAfter / 1000),
            ...(revoked && { revoked: { revoked_at: Math.floor(revoked.at / 1000), reason: revoked.reason } }),
          })),
        },
        tls: content.tls.map((der) => Buffer.from(der).toString('base64')),
        contacts: [...(content.contacts ?? [])],
      },
    },
  };
  return signJws(identity, TYP.statement, claims);
}

/**
 * Verifies a region statement: signed by the identity key it names, well formed, keys fit their thumbprints.
 * Whether that identity is the pinned one, and whether the statement is still in date, is the caller's to compare.
 *
 * @throws VerificationError STATEMENT_INVALID, or the code of the JWS fault
 */
export async function verifyStatement(jwt: string): Promise<RegionStatement> {
  const unverified = readJws<StatementClaims>(jwt, STATEMENT_BYTES);
  const identityJwk = unverified.payload.jwks?.keys?.[0] ?? invalid('names no identity key');
  const identitySuite = suiteOfKey(identityJwk) ?? invalid('has an identity key of an unknown suite');
  const identity = await thumbprint(identityJwk);
  const { payload: claims } = verifyJws<StatementClaims>(
    jwt,
    TYP.statement,
    (kid) => (kid === identity ? { kid, suite: identitySuite, key: importPublicJwk(identityJwk) } : undefined),
    STATEMENT_BYTES,
  );
  const gateway = claims.metadata?.tongban_gateway ?? invalid('has no metadata of a gateway');
  const region = regionOf(claims);
  if (!Number.isSafeInteger(claims.iat) || !Number.isSafeInteger(claims.exp) || claims.exp <= claims.iat)
    invalid('has no validity');
  if (!Number.isSafeInteger(gateway.serial) || gateway.serial < 1) invalid('has no serial');
  if (typeof gateway.name !== 'string' || gateway.name === '') invalid('has no name');
  if (typeof gateway.endpoint !== 'string' || !/^[^\s/]+:\d{1,5}$/.test(gateway.endpoint)) invalid('has no endpoint');
  const keys = await readKeys(gateway.jwks?.keys, identity);
  return {
    region,
    name: gateway.name,
    serial: gateway.serial,
    previous: String(gateway.previous ?? ''),
    issuedAt: claims.iat * 1000,
    expiresAt: claims.exp * 1000,
    identity,
    endpoint: gateway.endpoint,
    suites: readSuites(gateway.suites, keys),
    keys,
    tls: listOf<string>(gateway.tls, 'TLS certificates').map(readTls),
    contacts: listOf<string>(gateway.contacts, 'contacts').map(String),
    digest: createHash('sha256').update(jwt).digest(),
    jwt,
  };
}

/** Fingerprint of an identity key as two operators compare it: 64 hex digits in groups of four. */
export function fingerprintOf(identity: string): string {
  const hex = Buffer.from(identity, 'base64url').toString('hex');
  return hex.match(/.{4}/g)!.join(' ');
}

/** Whether a fingerprint typed by a person (any case, any spaces, dashes or colons) is that of the identity key. */
export function matchesFingerprint(identity: string, typed: string): boolean {
  return typed.replace(/[\s:-]/g, '').toLowerCase() === Buffer.from(identity, 'base64url').toString('hex');
}

/** Hex SHA-256 of a certificate's SubjectPublicKeyInfo. */
export function spkiOf(certificate: Pick<X509Certificate, 'publicKey'>): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function regionOf(claims: StatementClaims): string {
  const region = typeof claims.sub === 'string' ? claims.sub.slice(regionUrn('').length) : '';
  if (claims.iss !== claims.sub || claims.sub !== regionUrn(region))
    invalid('has not the region as issuer and subject');
  if (!isRegionCode(region)) invalid('names a region that is not in the table');
  return region;
}

/** A key listed twice could pass for two purposes, and the identity key signs nothing but statements. */
async function readKeys(jwks: unknown, identity: string): Promise<StatementKey[]> {
  const keys = await Promise.all(listOf<OperationalJwk>(jwks, 'keys').map(readKey));
  if (new Set([identity, ...keys.map((key) => key.kid)]).size !== keys.length + 1) invalid('lists a key twice');
  return keys;
}

async function readKey(jwk: OperationalJwk): Promise<StatementKey> {
  const suite = suiteOfKey(jwk) ?? invalid('has a key of an unknown suite');
  const kid = await thumbprint(jwk);
  if (jwk.kid !== kid) invalid('has a key whose kid is not its thumbprint');
  const purpose = STATED_PURPOSES.find((name) => name === jwk.purpose);
  if (!Number.isSafeInteger(jwk.nbf) || !Number.isSafeInteger(jwk.exp)) invalid('has a key without validity');
  const { kty, crv, x, y } = jwk;
  return {
    kid,
    suite: suiteOf(suite.name),
    key: importPublicJwk(jwk),
    purpose: purpose ?? invalid('has a key without a known purpose'),
    notBefore: jwk.nbf * 1000,
    notAfter: jwk.exp * 1000,
    ...readRevocation(jwk),
    jwk: { kty, crv, x, ...(y === undefined ? {} : { y }) },
  };
}

/** A revocation that cannot be read must not pass for none. */
function readRevocation({ revoked }: OperationalJwk): { revokedAt?: number } {
  if (revoked === undefined) return {};
  const at = Object(revoked).revoked_at as unknown;
  if (!Number.isSafeInteger(at) || (at as number) < 0) invalid('has a key whose revocation has no time');
  return { revokedAt: (at as number) * 1000 };
}

/** The suites must be those of the signing keys: nobody may be promised one and be sent another. */
function readSuites(suites: unknown, keys: readonly StatementKey[]): SuiteName[] {
  const listed = listOf<unknown>(suites, 'suites');
  const signing = keys.filter(({ purpose }) => purpose === 'signing').map(({ suite }) => suite.name);
  const used = SUITE_NAMES.filter((name) => signing.includes(name));
  if (listed.length !== used.length || !used.every((name) => listed.includes(name)))
    invalid('names other suites than its signing keys have');
  return used;
}

/**
 * The subject must be the digest of the key: of several trusted certificates with one subject a TLS library tries only
 * the first, so a region that took another's subject would shut that region out.
 */
function readTls(der: string): StatementTls {
  const tls = parseTls(der);
  const name = `CN=${tls.spki}`;
  if (tls.certificate.subject !== name || tls.certificate.issuer !== name)
    invalid('has a TLS certificate whose subject is not the digest of its key');
  return tls;
}

function parseTls(der: string): StatementTls {
  try {
    const certificate = new X509Certificate(Buffer.from(der, 'base64'));
    return { certificate, spki: spkiOf(certificate) };
  } catch {
    return invalid('has a TLS certificate that cannot be read');
  }
}

function listOf<T>(value: unknown, what: string): T[] {
  if (!Array.isArray(value) || value.includes(null)) invalid(`has no list of ${what}`);
  return value as T[];
}

async function thumbprint(jwk: JWK): Promise<string> {
  try {
    return await calculateJwkThumbprint(jwk);
  } catch {
    return invalid('has a key without a thumbprint');
  }
}

function suitesOf(content: StatementContent): SuiteName[] {
  const signing = content.keys.filter((key) => key.purpose === 'signing');
  return [...new Set(signing.map((key) => suiteOfKey(key.jwk)?.name))].filter((name) => name !== undefined);
}

function invalid(what: string): never {
  throw new VerificationError('STATEMENT_INVALID', `the statement ${what}`);
}
