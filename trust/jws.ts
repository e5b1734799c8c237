import { isUtf8 } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { type ErrorCode, LIMITS } from '#proto';
import { VerificationError } from './errors.ts';
import type { Signer } from './keys/signer.ts';
import { type Suite, suiteOf } from './suites.ts';
import { parseUniqueJson } from './unique-json.ts';

/** Where bytes are written that nobody keeps: to make a buffer for a short text costs more than to decode it. */
const sharedDesk = Buffer.allocUnsafeSlow(3 * LIMITS.jwsBytes);

/** A public key that a verifier trusts for one purpose. */
export interface VerificationKey {
  readonly kid: string;
  readonly suite: Suite;
  readonly key: KeyObject;
}

/** Protected header that every JWS of this product has: these members and no others (beyond those a caller allows). */
interface ProtectedHeader {
  readonly alg: string;
  readonly kid: string;
  readonly typ: string;
}

/** A compact JWS that was read and not yet verified. */
export interface OpenJws<P> {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: P;
  /** What is signed: header and payload as they came. */
  readonly input: string;
  /** Base64url. */
  readonly signature: string;
}

export interface VerifiedJws<P> {
  readonly kid: string;
  readonly payload: P;
  readonly header: Readonly<Record<string, unknown>>;
}

/**
 * Signs JSON claims as a compact JWS (RFC 7515).
 *
 * @param typ one of `TYP`: what the signature is for
 */
export async function signJws(signer: Signer, typ: string, claims: object): Promise<string> {
  const header: ProtectedHeader = { alg: suiteOf(signer.suite).alg, kid: signer.kid, typ };
  const input = `${encodeJson(header)}.${encodeJson(claims)}`;
  const signature = await signer.sign(Buffer.from(input, 'latin1'));
  return `${input}.${signature.toString('base64url')}`;
}

/**
 * Verifies a compact JWS against a closed set of keys.
 *
 * Only `alg`, `kid` and `typ` may stand in the header, so no key, URL or critical extension can be smuggled in;
 * the algorithm is the key's, never the header's choice.
 *
 * @param keyOf the trusted key of a kid; undefined when it is not trusted
 * @throws VerificationError JWS_INVALID, TYP_MISMATCH, KEY_UNKNOWN, ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID
 */
export function verifyJws<P = Record<string, unknown>>(
  jws: string,
  typ: string,
  keyOf: (kid: string) => VerificationKey | undefined,
  maxBytes: number = LIMITS.jwsBytes,
): VerifiedJws<P> {
  return verifyOpenJws(readJws<P>(jws, maxBytes), typ, keyOf);
}

/**
 * Verifies a JWS that was read already: what {@link verifyJws} does after reading.
 *
 * @throws VerificationError JWS_INVALID, TYP_MISMATCH, KEY_UNKNOWN, ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID
 */
export function verifyOpenJws<P>(
  { header, payload, input, signature }: OpenJws<P>,
  typ: string,
  keyOf: (kid: string) => VerificationKey | undefined,
): VerifiedJws<P> {
  const extra = Object.keys(header).find((name) => name !== 'alg' && name !== 'kid' && name !== 'typ');
  if (extra) fail('JWS_INVALID', 'the JWS header has a member that is not allowed');
  if (header.typ !== typ) fail('TYP_MISMATCH');
  if (typeof header.kid !== 'string') fail('JWS_INVALID', 'the JWS header names no key');
  const trusted = keyOf(header.kid as string) ?? fail('KEY_UNKNOWN');
  if (header.alg !== trusted.suite.alg) fail('ALGORITHM_NOT_ALLOWED');
  const bytes = decodePart(signature);
  const desk = deskFor(input);
  const signed = desk.subarray(0, desk.write(input, 'latin1'));
  if (!trusted.suite.verify(trusted.key, signed, bytes)) fail('SIGNATURE_INVALID');
  return { kid: trusted.kid, payload, header };
}

/**
 * Reads a compact JWS without trusting it: for finding out whose keys to verify it with.
 *
 * @throws VerificationError JWS_INVALID
 */
export function readJws<P = Record<string, unknown>>(jws: string, maxBytes: number = LIMITS.jwsBytes): OpenJws<P> {
  if (jws.length > maxBytes) fail('JWS_INVALID', `the JWS is larger than ${maxBytes} bytes`);
  const first = jws.indexOf('.');
  const second = jws.indexOf('.', first + 1);
  if (first < 1 || second <= first + 1 || second + 1 === jws.length || jws.includes('.', second + 1))
    fail('JWS_INVALID', 'not a compact JWS');
  return {
    header: readHeader(jws.slice(0, first)),
    payload: decodeJson<P>(jws.slice(first + 1, second)),
    input: jws.slice(0, second),
    signature: jws.slice(second + 1),
  };
}

/** The last header that was read: what one key signs for one purpose has the same one every time. */
let lastHeader: { readonly part: string; readonly header: OpenJws<unknown>['header'] } | undefined;

function readHeader(part: string): OpenJws<unknown>['header'] {
  if (lastHeader?.part === part) return lastHeader.header;
  const header = Object.freeze(decodeJson<Record<string, unknown>>(part));
  // A text of its own: a slice would keep all that it was cut from.
  lastHeader = { part: Buffer.from(part, 'latin1').toString('latin1'), header };
  return header;
}

/** Base64url of the JSON text. */
export function encodeJson(value: object): string {
  return encodeText(JSON.stringify(value));
}

/** Base64url of the UTF-8 of a text. */
export function encodeText(text: string): string {
  const desk = deskFor(text);
  return desk.toString('base64url', 0, desk.write(text));
}

/**
 * Decodes base64url, refusing any text that is not the canonical encoding of its bytes.
 *
 * @throws VerificationError JWS_INVALID
 */
export function decodePart(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) fail('JWS_INVALID', 'not canonical base64url');
  return bytes;
}

/**
 * Decodes base64url of UTF-8, refusing any text that is not the canonical encoding of its bytes. Keeps a byte order mark,
 * which JSON does not allow.
 *
 * @throws VerificationError JWS_INVALID
 */
export function decodeText(part: string): string {
  const desk = deskFor(part);
  const size = desk.write(part, 'base64url');
  if (desk.toString('base64url', 0, size) !== part) fail('JWS_INVALID', 'not canonical base64url');
  const text = desk.toString('utf8', 0, size);
  // What is no UTF-8 is read as U+FFFD, which a text may also hold.
  if (text.includes('\uFFFD') && !isUtf8(desk.subarray(0, size))) fail('JWS_INVALID', 'not UTF-8');
  return text;
}

/**
 * Decodes base64url of a JSON object in which no member stands twice.
 *
 * @throws VerificationError JWS_INVALID
 */
export function decodeJson<P>(part: string): P {
  const text = decodeText(part);
  let value: unknown;
  try {
    value = parseUniqueJson(text);
  } catch (cause) {
    throw new VerificationError('JWS_INVALID', 'not JSON, or a member stands twice in it', [], { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail('JWS_INVALID', 'not a JSON object');
  return value as P;
}

/** Room for the bytes of a text, which stand there until the next text is written. */
function deskFor(text: string): Buffer {
  // No unit of a text is more than three bytes of UTF-8.
  const size = text.length * 3;
  return size > sharedDesk.length ? Buffer.allocUnsafe(size) : sharedDesk;
}

function fail(code: ErrorCode, detail?: string): never {
  throw new VerificationError(code, detail);
}
