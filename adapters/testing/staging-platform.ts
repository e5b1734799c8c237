import type { AdapterContext } from '../adapter.ts';
import { databaseKind } from '../database/database-adapter.ts';
import type { DatabaseConfig, IntakeConfig } from '../database/database-config.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { testContext } from './context.ts';
import { plainMapping } from './plain-mapping.ts';
import type { StagingDatabase } from './staging-servers.ts';

/** Rows of acceptances (受理), taken in the order of their batches. */
export const ACCEPTANCES: IntakeConfig = {
  tables: [{ name: 'accept_in', key: 'row_guid', case: 'project_no', sequence: ['batch', 'row_seq'] }],
  poll_ms: 20,
};

/** The form of an acceptance is the body of the case. */
export const FORMS: Mapping = plainMapping((document) => {
  const { row } = document as { row: { form_data?: string | null } };
  if (!row.form_data) throw new Error('is required');
  return JSON.parse(row.form_data);
});

/** An adapter at a staging database, with a clock that runs. */
export function stagingAdapter(
  database: StagingDatabase,
  config: Partial<DatabaseConfig>,
  options: { mapping?: Mapping; context?: Partial<AdapterContext>; port?: number } = {},
) {
  const context = { ...testContext(), now: Date.now, ...options.context };
  const settings = { name: 'hall', url: database.url(options.port), password_file: database.passwordFile, ...config };
  return databaseKind.create(settings, context, options.mapping ?? FORMS);
}

/** What an acceptance cannot be without. */
export const ACCEPTED: Readonly<Record<string, string>> = {
  task_code: '11370800MB28559184337011700201',
  handle_region: '150626',
  apply_date: '2026-11-22 08:30:00',
  applyer_name: '示例·申请人',
  applyer_type: '1',
  applyer_page_type: '111',
  applyer_page_code: '11010519491231002X',
  org_code: '11320600MB00000015',
  org_name: '示例部门',
  form_data: '{}',
};

/** Hands in an acceptance; what is not said is synthetic. */
export async function putAcceptance(
  { platform }: StagingDatabase,
  name: string,
  values: Readonly<Record<string, string | number | null>> = {},
  table = 'accept_in',
): Promise<void> {
  const needed = table === 'accept_in' ? ACCEPTED : {};
  const row = { row_guid: name, batch: name, project_no: 'P-1', ...needed, ...values };
  const names = Object.keys(row).join(', ');
  const places = Object.keys(row)
    .map(() => '?')
    .join(', ');
  await platform.run(`INSERT INTO ${table} (${names}) VALUES (${places})`, Object.values(row));
}

/** What the platform reads in a row of its own. */
export async function readRow(
  { platform }: StagingDatabase,
  name: string,
  table = 'accept_in',
): Promise<Readonly<Record<string, unknown>>> {
  const [row] = await platform.rows(`SELECT * FROM ${table} WHERE row_guid = ?`, [name]);
  return row ?? {};
}
