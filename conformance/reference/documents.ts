import { X509Certificate } from 'node:crypto';
import {
  both,
  bytes,
  creditCode,
  is,
  list,
  matching,
  object,
  oneOf,
  REGIONS,
  region,
  type Shape,
  text,
  whole,
} from './shape.ts';
import { demandSignature, demandValid, HASHES, type Key, publicKey, readJws, signatureHolds, URN } from './signed.ts';
import { decoded, demand, type Hash, json, sha256 } from './wire.ts';

/** Region statements, checkpoints and authorization documents of proto/README.md. */

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DOCUMENT_LIMIT = 512 * 1024;
const DAY = 24 * 3600 * 1000;

export interface Statement {
  readonly region: string;
  readonly serial: number;
  /** Thumbprint of the identity key. */
  readonly identity: string;
  readonly keys: readonly Key[];
}

const anyWhole = whole(Number.MIN_SAFE_INTEGER);
const anything: Shape = () => {};
const open = (members: Record<string, Shape>) => object(members, true);
const OPERATIONAL = open({
  kid: text(),
  purpose: oneOf('signing', 'log', 'certificate', 'seal'),
  nbf: anyWhole,
  exp: anyWhole,
  'revoked?': open({ revoked_at: whole() }),
});
const GATEWAY = open({
  name: text(1),
  serial: whole(1),
  endpoint: matching(/^[^/\s]+:\d{1,5}$/),
  suites: list(anything),
  contacts: list(anything),
  jwks: open({ keys: list(OPERATIONAL) }),
  tls: list(text()),
});
const IDENTITY = open({ jwks: open({ keys: list(anything, 1) }) });
const STATEMENT = open({
  iss: text(),
  sub: text(),
  iat: anyWhole,
  exp: anyWhole,
  metadata: open({ tongban_gateway: GATEWAY }),
});

/**
 * Verifies that a statement is what its own identity key says. Whether that key is the pinned one is another question.
 *
 * @throws Refused STATEMENT_INVALID or a code of the signed objects
 */
export function readStatement(jwt: string): Statement {
  const code = 'STATEMENT_INVALID';
  const jws = readJws(jwt, 'entity-statement+jwt');
  IDENTITY(jws.claims, code);
  const identity = publicKey((jws.claims as { jwks: { keys: unknown[] } }).jwks.keys[0]);
  demand(identity, code, 'the identity key is no public key of a suite in use');
  demandSignature(jws, [identity]);
  STATEMENT(jws.claims, code);
  const { iss, sub, iat, exp, metadata } = jws.claims as {
    iss: string;
    sub: string;
    iat: number;
    exp: number;
    metadata: { tongban_gateway: Gateway };
  };
  const own = iss.slice(URN.length);
  demand(iss === sub && iss.startsWith(URN) && REGIONS.has(own) && exp > iat, code, 'iss, sub, iat and exp do not fit');
  const gateway = metadata.tongban_gateway;
  const keys = gateway.jwks.keys.map((jwk) => {
    const key = publicKey(jwk);
    demand(key?.kid === jwk.kid, code, 'a key is none of a suite in use, or does not fit its kid');
    const revokedAt = jwk.revoked && jwk.revoked.revoked_at * 1000;
    return { ...key, purpose: jwk.purpose, nbf: jwk.nbf, exp: jwk.exp, revokedAt };
  });
  demand(new Set([identity, ...keys].map(({ kid }) => kid)).size === keys.length + 1, code, 'a key stands twice');
  const used = new Set<unknown>(keys.filter(({ purpose }) => purpose === 'signing').map(({ suite }) => suite));
  const told = gateway.suites.length === used.size && gateway.suites.every((suite) => used.delete(suite));
  demand(told, code, 'suites are not those of the signing keys');
  for (const der of gateway.tls) demand(namedByItsKey(der), code, 'a TLS certificate is not named by its key');
  return { region: own, serial: gateway.serial, identity: identity.kid, keys };
}

interface Gateway {
  readonly serial: number;
  readonly suites: unknown[];
  readonly tls: string[];
  readonly jwks: {
    keys: { kid: string; purpose: string; nbf: number; exp: number; revoked?: { revoked_at: number } }[];
  };
}

function namedByItsKey(der: string): boolean {
  try {
    const certificate = new X509Certificate(Buffer.from(der, 'base64'));
    const name = `CN=${sha256(certificate.publicKey.export({ type: 'spki', format: 'der' })).toString('hex')}`;
    return certificate.subject === name && certificate.issuer === name;
  } catch {
    return false;
  }
}

