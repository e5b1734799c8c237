import { readFile } from 'node:fs/promises';
import type { Bound, Database, Row } from '../../database/database.ts';

const COLUMNS = new URL('columns.sql', import.meta.url);

/** A row that the hall writes, under its columns, for one of the tables of adapters/database/ddl. */
export interface HallRow {
  readonly table: 'accept_in' | 'process_in' | 'special_in' | 'result_in';
  readonly row: Readonly<Record<string, string | null>>;
}

/** How the gateway answered a row. */
export interface HallAnswer {
  readonly state: string;
  readonly tries: number;
  readonly case_number: string | null;
  readonly error_code: string | null;
  readonly error_detail: string | null;
}

/**
 * A county hall (县区综合窗口) whose program only knows its staging database (前置库): it writes rows, reads what stands in the
 * tables out, and marks that as read.
 */
export class CountyHall {
  /** Cases that came from other regions, in the order in which they came. */
  readonly received: Row[] = [];
  /** What became of each case, by our number of it. */
  readonly events = new Map<string, Row[]>();
  readonly #database: Database;

  /** @param database with the tables of adapters/database/ddl, and closed by the caller */
  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds the columns of this hall. */
  async open(): Promise<this> {
    const statements = (await readFile(COLUMNS, 'utf8')).split(/;\n/).filter((one) => one.trim());
    for (const statement of statements) await this.#database.run(statement);
    return this;
  }

  /** Writes the materials of a row, then the row. */
  async write({ table, row }: HallRow, materials: Readonly<Record<string, Uint8Array>> = {}): Promise<void> {
    for (const [guid, content] of Object.entries(materials))
      await this.#insert('material_in', {
        ...{ material_guid: guid, project_no: row['project_no']!, material_name: guid, content },
      });
    await this.#insert(table, row);
  }

  /** Corrects columns of a row and hands it in again. */
  async correct(table: HallRow['table'], guid: string, column: string, value: string): Promise<void> {
    const text = `UPDATE ${table} SET ${column} = ?, exchange_state = 'new' WHERE row_guid = ?`;
    await this.#database.run(text, [value, guid]);
  }

  async answerTo(table: HallRow['table'], guid: string): Promise<HallAnswer | undefined> {
    const columns = 'exchange_state AS state, tries, case_number, error_code, error_detail';
    const text = `SELECT ${columns} FROM ${table} WHERE row_guid = ?`;
    const [row] = await this.#database.rows<Row & HallAnswer>(text, [guid]);
    return row;
  }

  /** Bytes of the materials of a case that came, by their names as files: what its row names, in that order. */
  async materialsOf({ event_id, materials }: Row): Promise<Map<string, Uint8Array>> {
    const named = JSON.parse(String(materials)) as readonly { readonly file: string }[];
    const text = 'SELECT file_name, content FROM material_out WHERE event_id = ?';
    const rows = await this.#database.rows<{ file_name: string; content: Uint8Array }>(text, [String(event_id)]);
    const found = new Map(rows.map((row) => [row.file_name, row.content]));
    return new Map(named.map(({ file }) => [file, found.get(file)!]));
  }

  /** Reads what is new, as the program of the hall does every few seconds. */
  async look(): Promise<void> {
    this.received.push(...(await this.#readNew('case_out')));
    for (const row of await this.#readNew('event_out')) {
      const number = String(row['case_number']);
      this.events.set(number, [...(this.events.get(number) ?? []), row]);
    }
  }

  async #readNew(table: 'case_out' | 'event_out'): Promise<Row[]> {
    const rows = await this.#database.rows(`SELECT * FROM ${table} WHERE fetch_state = 'new' ORDER BY row_seq`);
    for (const row of rows)
      await this.#database.run(`UPDATE ${table} SET fetch_state = 'done' WHERE event_id = ?`, [
        row['event_id'] as string,
      ]);
    return [...rows];
  }

  async #insert(table: string, row: Readonly<Record<string, Bound>>): Promise<void> {
    const names = Object.keys(row);
    const places = names.map(() => '?').join(', ');
    await this.#database.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`, Object.values(row));
  }
}
