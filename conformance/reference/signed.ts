import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decoded, demand, H, json, Refused } from './wire.ts';

/** Signed objects, region statements, checkpoints and authorization documents of proto/README.md. */

/** Says what is wrong with a value by throwing Refused with the code. */
export type Shape = (value: unknown, code: string) => void;

const JWS_LIMIT = 64 * 1024;
const FIVE_YEARS_LATER = 5;
const REGIONS = new Set(
  Object.keys(
    JSON.parse(readFileSync(new URL('../../proto/identifiers/regions.json', import.meta.url), 'utf8')).regions,
  ),
);

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const URN = 'urn:tongban:region:';

const is = (met: (value: unknown) => boolean, what: string): Shape => {
  return (value, code) => demand(met(value), code, what);
};
export const text = (min = 0, max = JWS_LIMIT): Shape =>
  is((v) => typeof v === 'string' && v.length >= min && v.length <= max, 'a text is missing, too short or too long');
export const matching = (pattern: RegExp): Shape =>
  is((v) => typeof v === 'string' && pattern.test(v), `a text must match ${pattern.source}`);
export const whole = (min = 0, max = Number.MAX_SAFE_INTEGER): Shape =>
  is((v) => Number.isSafeInteger(v) && Number(v) >= min && Number(v) <= max, `a whole number from ${min} is needed`);
export const bytes = (length?: number): Shape =>
  is(
    (v) => {
      const got = decoded(v);
      return got !== undefined && (length === undefined || got.length === length);
    },
    `canonical base64url${length === undefined ? '' : ` of ${length} bytes`} is needed`,
  );
export const oneOf = (...values: unknown[]): Shape =>
  is((v) => values.includes(v), `one of ${values.join(', ')} is needed`);
export const region: Shape = is((v) => typeof v === 'string' && REGIONS.has(v), 'a region code of the table is needed');

/** A list whose members have the shape. */
export const list = (item: Shape, min = 0, max = Number.POSITIVE_INFINITY): Shape => {
  return (value, code) => {
    demand(
      Array.isArray(value) && value.length >= min && value.length <= max,
      code,
      `a list of ${min} to ${max} is needed`,
    );
    for (const [index, one] of value.entries()) within(String(index), () => item(one, code));
  };
};

/** An object with these members; a name that ends in `?` may be absent. Others are a fault unless `open`. */
export const object = (members: Record<string, Shape>, open = false): Shape => {
  const shapes = new Map(Object.entries(members).map(([name, shape]) => [name.replace('?', ''), shape]));
  const optional = new Set(Object.keys(members).flatMap((name) => (name.endsWith('?') ? [name.slice(0, -1)] : [])));
  return (value, code) => {
    demand(isObject(value), code, 'an object is needed');
    for (const name of Object.keys(value))
      within(name, () => demand(open || shapes.has(name), code, 'there is no such member'));
    for (const [name, shape] of shapes) {
      if (Object.hasOwn(value, name)) within(name, () => shape(value[name], code));
      else within(name, () => demand(optional.has(name), code, 'the member is missing'));
    }
  };
};

