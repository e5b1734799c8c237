import pg from 'pg';
import { afterAll, it } from 'vitest';
import type { Store } from '../store.ts';
import { storeContract } from '../testing/store-contract.ts';
import { testPostgres } from '../testing/test-postgres.ts';
import { openPostgresStore } from './postgres-store.ts';

const server = await testPostgres();

if ('missing' in server) {
  it.skip(`PostgreSQL: ${server.missing}`);
} else {
  afterAll(() => server.drop());

  storeContract('PostgreSQL', async () => {
    const config = await server.database();
    const { password } = server;
    return {
      open: (): Promise<Store> => openPostgresStore({ config, password, name: 'gateway' }),
      rowsOutside: async () => {
        const [row] = await server.admin<{ n: string }>('SELECT count(*) AS n FROM counter', config.database);
        return Number(row!.n);
      },
      version: async (set) => {
        if (set !== undefined) await server.admin(`UPDATE store_schema SET version = ${set}`, config.database);
        const [row] = await server.admin<{ version: string }>('SELECT version FROM store_schema', config.database);
        return Number(row!.version);
      },
      readOutside: async () => {
        const client = new pg.Client({ ...config, ssl: false, password });
        await client.connect();
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM counter');
        return () => client.end();
      },
      remove: () => server.drop(),
    };
  });
}
