import { type VendorAnswer, type VendorCall, type VendorOptions, VendorPlatform } from '../testing/vendor-platform.ts';

/** A row of the credit file (信用档案), under the names of the platform. */
export interface CreditRow {
  /** 统一社会信用代码 or 身份证件号码 */
  readonly XYDM: string;
  readonly ZTMC: string;
  /** 严重失信主体名单: 1 listed, 0 not. */
  readonly YZSX: string;
  /** Why; a code of the platform. */
  readonly SXYY: string;
}

/** A credit platform (公共信用信息平台): says from its file who is in good credit, and keeps who asked. */
export class CreditPlatform extends VendorPlatform {
  /** Numbers that were asked about, in order. */
  readonly asked: string[] = [];
  readonly #rows: readonly CreditRow[];

  constructor(options: VendorOptions & { readonly rows: readonly CreditRow[] }) {
    super(options);
    this.#rows = options.rows;
  }

  protected answer(call: VendorCall): VendorAnswer {
    if (!this.isProven(call)) return { status: 401, body: { code: '401', msg: '签名错误' } };
    const { document_number: number, name } = call.body as { document_number: string; name: string };
    this.asked.push(number);
    const row = this.#rows.find((one) => one.XYDM === number && one.ZTMC === name);
    if (!row) return { body: { result: 'unknown', code: 'NOT_IN_FILE' } };
    return { body: row.YZSX === '1' ? { result: 'restricted', code: row.SXYY } : { result: 'good' } };
  }
}
