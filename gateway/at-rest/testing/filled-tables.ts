import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from '../../store/migrations/migrations.ts';
import type { Row, Sql, Store, Value } from '../../store/store.ts';
import { rowOf, SEALED_TABLES, type SealedTable, type SealedTableName } from '../../store/vault/sealed-columns.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
}

/** What everything that is personal in these rows holds. */
export const SECRET = '王小明';

/** Columns of which not every text is allowed. */
const ALLOWED: Readonly<Record<string, string>> = { role: 'asking', scan_state: '' };

/** Tables that hold something sealed. */
export const TABLES = Object.entries(SEALED_TABLES) as [SealedTableName, SealedTable][];

/** Puts so many plain rows into every table that holds something personal. */
export async function fillTables(store: Store, count: number): Promise<void> {
  const columns = columnsOf();
  for (let n = 1; n <= count; n += 1)
    await store.write(async (tx) => {
      for (const [name, table] of TABLES) {
        const filled = columns.get(name)!.filter((column) => isFilled(table, column));
        await tx.run(
          `INSERT INTO ${name} (${filled.map((column) => column.name).join(', ')})
           VALUES (${filled.map(() => '?').join(', ')})`,
          ...filled.map((column) => filling(name, table, column, n)),
        );
      }
    });
}

/** Every value that is to be sealed, opened, and every one by which rows are found, by its place. */
export async function openedTables(sql: Sql): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, table] of TABLES)
    for (const row of await sql.all(`SELECT * FROM ${name}`))
      for (const [column, form] of Object.entries(table.sealed)) {
        const of = rowOf(...table.row.map((part) => row[part]!));
        const place = `${name}.${column}` as Parameters<typeof sql.vault.openText>[0];
        const opened =
          form === 'text'
            ? sql.vault.openText(place, of, row[column] as string)
            : sql.vault.openBytes(place, of, row[column] as Buffer).toString();
        found.set(`${place} ${of}`, opened);
      }
  return found;
}

/** Whether anything personal stands in any row in the clear. */
export async function isReadable(sql: Sql): Promise<boolean> {
  const rows: Row[] = [];
  for (const [name] of TABLES) rows.push(...(await sql.all(`SELECT * FROM ${name}`)));
  return rows.some((row) => Object.values(row).some((value) => textOf(value).includes(SECRET)));
}

function textOf(value: Row[string] | undefined): string {
  return Buffer.isBuffer(value) ? value.toString() : String(value);
}

/** As SQLite knows them: other databases have the same. */
function columnsOf(): Map<string, Column[]> {
  const db = new DatabaseSync(':memory:');
  for (const text of MIGRATIONS) db.exec(text);
  const found = new Map(
    TABLES.map(([name]) => [name, db.prepare(`PRAGMA table_info(${name})`).all() as unknown as Column[]]),
  );
  db.close();
  return found;
}

function isFilled({ sealed, hashed = [], key }: SealedTable, { name, notnull, dflt_value }: Column): boolean {
  return (notnull === 1 && dflt_value === null) || name in sealed || hashed.includes(name) || key.includes(name);
}

function filling(table: string, { sealed, hashed = [] }: SealedTable, { name, type }: Column, n: number): Value {
  const isPersonal = name in sealed || hashed.includes(name);
  if (isPersonal) return type === 'BLOB' ? Buffer.from(`${SECRET} ${n} ${'x'.repeat(20)}`) : `${SECRET} ${n}`;
  if (type === 'INTEGER') return n;
  if (type === 'BLOB') return Buffer.from(`${name}-${n}`.padEnd(32));
  return ALLOWED[name] ?? `${table}-${name}-${n}`;
}
