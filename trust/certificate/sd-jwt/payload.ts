import { VerificationError } from '../../errors.ts';
import { type Disclosure, digestOf, type HashName, isReservedName } from './disclosure.ts';
import { setMember, under } from './members.ts';
import { type Claims, malformed } from './text.ts';

/** What the claims of an SD-JWT say with the disclosures that came with it. */
export interface ProcessedPayload {
  /**
   * Without `...`, and with nothing in `_sd` and `_sd_alg`: nobody sees any more which claims could be kept back. Those two
   * are undefined rather than absent, since deleting a member makes an object slow, and these are read by every rule.
   */
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
/** Base64url of 32 bytes, in its one spelling: the last character has two bits of none. */
const NO_DIGEST = 'has digests that are not 32 bytes in base64url';
const TWICE = 'has a digest twice';
const DIGEST = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

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
  /** Digests of the disclosures. They are so few that a list is sooner searched than a map is made. */
  readonly #expected: readonly string[];
  /** Which disclosures were found. */
  readonly #taken: boolean[];
  /** Digests in the claims whose disclosures did not come, or that have none. */
  readonly #others: string[] = [];
  /** How many disclosures were not found yet. */
  #left: number;

  constructor(disclosures: readonly Disclosure[], hashName: HashName) {
    this.#disclosures = disclosures;
    this.#expected = disclosures.map(({ encoded }) => digestOf(hashName, encoded));
    if (this.#expected.some((digest, index) => this.#expected.indexOf(digest) !== index))
      refuse('a disclosure is there twice');
    this.#left = disclosures.length;
    this.#taken = disclosures.map(() => false);
    this.pointers = disclosures.map(() => '');
    this.places = disclosures.map(() => '');
  }

  /**
   * @param pointer where it stands in the claims as they were signed
   * @param place where it stands in those that are shown
   */
  object(from: Claims, pointer: string, place: string, depth: number): Record<string, unknown> {
    const shown: Record<string, unknown> = { ...from };
    for (const name of Object.keys(from)) {
      const value = shown[name];
      if (name === '_sd' || (name === '_sd_alg' && depth === 0)) {
        if (depth === 0) shown[name] = undefined;
        else delete shown[name];
        continue;
      }
      if (isReservedName(name)) malformed('has a reserved name among its claims');
      if (isNested(value)) shown[name] = this.#value(value, under(pointer, name), under(place, name), depth);
    }
    if (Object.hasOwn(from, '_sd')) this.#disclose(from['_sd'], shown, pointer, place, depth);
    return shown;
  }

  get digests(): number {
    return this.#disclosures.length - this.#left + this.#others.length;
  }

  demandNothingLeft(): void {
    if (this.#left > 0) refuse('a disclosure does not belong to the certificate');
  }

  /** Adds the claims whose digests stand in `_sd` and whose disclosures came. */
  #disclose(list: unknown, shown: Record<string, unknown>, pointer: string, place: string, depth: number): void {
    const digests: readonly unknown[] = Array.isArray(list) ? list : malformed('has digests that are no list');
    const found: number[] = [];
    for (const digest of digests) {
      const index = this.#take(digest);
      if (index >= 0) found.push(index);
    }
    // In the order of the disclosures, which is the same for all of a type: digests have an order of their own each time.
    for (const index of found.sort(ascending)) {
      const { name: given, value } = this.#disclosures[index]!;
      const name = given ?? refuse('an entry of a list came where a claim belongs');
      if (Object.hasOwn(shown, name)) refuse('a disclosure has the name of another claim');
      const at = under(pointer, name);
      this.pointers[index] = at;
      this.places[index] = place === pointer ? at : under(place, name);
      setMember(shown, name, this.#value(value, at, this.places[index]!, depth));
    }
  }

  #value(value: unknown, pointer: string, place: string, depth: number): unknown {
    if (!isNested(value)) return value;
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
      if (index < 0) continue;
      const { name, value } = this.#disclosures[index]!;
      if (name !== undefined) refuse('a claim came where an entry of a list belongs');
      [this.pointers[index], this.places[index]] = at;
      entries.push(this.#value(value, ...at, depth));
    }
    return entries;
  }

  /** Index of the disclosure that a digest stands for, or -1; each digest may stand once, each disclosure serves once. */
  #take(digest: unknown): number {
    if (typeof digest !== 'string') return malformed(NO_DIGEST);
    const index = this.#expected.indexOf(digest);
    if (index >= 0) {
      if (this.#taken[index]) malformed(TWICE);
      this.#taken[index] = true;
      this.#left -= 1;
    } else {
      if (!DIGEST.test(digest)) malformed(NO_DIGEST);
      if (this.#others.includes(digest)) malformed(TWICE);
      this.#others.push(digest);
    }
    if (this.digests > MAX_DIGESTS) malformed(`has more than ${MAX_DIGESTS} digests`);
    return index;
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isPlaceholder(entry: unknown): entry is { readonly '...': unknown } {
  return isNested(entry) && Object.hasOwn(entry, '...') && Object.keys(entry).length === 1;
}

function refuse(detail: string): never {
  throw new VerificationError('CERTIFICATE_DISCLOSURE', detail);
}
