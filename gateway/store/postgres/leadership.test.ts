import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PostgresConfig } from '../../config/store-config.ts';
import { type DatabaseProxy, databaseProxy } from '../testing/database-proxy.ts';
import { testPostgres } from '../testing/test-postgres.ts';
import { Leadership } from './leadership.ts';
import { openPostgresStore } from './postgres-store.ts';

const server = await testPostgres();

if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);
else {
  const { password } = server;
  const writerOf = (name: string) => `tongban 320600 ${name}`;
  let config: PostgresConfig;
  let proxy: DatabaseProxy;
  let a: Leadership;
  let b: Leadership;

  const open = (name: string, over = config) => Leadership.open({ config: over, password, name, writerOf });

  /** Becomes the leader. @returns its term */
  async function lead(one: Leadership): Promise<string> {
    expect(await one.claim()).toBe(true);
    return (await one.announce(randomUUID(), '10.0.0.1:7444')).term;
  }

  beforeEach(async () => {
    // Replicas meet before any of them has made a table.
    config = await server.database({ tables: false });
    proxy = await databaseProxy(config);
    [a, b] = await Promise.all([open('a', proxy.config), open('b')]);
  });

  afterEach(async () => {
    a.drop();
    await b.close();
    await proxy.stop();
    await server.drop();
  });

  afterAll(() => server.drop());

  describe('the lead', () => {
    it('is had by one, and by the next as soon as it is given back', async () => {
      expect(await b.look()).toBeUndefined();
      const term = await lead(a);
      expect(await b.claim()).toBe(false);
      expect(await b.look()).toMatchObject({ term, name: 'a', address: '10.0.0.1:7444', beat: 0 });
      await a.close();
      await expect.poll(() => b.claim()).toBe(true);
    });

    it('shows that it lives, and sees who else does', async () => {
      const term = await lead(a);
      await b.look();
      expect(await a.beat(term)).toEqual({ b: true });
      expect(await b.look()).toMatchObject({ beat: 1 });
      await server.admin("UPDATE store_replica SET seen_at = seen_at - 60000 WHERE name = 'b'", config.database);
      expect(await a.beat(term)).toEqual({ b: false });
    });

    it('is lost with the connection, and whoever had it is told', async () => {
      const term = await lead(a);
      proxy.close();
      await server.terminate(config.database, 'tongban replica a');
      await a.lost;
      await expect(a.beat(term)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect.poll(() => b.claim()).toBe(true);
    });

    it('is taken from a leader that is frozen', async () => {
      const term = await lead(a);
      await b.depose();
      await expect.poll(() => b.claim()).toBe(true);
      await a.lost;
      await expect(a.beat(term)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await b.look()).toMatchObject({ term });
    });

    it('is no more when another announced itself, whatever the connection says', async () => {
      const term = await lead(a);
      await b.announce(randomUUID(), '10.0.0.2:7444');
      expect(await a.beat(term)).toBeUndefined();
    });
  });

  describe('the name of a replica', () => {
    it('is refused to a second process, and free when the first has ended', async () => {
      await expect(open('a')).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('replica a'),
      });
      await a.close();
      a = await open('a');
      expect(await a.claim()).toBe(true);
    });
  });

  describe('what an earlier leader writes', () => {
    it('is undone, and nothing more of it is written', async () => {
      await lead(a);
      const old = await openPostgresStore({ config, password, name: writerOf('a') });
      const begun = Promise.withResolvers<void>();
      const woken = Promise.withResolvers<void>();
      // A leader that freezes in the middle of a transaction.
      const work = old.write(async (tx) => {
        await tx.run("INSERT INTO counter (name, value) VALUES ('old', 1)");
        begun.resolve();
        await woken.promise;
        await tx.run("INSERT INTO counter (name, value) VALUES ('old too', 1)");
      });
      await begun.promise;
      await b.depose();
      await expect.poll(() => b.claim()).toBe(true);
      await b.announce(randomUUID(), '10.0.0.2:7444');
      const store = await openPostgresStore({ config, password, name: writerOf('b') });
      await store.write((tx) => tx.run("INSERT INTO counter (name, value) VALUES ('new', 1)"));
      await store.close();
      woken.resolve();
      await expect(work).rejects.toMatchObject({ code: 'STORE_IN_USE' });
      await old.close();
      const names = await server.admin('SELECT name FROM counter', config.database);
      expect(names).toEqual([{ name: 'new' }]);
    });

    it('is left alone when it is a gateway that is no replica', async () => {
      const single = await openPostgresStore({ config, password, name: 'tongban 320600' });
      await lead(b);
      const second = openPostgresStore({ config, password, name: writerOf('b') });
      await expect(second).rejects.toMatchObject({ code: 'STORE_IN_USE' });
      expect(await single.write((tx) => tx.run("INSERT INTO counter (name, value) VALUES ('kept', 1)"))).toBe(1);
      await single.close();
    });
  });
}
