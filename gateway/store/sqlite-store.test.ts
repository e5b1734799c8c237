import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from './sqlite-store.ts';
import type { Store, Transaction } from './store.ts';

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

/** What another process would see in the file now. */
function rowsOnDisk(): number {
  const other = new DatabaseSync(path, { readOnly: true });
  try {
    return (other.prepare('SELECT count(*) AS n FROM counter').get() as { n: number }).n;
  } finally {
    other.close();
  }
}

describe('works that wait', () => {
  it('share one commit, in the order of their calls', async () => {
    const order: number[] = [];
    const onDiskMeanwhile: number[] = [];
    const works = Array.from({ length: 50 }, (_, n) =>
      store.write(async (tx) => {
        await add(tx, String(n).padStart(2, '0'));
        order.push(n);
        onDiskMeanwhile.push(rowsOnDisk());
        return n;
      }),
    );
    expect(await Promise.all(works)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(order).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(new Set(onDiskMeanwhile)).toEqual(new Set([0]));
    expect(rowsOnDisk()).toBe(50);
  });

  it('are all done, however many there are', async () => {
    const sum = Array.from({ length: 1500 }, () =>
      store.write((tx) =>
        tx.run(
          "INSERT INTO counter (name, value) VALUES ('sum', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
        ),
      ),
    );
    await Promise.all(sum);
    expect(await store.read.get("SELECT value FROM counter WHERE name = 'sum'")).toEqual({ value: 1500 });
  });

  it('see what earlier works of the same commit did', async () => {
    const [, seen] = await Promise.all([
      store.write((tx) => add(tx, 'first')),
      store.write((tx) => tx.all('SELECT name FROM counter')),
    ]);
    expect(seen).toEqual([{ name: 'first' }]);
  });

  it('fail alone: what a failing one wrote is undone, the others stay', async () => {
    const results = await Promise.allSettled([
      store.write((tx) => add(tx, 'before')),
      store.write(async (tx) => {
        await add(tx, 'undone');
        throw new Error('changed my mind');
      }),
      store.write((tx) => add(tx, 'before')),
      store.write((tx) => add(tx, 'after')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((results[1] as PromiseRejectedResult).reason).toEqual(new Error('changed my mind'));
    expect(await names()).toEqual(['after', 'before']);
  });

  it('run again from their start when one failed after it had written, each effect once', async () => {
    const runs: string[] = [];
    const told: string[] = [];
    const results = await Promise.allSettled([
      store.write(async (tx) => {
        runs.push('good');
        tx.afterCommit(() => told.push('good'));
        return add(tx, 'good');
      }),
      store.write(async (tx) => {
        runs.push('bad');
        await add(tx, 'undone');
        throw new Error('changed my mind');
      }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(runs).toEqual(['good', 'bad', 'good', 'bad']);
    expect(told).toEqual(['good']);
    expect(await names()).toEqual(['good']);
  });

  it('run once when the one that failed had written nothing, not even in a part', async () => {
    const runs: string[] = [];
    const results = await Promise.allSettled([
      store.write(async (tx) => {
        runs.push('good');
        await add(tx, 'good');
      }),
      store.write(async (tx) => {
        runs.push('caught');
        const refused = tx.attempt(async () => {
          await tx.get('SELECT name FROM counter');
          throw new Error('refused');
        });
        await expect(refused).rejects.toThrow('refused');
        await add(tx, 'after the refusal');
      }),
      store.write(async () => {
        runs.push('bad');
        throw new Error('changed my mind');
      }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(runs).toEqual(['good', 'caught', 'bad']);
    expect(await names()).toEqual(['after the refusal', 'good']);
  });

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

describe('what follows a commit', () => {
  it('runs once the data is durable, before the caller goes on', async () => {
    const told: string[] = [];
    await store.write(async (tx) => {
      await add(tx, 'row');
      tx.afterCommit(() => told.push(`durable: ${rowsOnDisk()}`));
      told.push(`working: ${rowsOnDisk()}`);
    });
    expect(told).toEqual(['working: 0', 'durable: 1']);
  });

  it('never runs for a work or a part that was undone', async () => {
    const told: string[] = [];
    const failed = store.write(async (tx) => {
      tx.afterCommit(() => told.push('of the undone work'));
      throw new Error('no');
    });
    const worked = store.write(async (tx) => {
      tx.afterCommit(() => told.push('first'));
      await tx
        .attempt(async () => {
          tx.afterCommit(() => told.push('of the undone part'));
          throw new Error('no');
        })
        .catch(() => {});
      tx.afterCommit(() => told.push('last'));
    });
    await Promise.allSettled([failed, worked]);
    expect(told).toEqual(['first', 'last']);
  });

  it('may write again', async () => {
    const again = new Promise((resolve) => {
      void store.write(async (tx) => tx.afterCommit(() => resolve(store.write((next) => add(next, 'again')))));
    });
    await again;
    expect(await names()).toEqual(['again']);
  });

  it('stops nobody else when it throws against its duty', async () => {
    const results = await Promise.allSettled([
      store.write(async (tx) => {
        await add(tx, 'faulty');
        tx.afterCommit(() => {
          throw new Error('an effect failed');
        });
      }),
      store.write((tx) => add(tx, 'good')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await store.write((tx) => add(tx, 'next'))).toBe(1);
    expect(await names()).toEqual(['faulty', 'good', 'next']);
  });
});

describe('a part that may fail', () => {
  it('is undone alone, also inside another part', async () => {
    await store.write(async (tx) => {
      await add(tx, 'work');
      await tx.attempt(async () => {
        await add(tx, 'outer');
        await tx
          .attempt(async () => {
            await add(tx, 'inner');
            throw new Error('no');
          })
          .catch(() => {});
        await add(tx, 'outer, later');
      });
      const lost = tx.attempt(async () => {
        await tx.attempt(() => add(tx, 'inner of a lost part'));
        throw new Error('lost');
      });
      await expect(lost).rejects.toThrow('lost');
    });
    expect(await names()).toEqual(['outer', 'outer, later', 'work']);
  });
});

describe('values', () => {
  it('come back as they went in, blobs as Buffers', async () => {
    const statement = Buffer.from('声明');
    await store.write((tx) =>
      tx.run(
        'INSERT INTO log_state (id, epoch, size, frontier, checkpoint) VALUES (1, ?, ?, ?, ?)',
        2 ** 53 - 1,
        0,
        Uint8Array.from(statement),
        '检查点',
      ),
    );
    const row = await store.read.get('SELECT epoch, frontier, checkpoint FROM log_state');
    expect(row).toEqual({ epoch: 2 ** 53 - 1, frontier: statement, checkpoint: '检查点' });
    expect(Buffer.isBuffer(row!.frontier)).toBe(true);
  });

  it('are never written through the reading side', async () => {
    await expect(store.read.run("INSERT INTO counter (name, value) VALUES ('x', 1)")).rejects.toThrow(/readonly/);
    expect(await names()).toEqual([]);
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

describe('closing', () => {
  it('waits for the works under way and takes no others', async () => {
    const under = Array.from({ length: 300 }, (_, n) => store.write((tx) => add(tx, `${n}`)));
    const closing = store.close();
    await expect(store.write((tx) => add(tx, 'late'))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await closing;
    expect(await Promise.all(under)).toHaveLength(300);
    expect(rowsOnDisk()).toBe(300);
  });
});

describe('opening', () => {
  it('finds what was there', async () => {
    await store.write((tx) => add(tx, 'kept'));
    await store.close();
    store = await openSqliteStore(path);
    expect(await names()).toEqual(['kept']);
  });

  it('refuses data of a newer program and leaves it as it is', async () => {
    await store.write((tx) => add(tx, 'kept'));
    await store.close();
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'STORE_VERSION' });
    const after = new DatabaseSync(path);
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 999 });
    expect(after.prepare('SELECT name FROM counter').all()).toEqual([{ name: 'kept' }]);
    after.close();
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
