import { CodedError, LIMITS, MAX_CATALOGUE_ITEMS, type messages, type PayloadName, type Problem, text } from '#proto';
import type { Clock } from '#trust';
import type { Outbox } from '../outbound/outbox.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { Peers } from '../peer/peers.ts';
import type { Sql, Store } from '../store/store.ts';
import { type Alignment, alignItems } from './alignment/alignment.ts';
import { type CatalogueRecord, catalogueItems, catalogues } from './catalogue-table.ts';
import { takeCatalogue } from './incoming-catalogue.ts';
import { itemDigest } from './item-digest.ts';
import { readItems } from './item-document.ts';
import { ItemReader } from './item-reader.ts';
import { type ItemChange, itemVersions, type VersionRow } from './item-versions.ts';
import { inParts, isOffered } from './publication.ts';

/** One kind of government service (事项) of a region, in one version. */
export interface CatalogueItem {
  readonly region: string;
  readonly item: messages.Item;
  /** SHA-256 of this version, as a transfer cites it. */
  readonly digest: Buffer;
}

/** A version of an item (事项版本) in its history. */
export interface ItemVersion extends CatalogueItem {
  /** Counts the versions of this item that we know, from 1. */
  readonly n: number;
  /** Milliseconds. */
  readonly validSince: number;
  /** Milliseconds; undefined while it holds. */
  readonly supersededAt: number | undefined;
}

export interface CatalogueOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  readonly outbox: Outbox;
  readonly peers: Peers;
  /** Source of UUIDs, for the conversations. */
  readonly newId: () => string;
}

/** What became of one item of an import. */
export interface ImportedItem {
  readonly code: string;
  readonly name: string;
  readonly change: ItemChange;
  /** Fields of the message `Item` that differ, for one that changed. */
  readonly fields: readonly string[];
}

/** What an application says of the item that it is for. */
export interface CitedItem {
  readonly code: string;
  /** SHA-256 of the version that the window worked from; empty for whatever holds now. */
  readonly digest: Uint8Array;
  /** Region that applies. */
  readonly peer: string;
  /** Digest of the version that the case has begun under already, in hex. */
  readonly kept?: string | undefined;
}

/**
 * Milliseconds that a version of an item may still be cited after the next one: as long as a message may live, so that
 * whatever was on its way arrives.
 */
const GRACE_MS = LIMITS.lifetimeMs;
/** Versions of one item that a history shows. */
const MAX_HISTORY = 200;

const scopeRule = text(50);

