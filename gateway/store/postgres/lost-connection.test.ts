import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PostgresConfig } from '../../config/store-config.ts';
import type { Store, Transaction } from '../store.ts';
import { type DatabaseProxy, databaseProxy } from '../testing/database-proxy.ts';
import { testPostgres } from '../testing/test-postgres.ts';
import { openPostgresStore } from './postgres-store.ts';

const server = await testPostgres();

if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);
else {
  const { password } = server;
  let config: PostgresConfig;
  let proxy: DatabaseProxy;
  let store: Store;

  beforeEach(async () => {
    config = await server.database();
    proxy = await databaseProxy(config);
    store = await openPostgresStore({ config: proxy.config, password, name: 'gateway' });
  });

  afterEach(async () => {
    await store.close();
    await proxy.stop();
    await server.drop();
  });

  afterAll(() => server.drop());

  function add(tx: Transaction, name: string): Promise<number> {
    return tx.run('INSERT INTO counter (name, value) VALUES (?, 1)', name);
  }

  const names = async (): Promise<string[]> => {
    const rows = await server.admin<{ name: string }>('SELECT name FROM counter ORDER BY name', config.database);
    return rows.map(({ name }) => name);
  };

  describe('a connection that is lost', () => {
    it('between two works is made again, and nobody notices, neither who writes nor who reads', async () => {
      await store.write((tx) => add(tx, 'before'));
      expect(await store.read.all('SELECT name FROM counter')).toHaveLength(1);
      expect(await server.terminate(config.database)).toBeGreaterThan(1);
      expect(await store.read.all('SELECT name FROM counter')).toHaveLength(1);
      await store.write((tx) => add(tx, 'after'));
      expect(await names()).toEqual(['after', 'before']);
    });

    it('in the middle of works takes what they wrote with it, and they run again, each effect once', async () => {
      const told: string[] = [];
      let runs = 0;
      const works = ['a', 'b', 'c'].map((name) =>
        store.write(async (tx) => {
          await add(tx, name);
          tx.afterCommit(() => told.push(name));
          if (name !== 'b') return;
          runs += 1;
          if (runs === 1) await server.terminate(config.database, 'gateway');
          await add(tx, 'second row of b');
        }),
      );
      await Promise.all(works);
      expect(runs).toBe(2);
      expect(told).toEqual(['a', 'b', 'c']);
      expect(await names()).toEqual(['a', 'b', 'c', 'second row of b']);
    });

    it('again and again makes the works fail with a code by which they may be tried again, and nothing is kept', async () => {
      const lost = store.write(async (tx) => {
        await add(tx, 'never');
        await server.terminate(config.database, 'gateway');
        await add(tx, 'never either');
      });
      await expect(lost).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await names()).toEqual([]);
      expect(await store.write((tx) => add(tx, 'later'))).toBe(1);
    });
  });

  describe('a commit whose answer is lost', () => {
    it('counts when the server had done it: the caller is told so, and the effects follow, once', async () => {
      const told: string[] = [];
      proxy.cutAtCommit('after');
      const done = await store.write(async (tx) => {
        await add(tx, 'kept');
        tx.afterCommit(() => told.push('kept'));
        return 'done';
      });
      expect(done).toBe('done');
      expect(told).toEqual(['kept']);
      expect(await names()).toEqual(['kept']);
    });

    it('fails when the server never heard it: nothing is kept, no effect follows, and the next go on', async () => {
      const told: string[] = [];
      proxy.cutAtCommit('before');
      const lost = store.write(async (tx) => {
        await add(tx, 'lost');
        tx.afterCommit(() => told.push('lost'));
      });
      await expect(lost).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(told).toEqual([]);
      await store.write((tx) => add(tx, 'next'));
      expect(await names()).toEqual(['next']);
    });

    it('is waited for while the database is away, for as long as that takes', async () => {
      proxy.cutAtCommit('after');
      proxy.closeAfterCut();
      const work = store.write((tx) => add(tx, 'kept'));
      let isSettled = false;
      void work.finally(() => {
        isSettled = true;
      });
      await expect.poll(names).toEqual(['kept']);
      await expect.poll(() => proxy.refused, { timeout: 10_000 }).toBeGreaterThan(3);
      expect(isSettled).toBe(false);
      proxy.letThrough();
      expect(await work).toBe(1);
    });

    it('ends in an error when the store closes before anybody knows', async () => {
      proxy.cutAtCommit('after');
      proxy.closeAfterCut();
      const work = store.write((tx) => add(tx, 'kept'));
      const failed = expect(work).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect.poll(() => proxy.refused).toBeGreaterThan(0);
      await store.close();
      await failed;
    });
  });

  describe('a database that is away', () => {
    it('makes works and reads fail with a code, and is used again when it is back', async () => {
      proxy.close();
      await expect(store.read.get('SELECT 1 AS one')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.write((tx) => add(tx, 'away'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      proxy.letThrough();
      await store.write((tx) => add(tx, 'back'));
      expect(await store.read.all('SELECT name FROM counter')).toEqual([{ name: 'back' }]);
    });

    it('does not hold up a store that closes', async () => {
      proxy.close();
      const work = store.write((tx) => add(tx, 'away'));
      const closing = store.close();
      await expect(work).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await closing;
    });
  });

  describe('a database that somebody else has', () => {
    it('is refused to a second gateway, with the name of the first', async () => {
      const second = openPostgresStore({ config, password, name: 'tongban 150626' });
      await expect(second).rejects.toMatchObject({
        code: 'STORE_IN_USE',
        message: expect.stringContaining('gateway from'),
      });
      expect(await store.write((tx) => add(tx, 'first goes on'))).toBe(1);
    });

    it('is free as soon as the first has closed', async () => {
      await store.close();
      const second = await openPostgresStore({ config, password, name: 'second' });
      expect(await second.write((tx) => add(tx, 'second'))).toBe(1);
      await second.close();
    });

    it('is not written by the first any more once another opened it meanwhile', async () => {
      proxy.close();
      await server.terminate(config.database);
      const second = await openPostgresStore({ config, password, name: 'second' });
      await second.close();
      proxy.letThrough();
      await expect(store.write((tx) => add(tx, 'stale'))).rejects.toMatchObject({ code: 'STORE_IN_USE' });
      await expect(store.write((tx) => add(tx, 'stale'))).rejects.toMatchObject({ code: 'STORE_IN_USE' });
      expect(await names()).toEqual([]);
    });

    it('is not written any more after it was set back to an earlier state', async () => {
      await store.write((tx) => add(tx, 'known'));
      proxy.close();
      await server.terminate(config.database);
      await server.admin('DELETE FROM counter; UPDATE store_writer SET number = 0', config.database);
      proxy.letThrough();
      await expect(store.write((tx) => add(tx, 'stale'))).rejects.toMatchObject({ code: 'STORE_IN_USE' });
      expect(await names()).toEqual([]);
    });
  });

  describe('two transactions that wait for each other', () => {
    it('cost the works nothing: they run again', async () => {
      await store.write(async (tx) => {
        await add(tx, 'a');
        await add(tx, 'b');
      });
      const { default: pg } = await import('pg');
      const other = new pg.Client({ ...config, ssl: false, password });
      await other.connect();
      await other.query("BEGIN; UPDATE counter SET value = 2 WHERE name = 'b'");
      let runs = 0;
      let blocked: Promise<unknown> | undefined;
      await store.write(async (tx) => {
        runs += 1;
        await tx.run("UPDATE counter SET value = value + 10 WHERE name = 'a'");
        if (runs === 1) {
          // Who waits first is the one that the server ends.
          setTimeout(() => {
            blocked = other.query("UPDATE counter SET value = 2 WHERE name = 'a'").then(() => other.query('COMMIT'));
          }, 200);
        }
        await tx.run("UPDATE counter SET value = value + 10 WHERE name = 'b'");
      });
      await blocked;
      await other.end();
      expect(runs).toBe(2);
      expect(await store.read.all('SELECT name, value FROM counter ORDER BY name')).toEqual([
        { name: 'a', value: 12 },
        { name: 'b', value: 12 },
      ]);
    });
  });
}
