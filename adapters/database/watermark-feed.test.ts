import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter, AdapterState, Submit } from '../adapter.ts';
import { testContext } from '../testing/context.ts';
import { bodyOf, Ledger, tryAgain } from '../testing/ledger.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { stagingAdapter } from '../testing/staging-platform.ts';
import { mariadbServer, postgresServer, type StagingDatabase } from '../testing/staging-servers.ts';
import type { TableConfig } from './database-config.ts';
import type { RowDocument } from './tables.ts';

const servers = [await postgresServer(), await mariadbServer()].filter((one) => one !== undefined);
afterAll(() => Promise.all(servers.map((server) => server.stop())));

/** The document itself as the body; a row without a number is a problem. */
const WHOLE = plainMapping((document) => {
  if ((document as RowDocument).row['no'] === null) throw new Error('is required');
  return document;
});
const TABLE: TableConfig = { name: 'handled', key: 'id', case: 'no', watermark: 'changed', overlap: 60 };
const HOUR_MS = 3_600_000;

describe.each(servers.map((server) => [server.kind, server] as const))(
  'a table of %s that is only read',
  (kind, server) => {
    let database: StagingDatabase;
    let ledger: Ledger;
    let adapters: Adapter[];
    let kept: string | undefined;
    let ahead: number;
    const state: AdapterState = {
      read: async () => kept,
      write: async (text) => {
        kept = text;
      },
    };
    beforeEach(async () => {
      database = await server.database();
      ledger = new Ledger();
      adapters = [];
      kept = undefined;
      ahead = 0;
      const time = kind === 'postgres' ? 'timestamp(3)' : 'datetime(3)';
      await database.platform.run(
        `CREATE TABLE handled (id bigint PRIMARY KEY, no varchar(40), state varchar(8), photo ${kind === 'postgres' ? 'bytea' : 'blob'}, changed ${time}, version bigint)`,
      );
    });
    afterEach(async () => {
      for (const adapter of adapters) await adapter.close();
      await database.close();
    });

    it('is read in the order of its watermark, from where it begins, and nothing is written to it', async () => {
      for (const [id, minute] of [
        [1, 3],
        [2, 1],
        [3, 2],
        [4, 2],
      ] as const)
        await put(id, minute);
      await start({ since: '2026-11-22 09:02:00' });
      await vi.waitFor(() => expect(ids()).toEqual([3, 4, 1]));
      expect(bodyOf(ledger.calls[0]!)).toEqual({
        table: 'handled',
        row: { id: 3, no: 'N-3', state: '3', changed: expect.stringMatching(/^2026-11-22 09:02:00/), version: 3 },
      });
      await put(5, 4);
      await vi.waitFor(() => expect(ids()).toEqual([3, 4, 1, 5]));
      const rows = await database.platform.rows('SELECT state FROM handled ORDER BY id');
      expect(rows.map((row) => row['state'])).toEqual(['3', '3', '3', '3', '3']);
    });

    it('goes on after a restart where everything had its end, with the same keys for what comes twice', async () => {
      for (const id of [1, 2, 3]) await put(id, id * 5);
      let isRefusing = true;
      await start({}, async (submission, signal) =>
        isRefusing && idOf(submission) === 2 ? tryAgain('INTERNAL') : ledger.submit(submission, signal),
      );
      await vi.waitFor(() => expect(ids()).toEqual([1, 3]));
      await vi.waitFor(() => expect(position()).toMatchObject({ key: 1 }));
      await adapters.pop()!.close();
      isRefusing = false;
      await start();
      await vi.waitFor(() => expect(position()).toMatchObject({ key: 3 }));
      expect([...ledger.cases.values()].map(idOf)).toEqual([1, 3, 2]);
      expect(ledger.calls.length).toBeGreaterThan(3);
      await adapters.pop()!.close();
      const before = ledger.calls.length;
      await start();
      await put(4, 30);
      await vi.waitFor(() => expect(ids().at(-1)).toBe(4));
      // Of what had its end only the overlap is read again.
      expect(ids().slice(before)).toEqual([3, 4]);
      expect(ledger.cases.size).toBe(4);
    });

    it('finds rows that were committed late, once', async () => {
      await put(1, 10);
      const inTime = start();
      await database.platform.unit(async (session) => {
        await session.run('INSERT INTO handled (id, no, state, changed, version) VALUES (?, ?, ?, ?, ?)', [
          2,
          'N-2',
          '3',
          '2026-11-22 09:09:30.000',
          2,
        ]);
        await inTime;
        await vi.waitFor(() => expect(position()).toMatchObject({ key: 1 }));
      });
      ahead += HOUR_MS;
      await vi.waitFor(() => expect(ids()).toEqual([1, 2]));
      ahead += HOUR_MS;
      await put(3, 11);
      await vi.waitFor(() => expect(ids()).toEqual([1, 2, 3]));
    });

    it('finds a row that was committed late again after a restart, however long it has to wait', async () => {
      await put(1, 10);
      let asked = 0;
      await start({}, async (submission, signal) => {
        if (idOf(submission) !== 2) return ledger.submit(submission, signal);
        asked += 1;
        return tryAgain('INTERNAL');
      });
      await vi.waitFor(() => expect(position()).toMatchObject({ key: 1 }));
      await put(2, 10, 'N-2', 1);
      ahead += HOUR_MS;
      await vi.waitFor(() => expect(asked).toBeGreaterThan(0));
      await put(3, 30);
      await put(4, 50);
      await vi.waitFor(() => expect(ids()).toEqual([1, 3, 4]));
      expect(position()).toMatchObject({ key: 1 });
      await adapters.pop()!.close();
      await start();
      await vi.waitFor(() => expect(position()).toMatchObject({ key: 4 }));
      expect([...ledger.cases.values()].map(idOf)).toEqual([1, 3, 4, 2]);
    });

    it('parks a row that the database itself cannot read, and goes on', async () => {
      const share = kind === 'postgres' ? '1 / version' : 'CAST(version AS UNSIGNED) - 1';
      await database.platform.run(`CREATE VIEW shares AS SELECT id, no, changed, ${share} AS share FROM handled`);
      for (const id of [1, 0, 2]) await put(id, id + 1);
      await start({ name: 'shares' });
      await vi.waitFor(() => expect(ids()).toEqual([1, 2]), 5_000);
      const parked = ledger.calls.filter(({ problems }) => problems.length > 0);
      expect(parked).toMatchObject([
        { document: { table: 'shares', row: { id: 0 } }, problems: [{ pointer: '/row', code: 'UNREADABLE' }] },
      ]);
    });

    it('has a row that was changed handed in as another submission', async () => {
      await put(1, 1);
      await start();
      await vi.waitFor(() => expect(ids()).toEqual([1]));
      await database.platform.run("UPDATE handled SET state = '11', changed = '2026-11-22 09:30:00' WHERE id = 1");
      await vi.waitFor(() => expect(ids()).toEqual([1, 1]));
      expect(new Set(ledger.calls.map(({ key }) => key)).size).toBe(2);
    });

    it('takes only what its version says as a change', async () => {
      await put(1, 1);
      await start({ version: ['state'] });
      await vi.waitFor(() => expect(ids()).toEqual([1]));
      await database.platform.run("UPDATE handled SET no = 'N-1b', changed = '2026-11-22 09:30:00' WHERE id = 1");
      await vi.waitFor(() => expect(ids()).toEqual([1, 1]));
      expect(new Set(ledger.calls.map(({ key }) => key)).size).toBe(1);
    });

    it('can have a number as its watermark', async () => {
      for (const id of [1, 2, 3]) await put(id, 10 - id);
      await start({ watermark: 'version', overlap: 5 });
      await vi.waitFor(() => expect(ids()).toEqual([1, 2, 3]));
      await put(9, 1);
      await vi.waitFor(() => expect(ids()).toEqual([1, 2, 3, 9]));
      await put(8, 1);
      ahead += HOUR_MS;
      await vi.waitFor(() => expect(ids()).toEqual([1, 2, 3, 9, 8]));
      expect(position()).toEqual({ at: 9, key: 9 });
    });

    it('keeps the order of a case while one of its rows has to wait, and parks what cannot be understood', async () => {
      for (const [id, no] of [
        [1, 'A'],
        [2, 'A'],
        [3, 'B'],
        [4, null],
      ] as const)
        await put(id, id, no);
      let isRefusing = true;
      await start({}, async (submission, signal) =>
        isRefusing && idOf(submission) === 1 ? tryAgain('INTERNAL') : ledger.submit(submission, signal),
      );
      await vi.waitFor(() => expect(ledger.calls).toHaveLength(2));
      isRefusing = false;
      await vi.waitFor(() => expect(position()).toMatchObject({ key: 4 }));
      expect(ids()).toEqual([3, 1, 2]);
      expect(ledger.calls.filter(({ problems }) => problems.length > 0)).toHaveLength(1);
    });

    async function put(id: number, minute: number, no: string | null = `N-${id}`, earlier = 0): Promise<void> {
      const second = String((60 - earlier) % 60).padStart(2, '0');
      const at = `2026-11-22 09:${String(earlier > 0 ? minute - 1 : minute).padStart(2, '0')}:${second}`;
      const text = 'INSERT INTO handled (id, no, state, photo, changed, version) VALUES (?, ?, ?, ?, ?, ?)';
      await database.platform.run(text, [id, no, '3', Buffer.from('photo'), at, id]);
    }

    async function start(changes: Partial<TableConfig> = {}, submit: Submit = ledger.submit): Promise<void> {
      const config = { in: { tables: [{ ...TABLE, ...changes }], poll_ms: 20 } };
      const context = { ...testContext(), now: () => Date.now() + ahead, state };
      const adapter = await stagingAdapter(database, config, { mapping: WHOLE, context });
      adapters.push(adapter);
      await adapter.source!.start(submit);
    }

    function ids(): unknown[] {
      return ledger.calls.filter(({ problems }) => problems.length === 0).map(idOf);
    }

    function position(): unknown {
      return kept === undefined ? undefined : (JSON.parse(kept) as Record<string, unknown>)['handled'];
    }
  },
);

function idOf(submission: Parameters<typeof bodyOf>[0]): unknown {
  return (bodyOf(submission) as RowDocument | undefined)?.row['id'];
}