/** The items that we offer, and the catalogues (通办清单) that regions publish to each other. */
export class CatalogueService {
  /** Handlers of the messages that the other region sends about its items. */
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>> = {
    CataloguePublished: (tx, incoming) => takeCatalogue(tx, incoming, this.#options.region),
  };
  readonly #options: CatalogueOptions;
  readonly #reader = new ItemReader();

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  /**
   * Takes items of ours: new ones are added, known ones replaced by code, others stay. Every version is kept.
   *
   * @param document parsed JSON, as `readItems` describes it
   * @param options.dryRun only says what would become of each
   * @throws CodedError VALIDATION_FAILED with every wrong field of every item; nothing is stored then
   */
  async importItems(document: unknown, { dryRun = false } = {}): Promise<ImportedItem[]> {
    const { store, clock, region } = this.#options;
    const imported = readItems(document);
    return store.write(async (tx) => {
      const before = new Map((await itemVersions.currentOf(tx, region)).map((row) => [row.code, row]));
      const changes = imported.map((item) => this.#compare(before.get(item.code), item));
      const added = changes.filter(({ change }) => change === 'added').length;
      if (before.size + added > MAX_CATALOGUE_ITEMS) throw tooMany();
      if (!dryRun) for (const item of imported) await itemVersions.save(tx, region, item, clock.now());
      return changes;
    });
  }

  /**
   * The items of a region as we know them, in the order of their codes.
   *
   * @param region ours unless told
   * @param scope only those that are offered under it
   */
  async list(region: string = this.#options.region, scope?: string): Promise<CatalogueItem[]> {
    const { store, region: us } = this.#options;
    if (scope !== undefined && region !== us) return (await this.named(region, us, scope)) ?? [];
    const rows = await itemVersions.currentOf(store.read, region);
    const items = rows.map((row) => this.#itemOf(region, row));
    return scope === undefined ? items : items.filter(({ item }) => isOffered(item, scope));
  }

  /** @throws CodedError ITEM_UNKNOWN */
  async get(region: string, code: string): Promise<CatalogueItem> {
    const found = await this.itemOf(this.#options.store.read, region, code);
    if (!found) throw unknownItem(region, code);
    return found;
  }

  /**
   * An item as the rules of a case need it, also inside a unit of work.
   *
   * @param region the handling region: a case follows its version
   * @param digest the version, in hex; the one that holds now when it is left out
   */
  async itemOf(sql: Sql, region: string, code: string, digest?: string): Promise<CatalogueItem | undefined> {
    const row =
      digest === undefined
        ? await itemVersions.current(sql, region, code)
        : await itemVersions.byDigest(sql, region, code, Buffer.from(digest, 'hex'));
    return row && this.#itemOf(region, row);
  }

  /**
   * The version of an item of ours that an application is judged by: the one that it cites, if it holds, held until
   * lately, or is the one that this peer was told last; and always the one that the case has begun under.
   *
   * @returns undefined when we do not offer the item
   * @throws CodedError ITEM_VERSION_UNKNOWN
   */
  async citedItem(sql: Sql, { code, digest: given, peer, kept }: CitedItem): Promise<CatalogueItem | undefined> {
    const { region, clock } = this.#options;
    const digest = given.length > 0 ? Buffer.from(given) : kept === undefined ? undefined : Buffer.from(kept, 'hex');
    if (digest === undefined) return this.itemOf(sql, region, code);
    const row = await itemVersions.byDigest(sql, region, code, digest);
    if (!row) {
      if (await itemVersions.current(sql, region, code)) throw new CodedError('ITEM_VERSION_UNKNOWN');
      return undefined;
    }
    const { superseded_at: end } = row;
    const holds =
      end === null ||
      end > clock.now() - GRACE_MS ||
      digest.toString('hex') === kept ||
      (await catalogueItems.isTold(sql, region, peer, code, digest));
    if (!holds) throw new CodedError('ITEM_VERSION_UNKNOWN');
    return this.#itemOf(region, row);
  }

  /**
   * The versions of an item that were in force, newest first, at most 200.
   *
   * @throws CodedError ITEM_UNKNOWN
   */
  async versions(region: string, code: string): Promise<ItemVersion[]> {
    const rows = await itemVersions.history(this.#options.store.read, region, code, MAX_HISTORY);
    if (rows.length === 0) throw unknownItem(region, code);
    return rows.map((row) => ({
      ...this.#itemOf(region, row),
      n: row.n,
      validSince: row.valid_since,
      supersededAt: row.superseded_at ?? undefined,
    }));
  }

  /**
   * 对标报告: our items and those that a peer published to us, held against each other.
   *
   * @param only code of an item of either side: its pair alone
   * @throws CodedError ITEM_UNKNOWN when the peer has published nothing, or neither side has such an item
   */
  async alignment(peer: string, only?: string): Promise<Alignment> {
    const [ours, theirs] = await Promise.all([this.list(), this.list(peer)]);
    if (theirs.length === 0) throw new CodedError('ITEM_UNKNOWN', `region ${peer} has published no items to us`);
    const report = alignItems(ours.map(itemIn), theirs.map(itemIn), only);
    const { pairs, onlyOurs, onlyTheirs } = report;
    if (only !== undefined && pairs.length + onlyOurs.length + onlyTheirs.length === 0)
      throw new CodedError('ITEM_UNKNOWN', `neither region offers an item ${only}`);
    return report;
  }

  /** Every catalogue that we published or that was published to us. */
  catalogues(): Promise<CatalogueRecord[]> {
    return catalogues.all(this.#options.store.read);
  }

  /** What a catalogue names, in the versions that were published; undefined when nothing was published under the scope. */
  async named(publisher: string, peer: string, scope: string): Promise<CatalogueItem[] | undefined> {
    const { read } = this.#options.store;
    if (!(await catalogues.find(read, { publisher, peer, scope }))) return undefined;
    const rows = await itemVersions.namedBy(read, publisher, peer, scope);
    return rows.map((row) => this.#itemOf(publisher, row));
  }

  /**
   * Sends a peer all our items of one scope, in the one conversation that our catalogues have with it. Catalogues of
   * other scopes stay as they are.
   *
   * @param scope 跨省通办, 全区通办, ...; at most 50 characters
   * @throws CodedError PEER_NOT_PINNED, STATEMENT_EXPIRED, CONFLICT when nothing is or was offered under the scope,
   *   VALIDATION_FAILED for the scope, MESSAGE_TOO_LARGE, BACK_PRESSURE
   */
  async publish(peer: string, scope: string): Promise<CatalogueRecord> {
    const { store, clock, region, outbox, peers, newId } = this.#options;
    demandScope(scope);
    peers.demand(peer);
    return store.write(async (tx) => {
      const rows = await itemVersions.currentOf(tx, region);
      const offered = rows.map((row) => this.#reader.read(row)).filter((item) => isOffered(item, scope));
      const before = await catalogues.between(tx, region, peer);
      if (offered.length === 0 && !before.some((one) => one.scope === scope))
        throw new CodedError('CONFLICT', `there are no items to publish under the scope ${scope}; import some first`);
      const conversation = before[0]?.conversation ?? newId();
      const version = Math.max(0, ...before.map((one) => one.version)) + 1;
      const parts = inParts(offered);
      const key = { publisher: region, peer, scope };
      const whole = { part: parts.length, parts: parts.length };
      const record = { ...key, version, ...whole, conversation, updated_at: clock.now() };
      await catalogues.save(tx, record);
      for (const item of offered) await catalogueItems.put(tx, key, version, item.code, itemDigest(item));
      await catalogueItems.dropBefore(tx, key, version);
      for (const [index, items] of parts.entries()) {
        const place = parts.length === 1 ? { part: 0, parts: 0 } : { part: index + 1, parts: parts.length };
        const payload = { version, scope, items, ...place };
        await outbox.enqueue(tx, { peer, conversation, name: 'CataloguePublished', payload });
      }
      return record;
    });
  }

  #itemOf(region: string, row: VersionRow): CatalogueItem {
    return { region, item: this.#reader.read(row), digest: row.digest };
  }

  #compare(before: VersionRow | undefined, item: messages.Item): ImportedItem {
    const { code, name } = item;
    if (!before) return { code, name, change: 'added', fields: [] };
    if (before.digest.equals(itemDigest(item))) return { code, name, change: 'unchanged', fields: [] };
    const known = this.#reader.read(before);
    const fields = (Object.keys(item) as (keyof messages.Item)[]).filter(
      (field) => JSON.stringify(item[field]) !== JSON.stringify(known[field]),
    );
    return { code, name, change: 'changed', fields };
  }
}

function itemIn({ item }: CatalogueItem): messages.Item {
  return item;
}

function demandScope(scope: string): void {
  const problems: Problem[] = [];
  scopeRule(scope, '/scope', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the scope is not valid', problems);
}

function unknownItem(region: string, code: string): CodedError {
  return new CodedError('ITEM_UNKNOWN', `region ${region} offers no item ${code}`);
}

function tooMany(): CodedError {
  const message = `would make more than ${MAX_CATALOGUE_ITEMS} items of this region`;
  return new CodedError('VALIDATION_FAILED', 'there would be too many items', [
    { pointer: '/items', code: 'TOO_MANY', message },
  ]);
}
