import type { JWK } from 'jose';
import { CodedError, fields, list, optional, type Rule, text } from '#proto';
import { importPublicJwk, SUITE_NAMES, type SuiteName, suiteOfKey } from '../../../suites.ts';
import type { SignerAnswer, SignerRequest } from './transport.ts';

/** A key as a signature server lists it. */
export interface RemoteKey {
  readonly id: string;
  readonly suite: SuiteName;
  readonly publicJwk: JWK;
}

/** Bytes that can be signed at once: as many as the largest signed object has. */
export const MAX_SIGNED_BYTES = 64 * 1024;

const MAX_KEYS = 256;

/** Members that are not named here are for later versions and are not looked at. */
const keysRule = picked({
  keys: list(
    picked({
      id: text(128, { pattern: /^[\w.-]+$/ }),
      suite: text(50),
      jwk: picked({ kty: text(20), crv: optional(text(20)), x: optional(text(100)), y: optional(text(100)) }),
    }),
    MAX_KEYS,
  ),
});

const signatureRule = picked({ signature: text(128, { pattern: /^[A-Za-z0-9+/]+={0,2}$/ }) });

/** Asks which keys there are. */
export const listKeys: SignerRequest = { method: 'GET', path: 'v1/keys' };

/** Asks for a signature. The whole message goes there, never its digest: a server of SM2 computes Z itself. */
export function signWith(key: string, suite: SuiteName, data: Uint8Array): SignerRequest {
  const body = JSON.stringify({ suite, data: Buffer.from(data).toString('base64') });
  return { method: 'POST', path: `v1/keys/${encodeURIComponent(key)}/signatures`, body };
}

/**
 * The keys of the suites that are known here; a server may have others.
 *
 * @throws CodedError SIGNER_WRONG when it is no such answer
 */
export function readKeys(server: string, answer: SignerAnswer): readonly RemoteKey[] {
  const { keys } = read<{ keys: readonly ListedKey[] }>(server, answer, keysRule);
  return keys
    .filter(({ suite }) => (SUITE_NAMES as readonly string[]).includes(suite))
    .map((key) => readKey(server, key));
}

/** @throws CodedError SIGNER_WRONG when it is no such answer */
export function readSignature(server: string, answer: SignerAnswer): Buffer {
  return Buffer.from(read<{ signature: string }>(server, answer, signatureRule).signature, 'base64');
}

/** What a status other than 200 means; undefined for 200. Texts of the server are not passed on: they may quote data. */
export function failureOf(server: string, key: string | undefined, status: number): CodedError | undefined {
  if (status === 200) return undefined;
  const who = `the signature server ${server}`;
  if (status === 404 && key !== undefined)
    return new CodedError(
      'KEY_MISSING',
      `${who} has no key ${key}; correct its name in keys.json, or make it known there`,
    );
  if (status === 429 || (status >= 500 && status <= 599))
    return new CodedError('SIGNER_UNAVAILABLE', `${who} cannot sign now (status ${status})`);
  if (status === 401 || status === 403)
    return new CodedError('SIGNER_REFUSED', `${who} does not accept our credentials or rights (status ${status})`);
  if (status >= 400 && status <= 499)
    return new CodedError('SIGNER_REFUSED', `${who} refuses the request (status ${status})`);
  return new CodedError('SIGNER_WRONG', `${who} answers with status ${status}, which the protocol does not have`);
}

interface ListedKey {
  readonly id: string;
  readonly suite: string;
  readonly jwk: JWK;
}

function readKey(server: string, { id, suite, jwk }: ListedKey): RemoteKey {
  const { kty, crv, x, y } = jwk;
  const publicJwk: JWK = { ...(kty && { kty }), ...(crv && { crv }), ...(x && { x }), ...(y && { y }) };
  try {
    importPublicJwk(publicJwk);
    const owner = suiteOfKey(publicJwk);
    if (owner?.name === suite) return { id, suite: owner.name, publicJwk };
  } catch {
    // Not a key: said below.
  }
  throw new CodedError('SIGNER_WRONG', `the signature server ${server} lists a key ${id} that is not one of ${suite}`);
}

function picked(rules: Readonly<Record<string, Rule>>): Rule {
  const rule = fields(rules);
  return (value, pointer, problems) => {
    const given = Object(value);
    rule(Object.fromEntries(Object.keys(rules).map((name) => [name, given[name]])), pointer, problems);
  };
}

function read<T>(server: string, { body }: SignerAnswer, rule: Rule): T {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    const problems: Parameters<Rule>[2] = [];
    rule(value, '', problems);
    if (problems.length === 0) return value;
  } catch {
    // Not JSON: said below.
  }
  throw new CodedError(
    'SIGNER_WRONG',
    `the signature server ${server} answers with something that is not of its protocol`,
  );
}
