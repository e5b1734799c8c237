import { X509Certificate } from 'node:crypto';
import { isObject, list, matching, object, oneOf, REGIONS, region, type Shape, text, whole } from './shape.ts';
import {
  type Claims,
  demandSignature,
  demandValid,
  type Key,
  publicKey,
  readJws,
  type Signer,
  signatureHolds,
  URN,
} from './signed.ts';
import { decoded, demand, H, json } from './wire.ts';

/** Region statements, checkpoints and authorization documents of proto/README.md. */

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DAY = 24 * 3600 * 1000;

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
