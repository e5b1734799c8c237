import { CodedError, type messages, type PayloadName, type Problem, text } from '#proto';
import type { Clock } from '#trust';
import type { Outbox } from '../outbound/outbox.ts';
import type { Incoming, IncomingHandler } from '../peer/incoming.ts';
import type { Peers } from '../peer/peers.ts';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { type CatalogueRecord, catalogues, type ItemRow, items } from './catalogue-table.ts';
import { MAX_ITEMS, readItems, twice } from './item-document.ts';

/** One kind of government service (事项) of a region, in the version that holds now. */
export interface CatalogueItem {
  readonly region: string;
  readonly item: messages.Item;
  /** SHA-256 of this version, as a transfer cites it. */
  readonly digest: Buffer;
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

/** What became of an import. */
export interface ImportedItems {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** Versions of items kept decoded. */
const DECODED = 10_000;

const scopeRule = text(50);

/** The items that we offer, and the catalogues (通办清单) that regions publish to each other. */
export class CatalogueService {
  /** Handlers of the messages that the other region sends about its items. */
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>> = {
    CataloguePublished: (tx, incoming) => this.#take(tx, incoming),
  };
  readonly #options: CatalogueOptions;
  /** By digest in hex, so that an entry never grows stale. */
  readonly #decoded = new Map<string, messages.Item>();

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  /**
   * Takes items of ours: new ones are added, known ones replaced by code, others stay.
   *
   * @param document parsed JSON, as `readItems` describes it
   * @throws CodedError VALIDATION_FAILED with every wrong field of every item; nothing is stored then
   */
  async importItems(document: unknown): Promise<ImportedItems> {
    const { store, clock, region } = this.#options;
    const imported = readItems(document);
    return store.write(async (tx) => {
      const before = new Map((await items.of(tx, region)).map((row) => [row.code, row]));
      for (const item of imported) await items.save(tx, region, item, clock.now());
      const after = await items.of(tx, region);
      if (after.length > MAX_ITEMS) throw tooMany();
      return compare(before, after, imported);
    });
  }

  /** All items of a region as we know them, in the order of their codes; ours unless told. */
  async list(region: string = this.#options.region): Promise<CatalogueItem[]> {
    const rows = await items.of(this.#options.store.read, region);
    return rows.map((row) => this.#decode(region, row));
  }

  /** @throws CodedError ITEM_UNKNOWN */
  async get(region: string, code: string): Promise<CatalogueItem> {
    const found = await this.itemOf(this.#options.store.read, region, code);
    if (!found) throw new CodedError('ITEM_UNKNOWN', `region ${region} offers no item ${code}`);
    return found;
  }

  /**
   * An item as the rules of a case need it, also inside a unit of work.
   *
   * @param region the handling region: a case follows its version
   */
  async itemOf(sql: Sql, region: string, code: string): Promise<CatalogueItem | undefined> {
    const row = await items.find(sql, region, code);
    return row && this.#decode(region, row);
  }

  /** Every catalogue that we published or that was published to us. */
  catalogues(): Promise<CatalogueRecord[]> {
    return catalogues.all(this.#options.store.read);
  }

  /**
   * Sends all our items to a peer, in the one conversation that our catalogue has with it.
   *
   * @param scope cross-province, province, city, ...; at most 50 characters
   * @throws CodedError PEER_NOT_PINNED, STATEMENT_EXPIRED, CONFLICT when we have no items, VALIDATION_FAILED for the
   *   scope, MESSAGE_TOO_LARGE, BACK_PRESSURE
   */
  async publish(peer: string, scope: string): Promise<CatalogueRecord> {
    const { store, clock, region, outbox, peers, newId } = this.#options;
    demandScope(scope);
    peers.demand(peer);
    return store.write(async (tx) => {
      const offered = (await items.of(tx, region)).map((row) => this.#decode(region, row).item);
      if (offered.length === 0) throw new CodedError('CONFLICT', 'there are no items to publish; import some first');
      const known = await catalogues.find(tx, region, peer);
      const conversation = known?.conversation ?? newId();
      const version = (known?.version ?? 0) + 1;
      const record = { publisher: region, peer, version, scope, conversation, updated_at: clock.now() };
      await catalogues.save(tx, record);
      await outbox.enqueue(tx, {
        peer,
        conversation,
        name: 'CataloguePublished',
        payload: { version, scope, items: offered },
      });
      return record;
    });
  }

  /** Replaces the peer's items; a version that is not newer changes nothing. */
  async #take(tx: Transaction, { envelope, payload, peer, receivedAt }: Incoming): Promise<void> {
    const { version, scope, items: offered } = payload as messages.CataloguePublished;
    const problems = twice(offered, 'is in the catalogue twice');
    if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', undefined, problems);
    const publisher = peer.region;
    const known = await catalogues.find(tx, publisher, this.#options.region);
    if (known && version <= known.version) return;
    await items.removeAll(tx, publisher);
    for (const item of offered) await items.save(tx, publisher, item, receivedAt);
    const { conversation } = envelope.header;
    const record = { publisher, peer: this.#options.region, version, scope, conversation, updated_at: receivedAt };
    await catalogues.save(tx, record);
  }

  #decode(region: string, { digest, document }: ItemRow): CatalogueItem {
    const key = digest.toString('hex');
    let item = this.#decoded.get(key);
    if (!item) {
      item = JSON.parse(document) as messages.Item;
      if (this.#decoded.size >= DECODED) this.#decoded.delete(this.#decoded.keys().next().value!);
      this.#decoded.set(key, item);
    }
    return { region, item, digest };
  }
}

function compare(
  before: ReadonlyMap<string, ItemRow>,
  after: readonly ItemRow[],
  imported: readonly messages.Item[],
): ImportedItems {
  const codes = new Set(imported.map(({ code }) => code));
  const touched = after.filter(({ code }) => codes.has(code));
  const added = touched.filter(({ code }) => !before.has(code)).length;
  const unchanged = touched.filter(({ code, digest }) => before.get(code)?.digest.equals(digest)).length;
  return { added, unchanged, changed: touched.length - added - unchanged };
}

function demandScope(scope: string): void {
  const problems: Problem[] = [];
  scopeRule(scope, '/scope', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the scope is not valid', problems);
}

function tooMany(): CodedError {
  const message = `would make more than ${MAX_ITEMS} items of this region`;
  return new CodedError('VALIDATION_FAILED', 'there would be too many items', [
    { pointer: '/items', code: 'TOO_MANY', message },
  ]);
}