const NOTE =
  /^tongban\/log\/(\d{6})\/(0|[1-9]\d*)\n(0|[1-9]\d*)\n([A-Za-z0-9+/=]{44})\n\n\u2014 (\S+) ([A-Za-z0-9+/=]+)\n$/;

type NoteType = 'log' | 'cosignature';
/** What stands between name and key in the id of a log key; a suite that is not here signs no notes. */
const NOTE_TYPES: Readonly<Record<NoteType, Readonly<Record<string, Buffer>>>> = {
  log: { Ed25519: Buffer.of(0x01), 'SM2-SM3': Buffer.from('\xfftongban/sm2-sm3/log/v1\x04', 'latin1') },
  cosignature: { Ed25519: Buffer.of(0x04), 'SM2-SM3': Buffer.from('\xfftongban/sm2-sm3/cosignature/v1\x04', 'latin1') },
};
const COSIGNATURE = /^\u2014 (tongban\/witness\/(\d{6,12})) ([A-Za-z0-9+/=]+)$/;

export interface Checkpoint {
  readonly region: string;
  readonly epoch: number;
  readonly size: number;
  readonly root: Buffer;
  /** `H` of the log: that of its key. */
  readonly H: Hash;
  /** The key that signed. Whether it was valid or revoked is for the caller to judge. */
  readonly key: Key;
}

/**
 * Verifies the signed note of a log.
 *
 * @param at milliseconds: when its key must be valid
 * @throws Refused CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_NOT_VALID
 */
export function verifyCheckpoint(note: string, statement: Statement, at: number): Checkpoint {
  const state = stateOf(note, statement);
  demandValid(state.key, at);
  return state;
}

/**
 * Verifies the signature of a note by any log key of the region.
 *
 * @throws Refused CHECKPOINT_INVALID, KEY_UNKNOWN
 */
export function stateOf(note: string, statement: Statement): Checkpoint {
  const code = 'CHECKPOINT_INVALID';
  const [, place = '', epoch, size, base64, name = '', mark] = NOTE.exec(note) ?? [];
  const [root, signature] = [decoded(base64, 'base64'), decoded(mark, 'base64')];
  const origin = note.slice(0, note.indexOf('\n'));
  demand(root?.length === 32 && signature?.length === 68 && name === origin, code, 'not the six lines of a checkpoint');
  demand(Number.isSafeInteger(Number(epoch)) && Number.isSafeInteger(Number(size)), code, 'a number is too large');
  demand(place === statement.region, code, `the log of ${place} and not of ${statement.region}`);
  const key = noteKey(statement, name, 'log', signature.subarray(0, 4));
  demand(key, 'KEY_UNKNOWN', 'signed by no log key of the region');
  const signed = Buffer.from(note.slice(0, note.indexOf('\n\n') + 1));
  demand(signatureHolds(key, signed, signature.subarray(4)), code, 'the signature does not verify');
  return { region: place, epoch: Number(epoch), size: Number(size), root, H: HASHES[key.suite], key };
}

/** The log key that a name and an id in a note mean. */
function noteKey(statement: Statement, name: string, role: NoteType, id: Buffer): Key | undefined {
  return statement.keys.find(({ purpose, suite, point }) => {
    const type = purpose === 'log' ? NOTE_TYPES[role][suite] : undefined;
    return (
      type &&
      sha256(Buffer.from(`${name}\n`), type, point)
        .subarray(0, 4)
        .equals(id)
    );
  });
}

/**
 * Verifies the line of a witness.
 *
 * @param note the six lines that were countersigned
 * @returns milliseconds: when it signed, by its clock
 * @throws Refused CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID
 */
export function verifyCosignature(note: string, line: string, witness: Statement): number {
  const code = 'CHECKPOINT_INVALID';
  const [, name = '', region, mark] = COSIGNATURE.exec(line) ?? [];
  const bytes = decoded(mark, 'base64');
  demand(bytes?.length === 76 && region === witness.region, code, 'not the line of this witness');
  const seconds = bytes.readBigUInt64BE(4);
  const at = Number(seconds) * 1000;
  demand(Number.isSafeInteger(at), code, 'a number is too large');
  const key = noteKey(witness, name, 'cosignature', bytes.subarray(0, 4));
  demand(key, 'KEY_UNKNOWN', 'signed by no log key of the witness');
  const signed = Buffer.from(`cosignature/v1\ntime ${seconds}\n${note.slice(0, note.indexOf('\n\n') + 1)}`);
  demand(signatureHolds(key, signed, bytes.subarray(12)), code, 'the countersignature does not verify');
  demand(key.revokedAt === undefined, 'KEY_REVOKED', 'the key of the witness was revoked');
  demandValid(key, at);
  return at;
}

