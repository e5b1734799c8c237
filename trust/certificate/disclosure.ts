import { randomBytes } from 'node:crypto';
import type { Hash } from '#proto';
import { VerificationError } from '../errors.ts';
import { decodePart } from '../jws.ts';

/** One claim that its holder may show or keep back (RFC 9901, 4.2.1). */
export interface Disclosure {
  /** The text between two tildes; the digest is taken over it, so it is never encoded anew. */
  readonly encoded: string;
  readonly name: string;
  readonly value: unknown;
}

/** RFC 9901, 9.3: 128 bits. */
const SALT_BYTES = 16;
/** Characters of one disclosure. */
const MAX_DISCLOSURE_LENGTH = 32 * 1024;
/** Names that carry digests and never a claim (RFC 9901, 4.1). */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['_sd', '_sd_alg', '...']);

/** Makes the disclosure of a claim with a fresh salt. */
export function createDisclosure(name: string, value: unknown): Disclosure {
  const salt = randomBytes(SALT_BYTES).toString('base64url');
  const encoded = Buffer.from(JSON.stringify([salt, name, value])).toString('base64url');
  return { encoded, name, value };
}

/**
 * Reads a disclosure of an object property: a JSON array of salt, name and value.
 *
 * @throws VerificationError CERTIFICATE_DISCLOSURE when it is anything else or its name is reserved (RFC 9901, 7.1, 3.3.2)
 */
export function readDisclosure(encoded: string): Disclosure {
  if (encoded.length > MAX_DISCLOSURE_LENGTH) refuse(`is longer than ${MAX_DISCLOSURE_LENGTH} characters`);
  const content = parse(encoded);
  if (!Array.isArray(content) || content.length !== 3) refuse('is not a JSON array of salt, name and value');
  const [salt, name, value] = content as [unknown, unknown, unknown];
  if (typeof salt !== 'string') refuse('has a salt that is not text');
  if (typeof name !== 'string') return refuse('has a name that is not text');
  if (RESERVED_NAMES.has(name)) refuse('has a reserved name');
  return { encoded, name, value };
}

/** Base64url of the hash over the ASCII bytes of an encoded disclosure: what stands in `_sd` (RFC 9901, 4.2.3). */
export function digestOf(hash: Hash, encoded: string): string {
  return hash(Buffer.from(encoded, 'ascii')).toString('base64url');
}

/** A digest that belongs to no claim, so that the number of digests does not tell the number of claims (RFC 9901, 4.2.5). */
export function decoyDigest(hash: Hash): string {
  return hash(randomBytes(32)).toString('base64url');
}

/** Whether a name carries digests (RFC 9901, 4.1) and may therefore not be the name of a claim. */
export function isReservedName(name: string): boolean {
  return RESERVED_NAMES.has(name);
}

function parse(encoded: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decodePart(encoded)));
  } catch (cause) {
    throw new VerificationError('CERTIFICATE_DISCLOSURE', 'a disclosure is not base64url of JSON', [], { cause });
  }
}

function refuse(what: string): never {
  throw new VerificationError('CERTIFICATE_DISCLOSURE', `a disclosure ${what}`);
}
