import { CodedError } from '#proto';
import {
  type Clock,
  issueStatusList,
  type Signer,
  STATUS_LIST_SIZE,
  type StatusReference,
  type StatusWord,
} from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import { statusEntries } from './status-entries.ts';

/** How we publish; milliseconds. */
export interface StatusPublishing {
  /** What the addresses of our lists begin with, their number follows. */
  readonly baseUri: string;
  /** How long a copy serves before a fresh one should be asked for. */
  readonly ttlMs: number;
  /** How long a copy may be used where no fresh one can be had. */
  readonly lifetimeMs: number;
}

export interface StatusListsOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Our own region. */
  readonly region: string;
  /** The region's certificate key. */
  readonly signer: Signer;
  readonly publishing: StatusPublishing;
  /** Unpredictable whole number from 0, below `limit`. */
  readonly random: (limit: number) => number;
  /** A list that has not changed could not be signed anew; the copy before still serves. */
  readonly onError: (error: unknown) => void;
}

/** A copy of a list as it is given out. */
export interface PublishedList {
  readonly text: string;
  /** Milliseconds; no two copies of a list share it. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

interface Held {
  copy: PublishedList | undefined;
  /** Changes that were committed, and those that are in the copy. */
  changes: number;
  published: number;
  renewing: Promise<PublishedList> | undefined;
  /** The last attempt, if it failed; `at` in milliseconds. */
  failure: { readonly at: number; readonly error: unknown } | undefined;
}

/** Milliseconds between two copies of one list, good or failed: a list says when it was issued in whole seconds. */
const DEBOUNCE_MS = 1000;

/**
 * Our status lists (证照状态列表): gives every new certificate an entry, writes there what was decided, and publishes.
 * A copy is signed when somebody asks and something has changed, or half of its time to live is over: a change is in the
 * next copy that anybody gets, at most a second later, and a thousand changes at once cost one signature.
 */
export class StatusLists {
  readonly #options: StatusListsOptions;
  readonly #held = new Map<number, Held>();

  constructor(options: StatusListsOptions) {
    this.#options = options;
  }

  /** How long a copy serves, in milliseconds. */
  get ttlMs(): number {
    return this.#options.publishing.ttlMs;
  }

  /** Takes an entry for a new certificate, in the caller's unit of work. */
  allocate(tx: Transaction): Promise<StatusReference> {
    const { publishing, random, clock } = this.#options;
    return statusEntries.allocate(tx, { baseUri: publishing.baseUri, random, now: clock.now() });
  }

  /** Writes into the list how a certificate stands, in the caller's unit of work. */
  async mark(tx: Transaction, reference: StatusReference, word: StatusWord): Promise<void> {
    const n = await statusEntries.mark(tx, reference, word);
    if (n === undefined) return;
    tx.afterCommit(() => {
      this.#of(n).changes += 1;
    });
  }

  /** The addresses of all lists. */
  addresses(): Promise<string[]> {
    return statusEntries.addresses(this.#options.store.read);
  }

  /**
   * The newest copy of a list.
   *
   * @throws CodedError NOT_FOUND, or the code of the signer when a change could not be signed
   */
  async published(n: number): Promise<PublishedList> {
    const { store, clock, onError } = this.#options;
    if (!this.#held.has(n) && !(await statusEntries.find(store.read, n)))
      throw new CodedError('NOT_FOUND', 'there is no status list with this number');
    const held = this.#of(n);
    const { copy } = held;
    const now = clock.now();
    if (copy && !this.#isDue(held, copy, now)) return copy;
    try {
      return await this.#renewOnce(n, held, now);
    } catch (error) {
      // What nothing has changed in is still true.
      if (!copy || held.changes !== held.published || now >= copy.expiresAt) throw error;
      onError(error);
      return copy;
    }
  }

  /** Everybody may ask: neither many at once nor many in a row make more work than one. */
  #renewOnce(n: number, held: Held, now: number): Promise<PublishedList> {
    const { failure } = held;
    if (failure && Math.abs(now - failure.at) < DEBOUNCE_MS) throw failure.error;
    held.renewing ??= this.#renew(n, held)
      .catch((error: unknown) => {
        held.failure = { at: now, error };
        throw error;
      })
      .finally(() => {
        held.renewing = undefined;
      });
    return held.renewing;
  }

  #isDue({ changes, published }: Held, { issuedAt }: PublishedList, now: number): boolean {
    const age = Math.abs(now - issuedAt);
    return changes === published ? age >= this.ttlMs / 2 : age >= DEBOUNCE_MS;
  }

  /** Signs what is committed now; what is committed meanwhile comes with the next copy. */
  async #renew(n: number, held: Held): Promise<PublishedList> {
    const { store, clock, region, signer, publishing } = this.#options;
    const { changes } = held;
    const { uri, issuedAt: last } = (await statusEntries.find(store.read, n))!;
    // Readers refuse a list that is older than one they saw: each is later than the one before, whatever the clock does.
    const issuedAt = Math.max(last + 1000, Math.floor(clock.now() / 1000) * 1000);
    const expiresAt = issuedAt + publishing.lifetimeMs;
    const text = await issueStatusList(signer, {
      region,
      uri,
      aggregationUri: publishing.baseUri.slice(0, -1),
      size: STATUS_LIST_SIZE,
      entries: await statusEntries.marked(store.read, n),
      issuedAt,
      ttl: publishing.ttlMs,
      expiresAt,
    });
    if (!(await store.write((tx) => statusEntries.issued(tx, n, issuedAt)))) return this.#renew(n, held);
    held.copy = { text, issuedAt, expiresAt };
    held.published = changes;
    held.failure = undefined;
    return held.copy;
  }

  #of(n: number): Held {
    const known = this.#held.get(n);
    if (known) return known;
    const held: Held = { copy: undefined, changes: 0, published: 0, renewing: undefined, failure: undefined };
    this.#held.set(n, held);
    return held;
  }
}
