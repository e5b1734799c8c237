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

/** A line of the platform's own book of questions (调用日志), with the columns that it told. */
export interface SharedQuestion {
  readonly id: string;
  readonly region: string;
  readonly purpose: string;
  readonly legalBasis: string;
  readonly told: readonly string[];
}

interface Question {
  readonly qqlsh: string;
  readonly qqdq: string;
  readonly cxyt: string;
  readonly cxyj: string;
  readonly cxtj: Partial<EstateRow>;
  readonly fhzd: readonly (keyof EstateRow)[];
}

const NAMES = ['x-app-id', 'x-timestamp', 'x-nonce', 'x-sign'] as const;

/** A data-sharing platform (数据共享交换平台): answers from the rows of its directory that are in force. */
export class SharingPlatform extends VendorPlatform {
  readonly book: SharedQuestion[] = [];
  readonly #rows: readonly EstateRow[];

  constructor(options: VendorOptions & { readonly rows: readonly EstateRow[] }) {
    super(options);
    this.#rows = options.rows;
  }

  protected answer(call: VendorCall): VendorAnswer {
    const header = (name: string) => call.headers[name] as string | undefined;
    if (!this.isSigned(call, header, { names: NAMES, digest: 'hmac-sm3' })) return refusal('41', '签名错误');
    if (!call.path.endsWith('/directories/BDCDJXX/query')) return refusal('44', '无此目录');
    const { qqlsh: id, qqdq: region, cxyt: purpose, cxyj: legalBasis, cxtj, fhzd } = call.body as unknown as Question;
    const looked = Object.entries(cxtj) as [keyof EstateRow, string][];
    const found = this.#rows.filter(
      (row) => row.QSZT === '现势' && looked.every(([column, value]) => row[column] === value),
    );
    const rows = found.map((row) => Object.fromEntries(fhzd.map((column) => [column, row[column]])));
    this.book.push({ id, region, purpose, legalBasis, told: rows.length > 0 ? fhzd : [] });
    return { body: { code: '00', msg: '成功', total: rows.length, rows } };
  }
}

function refusal(code: string, msg: string): VendorAnswer {
  return { body: { code, msg } };
}
