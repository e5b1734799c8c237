import { type Clock, type RegionStatement, verifyStatement } from '#trust';
import type { Store } from '../store/store.ts';

/** Which statement of ours each peer holds, and which keys each of our statements named. */
export class HeldStatements {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #serials = new Map<string, number>();
  /** Key ids and SPKI digests by the serial of the statement that names them. */
  readonly #named = new Map<number, ReadonlySet<string>>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Loads what earlier runs learnt. */
  async start(own: RegionStatement): Promise<void> {
    await this.remember(own);
    const earlier = await this.#store.read.all<{ statement: string }>(
      'SELECT statement FROM known_statement WHERE region = ? ORDER BY serial',
      own.region,
    );
    for (const { statement } of earlier) this.#name(await verifyStatement(statement));
    const rows = await this.#store.read.all<{ region: string; serial: number }>(
      'SELECT region, serial FROM statement_held',
    );
    for (const { region, serial } of rows) this.#serials.set(region, serial);
  }

  /** Keeps a statement of ours for good: old evidence needs the keys of its time. */
  async remember(own: RegionStatement): Promise<void> {
    await this.#store.write((tx) =>
      tx.run(
        'INSERT INTO known_statement (region, serial, statement) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        own.region,
        own.serial,
        own.jwt,
      ),
    );
    this.#name(own);
  }

  /** Serial that a peer is known to hold; 0 when nothing is known. */
  serial(peer: string): number {
    return this.#serials.get(peer) ?? 0;
  }

  /** Whether a peer is known to hold a statement that names this key. */
  knows(peer: string, key: string): boolean {
    return this.#named.get(this.serial(peer))?.has(key) ?? false;
  }

  /** @returns whether this is news */
  async keep(peer: string, serial: number): Promise<boolean> {
    if (this.#serials.get(peer) === serial) return false;
    this.#serials.set(peer, serial);
    await this.#store.write((tx) =>
      tx.run(
        `INSERT INTO statement_held (region, serial, at) VALUES (?, ?, ?)
         ON CONFLICT (region) DO UPDATE SET serial = excluded.serial, at = excluded.at`,
        peer,
        serial,
        this.#clock.now(),
      ),
    );
    return true;
  }

  #name({ serial, keys, tls }: RegionStatement): void {
    this.#named.set(serial, new Set([...keys.map(({ kid }) => kid), ...tls.map(({ spki }) => spki)]));
  }
}
