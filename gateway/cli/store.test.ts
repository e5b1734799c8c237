import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/config.ts';
import { openStore } from '../store/open-store.ts';
import { testPostgres } from '../store/testing/test-postgres.ts';
import { checkStore } from './doctor/checks/check-store.ts';
import { checkStoreOf, migrateStore } from './store-check.ts';

const server = await testPostgres();

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-store-cli-'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('tongban store on SQLite', () => {
  it('makes the tables, finds them sound, and finds a damaged file', async () => {
    const config = { kind: 'sqlite', path: join(folder, 'gateway.db') } as const;
    await expect(checkStoreOf(config, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { json } = await migrateStore(config, {});
    expect(json).toMatchObject({ before: 0, version: expect.any(Number) });
    expect(await checkStoreOf(config, {})).toMatchObject({ json: { sound: true, faults: [] }, exit: 0 });
    const broken = new DatabaseSync(config.path);
    broken.enableDefensive(false);
    broken.exec(
      "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'peer') WHERE name = 'counter'",
    );
    broken.close();
    expect(await checkStoreOf(config, {})).toMatchObject({ json: { sound: false }, exit: 1 });
  });
});

if ('missing' in server) it.skip(`PostgreSQL: ${server.missing}`);
else {
  afterAll(() => server.drop());

  describe('tongban store and doctor on PostgreSQL', () => {
    it('make the tables of an empty database, and say who uses it', async () => {
      const store = await server.database({ tables: false });
      const environment = { TONGBAN_STORE_PASSWORD: server.password };
      const yaml = join(folder, 'gateway.yaml');
      await writeFile(
        yaml,
        `region: '320600'
name: 南通市
peer: { endpoint: 127.0.0.1:7443 }
store: { postgres: { url: 'postgres://${store.user}@${store.host}:${store.port}/${store.database}' } }
`,
      );
      const config = await loadConfig(yaml);
      const findings = async () => (await checkStore(config, undefined, 0, environment)).findings;
      expect((await findings())[0]).toMatchObject({ level: 'skipped' });
      const { json } = await migrateStore(config.store, environment);
      expect(json).toMatchObject({ before: 0 });

      const gateway = await openStore(config.store, environment, 'tongban 320600');
      // The server of the tests does without fsync, and that is what is said of it.
      const { json: status, exit, text } = await checkStoreOf(config.store, environment);
      expect(status).toMatchObject({
        sound: false,
        usedBy: expect.stringMatching(/^tongban 320600 from /),
        faults: ['fsync = off'],
      });
      expect(exit).toBe(1);
      expect(text).not.toContain(server.password);
      expect((await findings()).map(({ level, zh }) => `${level} ${zh}`)).toEqual([
        expect.stringMatching(/^fine PostgreSQL .* 可用/),
        expect.stringMatching(/^wrong 服务器设置 fsync = off/),
        expect.stringMatching(/^fine 数据库可写/),
      ]);
      await expect(migrateStore(config.store, environment)).rejects.toMatchObject({ code: 'STORE_IN_USE' });
      await gateway.close();
    });

    it('say what is wrong when the server does not let us in, or has no such database', async () => {
      const store = await server.database();
      const wrong = checkStoreOf(store, { TONGBAN_STORE_PASSWORD: 'not the password' });
      await expect(wrong).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('does not let'),
      });
      const absent = { ...store, database: 'not_there' };
      const environment = { TONGBAN_STORE_PASSWORD: server.password };
      await expect(checkStoreOf(absent, environment)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('does not exist') as string,
      });
      await expect(checkStoreOf({ ...store, tls: 'verify-full' }, environment)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('TLS') as string,
      });
      await expect(checkStoreOf({ ...store, port: 1 }, environment)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
    });
  });
}
