import { CodedError } from '#proto';
import type { Sql, Store, Transaction, Value } from '../store/store.ts';
import {
  rowOf,
  SEALED_TABLES,
  type SealedColumn,
  type SealedForm,
  type SealedTable,
  type SealedTableName,
} from '../store/vault/sealed-columns.ts';
import { formOf, formOfText, type ValueForm } from '../store/vault/sealed-value.ts';
import { isHash } from './data-vault.ts';
import type { StepDone, Walked } from './walk.ts';

/** Rows in one unit of work: a payload may have a megabyte. */
const STEP = 64;

type KeptRow = Record<string, string | number | Buffer | null>;

/** The rows of every table that holds something personal, to be walked through. */
export function sealedRows(store: Store): Walked[] {
  return (Object.entries(SEALED_TABLES) as [SealedTableName, SealedTable][]).map(([name, table]) => ({
    name,
    step: (place, floor) => store.write((tx) => sealSome(tx, name, table, place, floor)),
  }));
}

async function sealSome(
  tx: Transaction,
  name: SealedTableName,
  table: SealedTable,
  place: string,
  floor: number,
): Promise<StepDone> {
  const rows = await readSome(tx, name, table, place);
  let sealed = 0;
  let broken = 0;
  for (const row of rows) {
    try {
      if (await sealRow(tx, name, table, row, floor)) sealed += 1;
    } catch (error) {
      // One that nobody can open must not keep the others open.
      if (!(error instanceof CodedError && error.code === 'AT_REST_BROKEN')) throw error;
      broken += 1;
    }
  }
  const last = rows.length === STEP ? rows.at(-1) : undefined;
  return { place: last ? placeOf(table, last) : undefined, sealed, broken };
}

function readSome(sql: Sql, name: string, { key, row, sealed, hashed = [] }: SealedTable, place: string) {
  const columns = [...new Set([...key, ...row, ...Object.keys(sealed), ...hashed])].join(', ');
  const order = key.join(', ');
  const behind = place === '' ? '' : ` WHERE (${order}) > (${key.map(() => '?').join(', ')})`;
  return sql.all<KeptRow>(
    `SELECT ${columns} FROM ${name}${behind} ORDER BY ${order} LIMIT ${STEP}`,
    ...(place === '' ? [] : valuesOf(place)),
  );
}

/** @returns whether anything in the row was below the floor */
async function sealRow(
  tx: Transaction,
  name: SealedTableName,
  table: SealedTable,
  row: KeptRow,
  floor: number,
): Promise<boolean> {
  const changes = [...sealedChanges(tx, name, table, row, floor), ...hashedChanges(tx, table, row)];
  if (changes.length === 0) return false;
  const set = changes.map(({ column }) => `${column} = ?`).join(', ');
  // Somebody else may have written the row since it was read.
  const same = [...table.key, ...changes.map(({ column }) => column)].map((column) => `${column} = ?`).join(' AND ');
  await tx.run(
    `UPDATE ${name} SET ${set} WHERE ${same}`,
    ...changes.map(({ value }) => value),
    ...table.key.map((column) => row[column]!),
    ...changes.map(({ column }) => row[column]!),
  );
  return true;
}

interface Change {
  readonly column: string;
  readonly value: Value;
}

function sealedChanges({ vault }: Sql, name: string, table: SealedTable, row: KeptRow, floor: number): Change[] {
  const of = rowOf(...table.row.map((column) => row[column]!));
  return Object.entries(table.sealed).flatMap(([column, form]) => {
    const stored = row[column];
    if (stored === null || stored === '' || !isBelow(stored!, form, floor)) return [];
    const place = `${name}.${column}` as SealedColumn;
    const value =
      form === 'text'
        ? vault.sealText(place, of, vault.openText(place, of, stored as string))
        : vault.sealBytes(place, of, vault.openBytes(place, of, stored as Buffer));
    return [{ column, value }];
  });
}

function hashedChanges({ vault }: Sql, { hashed = [] }: SealedTable, row: KeptRow): Change[] {
  return hashed.flatMap((column) => {
    const stored = row[column];
    if (typeof stored !== 'string' || stored === '' || isHash(stored)) return [];
    return [{ column, value: vault.hash(stored) }];
  });
}

function isBelow(stored: NonNullable<KeptRow[string]>, form: SealedForm, floor: number): boolean {
  const read: ValueForm = form === 'text' ? formOfText(stored as string) : formOf(stored as Buffer);
  return read.kind !== 'sealed' || read.key < floor;
}

/** The key of a row as text; bytes in hex. */
function placeOf({ key }: SealedTable, row: KeptRow): string {
  return JSON.stringify(
    key.map((column) => (Buffer.isBuffer(row[column]) ? { hex: row[column].toString('hex') } : row[column])),
  );
}

function valuesOf(place: string): Value[] {
  const values = JSON.parse(place) as (string | number | { readonly hex: string })[];
  return values.map((value) => (typeof value === 'object' ? Buffer.from(value.hex, 'hex') : value));
}
