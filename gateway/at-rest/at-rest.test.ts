import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StorageKey } from '#trust';
import { openPostgresStore } from '../store/postgres/postgres-store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { testPostgres } from '../store/testing/test-postgres.ts';
import type { AtRest } from './at-rest.ts';
import { DataVault } from './data-vault.ts';
import { sealedRows } from './sealed-rows.ts';
import { sealingStatus } from './status.ts';
import { fillTables, isReadable, openedTables, SECRET, TABLES } from './testing/filled-tables.ts';
import { atRestOf, storageKey } from './testing/open-vault.ts';
import { SealingWalk } from './walk.ts';

const server = await testPostgres();
afterAll(() => ('missing' in server ? undefined : server.drop()));

const OLD = storageKey('old');
const NEW = storageKey('new', 'SM4-GCM', 1);
/** More than one step, and not a whole number of them. */
const ROWS = 70;

interface Kept {
  open(vault: DataVault): Promise<Store>;
  remove(): Promise<void>;
}

const DATABASES: Readonly<Record<string, () => Promise<Kept>>> = {
  SQLite: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tongban-at-rest-'));
    return {
      open: (vault) => openSqliteStore(join(folder, 'gateway.db'), vault),
      remove: () => rm(folder, { recursive: true }),
    };
  },
  ...(!('missing' in server) && {
    PostgreSQL: async () => {
      const config = await server.database();
      return {
        open: (vault) => openPostgresStore({ config, password: server.password, name: 'test', vault }),
        remove: async () => {},
      };
    },
  }),
};
if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);

