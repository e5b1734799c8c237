import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeText } from '../../encodings.ts';
import { placeFile } from '../../testing/folders.ts';
import { readXml } from '../../xml/read-xml.ts';

const COLUMNS = [
  ...['BLLSH', 'TBBH', 'ZT', 'JBRGH', 'TBCX', 'BLYJ', 'JG'],
  ...['ZZBH', 'YXQZ', 'FZR', 'JYCS', 'ZTYT', 'JYXM'],
] as const;

/** A row of the table that the department exports (办理表), by its columns. */
export type Row = Partial<Record<(typeof COLUMNS)[number], string>>;

/** A case as the department found it in its folder. */
export interface FiledCase {
  /** 通办编号 */
  readonly TBBH: string;
  /** 新增, 补正, 撤回 in order. */
  readonly operations: string[];
  document: Readonly<Record<string, unknown>>;
  /** Bytes of the files that came with the latest document, by their names. */
  files: ReadonlyMap<string, Buffer>;
}

/**
 * A department with a folder (部门文件夹): a program of its own exports CSV and XML in GBK into one folder and reads XML from
 * another, which it empties.
 */
export class FolderDepartment {
  readonly cases = new Map<string, FiledCase>();
  readonly #in: string;
  readonly #out: string;
  readonly #read: string;

  /** @param folder in which it keeps its own */
  constructor(folder: string) {
    [this.#in, this.#out, this.#read] = ['in', 'out', 'read'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
  }

  /** The folders of both ways. */
  get folders(): { in: string; out: string } {
    return { in: this.#in, out: this.#out };
  }

  async open(): Promise<this> {
    for (const folder of [this.#in, this.#out, this.#read]) await mkdir(folder);
    return this;
  }

  /** Exports rows as one table, as the program does every evening. */
  exportRows(name: string, rows: readonly Row[]): Promise<void> {
    const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => quoted(row[column] ?? '')))];
    return placeFile(
      this.#in,
      `${name}.csv`,
      encodeText(`${lines.map((line) => line.join(',')).join('\r\n')}\r\n`, 'gb18030'),
    );
  }

  /** Places a document, in GBK as it declares. */
  exportDocument(name: string, xml: string): Promise<void> {
    return placeFile(this.#in, `${name}.xml`, encodeText(xml, 'gb18030'));
  }

  /** Reads what lies in its folder, in the order of the names, and puts it aside. */
  async look(): Promise<void> {
    for (const name of (await readdir(this.#out)).filter((one) => one.endsWith('.xml')).sort()) {
      const { BJ } = readXml(await readFile(join(this.#out, name)), 1024 * 1024) as { BJ: Record<string, string> };
      const beside = name.replace(/xml$/, 'files');
      const files = await filesIn(join(this.#out, beside));
      const known = this.cases.get(BJ['TBBH']!) ?? { TBBH: BJ['TBBH']!, operations: [], document: BJ, files };
      known.operations.push(BJ['@lx']!);
      known.document = BJ;
      known.files = files;
      this.cases.set(known.TBBH, known);
      if (files.size > 0) await rename(join(this.#out, beside), join(this.#read, beside));
      await rename(join(this.#out, name), join(this.#read, name));
    }
  }

  /** What the gateway reported of a file; undefined while it has not. */
  async report(name: string): Promise<{ accepted?: number; refused?: number; rows?: object[] } | undefined> {
    for (const path of [`done/${name}.result.json`, `failed/${name}.error.json`]) {
      const text = await readFile(join(this.#in, path), 'utf8').catch(() => undefined);
      if (text !== undefined) return JSON.parse(text);
    }
    return undefined;
  }
}

/** Nothing where there is no such folder: the document came alone. */
async function filesIn(folder: string): Promise<Map<string, Buffer>> {
  const names = await readdir(folder).catch(() => []);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
