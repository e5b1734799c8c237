import { CodedError } from '#proto';
import {
  type Clock,
  demandFresh,
  MAX_STATUS_LIST_LENGTH,
  type RegionStatement,
  type StatusReference,
  type StatusWord,
  statusIn,
  type VerifiedCertificate,
  type VerifiedStatusList,
  verifyStatusList,
} from '#trust';
import { type FetchedFile, fetchFile } from '../federation/fetch-file.ts';
import type { Store } from '../store/store.ts';
import { type StatusCopy, statusCopies } from './status-copies.ts';

export interface StatusReaderOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The statement of a pinned region; undefined for any other. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Where the lists of a region are read, with a slash at the end; those of other regions are not read at all. */
  readonly sources: Readonly<Record<string, string>>;
  /** Milliseconds; an older list says nothing. */
  readonly maxAgeMs: number;
  /** A list could not be read, or is not what it should be. */
  readonly onError: (issuer: string, error: unknown) => void;
}

/** How a certificate of another region stands by its status list. */
export interface ListedStatus {
  readonly word: StatusWord;
  /** When the list was issued, in milliseconds. */
  readonly asOf: number;
}

type ListName = Pick<StatusCopy, 'issuer' | 'uri'>;

/** A copy whose list was verified. */
interface Known {
  readonly copy: StatusCopy;
  readonly list: VerifiedStatusList;
}

/** Milliseconds that one fetch may take, and until a list that could not be had is asked for again. */
const FETCH_TIMEOUT_MS = 5_000;
const RETRY_MS = 30_000;
/** Milliseconds that a copy serves when its issuer does not say how long. */
const DEFAULT_TTL_MS = 15 * 60 * 1000;
/** Milliseconds that a copy serves at least, however short its issuer would have it. */
const MIN_TTL_MS = 10_000;
/** Lists that are held ready, half a megabyte each. */
const MAX_HELD = 32;

/**
 * Reads the status lists of the regions whose source is configured, keeps the newest copy of each, and never goes back
 * to an older one. The address in a certificate only says which list; where it is read our own operator decides.
 */
export class StatusReader {
  readonly #options: StatusReaderOptions;
  /** By issuer and address; the most recently used is the last. */
  readonly #held = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<Known | undefined>>();
  readonly #failedAt = new Map<string, number>();

  constructor(options: StatusReaderOptions) {
    this.#options = options;
  }

  /**
   * How a verified certificate of another region stands; undefined when that cannot be known from a list now: there is
   * none, or none that is recent enough.
   *
   * @throws VerificationError STATUS_INDEX, STATUS_UNKNOWN when its list says nothing about it
   */
  async statusOf({
    issuer,
    certificate,
  }: Pick<VerifiedCertificate, 'issuer' | 'certificate'>): Promise<ListedStatus | undefined> {
    const reference = certificate.statusList;
    const source = Object.hasOwn(this.#options.sources, issuer) ? this.#options.sources[issuer] : undefined;
    if (!reference || source === undefined) return undefined;
    const known = await this.#newest(issuer, reference, source);
    if (!known || !this.#isRecent(known)) return undefined;
    return { word: statusIn(known.list, reference.idx), asOf: known.list.issuedAt };
  }

  #newest(issuer: string, { uri }: StatusReference, source: string): Promise<Known | undefined> {
    const key = keyOf({ issuer, uri });
    const reading = this.#reading.get(key);
    if (reading) return reading;
    const begun = this.#read({ issuer, uri }, source).finally(() => this.#reading.delete(key));
    this.#reading.set(key, begun);
    return begun;
  }

  async #read(name: ListName, source: string): Promise<Known | undefined> {
    const { clock, store, maxAgeMs, onError } = this.#options;
    const key = keyOf(name);
    const copy = this.#held.get(key)?.copy ?? (await statusCopies.find(store.read, name));
    const known = copy && this.#verified(copy);
    const now = clock.now();
    const rests = now < (this.#failedAt.get(key) ?? Number.NEGATIVE_INFINITY) + RETRY_MS;
    const serves = Math.min(Math.max(known?.list.ttl ?? DEFAULT_TTL_MS, MIN_TTL_MS), maxAgeMs / 2);
    if (rests || (known && now < known.copy.fetchedAt + serves)) return known;
    try {
      const fetched = await this.#fetch(name.uri, source, copy?.etag ?? '');
      const taken = await this.#take(name, fetched, copy);
      this.#failedAt.delete(key);
      return taken;
    } catch (error) {
      this.#keepFailure(key, now);
      onError(name.issuer, error);
      return known;
    }
  }

  /** A list goes by the last part of its address wherever it is read. */
  async #fetch(uri: string, source: string, etag: string): Promise<FetchedFile | undefined> {
    const url = new URL(new URL(uri).pathname.split('/').at(-1)!, source);
    if (!url.href.startsWith(source)) throw new CodedError('STATUS_LIST_INVALID', `${uri} names no file`);
    const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
    try {
      return await fetchFile(url, { etag, maxBytes: MAX_STATUS_LIST_LENGTH, agent: undefined, signal });
    } catch (cause) {
      throw new CodedError('STATUS_UNKNOWN', `the status list at ${url.href} cannot be had`, [], { cause });
    }
  }

  /** @param fetched undefined when the copy that we hold is still the newest */
  async #take(name: ListName, fetched: FetchedFile | undefined, held: StatusCopy | undefined): Promise<Known> {
    const { clock, store, statementOf } = this.#options;
    const now = clock.now();
    const text = fetched?.text.trim() ?? held!.list;
    const list = verifyStatusList(text, name, { statementOf, now });
    demandFresh(list, now, { seenIssuedAt: held?.issuedAt });
    const etag = fetched?.etag ?? held!.etag;
    const copy = { ...name, etag, issuedAt: list.issuedAt, fetchedAt: now, list: text };
    await store.write((tx) => statusCopies.keep(tx, copy));
    return this.#hold({ copy, list });
  }

  /** The copy with its list, unless it no longer verifies: its key may have been revoked since. */
  #verified(copy: StatusCopy): Known | undefined {
    const { clock, statementOf } = this.#options;
    const held = this.#held.get(keyOf(copy));
    if (held?.copy === copy && this.#stillCounts(held)) return this.#hold(held);
    try {
      return this.#hold({ copy, list: verifyStatusList(copy.list, copy, { statementOf, now: clock.now() }) });
    } catch {
      this.#held.delete(keyOf(copy));
      return undefined;
    }
  }

  #stillCounts({ list: { issuer, kid } }: Known): boolean {
    const key = this.#options.statementOf(issuer)?.keys.find((stated) => stated.kid === kid);
    return key !== undefined && key.revokedAt === undefined;
  }

  #isRecent({ list }: Known): boolean {
    try {
      demandFresh(list, this.#options.clock.now(), { maxAgeMs: this.#options.maxAgeMs });
      return true;
    } catch {
      return false;
    }
  }

  #hold(known: Known): Known {
    const key = keyOf(known.copy);
    this.#held.delete(key);
    this.#held.set(key, known);
    if (this.#held.size > MAX_HELD) this.#held.delete(this.#held.keys().next().value!);
    return known;
  }

  #keepFailure(key: string, now: number): void {
    if (this.#failedAt.size >= MAX_HELD) this.#failedAt.clear();
    this.#failedAt.set(key, now);
  }
}

/** A region may name any address in its certificates, that of another region's list too. */
function keyOf({ issuer, uri }: ListName): string {
  return `${issuer} ${uri}`;
}
