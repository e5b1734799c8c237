import { VerificationError } from '../../errors.ts';
import { type Disclosure, digestOf, type HashName, isReservedName } from './disclosure.ts';
import { setMember, under } from './members.ts';
import { type Claims, malformed } from './text.ts';

/** What the claims of an SD-JWT say with the disclosures that came with it. */
export interface ProcessedPayload {
  /** Without `_sd`, `_sd_alg` and `...`: nobody sees any more which claims could be kept back. */
  readonly claims: Claims;
  /**
   * Where each disclosure belongs, in the order of the disclosures: JSON pointers (RFC 6901) into the claims as they
   * were signed, so that an entry of a list keeps its pointer whatever entries are kept back before it.
   */
  readonly disclosed: readonly string[];
  /** Like `disclosed`, into the claims as they are shown here: the places differ in lists of which entries are kept back. */
  readonly places: readonly string[];
  /** How many digests there are, decoys included. */
  readonly digests: number;
}

/** Digests in the whole SD-JWT, decoys included. */
export const MAX_DIGESTS = 400;
/** Levels of objects and lists. */
export const MAX_DEPTH = 16;
/** Base64url of 32 bytes. */
const DIGEST = /^[\w-]{43}$/;

/**
 * Puts what is disclosed in the place of its digests (RFC 9901, 7.1, steps 2.4 to 5).
 *
 * @param hashName what the digests are made with
 * @throws VerificationError CERTIFICATE_MALFORMED for what only an issuer can have made wrong, CERTIFICATE_DISCLOSURE for
 *   disclosures that do not belong to the claims
 */
export function processPayload(
  payload: Claims,
  disclosures: readonly Disclosure[],
  hashName: HashName,
): ProcessedPayload {
  const walk = new Walk(disclosures, hashName);
  const claims = walk.object(payload, '', '', 0);
  walk.demandNothingLeft();
  return { claims, disclosed: walk.pointers, places: walk.places, digests: walk.digests };
}

/** One way through the claims; every digest is met once. */
class Walk {
  readonly pointers: string[];
  readonly places: string[];
  readonly #disclosures: readonly Disclosure[];
  readonly #byDigest = new Map<string, number>();
  readonly #met = new Set<string>();

  constructor(disclosures: readonly Disclosure[], hashName: HashName) {
    this.#disclosures = disclosures;
    this.pointers = disclosures.map(() => '');
    this.places = disclosures.map(() => '');
    for (let index = 0; index < disclosures.length; index += 1)
      this.#byDigest.set(digestOf(hashName, disclosures[index]!.encoded), index);
    if (this.#byDigest.size !== disclosures.length) refuse('a disclosure is there twice');
  }

  /**
   * @param pointer where it stands in the claims as they were signed
   * @param place where it stands in those that are shown
   */
  object(from: Claims, pointer: string, place: string, depth: number): Record<string, unknown> {
    const shown: Record<string, unknown> = {};
    for (const name of Object.keys(from)) {
      if (name === '_sd' || (name === '_sd_alg' && depth === 0)) continue;
      if (isReservedName(name)) malformed('has a reserved name among its claims');
      setMember(shown, name, this.#member(from[name], pointer, place, name, depth));
    }
    if (Object.hasOwn(from, '_sd')) this.#disclose(from['_sd'], shown, pointer, place, depth);
    return shown;
  }

  get digests(): number {
    return this.#met.size;
  }

  demandNothingLeft(): void {
    if (this.#byDigest.size > 0) refuse('a disclosure does not belong to the certificate');
  }

  /** Adds the claims whose digests stand in `_sd` and whose disclosures came. */
  #disclose(list: unknown, shown: Record<string, unknown>, pointer: string, place: string, depth: number): void {
    const digests: readonly unknown[] = Array.isArray(list) ? list : malformed('has digests that are no list');
    for (const digest of digests) {
      const index = this.#take(digest);
      if (index === undefined) continue;
      const { name: given, value } = this.#disclosures[index]!;
      const name = given ?? refuse('an entry of a list came where a claim belongs');
      if (Object.hasOwn(shown, name)) refuse('a disclosure has the name of another claim');
      this.#found(index, under(pointer, name), under(place, name));
      setMember(shown, name, this.#member(value, pointer, place, name, depth));
    }
  }

  #member(value: unknown, pointer: string, place: string, name: string, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    return this.#value(value, under(pointer, name), under(place, name), depth);
  }

  #value(value: unknown, pointer: string, place: string, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) malformed('has a claim that is nested too deeply');
    return Array.isArray(value)
      ? this.#list(value, pointer, place, depth + 1)
      : this.object(value as Claims, pointer, place, depth + 1);
  }

  /** An entry `{"...": digest}` stands for a disclosure, or for nothing (RFC 9901, 4.2.4.2). */
  #list(from: readonly unknown[], pointer: string, place: string, depth: number): unknown[] {
    const entries: unknown[] = [];
    for (const [signedAt, entry] of from.entries()) {
      const at = [`${pointer}/${signedAt}`, `${place}/${entries.length}`] as const;
      if (!isPlaceholder(entry)) {
        entries.push(this.#value(entry, ...at, depth));
        continue;
      }
      const index = this.#take(entry['...']);
      if (index === undefined) continue;
      const { name, value } = this.#disclosures[index]!;
      if (name !== undefined) refuse('a claim came where an entry of a list belongs');
      this.#found(index, ...at);
      entries.push(this.#value(value, ...at, depth));
    }
    return entries;
  }

  #found(index: number, pointer: string, place: string): void {
    this.pointers[index] = pointer;
    this.places[index] = place;
  }

  /** Index of the disclosure that a digest stands for; each digest may stand once, each disclosure serves once. */
  #take(digest: unknown): number | undefined {
    if (typeof digest !== 'string' || !DIGEST.test(digest))
      return malformed('has digests that are not 32 bytes in base64url');
    if (this.#met.has(digest)) malformed('has a digest twice');
    this.#met.add(digest);
    if (this.#met.size > MAX_DIGESTS) malformed(`has more than ${MAX_DIGESTS} digests`);
    const index = this.#byDigest.get(digest);
    if (index !== undefined) this.#byDigest.delete(digest);
    return index;
  }
}

function isPlaceholder(entry: unknown): entry is { readonly '...': unknown } {
  return typeof entry === 'object' && entry !== null && Object.hasOwn(entry, '...') && Object.keys(entry).length === 1;
}

function refuse(detail: string): never {
  throw new VerificationError('CERTIFICATE_DISCLOSURE', detail);
}
