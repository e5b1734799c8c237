import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import type { Clock } from '#trust';
import { backupGateway } from '../cli/backup/backup.ts';
import { declareRestored, restoreGateway } from '../cli/backup/restore.ts';
import { type OwnPostgres, startOwnPostgres } from '../store/testing/own-postgres.ts';
import { configOf } from '../store/testing/server-facts.ts';
import { type LiveRegion, openLiveRegion } from './live-region.ts';

/** The database of a region that loses it, and how its operators save it and bring it back. */
export interface LosableStore {
  /** Opens the region of a folder on this database. */
  open(folder: string, clock: Clock): Promise<LiveRegion>;
  /** Takes a backup while the gateway works. @param now milliseconds */
  backUp(live: LiveRegion, now: number): Promise<void>;
  /** Puts the backup in the place of what a gateway that was stopped has, and says so. */
  restore(stopped: LiveRegion, now: number): Promise<void>;
  /** Keeps a copy of what a gateway that was stopped has. */
  keep(stopped: LiveRegion): Promise<void>;
  /** Puts that copy back, and tells nobody. */
  putBack(stopped: LiveRegion): Promise<void>;
  /** Says that the database was restored by other means. */
  declare(stopped: LiveRegion, now: number): Promise<void>;
  close(): Promise<void>;
}

/** A file in the folder of the region. @param copies a folder */
export async function losableSqlite(copies: string): Promise<LosableStore> {
  const file = ({ folder }: LiveRegion) => join(folder, 'gateway.db');
  const [backup, kept] = [join(copies, 'backup'), join(copies, 'old.db')];
  return {
    open: (folder, clock) => openLiveRegion(folder, clock),
    backUp: async ({ region, core }, now) => {
      const manifest = await backupGateway(core.config, backup, { withKeys: false, now });
      expect(manifest).toMatchObject({ region, epoch: 1 });
    },
    restore: async ({ core }, now) => {
      const { replaced } = await restoreGateway(core.config, backup, now);
      expect(replaced).toBeDefined();
    },
    keep: (stopped) => cp(file(stopped), kept),
    putBack: async (stopped) => {
      for (const end of ['', '-wal', '-shm']) await rm(`${file(stopped)}${end}`, { force: true });
      await cp(kept, file(stopped));
    },
    declare: ({ core }, now) => declareRestored(core.config, {}, now),
    close: async () => {},
  };
}

/** A database of a server of its own, whose whole disk is lost. @param copies a folder */
export async function losablePostgres(copies: string): Promise<LosableStore> {
  const server = await startOwnPostgres();
  const { password, admin } = server;
  const owner = { admin, password, owner: 'postgres', template: 'template0' };
  await asAdmin(server, `CREATE DATABASE lost TEMPLATE ${owner.template} ENCODING 'UTF8'`);
  const store = configOf(owner, 'lost');
  const backup = join(copies, 'cluster');
  const declare: LosableStore['declare'] = ({ core }, now) =>
    declareRestored(core.config, { TONGBAN_STORE_PASSWORD: password }, now);
  return {
    open: (folder, clock) => openLiveRegion(folder, clock, { store, password }),
    backUp: () => server.backUp(backup),
    restore: async (stopped, now) => {
      await server.restore(backup);
      await declare(stopped, now);
    },
    keep: () => asAdmin(server, 'CREATE DATABASE kept TEMPLATE lost'),
    putBack: () => asAdmin(server, 'DROP DATABASE lost', 'ALTER DATABASE kept RENAME TO lost'),
    declare,
    close: () => server.stop(),
  };
}

async function asAdmin({ admin }: OwnPostgres, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client(admin);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