describe.each(Object.entries(DATABASES))('encryption at rest on %s', (_kind, make) => {
  let kept: Kept;
  let vault: DataVault;
  let store: Store;
  let keys: StorageKey[];
  let atRest: AtRest;

  beforeEach(async () => {
    kept = await make();
    keys = [];
    await start();
  });

  afterEach(async () => {
    await store.close();
    await kept.remove();
  });

  /** As a start of the gateway does it. */
  async function start(changes: { isRequired?: boolean; isBroken?: boolean } = {}): Promise<void> {
    vault = new DataVault();
    store = await kept.open(vault);
    const step = async () => {
      if (changes.isBroken) throw new Error('the power failed');
      return { place: undefined, sealed: 0, broken: 0 };
    };
    atRest = atRestOf(store, vault, { keys: () => keys, files: [{ name: 'files', step }], ...changes });
    try {
      await atRest.open();
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async function restart(changes: Parameters<typeof start>[0] = {}): Promise<void> {
    await store.close();
    await start(changes);
  }

  function expectAllOpen(found: ReadonlyMap<string, string>): void {
    expect(found.size).toBe(ROWS * TABLES.reduce((sum, [, { sealed }]) => sum + Object.keys(sealed).length, 0));
    for (const opened of found.values()) expect(opened).toContain(SECRET);
  }

  it('seals what was written before there was a key, while it stays readable', async () => {
    await fillTables(store, ROWS);
    await atRest.look();
    expect(await isReadable(store.read)).toBe(true);
    expect(await sealingStatus(store.read)).toMatchObject({ storageKey: undefined, covered: 0 });

    keys = [OLD];
    await restart();
    expectAllOpen(await openedTables(store.read));
    expect(vault.hashes(SECRET)).toEqual([vault.hash(SECRET), SECRET]);
    await atRest.look();
    expect(await isReadable(store.read)).toBe(false);
    expectAllOpen(await openedTables(store.read));
    // Rows are found by one value now, which says nothing by itself.
    const hash = vault.hash(`${SECRET} 7`);
    expect(vault.hashes(`${SECRET} 7`)).toEqual([hash]);
    expect(await store.read.all('SELECT conversation FROM case_file WHERE applicant_name = ?', hash)).toHaveLength(1);
    expect(await store.read.all('SELECT place FROM certificate_holder WHERE number = ?', hash)).toHaveLength(1);
    const status = await sealingStatus(store.read);
    expect(status).toMatchObject({ storageKey: OLD.id, keys: 1, covered: status.parts, done: status.parts, broken: 0 });
  });

  it('goes on where it was interrupted, wherever that was, and nothing is lost in between', async () => {
    await fillTables(store, ROWS);
    keys = [OLD];
    await restart();
    let isDone = false;
    let starts = 0;
    for (; !isDone; starts += 1) {
      let steps = 1 + (starts % 7);
      const walk = new SealingWalk(store, { now: () => 5 }, sealedRows(store));
      ({ isDone } = await walk.run(1, () => steps-- > 0));
      await restart();
    }
    expect(starts).toBeGreaterThan(5);
    expect(await isReadable(store.read)).toBe(false);
    expectAllOpen(await openedTables(store.read));
  });

  it('wraps the data keys at once under a newer storage key, and then every value under a newer data key', async () => {
    keys = [OLD];
    await restart();
    await fillTables(store, ROWS);
    await atRest.look();
    const before = await store.read.all('SELECT * FROM idempotency ORDER BY key');

    keys = [OLD, NEW];
    await restart({ isBroken: true });
    // From now on the old storage key opens nothing that the database holds.
    const wrapped = await store.read.all('SELECT DISTINCT wrapped_by FROM data_key');
    expect(wrapped).toEqual([{ wrapped_by: NEW.id }]);
    await expect(atRest.look()).rejects.toThrow('the power failed');
    expect(await sealingStatus(store.read)).toMatchObject({ storageKey: NEW.id, keys: 2 });

    keys = [NEW];
    await restart();
    expectAllOpen(await openedTables(store.read));
    await atRest.look();
    expectAllOpen(await openedTables(store.read));
    expect(await sealingStatus(store.read)).toMatchObject({ keys: 1, broken: 0 });
    expect(await store.read.all("SELECT id FROM data_key WHERE purpose = 'value'")).toEqual([{ id: 3 }]);
    const after = await store.read.all('SELECT * FROM idempotency ORDER BY key');
    expect(after.every((row, index) => row.body !== before[index]!.body)).toBe(true);
  });

  it('does not start without the storage key, and changes nothing then', async () => {
    keys = [OLD];
    await restart();
    await fillTables(store, 1);
    await atRest.look();
    for (const others of [[], [NEW]]) {
      await store.close();
      keys = others;
      const missing = { code: 'KEY_MISSING', message: expect.stringContaining(`storage-${OLD.id}.json`) };
      await expect(start()).rejects.toMatchObject(missing);
    }
    keys = [OLD];
    await start();
    expect((await openedTables(store.read)).size).toBeGreaterThan(0);
  });

  it('seals the others and keeps the old key when one value does not open', async () => {
    keys = [OLD];
    await restart();
    await fillTables(store, ROWS);
    await atRest.look();
    const [one, other] = ['idempotency-key-1', 'idempotency-key-2'];
    await store.write((tx) =>
      tx.run('UPDATE idempotency SET body = (SELECT body FROM idempotency WHERE key = ?) WHERE key = ?', one, other),
    );
    keys = [OLD, NEW];
    await restart();
    await atRest.look();
    expect(await sealingStatus(store.read)).toMatchObject({ keys: 2, broken: 1 });
    const { body } = (await store.read.get<{ body: string }>('SELECT body FROM idempotency WHERE key = ?', other))!;
    const row = `idempotency-scope-2\n${other}`;
    expect(() => vault.openText('idempotency.body', row, body)).toThrow(
      expect.objectContaining({ code: 'AT_REST_BROKEN' }),
    );
  });

  it('refuses what is not encrypted where that is demanded, once everything is', async () => {
    await store.close();
    await expect(start({ isRequired: true })).rejects.toMatchObject({ code: 'KEY_MISSING' });
    keys = [OLD];
    await start({ isRequired: true });
    await fillTables(store, 1);
    await expect(openedTables(store.read)).rejects.toMatchObject({ code: 'AT_REST_PLAIN' });
    const sealed = vault.sealText('idempotency.body', 'a row', SECRET);
    expect(vault.openText('idempotency.body', 'a row', sealed)).toBe(SECRET);
  });
});

it('follows a data key before random nonces could meet', async () => {
  const kept = await DATABASES.SQLite!();
  const vault = new DataVault();
  const store = await kept.open(vault);
  const atRest = atRestOf(store, vault, { keys: () => [OLD] });
  await atRest.open();
  vault.sealText('idempotency.body', 'a row', SECRET);
  await atRest.look();
  expect(await store.read.all('SELECT id, uses FROM data_key')).toEqual([
    { id: 1, uses: 1 },
    { id: 2, uses: 0 },
  ]);
  await store.write((tx) => tx.run('UPDATE data_key SET uses = ? WHERE id = 1', 2 ** 31));
  const before = vault.sealText('idempotency.body', 'a row', SECRET);
  await atRest.look();
  const after = vault.sealText('idempotency.body', 'a row', SECRET);
  expect(await sealingStatus(store.read)).toMatchObject({ keys: 2 });
  // Older values stay as they are: their key is worn, not lost.
  for (const stored of [before, after]) expect(vault.openText('idempotency.body', 'a row', stored)).toBe(SECRET);
  expect(Buffer.from(after.slice(4), 'base64url').readUInt32BE(2)).toBe(3);
  await store.close();
  await kept.remove();
});
