import { CodedError } from '#proto';
import { signJws } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { suiteOf } from '../../suites.ts';
import {
  createDisclosure,
  createDisclosures,
  type Disclosure,
  decoyDigest,
  digestOf,
  freshSalt,
  type HashName,
  isReservedName,
} from './disclosure.ts';
import { under } from './members.ts';
import { MAX_DEPTH, MAX_DIGESTS } from './payload.ts';
import { type Claims, isReadable, malformed, writeSdJwt } from './text.ts';

/** What the holder may keep back. */
export interface Concealment {
  /** Whole claims beside the others, under names of their own. */
  readonly concealed?: Claims;
  /** JSON pointers (RFC 6901) of claims and of entries of lists, also within one another. */
  readonly disclosable: readonly string[];
  /** How many digests without a claim to add to an object or a list, by pointer; '' is the claims themselves. */
  readonly decoys?: Readonly<Record<string, number>>;
}

/**
 * Signs claims as an SD-JWT: `<jwt>~<disclosure>~…~` (RFC 9901, 6).
 *
 * @param typ one of `TYP`
 * @throws CodedError VALIDATION_FAILED when the result would be larger than verifiers take,
 *   VerificationError CERTIFICATE_MALFORMED for a reserved name within the claims
 */
export async function issueSdJwt(
  signer: Signer,
  typ: string,
  claims: Claims,
  concealment: Concealment,
): Promise<string> {
  const { hashName } = suiteOf(signer.suite);
  const concealer = new Concealer(concealment, hashName);
  const open = concealer.claims(claims);
  concealer.demandAllFound();
  if (concealer.digests > 0) open['_sd_alg'] = hashName;
  const jwt = await signJws(signer, typ, open);
  const text = writeSdJwt(jwt, concealer.disclosures);
  if (!isReadable(jwt, text, concealer.disclosures) || concealer.digests > MAX_DIGESTS)
    throw new CodedError('VALIDATION_FAILED', 'the certificate has too much content; shorten its fields');
  return text;
}

const RESERVED = 'has a reserved name among its claims';

/** Replaces what is disclosable by digests, innermost first. */
class Concealer {
  readonly disclosures: Disclosure[] = [];
  digests = 0;
  readonly #concealed: Claims;
  readonly #disclosable: Set<string>;
  readonly #decoys: Readonly<Record<string, number>>;
  readonly #hashName: HashName;

  constructor({ concealed = {}, disclosable, decoys = {} }: Concealment, hashName: HashName) {
    this.#concealed = concealed;
    this.#disclosable = new Set(disclosable);
    this.#decoys = decoys;
    this.#hashName = hashName;
  }

  claims(open: Claims): Record<string, unknown> {
    const inner: Record<string, unknown> = { ...this.#concealed };
    for (const name of Object.keys(inner)) {
      if (isReservedName(name)) malformed(RESERVED);
      inner[name] = this.#inner(inner[name], '', name, 0);
    }
    const made = createDisclosures(inner);
    this.disclosures.push(...made);
    this.digests += made.length;
    const digests = made.map(({ encoded }) => digestOf(this.#hashName, encoded));
    return this.#object(open, '', 0, digests);
  }

  #object(from: Claims, pointer: string, depth: number, digests: string[] = []): Record<string, unknown> {
    // A copy as a whole: an object that grows member by member becomes a table, which is slow to write.
    const open: Record<string, unknown> = { ...from };
    for (const name of Object.keys(from)) {
      if (isReservedName(name)) malformed(RESERVED);
      const value = this.#inner(from[name], pointer, name, depth);
      if (this.#take(pointer, name)) {
        digests.push(this.#conceal(name, value));
        // What is undefined is not written.
        open[name] = undefined;
      } else if (value !== from[name]) open[name] = value;
    }
    this.#addDecoys(digests, pointer);
    // Sorted, so that the order of the claims is not told (RFC 9901, 4.2.4.1).
    if (digests.length > 0) open['_sd'] = digests.sort();
    return open;
  }

  /** @throws TypeError */
  demandAllFound(): void {
    const [absent] = this.#disclosable;
    if (absent !== undefined) throw new TypeError(`there is nothing at ${absent} to make disclosable`);
  }

  #inner(value: unknown, pointer: string, name: string, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) malformed('has a claim that is nested too deeply');
    const at = under(pointer, name);
    if (!Array.isArray(value)) return this.#object(value as Claims, at, depth + 1);
    const entries = value.map((entry: unknown, place) => {
      const inner = this.#inner(entry, at, String(place), depth + 1);
      return this.#take(at, String(place)) ? { '...': this.#conceal(undefined, inner) } : inner;
    });
    const decoys: string[] = [];
    this.#addDecoys(decoys, at);
    return [...entries, ...decoys.map((digest) => ({ '...': digest }))];
  }

  /** Whether what stands there is to be concealed. */
  #take(pointer: string, name: string): boolean {
    return this.#disclosable.size > 0 && this.#disclosable.delete(under(pointer, name));
  }

  #conceal(name: string | undefined, value: unknown): string {
    const disclosure = createDisclosure(freshSalt(), name, value);
    this.disclosures.push(disclosure);
    this.digests += 1;
    return digestOf(this.#hashName, disclosure.encoded);
  }

  #addDecoys(digests: string[], pointer: string): void {
    const count = this.#decoys[pointer] ?? 0;
    for (let made = 0; made < count; made += 1) digests.push(decoyDigest(this.#hashName, freshSalt()));
    this.digests += count;
  }
}
