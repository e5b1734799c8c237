import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openPostgresStore } from '../store/postgres/postgres-store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { testPostgres } from '../store/testing/test-postgres.ts';
import type { Letter } from './letter.ts';
import { LetterBook } from './letter-book.ts';
import { letterTable } from './letter-table.ts';

const server = await testPostgres();
const PEER = '150626';
const ALL = Number.MAX_SAFE_INTEGER;
const CLOSING = {
  outcome: 'dropped',
  successor: '',
  by: 'wang',
  role: 'sysadmin',
  reason: '不再需要',
  at: 5000,
} as const;

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  if (!('missing' in server)) await server.drop();
});

async function sqlite(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-book-'));
  closing.push(() => rm(folder, { recursive: true }));
  return openSqliteStore(join(folder, 'gateway.db'));
}

async function postgres(): Promise<Store> {
  if ('missing' in server) throw new Error(server.missing);
  return openPostgresStore({ config: await server.database(), password: server.password, name: 'gateway' });
}

function letter(place: number, changes: Partial<Letter> = {}): Letter {
  return {
    ...{ id: `id-${place}`, queue: 'peer', name: PEER, place, subject: 'a', type: 'CaseDecided', sequence: place },
    ...{ reason: 'refused', code: 'MALFORMED', since: 1000, ...changes },
  };
}

const missing = 'missing' in server ? server.missing : '';

describe.each([
  ['SQLite', sqlite, ''],
  ['PostgreSQL', postgres, missing],
] as const)('the book of dead letters on %s', (_, open, absent) => {
  const on = it.skipIf(absent);
  const why = absent && `: ${absent}`;

  async function book(letters: readonly Letter[], capacity?: number): Promise<{ store: Store; opened: LetterBook }> {
    const store = await open();
    closing.push(() => store.close());
    const opened = new LetterBook({ store, clock: { now: () => 4000 }, ...(capacity && { capacity }) });
    for (const one of letters) await store.write((tx) => opened.file(tx, one));
    return { store, opened };
  }

  on(`lists what is open, newest first, page by page, and by queue and name${why}`, async () => {
    const platform = { queue: 'platform', name: 'hall' } as const;
    const { store } = await book([letter(1), letter(2), letter(3, platform), letter(4, { name: '350500' })]);
    const ids = async (...args: [Parameters<typeof letterTable.list>[1], number, number]) =>
      (await letterTable.list(store.read, ...args)).map(({ id }) => id);
    expect(await ids({}, 10, ALL)).toEqual(['id-4', 'id-3', 'id-2', 'id-1']);
    const [, second] = await letterTable.list(store.read, {}, 2, ALL);
    expect(await ids({}, 10, second!.position)).toEqual(['id-2', 'id-1']);
    expect(await ids({ queue: 'platform' }, 10, ALL)).toEqual(['id-3']);
    expect(await ids({ queue: 'peer', name: PEER }, 10, ALL)).toEqual(['id-2', 'id-1']);
    expect(await ids({ closed: true }, 10, ALL)).toEqual([]);
    expect(second).toMatchObject({ ...letter(3, platform), deadAt: 4000 });
  });

  on(`keeps what was done about a letter, and files the same again${why}`, async () => {
    const { store, opened } = await book([letter(1)]);
    const first = (await opened.find(store.read, 'id-1'))!;
    await store.write((tx) => opened.close(tx, first, CLOSING));
    expect(await letterTable.list(store.read, {}, 10, ALL)).toEqual([]);
    await store.write((tx) => opened.file(tx, letter(1)));
    const history = await letterTable.history(store.read, 'id-1', 10);
    expect(history.map((entry) => entry.closing)).toEqual([undefined, CLOSING]);
    await expect(store.write((tx) => opened.file(tx, letter(1)))).rejects.toThrow();
    expect(opened.counts()).toEqual([{ queue: 'peer', name: PEER, count: 1 }]);
  });

  on(`knows after a restart how many are open and which conversations stand still${why}`, async () => {
    const { store, opened } = await book([letter(1), letter(2, { subject: 'b', reason: 'expired', code: 'EXPIRED' })]);
    const again = new LetterBook({ store, clock: { now: () => 0 } });
    await again.start();
    for (const one of [opened, again]) {
      expect(one.counts()).toEqual([{ queue: 'peer', name: PEER, count: 2 }]);
      expect(['a', 'b'].map((conversation) => one.isStopped(PEER, conversation))).toEqual([true, false]);
      expect(one.isStopped('350500', 'a')).toBe(false);
    }
  });

  on(`finds the first of a conversation, and makes room for what expired only${why}`, async () => {
    const expired = { reason: 'expired', code: 'EXPIRED' } as const;
    const { store, opened } = await book([letter(1, expired), letter(2, expired), letter(3)], 3);
    expect(await letterTable.earlier(store.read, letter(3))).toEqual({ id: 'id-1' });
    expect(await letterTable.earlier(store.read, letter(1))).toBeUndefined();
    expect([opened.hasRoom('peer', PEER), opened.hasRoom('peer', '350500')]).toEqual([false, true]);
    for (const place of [4, 5, 6]) await store.write((tx) => opened.file(tx, letter(place, expired)));
    const left = await letterTable.list(store.read, {}, 10, ALL);
    expect(left.map(({ id }) => id)).toEqual(['id-6', 'id-5', 'id-3']);
  });

  on(`says of a submission what is known of it now, and lets no conversation wait for it${why}`, async () => {
    const parked = letter(1, {
      id: 'hall:in:1',
      queue: 'intake',
      name: 'hall',
      type: 'document',
      code: 'MAPPING_FAILED',
    });
    const { store, opened } = await book([parked]);
    expect([opened.hasOpen('intake', 'hall'), opened.hasOpen('platform', 'hall')]).toEqual([true, false]);
    expect(opened.isStopped('hall', 'a')).toBe(false);
    const filed = (await opened.find(store.read, 'hall:in:1'))!;
    const news = { subject: 'b', type: 'act', sequence: 2, code: 'NOT_FOUND' } as const;
    await store.write((tx) => opened.change(tx, filed, news));
    expect(await opened.find(store.read, 'hall:in:1')).toEqual({ ...filed, ...news });
    await store.write((tx) => opened.close(tx, filed, CLOSING));
    await store.write((tx) => opened.change(tx, filed, { ...news, sequence: 3 }));
    expect((await opened.find(store.read, 'hall:in:1'))?.sequence).toBe(2);
    expect(opened.hasOpen('intake', 'hall')).toBe(false);
  });

  on(`finds what outlived itself while it held its place${why}`, async () => {
    const { store } = await book([letter(1), letter(2), letter(3, { reason: 'expired' })]);
    const envelope = (place: number, state: string, expiresAt: number) =>
      store.write((tx) =>
        tx.run(
          `INSERT INTO outbox (position, peer, id, conversation, sequence, type, header, leaf, expires_at, created_at,
             log_position, state) VALUES (?, ?, ?, 'a', ?, 'Ping', ?, ?, ?, 1, 1, ?)`,
          ...[place, PEER, `id-${place}`, place, Buffer.alloc(1), Buffer.alloc(1), expiresAt, state],
        ),
      );
    await envelope(1, 'dead', 100);
    await envelope(2, 'dead', 200);
    await envelope(3, 'expired', 100);
    expect((await letterTable.outlived(store.read, 150, 10)).map(({ id }) => id)).toEqual(['id-1']);
    expect(await letterTable.outlived(store.read, 201, 10)).toHaveLength(2);
  });
});
