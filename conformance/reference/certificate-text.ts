import { isObject } from './shape.ts';
import { type Claims, type Jws, readJws } from './signed.ts';
import { decoded, demand, type Hash, jsonOnce } from './wire.ts';

/** The text of a certificate (SD-JWT) and its disclosures, as proto/README.md has them. */

const MALFORMED = 'CERTIFICATE_MALFORMED';
const DISCLOSURE = 'CERTIFICATE_DISCLOSURE';
const TEXT_LIMIT = 256 * 1024;
const DISCLOSURE_LIMIT = 32 * 1024;
const MAX_DISCLOSURES = 200;
const MAX_DIGESTS = 400;
const MAX_LEVELS = 16;
const RESERVED = ['_sd', '...', '_sd_alg'];

export interface CertificateText {
  readonly jwt: string;
  /** Its issuer-signed part, of which nothing is verified yet. */
  readonly issued: Jws;
  readonly disclosures: readonly string[];
  /** Everything up to the last `~`, with it. */
  readonly presented: string;
  /** The key binding; absent without one. */
  readonly binding?: string;
}

/** @throws Refused CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE, TYP_MISMATCH */
export function readCertificateText(text: string): CertificateText {
  demand(text.length <= TEXT_LIMIT, MALFORMED, 'the certificate is larger than 256 KiB');
  const parts = text.split('~');
  const [jwt = '', ...disclosures] = parts;
  const binding = disclosures.pop();
  demand(binding !== undefined, MALFORMED, 'there is no ~ after the signed part');
  demand(disclosures.length <= MAX_DISCLOSURES, MALFORMED, `more than ${MAX_DISCLOSURES} disclosures`);
  const issued = readJws(jwt, 'dc+sd-jwt', MALFORMED);
  const presented = text.slice(0, text.length - binding.length);
  return { jwt, issued, disclosures, presented, ...(binding !== '' && { binding }) };
}

/** A place among claims; null stands for every entry of a list. */
export type Path = readonly (string | null)[];

export interface OpenClaims {
  /** All claims that stand open or were disclosed, without digests. */
  readonly claims: Claims;
  /** Where claims came as disclosures. */
  readonly disclosed: readonly Path[];
}

interface Disclosed {
  /** Undefined for an entry of a list. */
  readonly name: string | undefined;
  readonly value: unknown;
}

/**
 * Puts disclosures in the place of their digests.
 *
 * @throws Refused CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE
 */
export function openClaims(issued: Claims, texts: readonly string[], H: Hash, hashName: string): OpenClaims {
  const waiting = new Map<string, Disclosed>();
  for (const text of texts) {
    const digest = H(Buffer.from(text)).toString('base64url');
    demand(!waiting.has(digest), DISCLOSURE, 'a disclosure stands twice');
    waiting.set(digest, readDisclosure(text));
  }
  const digests = new Set<string>();
  const disclosed: Path[] = [];
  const { _sd_alg: named, ...members } = issued;
  const claims = openObject(members, [], 0);
  const hashFits = named === hashName || (named === undefined && (hashName === 'sha-256' || digests.size === 0));
  demand(hashFits, MALFORMED, `_sd_alg is ${String(named)} and the digests are of ${hashName}`);
  demand(waiting.size === 0, DISCLOSURE, 'a disclosure belongs to no digest');
  return { claims, disclosed };

  function open(value: unknown, path: Path, level: number): unknown {
    if (Array.isArray(value)) return openList(value, path, level);
    return isObject(value) ? openObject(value, path, level) : value;
  }

  function openObject(value: Claims, path: Path, level: number): Claims {
    demand(level <= MAX_LEVELS, MALFORMED, `more than ${MAX_LEVELS} levels`);
    const { _sd: hidden = [], ...members } = value;
    const misplaced = Object.keys(members).some((name) => RESERVED.includes(name));
    demand(!misplaced, MALFORMED, 'a reserved name stands where it may not');
    demand(Array.isArray(hidden), MALFORMED, '_sd is no list');
    const found = new Map(Object.entries(members).map(([name, one]) => [name, open(one, [...path, name], level + 1)]));
    for (const digest of hidden) {
      const one = take(digest);
      if (one === undefined) continue;
      demand(one.name !== undefined, DISCLOSURE, 'an entry of a list stands for a claim');
      demand(!found.has(one.name), DISCLOSURE, `the claim ${one.name} stands twice`);
      const place = [...path, one.name];
      disclosed.push(place);
      found.set(one.name, open(one.value, place, level + 1));
    }
    return Object.fromEntries(found);
  }

  function openList(value: readonly unknown[], path: Path, level: number): unknown[] {
    demand(level <= MAX_LEVELS, MALFORMED, `more than ${MAX_LEVELS} levels`);
    const place = [...path, null];
    return value.flatMap((entry) => {
      if (!isObject(entry) || !Object.hasOwn(entry, '...')) return [open(entry, place, level + 1)];
      demand(Object.keys(entry).length === 1, MALFORMED, 'a digest in a list has further members');
      const one = take(entry['...']);
      if (one === undefined) return [];
      demand(one.name === undefined, DISCLOSURE, 'a claim stands for an entry of a list');
      disclosed.push(place);
      return [open(one.value, place, level + 1)];
    });
  }

  /** The disclosure behind a digest; undefined when it was kept back. */
  function take(digest: unknown): Disclosed | undefined {
    demand(typeof digest === 'string' && decoded(digest)?.length === 32, MALFORMED, 'a digest is none');
    demand(!digests.has(digest), MALFORMED, 'a digest stands twice');
    digests.add(digest);
    demand(digests.size <= MAX_DIGESTS, MALFORMED, `more than ${MAX_DIGESTS} digests`);
    const one = waiting.get(digest);
    waiting.delete(digest);
    return one;
  }
}

function readDisclosure(text: string): Disclosed {
  demand(text.length <= DISCLOSURE_LIMIT, DISCLOSURE, 'a disclosure is larger than 32 KiB');
  const parts = jsonOnce(decoded(text) ?? Buffer.alloc(0));
  const isOne = Array.isArray(parts) && (parts.length === 2 || parts.length === 3);
  demand(isOne && typeof parts[0] === 'string', DISCLOSURE, 'a disclosure is no [salt, name, value] or [salt, value]');
  if (parts.length === 2) return { name: undefined, value: parts[1] };
  const name: unknown = parts[1];
  demand(
    typeof name === 'string' && !RESERVED.includes(name),
    DISCLOSURE,
    'a disclosure has no name, or a reserved one',
  );
  return { name, value: parts[2] };
}