function within(name: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw error instanceof Refused ? new Refused(error.code, error.message, [name, ...error.path]) : error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface Key {
  readonly kid: string;
  readonly suite: 'ES256' | 'Ed25519';
  readonly key: KeyObject;
  /** The JWK's `x`: of an Ed25519 key its 32 bytes. */
  readonly x: string;
  readonly purpose: string;
  /** Seconds. */
  readonly nbf: number;
  /** Seconds. */
  readonly exp: number;
}

type PublicKey = Pick<Key, 'kid' | 'suite' | 'key' | 'x'>;

/** A public JWK with its RFC 7638 thumbprint; undefined when it is none of a suite in use. */
function publicKey(jwk: unknown): PublicKey | undefined {
  if (!isObject(jwk)) return undefined;
  const { kty, crv, x, y } = jwk;
  const suite = kty === 'EC' && crv === 'P-256' ? 'ES256' : kty === 'OKP' && crv === 'Ed25519' ? 'Ed25519' : undefined;
  if (suite === undefined || typeof x !== 'string' || decoded(x)?.length !== 32) return undefined;
  if (suite === 'ES256' && decoded(y)?.length !== 32) return undefined;
  const members = suite === 'ES256' ? { crv, kty, x, y } : { crv, kty, x };
  try {
    const key = createPublicKey({ key: members as Record<string, string>, format: 'jwk' });
    return { kid: H(Buffer.from(JSON.stringify(members))).toString('base64url'), suite, key, x };
  } catch {
    return undefined;
  }
}

function signatureHolds({ suite, key }: PublicKey, content: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  if (suite === 'Ed25519') return verify(null, content, key, signature);
  return verify('sha256', content, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

type Claims = Record<string, unknown>;

interface Jws {
  readonly header: Claims;
  readonly claims: Claims;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** The two steps that need no key: structure and purpose. */
function readJws(jws: string, typ: string, limit = JWS_LIMIT): Jws {
  demand(jws.length <= limit, 'JWS_INVALID', 'the signed object is too large');
  const parts = jws.split('.');
  const [header, claims] = parts.slice(0, 2).map((part) => json(decoded(part) ?? Buffer.alloc(0)));
  const signature = decoded(parts[2]);
  demand(
    parts.length === 3 && signature !== undefined && signature.length > 0,
    'JWS_INVALID',
    'three parts are needed',
  );
  demand(isObject(header) && isObject(claims), 'JWS_INVALID', 'header and claims must be JSON objects in base64url');
  const names = Object.keys(header).sort().join();
  demand(names === 'alg,kid,typ' && typeof header['kid'] === 'string', 'JWS_INVALID', 'the header needs alg, kid, typ');
  demand(header['typ'] === typ, 'TYP_MISMATCH', `signed as ${String(header['typ'])} and not as ${typ}`);
  return { header, claims, signed: Buffer.from(parts.slice(0, 2).join('.')), signature };
}

/** The three steps that need the key. */
function demandSignature<K extends PublicKey>({ header, signed, signature }: Jws, keys: readonly K[]): K {
  const key = keys.find(({ kid }) => kid === header['kid']);
  demand(key, 'KEY_UNKNOWN', `no key ${String(header['kid'])} for this purpose`);
  demand(header['alg'] === key.suite, 'ALGORITHM_NOT_ALLOWED', `the key is for ${key.suite}`);
  demand(signatureHolds(key, signed, signature), 'SIGNATURE_INVALID', 'the signature does not verify');
  return key;
}

export interface Statement {
  readonly region: string;
  readonly serial: number;
  /** Thumbprint of the identity key. */
  readonly identity: string;
  readonly keys: readonly Key[];
}

const textList = list(text(1));
const OPERATIONAL = object(
  { kid: text(1), purpose: oneOf('signing', 'log', 'certificate'), nbf: whole(), exp: whole() },
  true,
);
const STATEMENT = object(
  {
    iss: text(1),
    sub: text(1),
    iat: whole(),
    exp: whole(),
    jwks: object({ keys: list(object({}, true), 1, 1) }, true),
    metadata: object(
      {
        tongban_gateway: object(
          {
            name: text(1),
            serial: whole(1),
            'previous?': bytes(32),
            endpoint: matching(/^.+:\d{1,5}$/),
            transports: textList,
            suites: textList,
            contacts: textList,
            jwks: object({ keys: list(OPERATIONAL, 1) }, true),
            tls: list(text(1), 1),
          },
          true,
        ),
      },
      true,
    ),
  },
  true,
);

/**
 * Verifies that a statement is what its own identity key says. Whether that key is the pinned one is another question.
 *
 * @throws Refused STATEMENT_INVALID or a code of the signed objects
 */
export function readStatement(jwt: string): Statement {
  const code = 'STATEMENT_INVALID';
  const jws = readJws(jwt, 'entity-statement+jwt');
  STATEMENT(jws.claims, code);
  const { iss, sub, iat, exp, jwks, metadata } = jws.claims as {
    iss: string;
    sub: string;
    iat: number;
    exp: number;
    jwks: { keys: Claims[] };
    metadata: { tongban_gateway: Gateway };
  };
  const identity = publicKey(jwks.keys[0]);
  demand(identity, code, 'the identity key is no public key of a suite in use');
  demandSignature(jws, [identity]);
  const own = iss.slice(URN.length);
  demand(iss === sub && iss.startsWith(URN) && REGIONS.has(own) && exp > iat, code, 'iss, sub, iat and exp do not fit');
  const gateway = metadata.tongban_gateway;
  const keys = gateway.jwks.keys.map((jwk) => {
    const key = publicKey(jwk);
    demand(
      key && key.kid === jwk.kid && jwk.exp > jwk.nbf,
      code,
      'a key does not fit its kid or ends before it begins',
    );
    demand(jwk.purpose !== 'log' || key.suite === 'Ed25519', code, 'a log key must be Ed25519');
    return { ...key, purpose: jwk.purpose, nbf: jwk.nbf, exp: jwk.exp };
  });
  demand(new Set([identity, ...keys].map(({ kid }) => kid)).size === keys.length + 1, code, 'a key stands twice');
  const suites = new Set<string>(keys.flatMap(({ purpose, suite }) => (purpose === 'signing' ? [suite] : [])));
  demand(sameSet(suites, new Set(gateway.suites)), code, 'suites are not those of the keys');
  for (const der of gateway.tls) demand(namedByItsKey(der), code, 'a TLS certificate is not named by its key');
  return { region: own, serial: gateway.serial, identity: identity.kid, keys };
}

interface Gateway {
  readonly serial: number;
  readonly suites: string[];
  readonly tls: string[];
  readonly jwks: { keys: { kid: string; purpose: string; nbf: number; exp: number }[] };
}

function namedByItsKey(der: string): boolean {
  try {
    const certificate = new X509Certificate(Buffer.from(der, 'base64'));
    const name = `CN=${H(certificate.publicKey.export({ type: 'spki', format: 'der' })).toString('hex')}`;
    return certificate.subject === name && certificate.issuer === name;
  } catch {
    return false;
  }
}

/** When a key must have been valid: now (milliseconds), or in history at the time the signed root itself states. */
export type Moment = { readonly now: number } | 'history';

export interface SignedRoot {
  readonly root: Buffer;
  readonly size: number;
  /** Seconds. */
  readonly iat: number;
  readonly suite: string;
}

/**
 * Verifies the root of a group of envelopes or receipts.
 *
 * @throws Refused with a code of the signed objects, ISSUER_MISMATCH, KEY_NOT_VALID
 */
export function verifyRoot(jws: string, typ: string, signer: Statement, moment: Moment): SignedRoot {
  const read = readJws(jws, typ);
  const key = demandSignature(
    read,
    signer.keys.filter(({ purpose }) => purpose === 'signing'),
  );
  object({ root: bytes(32), size: whole(1), iss: text(), iat: whole() }, true)(read.claims, 'JWS_INVALID');
  const { root, size, iss, iat } = read.claims as { root: string; size: number; iss: string; iat: number };
  demand(iss === `${URN}${signer.region}`, 'ISSUER_MISMATCH', `issued by ${iss}`);
  demandValid(key, moment === 'history' ? iat * 1000 : moment.now);
  return { root: Buffer.from(root, 'base64url'), size, iat, suite: key.suite };
}

function demandValid(key: Key, at: number): void {
  demand(key.nbf * 1000 <= at && at < key.exp * 1000, 'KEY_NOT_VALID', `the key ${key.kid} is not valid at ${at}`);
}

const NOTE =
  /^tongban\/log\/(\d{6})\/(0|[1-9]\d*)\n(0|[1-9]\d*)\n([A-Za-z0-9+/=]{44})\n\n\u2014 (\S+) ([A-Za-z0-9+/=]+)\n$/;

export interface Checkpoint {
  readonly region: string;
  readonly epoch: number;
  readonly size: number;
  readonly root: Buffer;
}

/**
 * Verifies the signed note of a log.
 *
 * @param at milliseconds: when its key must be valid
 * @throws Refused CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_NOT_VALID
 */
export function verifyCheckpoint(note: string, statement: Statement, at: number): Checkpoint {
  const code = 'CHECKPOINT_INVALID';
  const [, place = '', epoch, size, base64, name = '', mark] = NOTE.exec(note) ?? [];
  const [root, signature] = [decoded(base64, 'base64'), decoded(mark, 'base64')];
  const origin = note.slice(0, note.indexOf('\n'));
  demand(root?.length === 32 && signature?.length === 68 && name === origin, code, 'not the six lines of a checkpoint');
  demand(Number.isSafeInteger(Number(epoch)) && Number.isSafeInteger(Number(size)), code, 'a number is too large');
  demand(place === statement.region, code, `the log of ${place} and not of ${statement.region}`);
  const keys = statement.keys.filter(({ purpose, x }) => {
    const id = H(Buffer.from(`${name}\n\x01`), Buffer.from(x, 'base64url')).subarray(0, 4);
    return purpose === 'log' && id.equals(signature.subarray(0, 4));
  });
  const [key] = keys;
  demand(key, 'KEY_UNKNOWN', 'signed by no log key of the region');
  demandValid(key, at);
  const signed = Buffer.from(note.slice(0, note.indexOf('\n\n') + 1));
  demand(signatureHolds(key, signed, signature.subarray(4)), code, 'the signature does not verify');
  return { region: place, epoch: Number(epoch), size: Number(size), root };
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const FIELD = /^(applicant\.(name|documentNumber|mobile|address|\*)|form\.(\*|[^*]+)|certificate\.(\*|[^*]+))$/;
const GRANT = object({
  grantor: region,
  grantee: region,
  department: object({ name: text(1), code: text(1) }),
  rights: list(oneOf('R1a', 'R1b', 'R2', 'R3', 'R4', 'R5'), 1),
  items: list(text(1), 1),
  modes: list(oneOf('online', 'agency', 'joint', 'direct'), 1),
});
const CONTENT = object({
  id: matching(UUID),
  version: oneOf(1),
  parties: list(region, 2, 2),
  grants: list(GRANT, 1, 50),
  fields: list(matching(FIELD)),
  valid_from: matching(RFC3339),
  valid_until: matching(RFC3339),
  created_at: matching(RFC3339),
  terms: text(),
  'supersedes?': matching(UUID),
});

/** The parts of an authorization document, general JWS serialization. */
export interface AuthorizationDocument {
  readonly payload: string;
  readonly signatures: readonly { readonly protected: string; readonly signature: string }[];
}

export interface Authorization {
  readonly id: string;
  readonly parties: readonly string[];
  /** SHA-256 of the payload bytes. */
  readonly digest: Buffer;
}

/**
 * Verifies a complete document in history.
 *
 * @throws Refused AUTHORIZATION_INVALID or a code of the signed objects
 */
export function verifyAuthorization(
  document: AuthorizationDocument,
  statementOf: (region: string) => Statement | undefined,
): Authorization {
  const code = 'AUTHORIZATION_INVALID';
  const payload = decoded(document.payload);
  const content = payload && json(payload);
  demand(payload && JSON.stringify(content) === payload.toString(), code, 'the payload is not compact JSON');
  demand(JSON.stringify(document).length <= 512 * 1024, code, 'the document is too large');
  CONTENT(content, code);
  const { id, parties, grants, ...times } = content as {
    id: string;
    parties: string[];
    grants: { grantor: string; grantee: string }[];
    valid_from: string;
    valid_until: string;
    created_at: string;
  };
  const [from, until, created] = [times.valid_from, times.valid_until, times.created_at].map((time) =>
    Date.parse(time),
  );
  demand(from !== undefined && until !== undefined && created !== undefined, code, 'a time is missing');
  const latest = new Date(from);
  latest.setUTCFullYear(latest.getUTCFullYear() + FIVE_YEARS_LATER);
  demand(until > from && until > created && until <= latest.getTime(), code, 'the times do not fit');
  const two = new Set(parties);
  demand(two.size === 2, code, 'two different parties are needed');
  for (const { grantor, grantee } of grants)
    demand(sameSet(new Set([grantor, grantee]), two), code, 'a grant is not between the parties');
  demand(document.signatures.length === 2, code, 'two signatures are needed');
  const statements = parties.map((party) => {
    const statement = statementOf(party);
    demand(statement, 'KEY_UNKNOWN', `no statement of ${party} was given`);
    return statement;
  });
  const signers = document.signatures.map((signature) => {
    const jws = `${signature.protected}.${document.payload}.${signature.signature}`;
    const keys = statements.flatMap((statement) =>
      statement.keys.filter(({ purpose }) => purpose === 'signing').map((key) => ({ ...key, owner: statement.region })),
    );
    const key = demandSignature(readJws(jws, 'tongban-authorization+jws', 1024 * 1024), keys);
    demand(key.nbf * 1000 <= until && key.exp * 1000 > created, 'KEY_NOT_VALID', `${key.kid} was not valid then`);
    return key;
  });
  for (const part of ['owner', 'kid'] as const)
    demand(new Set(signers.map((key) => key[part])).size === 2, code, 'each party signs with a key of its own');
  return { id, parties, digest: H(payload) };
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}
