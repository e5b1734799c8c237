import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Adapter, PlatformError } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { testEvent } from '../testing/context.ts';
import { filesOf, Ledger } from '../testing/ledger.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { ACCEPTANCES, putAcceptance, readRow, stagingAdapter } from '../testing/staging-platform.ts';
import { mariadbServer, postgresServer, type StagingDatabase } from '../testing/staging-servers.ts';

const servers = [await postgresServer(), await mariadbServer()].filter((one) => one !== undefined);
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const { signal } = new AbortController();
const OUT = {
  tables: [
    { name: 'event_out', event: 'event_id' },
    { name: 'case_out', event: 'event_id' },
  ],
};
const HOSTILE = `'; DROP TABLE event_out; -- " \` \\ ? $1 %s''); 𠮷`;
const EVENT_ROW = { conversation: 'c-1', event_type: 't', event_time: '2026-11-22 08:30:00' };

describe.each(servers.map((server) => [server.kind, server] as const))('rows written to %s', (kind, server) => {
  let database: StagingDatabase;
  let adapters: Adapter[];
  beforeEach(async () => {
    database = await server.database();
    adapters = [];
  });
  afterEach(async () => {
    for (const adapter of adapters) await adapter.close();
    await database.close();
  });

  it('hold hostile text as it is, in every column', async () => {
    const row = { ...EVENT_ROW, conversation: HOSTILE, case_number: HOSTILE, project_no: HOSTILE, event_data: HOSTILE };
    await deliver({ table: 'event_out', row });
    expect(await rows('event_out')).toEqual([expect.objectContaining({ ...row, event_time: expect.any(String) })]);
  });

  it.each([
    ['a name that ends the statement', { 'conversation" = 1; --': 'x' }],
    ['a name with a backtick', { 'conversation` = 1; #': 'x' }],
    ['a name with a place for a value', { 'a?': 'x' }],
    ['an empty name', { '': 'x' }],
    ['the column of the id', { event_id: 'x' }],
    ['no column', {}],
  ])('never have %s', async (_, row) => {
    expect(await failure({ table: 'event_out', row })).toMatchObject({ retryable: false });
    expect(await rows('event_out')).toEqual([]);
  });

  it('are of the configured tables alone', async () => {
    for (const table of ['accept_in', 'event_out; DROP TABLE event_out', '', null])
      expect(await failure({ table, row: EVENT_ROW })).toMatchObject({ retryable: false });
    for (const document of [
      null,
      [],
      'text',
      { table: 'event_out' },
      { table: 'event_out', row: EVENT_ROW, key: ['x'] },
    ])
      expect(await failure(document)).toMatchObject({ retryable: false });
    expect(await rows('event_out')).toEqual([]);
  });

  it('replace the row of the same key, and a repetition changes nothing', async () => {
    const caseRow = (applyer_mobile: string) => ({
      table: 'case_out',
      row: {
        conversation: 'c-1',
        case_number: 'n-1',
        task_code: 't',
        receive_region: '320600',
        handle_region: '150626',
        applyer_mobile,
      },
      key: ['conversation'],
    });
    await deliver(caseRow('1'), 1);
    await deliver(caseRow('2'), 2);
    await database.platform.run("UPDATE case_out SET applyer_mobile = '3'");
    await deliver(caseRow('2'), 2);
    expect(await rows('case_out')).toEqual([
      expect.objectContaining({ applyer_mobile: '3', event_id: testEvent(2).id }),
    ]);
  });

  it('are one for each event although the table has no rule for it', async () => {
    await database.platform.run(
      `ALTER TABLE event_out DROP ${kind === 'postgres' ? 'CONSTRAINT event_out_pkey' : 'PRIMARY KEY'}`,
    );
    for (let time = 0; time < 3; time += 1) await deliver({ table: 'event_out', row: EVENT_ROW });
    expect(await rows('event_out')).toHaveLength(1);
  });

  it('are refused for good where a value does not fit, and wait where the table is not as it should be', async () => {
    expect(await failure({ table: 'event_out', row: { ...EVENT_ROW, conversation: 'x'.repeat(65) } })).toMatchObject({
      retryable: false,
    });
    expect(await failure({ table: 'event_out', row: { ...EVENT_ROW, event_time: 'no time' } })).toMatchObject({
      retryable: false,
    });
    expect(await failure({ table: 'event_out', row: { ...EVENT_ROW, no_such_column: 1 } })).toMatchObject({
      retryable: true,
    });
    await database.platform.run('ALTER TABLE event_out RENAME TO event_away');
    const error = await failure({ table: 'event_out', row: { ...EVENT_ROW, case_number: '秘密' } });
    expect([error.retryable, error.message.includes('秘密')]).toEqual([true, false]);
  });

  it('go nowhere without TLS where TLS is asked for', async () => {
    const mapping = plainMapping(() => undefined, {
      out: async () => ({ ok: true, documents: [{ table: 'event_out', row: EVENT_ROW }] }),
    });
    const adapter = await stagingAdapter(database, { out: OUT, tls: 'verify-full' }, { mapping });
    adapters.push(adapter);
    await expect(adapter.sink!.deliver(testEvent(1), signal)).rejects.toMatchObject({ retryable: true });
    expect(await rows('event_out')).toEqual([]);
  });

  it('go the other way as well: materials are read in parts from their table, whole', async () => {
    const content = Buffer.alloc(5 * 1024 * 1024 + 17, '材料');
    const text = 'INSERT INTO material_in (material_guid, project_no, material_name, content) VALUES (?, ?, ?, ?)';
    await database.platform.run(text, ['m-1', 'P-1', '营业执照', content]);
    await database.platform.run(text, ['m-2', 'P-1', '空', null]);
    await putAcceptance(database, 'a');
    const mapping = plainMapping(() => undefined, {
      in: async () => ({
        ok: true,
        wishes: [
          { do: 'open', body: {}, files: ['m-1', 'm-2', "m-3' OR '1'='1"].map((from) => ({ name: '材料', from })) },
        ],
      }),
    });
    const ledger = new Ledger();
    const seen: unknown[] = [];
    const adapter = await open(mapping, {
      in: ACCEPTANCES,
      materials: { name: 'material_in', key: 'material_guid', bytes: 'content' },
    });
    const done = new Promise<void>((resolve) => {
      ledger.answers.push(async (submission, given) => {
        for (const file of filesOf(submission))
          seen.push(
            await file.open(given).then(
              async (stream) => sha256(await buffer(stream)),
              (error: unknown) => error,
            ),
          );
        resolve();
        return ledger.accept(submission, given);
      });
    });
    await adapter.source!.start(ledger.submit);
    await done;
    expect(seen).toEqual([sha256(content), expect.any(PlatformError), expect.any(PlatformError)]);
    expect(seen.slice(1).map((error) => (error as PlatformError).retryable)).toEqual([false, false]);
  });

  async function open(mapping: Mapping, config: Parameters<typeof stagingAdapter>[1]): Promise<Adapter> {
    const adapter = await stagingAdapter(database, config, { mapping });
    adapters.push(adapter);
    return adapter;
  }

  async function deliver(document: unknown, sequence = 1): Promise<void> {
    const mapping = plainMapping(() => undefined, { out: async () => ({ ok: true, documents: [document] }) });
    const adapter = await open(mapping, { out: OUT });
    await adapter.sink!.deliver(testEvent(sequence), signal);
  }

  async function failure(document: unknown): Promise<PlatformError> {
    const error = await deliver(document).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PlatformError);
    return error as PlatformError;
  }

  function rows(table: string) {
    return database.platform.rows(`SELECT * FROM ${table} ORDER BY row_seq`);
  }
});

