// Fills staging tables (前置库) and drains them through the database adapter and a mapping; the parent hears how fast that
// went and how much memory it took. Started by the benchmark in conformance/bench with the arguments URL, file of the
// password, cases.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AdapterContext, SubmissionOutcome } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import { readCredentials } from '../database/credentials.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open-database.ts';

const MAPPING = fileURLToPath(new URL('./database-mapping.yaml', import.meta.url));
const DDL = new URL('../database/ddl/postgres.sql', import.meta.url);
const TABLES = ['accept_in', 'process_in', 'result_in'];
const DONE: SubmissionOutcome = {
  ok: true,
  conversation: '0198c0de-0000-7000-8000-000000000001',
  caseNumber: '320600-2026-000001',
};

const [url = '', password_file = '', cases = ''] = process.argv.slice(2);
process.send?.(await measure(Number(cases)));

async function measure(count: number): Promise<{ per_s: number; growth_mib: number }> {
  const database = await openDatabase(await readCredentials({ url, password_file }, []));
  await fill(database, count);
  const sequence = ['row_time', 'row_seq'];
  const tables = TABLES.map((name) => ({ name, key: 'row_guid', case: 'project_no', sequence }));
  const config = { name: 'bench', url, password_file, mapping: MAPPING, in: { tables, poll_ms: 50 } };
  const adapter = await createAdapter('database', config, context());

  const all = count * TABLES.length;
  let taken = 0;
  let began = 0;
  let before = 0;
  const isTaken = new Promise<void>((resolve, reject) => {
    void adapter.source!.start(async ({ wishes, problems }) => {
      if (wishes.length !== 1 || problems.length > 0)
        reject(new Error(`a row was not understood: ${JSON.stringify(problems)}`));
      if (taken === 0) began = performance.now();
      taken += 1;
      // Memory counts once everything has run.
      if (taken === Math.ceil(all / 5)) before = process.memoryUsage().rss;
      if (taken === all) resolve();
      return DONE;
    });
  });
  await isTaken;
  while ((await left(database)) > 0);
  const ms = performance.now() - began;
  const growth = process.memoryUsage().rss - before;
  await adapter.close();
  await database.close();
  return { per_s: Math.round((all * 1000) / ms), growth_mib: Math.round(growth / 1024 / 1024) };
}

/** Rows without an end; a look takes as long as a batch. */
async function left(database: Database): Promise<number> {
  let rows = 0;
  for (const name of TABLES) {
    const [row] = await database.rows<{ n: number }>(
      `SELECT count(*) AS n FROM ${name} WHERE exchange_state <> 'done'`,
    );
    rows += Number(row!.n);
  }
  return rows;
}

/** Synthetic cases of one acceptance, one step and one result. */
async function fill(database: Database, count: number): Promise<void> {
  for (const statement of (await readFile(DDL, 'utf8')).split(/;\n/))
    if (statement.trim()) await database.run(statement);
  const numbers = `generate_series(1, ${count}) AS n`;
  await database.run(`INSERT INTO accept_in (row_guid, project_no, task_code, handle_region, project_name, apply_date,
      applyer_name, applyer_type, applyer_page_type, applyer_page_code, applyer_mobile, contact_name, contact_mobile, org_code, org_name, handle_user_name, window_name)
    SELECT 'a' || n, 'P' || n, '11370800MB28559184337011700201', '150626', '示例办件' || n, '2026-11-22 08:30:00', '示例·申请人' || n, '1', '111',
      '11010519491231002x', '13800000000', '示例联系人', '13800000000', '11320600MB00000015', '示例政务服务中心', '窗口一号', 'A12' FROM ${numbers}`);
  await database.run(`INSERT INTO process_in (row_guid, project_no, event_name, process_name, handle_explain, org_name, handle_user_name)
    SELECT 'p' || n, 'P' || n, '受理', '3', repeat('材料齐全,符合法定形式。', 10), '示例审批局', '审批一号' FROM ${numbers}`);
  await database.run(`INSERT INTO result_in (row_guid, project_no, result_type, result_date, result_explain)
    SELECT 'r' || n, 'P' || n, '1', '2026-11-22 17:30:00', repeat('准予许可。', 10) FROM ${numbers}`);
  await database.run('ANALYZE');
}

function context(): AdapterContext {
  const say = (_fields: unknown, message: string) => void process.stderr.write(`${message}\n`);
  const nobody = () => Promise.reject(new Error('the benchmark has no cases'));
  return {
    now: Date.now,
    region: '320600',
    log: { info: say, warn: say, error: say },
    cases: { read: async () => undefined, demandMaterial: nobody, openMaterial: nobody, bind: async () => {} },
  };
}
