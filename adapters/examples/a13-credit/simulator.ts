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

  protected answer({ path, headers, body }: VendorCall): VendorAnswer {
    if (headers['x-credit-key'] !== this.secret) return { body: { status: '1401', message: '密钥无效' } };
    if (!path.endsWith('/subject/query')) return { body: { status: '1400', message: '接口不存在' } };
    this.asked.push(String(body['XYDM']));
    const row = this.#rows.find((one) => one.XYDM === body['XYDM'] && one.ZTMC === body['ZTMC']);
    if (!row) return { body: { status: '1004', message: '主体不在档' } };
    return { body: { status: '1000', message: '查询成功', result: { YZSX: row.YZSX, SXYY: row.SXYY } } };
  }
}
