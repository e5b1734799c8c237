import type { LetterBook } from '../dead-letter/letter-book.ts';
import type { Store, Transaction } from '../store/store.ts';
import { opened } from '../store/vault/opened.ts';
import { dataFor } from './certificate-news.ts';
import { type EventRow, type HeldRow, heldTable } from './held-table.ts';
import type { Ending, QueuedEvent, Turn } from './queued-event.ts';

/** Events read at once. */
const PAGE = 100;

/** Counting ends here: more is only "many". */
const MANY = 10_000;

/** Events that may wait for one platform beyond its cursor; the oldest of more are left out, and one letter says which. */
export const EVENTS_BEHIND = 1_000_000;
/** Events that are held for one platform; while there are so many, no new one has a turn. */
export const EVENTS_HELD = 10_000;

/** How much may wait. */
export interface QueueBounds {
  readonly behind: number;
  readonly held: number;
}

export interface QueueSize {
  /** Events that are not delivered, the waiting ones included; counted up to 10,000. */
  readonly behind: number;
  /** Events that nobody will deliver unless an operator says so. */
  readonly parked: number;
}

/**
 * What one platform has not got yet, durably: a cursor, and the events before it that are held. An event that fails is
 * held together with the later ones of its subject, so that the subject keeps its order while others go on.
 */
export class DeliveryQueue {
  readonly #store: Store;
  readonly #adapter: string;
  readonly #source: string;
  readonly #isLibrary: boolean;
  readonly #letters: LetterBook;
  readonly #bounds: QueueBounds;
  readonly #wants: (type: string) => boolean;
  #cursor = 0;
  #page: EventRow[] = [];

  /**
   * @param source URN that the events name as their source
   * @param isLibrary whether the platform is the certificate library, which learns whom certificates are about
   * @param letters where events go that the platform never takes
   * @param wants which types of events it wants; the others are passed over
   */
  constructor(
    store: Store,
    adapter: string,
    source: string,
    isLibrary: boolean,
    letters: LetterBook,
    bounds: QueueBounds = { behind: EVENTS_BEHIND, held: EVENTS_HELD },
    wants: (type: string) => boolean = () => true,
  ) {
    this.#store = store;
    this.#adapter = adapter;
    this.#source = source;
    this.#isLibrary = isLibrary;
    this.#letters = letters;
    this.#bounds = bounds;
    this.#wants = wants;
  }

