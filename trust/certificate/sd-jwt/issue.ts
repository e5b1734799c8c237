import { CodedError } from '#proto';
import { signJws } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { suiteOf } from '../../suites.ts';
import { createDisclosure, type Disclosure, decoyDigest, digestOf, freshSalts, isReservedName } from './disclosure.ts';
import { setMember, under } from './members.ts';
import { MAX_DEPTH, MAX_DIGESTS } from './payload.ts';
import { type Claims, isReadable, malformed, writeSdJwt } from './text.ts';

/** What of the claims the holder may keep back. Pointers are JSON pointers (RFC 6901) into the claims. */
export interface Concealment {
  /** Pointers of claims and of entries of lists, also within one another. */
  readonly disclosable: readonly string[];
  /** How many digests without a claim to add to an object or a list; '' is the claims themselves. */
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
  { disclosable, decoys = {} }: Concealment,
): Promise<string> {
  const { hashName } = suiteOf(signer.suite);
  const concealer = new Concealer(disclosable, decoys, hashName);
  const open = concealer.object(claims, '', 0);
  concealer.demandAllFound();
  const jwt = await signJws(signer, typ, concealer.digests > 0 ? { ...open, _sd_alg: hashName } : open);
  const text = writeSdJwt(jwt, concealer.disclosures);
  if (!isReadable(jwt, text, concealer.disclosures.length) || concealer.digests > MAX_DIGESTS)
    throw new CodedError('VALIDATION_FAILED', 'the certificate has too much content; shorten its fields');
  return text;
}

/** Replaces what is disclosable by digests, innermost first. */
class Concealer {
  readonly disclosures: Disclosure[] = [];
  digests = 0;
  readonly #disclosable: Set<string>;
  readonly #decoys: Readonly<Record<string, number>>;
  readonly #hashName: 'sha-256' | 'sm3';
  readonly #salts: string[];

  constructor(disclosable: readonly string[], decoys: Readonly<Record<string, number>>, hashName: 'sha-256' | 'sm3') {
    this.#disclosable = new Set(disclosable);
    this.#decoys = decoys;
    this.#hashName = hashName;
    this.#salts = freshSalts(Object.values(decoys).reduce((sum, count) => sum + count, disclosable.length));
  }

  object(from: Claims, pointer: string, depth: number): Record<string, unknown> {
    const digests: string[] = [];
    const open: Record<string, unknown> = {};
    for (const name of Object.keys(from)) {
      if (isReservedName(name)) malformed('has a reserved name among its claims');
      const at = under(pointer, name);
      const value = this.#inner(from[name], at, depth);
      if (this.#disclosable.delete(at)) digests.push(this.#conceal(name, value));
      else setMember(open, name, value);
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

  #inner(value: unknown, pointer: string, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) malformed('has a claim that is nested too deeply');
    if (!Array.isArray(value)) return this.object(value as Claims, pointer, depth + 1);
    const entries = value.map((entry: unknown, place) => {
      const at = under(pointer, String(place));
      const inner = this.#inner(entry, at, depth + 1);
      return this.#disclosable.delete(at) ? { '...': this.#conceal(undefined, inner) } : inner;
    });
    const decoys: string[] = [];
    this.#addDecoys(decoys, pointer);
    return [...entries, ...decoys.map((digest) => ({ '...': digest }))];
  }

  #conceal(name: string | undefined, value: unknown): string {
    const disclosure = createDisclosure(this.#salts.pop()!, name, value);
    this.disclosures.push(disclosure);
    this.digests += 1;
    return digestOf(this.#hashName, disclosure.encoded);
  }

  #addDecoys(digests: string[], pointer: string): void {
    const count = this.#decoys[pointer] ?? 0;
    for (let made = 0; made < count; made += 1) digests.push(decoyDigest(this.#hashName, this.#salts.pop()!));
    this.digests += count;
  }
}
