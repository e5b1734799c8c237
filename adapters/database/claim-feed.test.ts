import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter, SubmissionSource } from '../adapter.ts';
import { testContext } from '../testing/context.ts';
import { cuttableWay } from '../testing/cuttable-way.ts';
import { bodyOf, Ledger, tryAgain } from '../testing/ledger.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { ACCEPTANCES, ACCEPTED, putAcceptance, readRow, stagingAdapter } from '../testing/staging-platform.ts';
import { mariadbServer, postgresServer, type StagingDatabase } from '../testing/staging-servers.ts';
import type { RowDocument } from './tables.ts';

const servers = [await postgresServer(), await mariadbServer()].filter((one) => one !== undefined);
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const OWNER = 'tongban-150626-hall';
const HOSTILE = `'; DROP TABLE accept_in; -- " \` \\ ? $1 %s :x {{}} ''); /*\u202e 𠮷 阿不都·示例`;

const TEXT_COLUMNS = ['task_name', 'project_name', 'applyer_name', 'org_name', 'handle_user_name', 'form_data'];

/** The document itself as the body, so that a test sees what was read. */
const WHOLE = plainMapping((document) => document);
const STEPS = ['accept_in', 'process_in', 'special_in', 'result_in'].map((name) => ({
  name,
  key: 'row_guid',
  case: 'project_no',
  sequence: ['row_time', 'row_seq'],
}));

