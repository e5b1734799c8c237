import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store, Transaction } from '../store.ts';
import { storeContract } from '../testing/store-contract.ts';
import { openSqliteStore } from './sqlite-store.ts';

storeContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-store-'));
  const path = join(folder, 'data', 'gateway.db');
  return {
    open: () => openSqliteStore(path),
    rowsOutside: async () => rowsOnDisk(path),
    version: async (set) => {
      const other = new DatabaseSync(path);
      if (set !== undefined) other.exec(`PRAGMA user_version = ${set}`);
      const { user_version } = other.prepare('PRAGMA user_version').get() as { user_version: number };
      other.close();
      return user_version;
    },
    readOutside: async () => {
      const other = new DatabaseSync(path, { readOnly: true });
      other.exec('BEGIN');
      other.prepare('SELECT count(*) FROM counter').get();
      return async () => other.close();
    },
    remove: () => rm(folder, { recursive: true }),
  };
});

/** What another process would see in the file now. */
function rowsOnDisk(path: string): number {
  const other = new DatabaseSync(path, { readOnly: true });
  try {
    return (other.prepare('SELECT count(*) AS n FROM counter').get() as { n: number }).n;
  } finally {
    other.close();
  }
}

let folder: string;
let path: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-store-'));
  path = join(folder, 'data', 'gateway.db');
  store = await openSqliteStore(path);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** One row; a name that is there already fails. */
function add(tx: Transaction, name: string): Promise<number> {
  return tx.run('INSERT INTO counter (name, value) VALUES (?, 1)', name);
}

async function names(): Promise<string[]> {
  return (await store.read.all<{ name: string }>('SELECT name FROM counter ORDER BY name')).map(({ name }) => name);
}

describe('works that wait', () => {
  it('fail together when the database undoes the whole transaction; nothing is kept, and the next go on', async () => {
    const told: string[] = [];
    const results = await Promise.allSettled([
      store.write(async (tx) => {
        await add(tx, 'one');
        tx.afterCommit(() => told.push('one'));
      }),
      store.write(async (tx) => {
        await tx
          .attempt(() => tx.run("INSERT OR ROLLBACK INTO counter (name, value) VALUES ('one', 2)"))
          .catch(() => {});
        await add(tx, 'committed alone');
      }),
      store.write((tx) => add(tx, 'three')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(told).toEqual([]);
    expect(await names()).toEqual([]);
    await store.write((tx) => add(tx, 'later'));
    expect(await names()).toEqual(['later']);
  });
});

describe('what was erased', () => {
  /** Rows of many sizes, grown and moved about, so that pages are split and left behind. */
  async function churn(): Promise<void> {
    for (let round = 1; round <= 3; round += 1)
      await store.write(async (tx) => {
        for (let n = 0; n < 200; n += 1)
          await tx.run(
            'INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
            `王小明-${'x'.repeat(round * ((n * 37) % 900))}-${n}`,
            round,
          );
      });
  }

  async function isOnDisk(text: string): Promise<boolean> {
    const files = await Promise.all([path, `${path}-wal`].map((file) => readFile(file).catch(() => Buffer.alloc(0))));
    return files.some((bytes) => bytes.includes(text));
  }

  it('is in no file any more: in no free page, and after a purge in no log', async () => {
    await churn();
    expect(await store.purge()).toBe(true);
    expect(await isOnDisk('王小明')).toBe(true);
    await store.write((tx) => tx.run("DELETE FROM counter WHERE name LIKE '王小明%'"));
    expect(await isOnDisk('王小明')).toBe(true);
    expect(await store.purge()).toBe(true);
    expect(await isOnDisk('王小明')).toBe(false);
  });

  it('is purged later when somebody reads meanwhile, and works under way are waited for', async () => {
    await churn();
    const reader = new DatabaseSync(path, { readOnly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM counter').get();
    const erased = store.write((tx) => tx.run("DELETE FROM counter WHERE name LIKE '王小明%'"));
    expect(await store.purge()).toBe(false);
    expect(await erased).toBeGreaterThan(0);
    reader.exec('COMMIT');
    reader.close();
    expect(await store.purge()).toBe(true);
    expect(await isOnDisk('王小明')).toBe(false);
  });
});

describe('a process killed between two works', () => {
  it('leaves only whole works, and every one whose caller was told', async () => {
    const module = new URL('./sqlite-store.ts', import.meta.url).href;
    const file = join(folder, 'killed.db');
    // Each work writes two rows; the caller of each says its number once it is durable.
    const program = `
      const { openSqliteStore } = await import(${JSON.stringify(module)});
      const store = await openSqliteStore(${JSON.stringify(file)});
      const insert = 'INSERT INTO counter (name, value) VALUES (?, ?)';
      for (let round = 0; ; round += 1) {
        await Promise.all(Array.from({ length: 20 }, async (_, k) => {
          const n = round * 20 + k;
          await store.write(async (tx) => {
            await tx.run(insert, 'a' + n, n);
            await tx.run(insert, 'b' + n, n);
          });
          console.log(n);
        }));
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    let told = -1;
    for await (const line of createInterface({ input: child.stdout })) {
      told = Math.max(told, Number(line));
      if (told >= 500) child.kill('SIGKILL');
    }
    expect(await exited).toBe('SIGKILL');

    const survived = await openSqliteStore(file);
    const halves = await survived.read.all('SELECT value FROM counter GROUP BY value HAVING count(*) <> 2');
    const { n, last } = (await survived.read.get<{ n: number; last: number }>(
      'SELECT count(*) AS n, max(value) AS last FROM counter',
    ))!;
    await survived.close();
    expect(halves).toEqual([]);
    expect(last).toBeGreaterThanOrEqual(told);
    expect(n).toBe(2 * (last + 1));
  });
});
