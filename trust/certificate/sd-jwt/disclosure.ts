import { hash, randomBytes } from 'node:crypto';
import { VerificationError } from '../../errors.ts';
import { decodeText, encodeText } from '../../jws.ts';
import type { Suite } from '../../suites.ts';
import { parseUniqueJson } from '../../unique-json.ts';

/** One claim, or one entry of a list, that its holder may show or keep back (RFC 9901, 4.2). */
export interface Disclosure {
  /** The text between two tildes; the digest is taken over it, so it is never encoded anew. */
  readonly encoded: string;
  /** Name of the claim; undefined for an entry of a list. */
  readonly name: string | undefined;
  readonly value: unknown;
}

export type HashName = Suite['hashName'];

/** RFC 9901, 9.3 wants 128 bits at least; 18 bytes fill their base64url, so that many salts are encoded as one. */
const SALT_BYTES = 18;
const SALT_LENGTH = 24;
const SALTS_AT_ONCE = 256;
/** Characters of one disclosure. */
export const MAX_DISCLOSURE_LENGTH = 32 * 1024;
/** What Node calls the hashes. Its one-shot hash of a text costs a third of one that makes buffers. */
const ALGORITHMS: Readonly<Record<HashName, string>> = { 'sha-256': 'sha256', sm3: 'sm3' };

/** Salts that were read from the system and not used: to ask it for a few bytes costs as much as five hashes. */
const prepared: string[] = [];

/** A fresh salt; none is ever given twice. */
export function freshSalt(): string {
  if (prepared.length === 0) {
    const text = randomBytes(SALTS_AT_ONCE * SALT_BYTES).toString('base64url');
    for (let at = 0; at < text.length; at += SALT_LENGTH) prepared.push(text.slice(at, at + SALT_LENGTH));
  }
  return prepared.pop()!;
}

/*
 * What is done to several disclosures is done step by step to all of them, not to one after the other: the processor
 * then has the code of a step at hand, and is done in three quarters of the time.
 */

/**
 * Makes the disclosure of a claim, or without a name that of an entry of a list (RFC 9901, 4.2.1 and 4.2.2).
 *
 * @param salt base64url
 */
export function createDisclosure(salt: string, name: string | undefined, value: unknown): Disclosure {
  return { encoded: encodeText(contentOf(salt, name, value)), name, value };
}

/** Makes the disclosures of claims, with fresh salts, in the order of the claims. */
export function createDisclosures(claims: Readonly<Record<string, unknown>>): Disclosure[] {
  const names = Object.keys(claims);
  const contents = names.map((name) => contentOf(freshSalt(), name, claims[name]));
  const encoded = contents.map(encodeText);
  return names.map((name, index) => ({ encoded: encoded[index]!, name, value: claims[name] }));
}

/**
 * Reads disclosures: JSON arrays of salt, name and value, or of salt and value.
 *
 * @throws VerificationError CERTIFICATE_DISCLOSURE when one is anything else or its name is reserved
 *   (RFC 9901, 7.1, 3.3.2)
 */
export function readDisclosures(encoded: readonly string[]): Disclosure[] {
  const contents = encoded.map(decode).map(parse);
  return encoded.map((text, index) => disclosureOf(text, contents[index]));
}

function contentOf(salt: string, name: string | undefined, value: unknown): string {
  const named = name === undefined ? '' : `,${JSON.stringify(name)}`;
  return `["${salt}"${named},${JSON.stringify(value)}]`;
}

function disclosureOf(encoded: string, content: unknown): Disclosure {
  if (!Array.isArray(content) || content.length < 2 || content.length > 3)
    return refuse('is not a JSON array of salt, name and value, or of salt and value');
  if (typeof content[0] !== 'string') refuse('has a salt that is not text');
  if (content.length === 2) return { encoded, name: undefined, value: content[1] };
  const name: unknown = content[1];
  if (typeof name !== 'string') return refuse('has a name that is not text');
  if (isReservedName(name)) refuse('has a reserved name');
  return { encoded, name, value: content[2] };
}

/** Base64url of the hash over the ASCII bytes of an encoded disclosure: what stands in `_sd` (RFC 9901, 4.2.3). */
export function digestOf(hashName: HashName, encoded: string): string {
  return hash(ALGORITHMS[hashName], encoded, 'base64url');
}

/** A digest of a salt, which belongs to no claim: the number of digests does not tell that of the claims (RFC 9901, 4.2.5). */
export function decoyDigest(hashName: HashName, salt: string): string {
  return digestOf(hashName, salt);
}

/** Whether a name carries digests (RFC 9901, 4.1) and may therefore not be the name of a claim. */
export function isReservedName(name: string): boolean {
  return name === '_sd' || name === '...' || name === '_sd_alg';
}

function decode(encoded: string): string {
  if (encoded.length > MAX_DISCLOSURE_LENGTH) refuse(`is longer than ${MAX_DISCLOSURE_LENGTH} characters`);
  try {
    return decodeText(encoded);
  } catch (cause) {
    return unreadable(cause);
  }
}

function parse(json: string): unknown {
  try {
    // Only an object can have a member twice.
    return json.includes('{') ? parseUniqueJson(json) : JSON.parse(json);
  } catch (cause) {
    return unreadable(cause);
  }
}

function unreadable(cause: unknown): never {
  throw new VerificationError('CERTIFICATE_DISCLOSURE', 'a disclosure is not base64url of JSON', [], { cause });
}

function refuse(what: string): never {
  throw new VerificationError('CERTIFICATE_DISCLOSURE', `a disclosure ${what}`);
}
