import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { AuditedStore } from './task.ts';

/** The rows of one store, as data. Must be closed by the caller. */
export interface Tables {
  all<R>(text: string): Promise<R[]>;
  close(): Promise<void>;
}

/** Opens a store that nobody writes to any more. */
export function openTables(store: AuditedStore): Promise<Tables> {
  return store.kind === 'sqlite' ? openSqlite(store.path) : openPostgres(store.url, store.password);
}

async function openSqlite(path: string): Promise<Tables> {
  const database = new DatabaseSync(path, { readOnly: true });
  return {
    async all<R>(text: string) {
      const rows = database.prepare(text).all() as Record<string, unknown>[];
      for (const row of rows)
        for (const [name, value] of Object.entries(row))
          if (value instanceof Uint8Array) row[name] = Buffer.from(value.buffer, value.byteOffset, value.length);
      return rows as R[];
    },
    close: async () => database.close(),
  };
}

async function openPostgres(address: string, password: string): Promise<Tables> {
  const url = new URL(address);
  url.password = password;
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const client = new pg.Client({ connectionString: url.href, types });
  await client.connect();
  return {
    all: async <R>(text: string) => (await client.query(text)).rows as R[],
    close: () => client.end(),
  };
}