  /** Finds the cursor. A platform that is new begins with what happens from now on. */
  async open(): Promise<void> {
    await this.#store.write(async (tx) => {
      await tx.run(
        `INSERT INTO platform_cursor (adapter, position)
         SELECT ?, coalesce(max(position), 0) FROM platform_event WHERE true ON CONFLICT (adapter) DO NOTHING`,
        this.#adapter,
      );
      const row = await tx.get<{ position: number }>(
        'SELECT position FROM platform_cursor WHERE adapter = ?',
        this.#adapter,
      );
      this.#cursor = row!.position;
    });
  }

  /** Every event up to here is delivered or held. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * Whose turn it is: a held event that is due, or the next new ones, of which some may wait.
   *
   * @param newFirst which of the two goes first, when there are both
   * @param most new events at once
   */
  async turn(now: number, newFirst: boolean, most: number): Promise<Turn> {
    const held = await heldTable.first(this.#store.read, this.#adapter);
    const due = held && held.due_at <= now ? held : undefined;
    if (due && !newFirst) return { events: [this.#queued(due, due)] };
    const events = held && (await this.#isFull()) ? [] : await this.#firstNew(most);
    if (events.length > 0) return { events };
    return due ? { events: [this.#queued(due, due)] } : { events: [], dueAt: held?.due_at };
  }

  /**
   * Records what became of the first events of a turn, together.
   *
   * @param endings in the order of the turn
   */
  async settle(endings: readonly (readonly [QueuedEvent, Ending])[]): Promise<void> {
    const last = endings.at(-1)?.[0].position ?? 0;
    const isNew = last > this.#cursor;
    await this.#store.write(async (tx) => {
      for (const [queued, ending] of endings) await this.#record(tx, queued, ending);
      if (isNew) await tx.run('UPDATE platform_cursor SET position = ? WHERE adapter = ?', last, this.#adapter);
    });
    if (!isNew) return;
    this.#cursor = last;
    this.#page.splice(0, endings.length);
  }

  /** Whether the book of letters takes another: else nothing is parked, and the platform is tried on. */
  get mayPark(): boolean {
    return this.#letters.hasRoom('platform', this.#adapter);
  }

  /** Lets every event that waits for its turn have it earlier. @param ms milliseconds */
  async bringForward(ms: number): Promise<void> {
    await this.#store.write((tx) => heldTable.bringForward(tx, this.#adapter, ms));
  }

  /**
   * Leaves the oldest events out when more wait than may. The platform sees it by their sequence numbers, and reads what
   * it missed by the API.
   *
   * @param now milliseconds
   * @returns how many were left out
   */
  async leaveBehind(now: number): Promise<number> {
    const newest = await this.#store.read.get<{ last: number | null }>(
      'SELECT max(position) AS last FROM platform_event',
    );
    const first = this.#cursor + 1;
    const last = (newest?.last ?? 0) - this.#bounds.behind;
    if (last < first) return 0;
    await this.#store.write(async (tx) => {
      await tx.run('UPDATE platform_cursor SET position = ? WHERE adapter = ?', last, this.#adapter);
      await this.#letters.file(tx, {
        ...{ id: `${this.#adapter}:${first}-${last}`, queue: 'platform', name: this.#adapter, place: first },
        ...{ subject: '', type: '', sequence: last - first + 1, reason: 'overflow', code: 'BACK_PRESSURE', since: now },
      });
    });
    this.#cursor = last;
    this.#page = [];
    return last - first + 1;
  }

  async size(): Promise<QueueSize> {
    const { read } = this.#store;
    const fresh = await read.get<{ n: number }>(
      `SELECT count(*) AS n FROM (SELECT 1 FROM platform_event WHERE position > ? LIMIT ${MANY}) AS found`,
      this.#cursor,
    );
    const waiting = await heldTable.count(read, this.#adapter, 'waiting', MANY);
    const parked = await heldTable.count(read, this.#adapter, 'parked', MANY);
    return { behind: Math.min(fresh!.n + waiting, MANY), parked };
  }

  async #isFull(): Promise<boolean> {
    const { held } = this.#bounds;
    return (await heldTable.count(this.#store.read, this.#adapter, 'waiting', held)) >= held;
  }

  async #firstNew(most: number): Promise<QueuedEvent[]> {
    await this.#passOver();
    const next = this.#page.findIndex(({ type }) => !this.#wants(type));
    return Promise.all(
      this.#page.slice(0, next === -1 ? most : Math.min(most, next)).map(async (row) => ({
        ...this.#queued(row),
        waits: await heldTable.waits(this.#store.read, this.#adapter, row.subject),
      })),
    );
  }

  /** Reads the next page, and leaves unwanted events at its beginning behind. */
  async #passOver(): Promise<void> {
    for (;;) {
      if (this.#page.length === 0) this.#page = await this.#readPage();
      const next = this.#page.findIndex(({ type }) => this.#wants(type));
      const passed = next === -1 ? this.#page.length : next;
      if (passed === 0) return;
      const { position } = this.#page[passed - 1]!;
      await this.#store.write((tx) =>
        tx.run('UPDATE platform_cursor SET position = ? WHERE adapter = ?', position, this.#adapter),
      );
      this.#cursor = position;
      this.#page.splice(0, passed);
    }
  }

  #readPage(): Promise<EventRow[]> {
    return this.#store.read.all<EventRow>(
      `SELECT position, id, type, subject, sequence, at, data FROM platform_event WHERE position > ?
       ORDER BY position LIMIT ${PAGE}`,
      this.#cursor,
    );
  }

  async #record(tx: Transaction, queued: QueuedEvent, ending: Ending): Promise<void> {
    const { position, event, held } = queued;
    if (ending.to === 'lined') return heldTable.line(tx, this.#adapter, position, event.subject);
    if (ending.to === 'postponed')
      return heldTable.hold(tx, this.#adapter, queued, 'waiting', ending.failure, ending.dueAt);
    if (ending.to === 'parked') {
      await heldTable.hold(tx, this.#adapter, queued, 'parked', ending.failure, 0);
      await this.#file(tx, queued, ending);
    } else if (held) await heldTable.remove(tx, this.#adapter, position);
  }

  /** One open letter for each event: it may be parked once more when all is delivered again. */
  async #file(
    tx: Transaction,
    { position, event: { subject, type, sequence }, failedSince }: QueuedEvent,
    { failure: { code, at }, reason }: Extract<Ending, { to: 'parked' }>,
  ): Promise<void> {
    const id = `${this.#adapter}:${position}`;
    const known = await this.#letters.find(tx, id);
    if (known && !known.closing) return this.#letters.change(tx, known, { subject, type, sequence, code });
    await this.#letters.file(tx, {
      ...{ id, queue: 'platform', name: this.#adapter, place: position },
      ...{ subject, type, sequence, reason, code, since: failedSince ?? at },
    });
  }

  #queued(row: EventRow, held?: HeldRow): QueuedEvent {
    const { id, type, subject, sequence, at } = row;
    const { value: stored, code: unopened } = opened(() =>
      this.#store.read.vault.openText('platform_event.data', id, row.data),
    );
    const data = stored === undefined ? {} : dataFor(type, JSON.parse(stored), this.#isLibrary);
    return {
      position: row.position,
      event: { id, type, source: this.#source, subject, time: at, sequence, data },
      held: held !== undefined,
      attempts: held?.attempts ?? 0,
      failedSince: held?.first_at || undefined,
      unopened,
      isWanted: this.#wants(type),
      waits: false,
    };
  }
}
