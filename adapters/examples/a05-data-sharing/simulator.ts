import { type VendorAnswer, type VendorCall, type VendorOptions, VendorPlatform } from '../testing/vendor-platform.ts';

/** A row of the directory of real estate (不动产登记信息), under the names of its department. */
export interface EstateRow {
  readonly BDCDYH: string;
  readonly QLRMC: string;
  readonly QLRZJH: string;
  readonly ZL: string;
  readonly MJ: string;
  readonly QSZT: string;
}

/** A line of the platform's own book of questions (调用日志). */
export interface SharedQuestion {
  readonly id: string;
  readonly region: string;
  readonly purpose: string;
  readonly legalBasis: string;
  readonly told: readonly string[];
}

interface Question {
  readonly id: string;
  readonly region: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  readonly fields: readonly string[];
  readonly purpose: string;
  readonly legal_basis: string;
}

/** What a question calls a column. */
const COLUMNS: Readonly<Record<string, keyof EstateRow>> = {
  owner_name: 'QLRMC',
  owner_code: 'QLRZJH',
  address: 'ZL',
  area: 'MJ',
};

/** A data-sharing platform (数据共享交换平台): a service over a directory, which answers from rows in force. */
export class SharingPlatform extends VendorPlatform {
  readonly book: SharedQuestion[] = [];
  readonly #rows: readonly EstateRow[];

  constructor(options: VendorOptions & { readonly rows: readonly EstateRow[] }) {
    super(options);
    this.#rows = options.rows;
  }

  protected answer(call: VendorCall): VendorAnswer {
    if (!this.isProven(call)) return { status: 401, body: { code: 401, msg: '签名错误' } };
    const { id, region, parameters, fields, purpose, legal_basis } = call.body as unknown as Question;
    const row = this.#rows.find(
      (one) => one.QSZT === '现势' && parameters.every(({ name, value }) => one[COLUMNS[name]!] === value),
    );
    const told = row ? fields.filter((name) => Object.hasOwn(COLUMNS, name)) : [];
    this.book.push({ id, region, purpose, legalBasis: legal_basis, told });
    if (!row) return { body: { found: false } };
    return { body: { found: true, fields: Object.fromEntries(told.map((name) => [name, row[COLUMNS[name]!]])) } };
  }
}
