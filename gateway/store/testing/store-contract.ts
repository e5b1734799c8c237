import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store, Transaction } from '../store.ts';

/** A database of one kind, made for one test. */
export interface StoreUnderTest {
  open(): Promise<Store>;
  /** What another process would see in the table `counter` now. */
  rowsOutside(): Promise<number>;
  /** Sets the version of the tables, as a newer program would; returns what it is. */
  version(set?: number): Promise<number>;
  /** Another process that reads an older state until it is let go. */
  readOutside(): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

/** What every store owes to the rooms that stand on it. */
export function storeContract(kind: string, prepare: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;

  beforeEach(async () => {
    under = await prepare();
    store = await under.open();
  });

  afterEach(async () => {
    await store.close();
    await under.remove();
  });

  /** One row; a name that is there already fails. */
  function add(tx: Transaction, name: string): Promise<number> {
    return tx.run('INSERT INTO counter (name, value) VALUES (?, 1)', name);
  }

  async function names(): Promise<string[]> {
    return (await store.read.all<{ name: string }>('SELECT name FROM counter ORDER BY name')).map(({ name }) => name);
  }

  describe(`${kind}: works that wait`, () => {
    it('share one commit, in the order of their calls', async () => {
      const order: number[] = [];
      const outsideMeanwhile: number[] = [];
      const works = Array.from({ length: 50 }, (_, n) =>
        store.write(async (tx) => {
          await add(tx, String(n).padStart(2, '0'));
          order.push(n);
          if (n % 10 === 9) outsideMeanwhile.push(await under.rowsOutside());
          return n;
        }),
      );
      expect(await Promise.all(works)).toEqual(Array.from({ length: 50 }, (_, n) => n));
      expect(order).toEqual(Array.from({ length: 50 }, (_, n) => n));
      expect(outsideMeanwhile).toEqual([0, 0, 0, 0, 0]);
      expect(await under.rowsOutside()).toBe(50);
    });

    it('are all done, however many there are', async () => {
      const sum = Array.from({ length: 1500 }, () =>
        store.write((tx) =>
          tx.run(
            `INSERT INTO counter (name, value) VALUES ('sum', 1)
             ON CONFLICT (name) DO UPDATE SET value = counter.value + 1`,
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
  });

  describe(`${kind}: what follows a commit`, () => {
    it('runs once the data is durable, before the caller goes on', async () => {
      const told: string[] = [];
      const seen: Promise<number>[] = [];
      await store.write(async (tx) => {
        await add(tx, 'row');
        tx.afterCommit(() => {
          told.push('durable');
          seen.push(under.rowsOutside());
        });
        told.push(`working: ${await under.rowsOutside()}`);
      });
      expect(told).toEqual(['working: 0', 'durable']);
      expect(await Promise.all(seen)).toEqual([1]);
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

  describe(`${kind}: a part that may fail`, () => {
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

    it('is undone when one of its statements failed, and the work goes on', async () => {
      const results = await Promise.allSettled([
        store.write((tx) => add(tx, 'first')),
        store.write(async (tx) => {
          try {
            await tx.attempt(async () => {
              await add(tx, 'of the part');
              await add(tx, 'first');
            });
          } catch {
            await add(tx, 'instead');
          }
        }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      expect(await names()).toEqual(['first', 'instead']);
    });
  });

  describe(`${kind}: values`, () => {
    it('come back as they went in, blobs as Buffers', async () => {
      const statement = Buffer.from('声明');
      await store.write((tx) =>
        tx.run(
          'INSERT INTO log_state (id, epoch, size, frontier, checkpoint) VALUES (1, ?, ?, ?, ?)',
          Number.MAX_SAFE_INTEGER,
          0,
          Uint8Array.from(statement),
          "检查点 '?' \\x41",
        ),
      );
      const row = await store.read.get(
        "SELECT epoch, frontier, checkpoint FROM log_state WHERE checkpoint <> '?' AND size = ? -- not this one: ?",
        0,
      );
      expect(row).toEqual({ epoch: Number.MAX_SAFE_INTEGER, frontier: statement, checkpoint: "检查点 '?' \\x41" });
      expect(Buffer.isBuffer(row!.frontier)).toBe(true);
    });

    it('are refused as numbers when they are too large to be exact', async () => {
      await store.write((tx) =>
        tx.run("INSERT INTO counter (name, value) VALUES ('large', 9007199254740991), ('larger', 1)"),
      );
      await store.write((tx) => tx.run("UPDATE counter SET value = 9007199254740991 + 2 WHERE name = 'larger'"));
      await expect(store.read.all('SELECT value FROM counter')).rejects.toThrow(RangeError);
      expect(await store.read.all("SELECT value FROM counter WHERE name = 'large'")).toEqual([
        { value: Number.MAX_SAFE_INTEGER },
      ]);
    });

    it('are counted, added and compared to numbers', async () => {
      await store.write((tx) => tx.run("INSERT INTO counter (name, value) VALUES ('a', 2), ('b', 3), ('c', 9)"));
      expect(
        await store.read.get(
          "SELECT count(*) AS n, sum(value) AS sum, max(value) / 2 AS half, max(name) = 'c' AS yes, min(name) = 'c' AS no FROM counter",
        ),
      ).toEqual({ n: 3, sum: 14, half: 4, yes: 1, no: 0 });
    });

    it('are ordered by their bytes', async () => {
      const unordered = ['b', 'ä', 'B', '_', '中', 'a', '1'];
      await store.write(async (tx) => {
        for (const name of unordered) await add(tx, name);
      });
      expect(await names()).toEqual(['1', 'B', '_', 'a', 'b', 'ä', '中']);
    });

    it('keep their numbers for ever: what is deleted leaves none free', async () => {
      const insert = `INSERT INTO stamped_copy (identifier, digest, creator, cause, expires_at, done_by, at)
        VALUES ('x', ?, '', '', 1, '', 1) RETURNING position`;
      const next = () => store.write((tx) => tx.get<{ position: number }>(insert, Buffer.of(1)));
      const [first, second] = [(await next())!.position, (await next())!.position];
      await store.write((tx) => tx.run('DELETE FROM stamped_copy'));
      expect(second).toBeGreaterThan(first);
      expect((await next())!.position).toBeGreaterThan(second);
    });

    it('are never written through the reading side', async () => {
      await expect(store.read.run("INSERT INTO counter (name, value) VALUES ('x', 1)")).rejects.toThrow();
      expect(await names()).toEqual([]);
    });
  });

  describe(`${kind}: a purge`, () => {
    it('waits until nobody reads what was erased', async () => {
      await store.write((tx) => add(tx, '王小明'));
      const letGo = await under.readOutside();
      await store.write((tx) => tx.run('DELETE FROM counter'));
      expect(await store.purge()).toBe(false);
      await letGo();
      await expect.poll(() => store.purge(), { timeout: 10_000 }).toBe(true);
    });
  });

  describe(`${kind}: closing`, () => {
    it('waits for the works under way and takes no others', async () => {
      const works = Array.from({ length: 300 }, (_, n) => store.write((tx) => add(tx, `${n}`)));
      const closing = store.close();
      await expect(store.write((tx) => add(tx, 'late'))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      await expect(store.purge()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      await closing;
      expect(await Promise.all(works)).toHaveLength(300);
      expect(await under.rowsOutside()).toBe(300);
    });
  });

  describe(`${kind}: opening`, () => {
    it('finds what was there', async () => {
      await store.write((tx) => add(tx, 'kept'));
      await store.close();
      store = await under.open();
      expect(await names()).toEqual(['kept']);
    });

    it('refuses data of a newer program and leaves it as it is', async () => {
      await store.write((tx) => add(tx, 'kept'));
      await store.close();
      await under.version(999);
      await expect(under.open()).rejects.toMatchObject({ code: 'STORE_VERSION' });
      expect(await under.version()).toBe(999);
      expect(await under.rowsOutside()).toBe(1);
    });
  });
}