describe.each(servers.map((server) => [server.kind, server] as const))('claims in %s', (kind, server) => {
  let database: StagingDatabase;
  let ledger: Ledger;
  let adapters: Adapter[];
  beforeEach(async () => {
    database = await server.database();
    ledger = new Ledger();
    adapters = [];
  });
  afterEach(async () => {
    for (const adapter of adapters) await adapter.close();
    await database.close();
  });

  it('answer in the row: the case, or every problem in characters that any database holds', async () => {
    await putAcceptance(database, 'a', { form_data: '{"n":1}' });
    await putAcceptance(database, 'b', { form_data: '{"refuse":true}' });
    ledger.answers.push(ledger.accept, async () => ({
      ok: false,
      code: 'VALIDATION_FAILED',
      message: '两处错误 𠮷',
      problems: [{ pointer: '/item', code: 'REQUIRED', message: 'is required' }],
    }));
    await start();
    await vi.waitFor(async () => expect(await readRow(database, 'b')).toMatchObject({ exchange_state: 'failed' }));
    expect(await readRow(database, 'a')).toMatchObject({
      exchange_state: 'done',
      conversation: 'conversation-1',
      case_number: '320600-2026-1',
      error_code: null,
      claimed_by: OWNER,
      tries: 1,
    });
    const { error_code, error_detail, finished_at } = await readRow(database, 'b');
    expect([error_code, typeof finished_at]).toEqual(['VALIDATION_FAILED', 'string']);
    expect(error_detail).toMatch(/^[ -~]+$/);
    expect(JSON.parse(error_detail as string)).toEqual({
      message: '两处错误 𠮷',
      problems: [{ pointer: '/item', code: 'REQUIRED', message: 'is required' }],
    });
  });

  it('tell that a row which failed is done after all, unless the platform has changed it', async () => {
    const refused = { ok: false, code: 'MAPPING_FAILED', message: '', problems: [] } as const;
    const [taken, done] = ['conversation-9', '320600-2026-9'];
    const outcome = { ok: true, conversation: taken, caseNumber: done } as const;
    ledger.answers.push(
      async () => refused,
      async () => refused,
    );
    for (const name of ['a', 'b']) await putAcceptance(database, name);
    await start({ ...ACCEPTANCES, poll_ms: 60_000 }, { mapping: WHOLE });
    const states = async () => [await readState('a'), await readState('b')];
    await vi.waitFor(async () => expect(await states()).toEqual(['failed', 'failed']), { timeout: 5_000 });
    await database.platform.run("UPDATE accept_in SET applyer_name = '改正' WHERE row_guid = 'b'");
    const source = adapters[0]!.source!;
    const [first, second] = ledger.calls;
    expect(documentOf(first!).row['row_guid']).toBe('a');
    await source.told!('another key', first!.document, outcome);
    for (const document of [null, 'text', { table: 'accept_in' }, { table: "x'; --", row: { row_guid: 'a' } }])
      await source.told!(first!.key, document, outcome);
    expect(await states()).toEqual(['failed', 'failed']);
    for (const { key, document } of [first!, second!]) await source.told!(key, document, outcome);
    expect(await states()).toEqual(['done', 'failed']);
    expect(await readRow(database, 'a')).toMatchObject({
      ...{ conversation: taken, case_number: done, error_code: null, error_detail: null },
    });
    await database.platform.run("UPDATE accept_in SET exchange_state = 'new' WHERE row_guid = 'a'");
    await source.told!(first!.key, first!.document, outcome);
    expect(await readState('a')).toBe('new');
  });

  it('take the rows of a case over several tables in order: by time, then by the place of the table', async () => {
    const at = (second: number) => `2026-11-22 09:00:0${second}`;
    for (const [name, table, project_no, second] of [
      ['r1', 'result_in', 'P-1', 3],
      ['s1', 'special_in', 'P-1', 2],
      ['p2', 'process_in', 'P-1', 2],
      ['p1', 'process_in', 'P-1', 1],
      ['a2', 'accept_in', 'P-2', 4],
      ['a1', 'accept_in', 'P-1', 1],
      ['r2', 'result_in', 'P-2', 4],
    ] as const) {
      await putAcceptance(database, name, { project_no, row_time: at(second), ...STEP_VALUES[table] }, table);
    }
    await start({ tables: STEPS, batch: 2 }, { mapping: WHOLE });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(7));
    const order = (project: string) =>
      ledger.calls.map(documentOf).flatMap(({ row }) => (row['project_no'] === project ? [row['row_guid']] : []));
    expect(order('P-1')).toEqual(['a1', 'p1', 'p2', 's1', 'r1']);
    expect(order('P-2')).toEqual(['a2', 'r2']);
  });

  it('of this gateway that a crash left are taken again at once; those of another one after their lease', async () => {
    const claimed = { exchange_state: 'claimed', claimed_at: '2099-01-01 00:00:00', form_data: '{}' };
    await putAcceptance(database, 'mine', { ...claimed, claimed_by: OWNER });
    await putAcceptance(database, 'theirs', { ...claimed, claimed_by: 'tongban-150626-other', project_no: 'P-2' });
    await putAcceptance(database, 'expired', {
      ...claimed,
      claimed_by: 'tongban-150626-other',
      claimed_at: '2026-01-01 00:00:00',
      project_no: 'P-3',
    });
    await start({ ...ACCEPTANCES, lease_ms: 1_000 });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(2));
    expect((await readRow(database, 'theirs'))['exchange_state']).toBe('claimed');
    const soon = kind === 'postgres' ? "now() - interval '1 second'" : 'NOW(3) - INTERVAL 1 SECOND';
    await database.platform.run(`UPDATE accept_in SET claimed_at = ${soon} WHERE row_guid = 'theirs'`);
    await vi.waitFor(() => expect(ledger.cases.size).toBe(3), { timeout: 5_000 });
  });

  it('renew themselves while a row is in hand', async () => {
    await putAcceptance(database, 'a');
    let end = () => {};
    ledger.answers.push(async (submission, signal) => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return ledger.accept(submission, signal);
    });
    await start({ ...ACCEPTANCES, lease_ms: 1_000 });
    await vi.waitFor(() => expect(ledger.calls).toHaveLength(1));
    const { claimed_at: before } = await readRow(database, 'a');
    await vi.waitFor(async () => expect((await readRow(database, 'a'))['claimed_at']).not.toBe(before), {
      timeout: 5_000,
    });
    end();
    await vi.waitFor(async () =>
      expect(await readRow(database, 'a')).toMatchObject({ exchange_state: 'done', tries: 1 }),
    );
  });

  it('wait for a row that the platform is changing, and let no later one of its case pass', async () => {
    for (const name of ['a1', 'a2']) await putAcceptance(database, name, { form_data: JSON.stringify({ name }) });
    await putAcceptance(database, 'b', { project_no: 'P-2', form_data: '{"name":"b"}' });
    let begun = () => {};
    const isBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    await database.platform.unit(async (session) => {
      await session.run(`UPDATE accept_in SET form_data = '{"name":"a1","is":"whole"}' WHERE row_guid = 'a1'`);
      await start();
      await vi.waitFor(() => expect(ledger.calls.map(bodyOf)).toEqual([{ name: 'b' }]));
      begun();
    });
    await isBegun;
    await vi.waitFor(() => expect(ledger.cases.size).toBe(3));
    expect(ledger.calls.map(bodyOf)).toEqual([{ name: 'b' }, { name: 'a1', is: 'whole' }, { name: 'a2' }]);
  });

  it('make of a row that was corrected a new submission, and of one that was not the same', async () => {
    await putAcceptance(database, 'a', { form_data: '{"refuse":true}' });
    await start();
    const ended = (state: string) =>
      vi.waitFor(async () => expect((await readRow(database, 'a'))['exchange_state']).toBe(state));
    await ended('failed');
    await database.platform.run(`UPDATE accept_in SET exchange_state = 'new' WHERE row_guid = 'a'`);
    await vi.waitFor(() => expect(ledger.calls).toHaveLength(2));
    await ended('failed');
    await database.platform.run(`UPDATE accept_in SET exchange_state = 'new', form_data = '{}' WHERE row_guid = 'a'`);
    await ended('done');
    const [first, second, third] = ledger.calls.map(({ key }) => key);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect((await readRow(database, 'a'))['error_detail']).toBeNull();
  });

  it('make no new submission of a row in which the database notes when we claimed it', async () => {
    const stamp = 'update_time datetime NULL ON UPDATE CURRENT_TIMESTAMP';
    const second = 'SELECT NOW() AS second';
    if (kind === 'mysql') await database.platform.run(`ALTER TABLE accept_in ADD COLUMN ${stamp}`);
    await putAcceptance(database, 'a');
    ledger.answers.push(async () => {
      const [before] = await database.platform.rows(second);
      await vi.waitFor(async () => expect(await database.platform.rows(second)).not.toEqual([before]), 5_000);
      return tryAgain('INTERNAL');
    });
    await start();
    await vi.waitFor(async () => expect(await readState('a')).toBe('done'), 5_000);
    expect(ledger.calls).toHaveLength(2);
    expect(new Set(ledger.calls.map(({ key }) => key)).size).toBe(1);
  });

  it('keep nothing back behind a row that refuses its answer, and say so', async () => {
    await database.platform.run(
      "ALTER TABLE accept_in ADD CONSTRAINT never CHECK (row_guid <> 'bad' OR exchange_state <> 'done')",
    );
    for (const name of ['bad', 'good']) await putAcceptance(database, name, { project_no: name });
    const lines = await start();
    await vi.waitFor(async () => expect(await readState('good')).toBe('done'), 5_000);
    await vi.waitFor(() => expect(lines).toMatchObject([{ level: 'error', fields: { adapter: 'hall' } }]));
    await putAcceptance(database, 'later', { project_no: 'later' });
    await vi.waitFor(async () => expect(await readState('later')).toBe('done'), 5_000);
    expect(await readState('bad')).toBe('claimed');
    expect(ledger.calls).toHaveLength(3);
  });

  it('carry hostile text through every field unchanged', async () => {
    const values = Object.fromEntries(TEXT_COLUMNS.map((name) => [name, HOSTILE]));
    await putAcceptance(database, HOSTILE.slice(0, 50), { ...values, project_no: HOSTILE.slice(0, 50) });
    await start(ACCEPTANCES, { mapping: WHOLE });
    await vi.waitFor(async () =>
      expect((await readRow(database, HOSTILE.slice(0, 50)))['exchange_state']).toBe('done'),
    );
    expect(documentOf(ledger.calls[0]!).row).toMatchObject({ ...values, project_no: HOSTILE.slice(0, 50) });
  });

  it('do not read a row of 100 MB and more: it is parked and named, and the others pass', async () => {
    await putAcceptance(database, 'big', { project_no: 'P-9' });
    // MariaDB takes ten seconds to write as much as PostgreSQL does in one.
    const big = `repeat('大', ${kind === 'postgres' ? 35 : 7} * 1024 * 1024)`;
    await database.platform.run(`UPDATE accept_in SET form_data = ${big} WHERE row_guid = 'big'`);
    await putAcceptance(database, 'small', { form_data: '{"n":1}' });
    const before = process.memoryUsage().rss;
    await start();
    await vi.waitFor(async () => expect(await readState('big')).toBe('failed'), { timeout: 10_000 });
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
    const parked = ledger.calls.find(({ problems }) => problems.length > 0)!;
    expect(parked.problems).toEqual([{ pointer: '/row/form_data', code: 'TOO_LONG', message: expect.any(String) }]);
    expect(parked.document).toEqual({ table: 'accept_in', row: { row_guid: 'big' } });
    await vi.waitFor(async () => expect(await readState('small')).toBe('done'));
  });

  it('park rows that have the same key, and say so', async () => {
    await database.platform.run('CREATE TABLE twice_in AS SELECT * FROM accept_in');
    const row = {
      form_data: '{}',
      row_seq: 1,
      row_time: '2026-11-22 09:00:00',
      operation: 'I',
      exchange_state: 'new',
      tries: 0,
    };
    for (const name of ['a', 'a', 'b']) await putAcceptance(database, name, { ...ACCEPTED, ...row }, 'twice_in');
    await start({ ...ACCEPTANCES, tables: [{ ...ACCEPTANCES.tables[0]!, name: 'twice_in' }] });
    await vi.waitFor(async () => expect((await readRow(database, 'b', 'twice_in'))['exchange_state']).toBe('done'));
    const parked = ledger.calls.filter(({ problems }) => problems.length > 0);
    expect(parked.map(({ problems }) => problems.map(({ code }) => code))).toEqual([['DUPLICATE']]);
    expect(ledger.cases.size).toBe(1);
  });

  it('go on when the database was away, also at the start, and say so once', async () => {
    const way = await cuttableWay(database.port);
    way.cut();
    const lines = await start(ACCEPTANCES, { port: way.port });
    await putAcceptance(database, 'a');
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    way.mend();
    await vi.waitFor(async () => expect(await readState('a')).toBe('done'), { timeout: 10_000 });
    way.cut();
    await putAcceptance(database, 'b');
    await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 10_000 });
    way.mend();
    await vi.waitFor(async () => expect(await readState('b')).toBe('done'), { timeout: 10_000 });
    expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual(
      Array(2).fill('warn the database of the platform does not answer as it should; it is tried again'),
    );
    expect(ledger.cases.size).toBe(2);
    await adapters.pop()!.close();
    await way.close();
  });

  it('lose no answer when the connection ends before it is told', async () => {
    const way = await cuttableWay(database.port);
    await putAcceptance(database, 'a');
    ledger.answers.push(async (submission, signal) => {
      const outcome = await ledger.accept(submission, signal);
      way.cut();
      return outcome;
    });
    await start(ACCEPTANCES, { port: way.port });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(1));
    expect(await readState('a')).toBe('claimed');
    way.mend();
    await vi.waitFor(async () => expect(await readState('a')).toBe('done'), { timeout: 10_000 });
    expect(ledger.calls).toHaveLength(1);
    await adapters.pop()!.close();
    await way.close();
  });

  it('leave a row that refuses its claim, and what is behind it in its case, and take all others', async () => {
    const named = kind === 'postgres' ? '"no"' : '`no`';
    await database.platform.run(
      `ALTER TABLE accept_in ADD CONSTRAINT ${named} CHECK (row_guid <> 'b' OR exchange_state <> 'claimed')`,
    );
    for (const [name, project_no] of Object.entries({ a: 'P-1', b: 'P-2', c: 'P-2', d: 'P-3', e: 'P-4' }))
      await putAcceptance(database, name, { project_no });
    const lines = await start();
    const states = () => Promise.all(['a', 'b', 'c', 'd', 'e'].map(readState));
    await vi.waitFor(async () => expect(await states()).toEqual(['done', 'new', 'new', 'done', 'done']), {
      timeout: 10_000,
    });
    expect(lines).toMatchObject([{ level: 'error', fields: { adapter: 'hall' } }]);
    await database.platform.run(`ALTER TABLE accept_in DROP CONSTRAINT ${named}`);
    await vi.waitFor(async () => expect(await states()).toEqual(Array(5).fill('done')), { timeout: 10_000 });
    expect(ledger.calls).toHaveLength(5);
    expect(lines).toHaveLength(1);
  });

  it('say it when a table lacks what they need, and take it up once it is there', async () => {
    await database.platform.run('ALTER TABLE accept_in DROP COLUMN retry_at');
    await putAcceptance(database, 'a');
    const lines = await start();
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toMatchObject({ level: 'error', fields: { adapter: 'hall', err: { code: 'COLUMN_MISSING' } } });
    expect(ledger.calls).toEqual([]);
    await database.platform.run(
      `ALTER TABLE accept_in ADD COLUMN retry_at ${kind === 'postgres' ? 'timestamptz' : 'datetime(6)'}`,
    );
    await vi.waitFor(async () => expect(await readState('a')).toBe('done'), { timeout: 10_000 });
  });

  async function start(intake = ACCEPTANCES, options: Parameters<typeof stagingAdapter>[2] = {}) {
    const { lines, log } = testContext();
    const config = { in: { poll_ms: 20, ...intake } };
    const adapter = await stagingAdapter(database, config, { ...options, context: { log, ...options.context } });
    adapters.push(adapter);
    await (adapter.source as SubmissionSource).start(ledger.submit);
    return lines;
  }

  async function readState(name: string): Promise<unknown> {
    const [row] = await database.platform.rows('SELECT exchange_state FROM accept_in WHERE row_guid = ?', [name]);
    return row?.['exchange_state'];
  }
});

function documentOf(submission: Parameters<typeof bodyOf>[0]): RowDocument {
  return bodyOf(submission) as RowDocument;
}

const STEP_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  process_in: { event_name: '审查', process_name: '8' },
  special_in: { special_type: '1', special_name: '现场勘验', special_time: '2026-11-22 09:00:00' },
  result_in: { result_type: '1', result_date: '2026-11-22 09:00:00' },
};