describe.each(servers.filter(({ kind }) => kind === 'mysql').map((server) => [server]))('tables in GBK', (server) => {
  it('take and give what GBK has, and refuse what it has not instead of writing question marks', async () => {
    const database = await server.database({ charset: 'gbk' });
    try {
      await putAcceptance(database, 'a', { applyer_name: '朱镕基·阿不都', form_data: '{"name":"喆"}' });
      const ledger = new Ledger();
      const source = await stagingAdapter(database, { in: ACCEPTANCES });
      ledger.answers.push(async () => ({ ok: false, code: 'VALIDATION_FAILED', message: '𠮷', problems: [] }));
      await source.source!.start(ledger.submit);
      await expect.poll(async () => (await readRow(database, 'a'))['exchange_state']).toBe('failed');
      expect(ledger.calls[0]!.document).toMatchObject({
        row: { applyer_name: '朱镕基·阿不都', form_data: '{"name":"喆"}' },
      });
      await source.close();

      const write = async (event_data: string, sequence: number) => {
        const row = { ...EVENT_ROW, event_data };
        const mapping = plainMapping(() => undefined, {
          out: async () => ({ ok: true, documents: [{ table: 'event_out', row }] }),
        });
        const adapter = await stagingAdapter(database, { out: OUT }, { mapping });
        await adapter.sink!.deliver(testEvent(sequence), signal).finally(() => adapter.close());
      };
      await write('喆', 1);
      const error = await write('𠮷野', 2).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', message: expect.stringContaining('character set') });
      expect((error as Error).message).not.toContain('𠮷');
      const rows = await database.platform.rows('SELECT event_data FROM event_out');
      expect(rows.map((row) => row['event_data'])).toEqual(['喆']);
    } finally {
      await database.close();
    }
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