const TIME = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;
const FIELD = /^(applicant\.(name|documentNumber|mobile|address|\*)|(form|certificate)\.(\*|[\p{L}\p{N}_.-]+))$/u;
const UNIQUE = true;

const line: Shape = is((one) => typeof one === 'string' && !/\p{Cc}|\p{Cs}/u.test(one), 'a control character');
const organisation: Shape = object({
  name: both(text(1, 100), line),
  code: is(creditCode, 'no social credit code'),
  'seal?': matching(/^[\w.:-]{1,64}$/),
});
const time: Shape = is((v) => {
  const date = TIME.exec(String(v))?.[1];
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(String(date));
}, 'an RFC 3339 time with offset is needed');

const MEMBERS_OF_GRANT = object({
  grantor: region,
  grantee: region,
  department: organisation,
  'window?': organisation,
  rights: list(oneOf('R1a', 'R1b', 'R2', 'R3', 'R4', 'R5'), 1, 6, UNIQUE),
  items: list(matching(/^[!-~]{1,64}$/), 0, 2000, UNIQUE),
  'catalogue?': object({ scope: both(text(1, 50), line), digest: bytes(32, 32) }),
  modes: list(oneOf('online', 'agency', 'joint', 'direct'), 1, 4, UNIQUE),
  'grade?': oneOf('A', 'B', 'C', 'D'),
  'basis?': oneOf('authorization', 'entrustment', 'mutual'),
});
const GRANT: Shape = (value, code) => {
  MEMBERS_OF_GRANT(value, code);
  const { items, catalogue } = value as { items: unknown[]; catalogue?: object };
  demand(items.length > 0 || catalogue, code, 'a grant needs items or a catalogue');
};
const CONTENT = object({
  id: matching(UUID),
  version: oneOf(1),
  parties: list(region, 2, 2, UNIQUE),
  grants: list(GRANT, 1, 50),
  fields: list(both(text(1, 80), matching(FIELD)), 0, 500, UNIQUE),
  valid_from: time,
  valid_until: time,
  created_at: time,
  terms: both(text(1, 100_000), matching(/^([\t\n\r]|[^\p{Cc}\p{Cs}])*$/u)),
  'supersedes?': matching(UUID),
  'counters?': matching(UUID),
});
const DOCUMENT = object({
  payload: text(1),
  signatures: list(object({ protected: text(1), signature: text(1) }), 2, 2),
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
  /** Keys of both signatures. Whether one was revoked is for the caller to judge. */
  readonly signers: readonly Key[];
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
  DOCUMENT(document, code);
  const payload = decoded(document.payload);
  const content = payload && json(payload);
  demand(payload && JSON.stringify(content) === payload.toString(), code, 'the payload is not compact JSON');
  demand(JSON.stringify(document).length <= DOCUMENT_LIMIT, code, 'the document is too large');
  CONTENT(content, code);
  const { id, parties, grants, supersedes, counters, ...times } = content as {
    id: string;
    parties: string[];
    grants: { grantor: string; grantee: string; basis?: string }[];
    supersedes?: string;
    counters?: string;
    valid_from: string;
    valid_until: string;
    created_at: string;
  };
  const [from, until, created] = [times.valid_from, times.valid_until, times.created_at].map((time) =>
    Date.parse(time),
  );
  demand(from !== undefined && until !== undefined && created !== undefined, code, 'a time is missing');
  const fits = until > from && until > created && until <= from + 1827 * DAY;
  demand(fits, code, 'the times do not fit');
  demand(supersedes !== id && counters !== id, code, 'it replaces or answers itself');
  const two = new Set(parties);
  for (const { grantor, grantee, basis } of grants) {
    demand(sameSet(new Set([grantor, grantee]), two), code, 'a grant is not between the parties');
    const [above, below] = [grantor, grantee].map((one) => one.replace(/(00)+$/, ''));
    const allowed = below!.startsWith(above!) ? 'authorization' : above!.startsWith(below!) ? 'entrustment' : 'mutual';
    demand(basis === undefined || basis === allowed, code, 'the levels of the regions do not allow the basis');
  }
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
    const key = demandSignature(readJws(jws, 'tongban-authorization+jws', code, DOCUMENT_LIMIT), keys);
    demand(key.nbf * 1000 <= until && key.exp * 1000 > created, 'KEY_NOT_VALID', `${key.kid} was not valid then`);
    return key;
  });
  for (const part of ['owner', 'kid'] as const)
    demand(new Set(signers.map((key) => key[part])).size === 2, code, 'each party signs with a key of its own');
  return { id, parties, digest: sha256(payload), signers };
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}
