import { createHash } from 'node:crypto';
import { type VendorAnswer, type VendorCall, type VendorOptions, VendorPlatform } from '../testing/vendor-platform.ts';

/** A line of the register of seals that were set (用印登记). */
export interface SealUse {
  readonly bizNo: string;
  readonly sealCode: string;
  readonly reason: unknown;
  readonly orgCode: unknown;
}

interface SealRequest {
  readonly bizNo: string;
  readonly sealCode: string;
  readonly fileData: string;
  readonly fileDigest: string;
  readonly reason: unknown;
  readonly orgCode: unknown;
}

interface Options extends VendorOptions {
  /** The devices with the keys (印章密码机), by the code of a seal: each sets its seal on a PDF. */
  readonly devices: Readonly<Record<string, (pdf: Buffer) => Buffer>>;
}

/** A service of electronic seals (电子印章系统): sets a seal on a PDF and keeps a register; a number is of one file. */
export class SealPlatform extends VendorPlatform {
  readonly register: SealUse[] = [];
  /** The devices rest, as for maintenance, until this is false again. */
  resting = false;
  readonly #devices: Options['devices'];
  readonly #made = new Map<string, { readonly fileData: string; readonly signedFile: string }>();

  constructor(options: Options) {
    super(options);
    this.#devices = options.devices;
  }

  protected answer(call: VendorCall): VendorAnswer {
    if (!this.isProven(call)) return { status: 401, body: { code: '1001', msg: '身份认证失败' } };
    if (call.path.endsWith('/seals')) return { body: { code: '0', msg: '查询成功', data: { seals: this.#seals() } } };
    const { bizNo, sealCode, fileData, fileDigest, reason, orgCode } = call.body as unknown as SealRequest;
    if (this.resting) return { body: { code: '3002', msg: '系统维护中' } };
    const device = this.#devices[sealCode];
    if (!device) return { body: { code: '2004', msg: '印章不存在或已停用' } };
    const pdf = Buffer.from(fileData, 'base64');
    if (createHash('sha256').update(pdf).digest('hex') !== fileDigest)
      return { body: { code: '2006', msg: '文件摘要不符' } };
    const made = this.#made.get(bizNo);
    if (made && made.fileData !== fileData) return { body: { code: '2009', msg: '业务流水号重复' } };
    const signedFile = made?.signedFile ?? device(pdf).toString('base64');
    if (!made) {
      this.#made.set(bizNo, { fileData, signedFile });
      this.register.push({ bizNo, sealCode, reason, orgCode });
    }
    return { body: { code: '0', msg: '签章成功', data: { signedFile } } };
  }

  #seals(): object[] {
    return Object.keys(this.#devices).map((sealCode) => ({ sealCode, sealName: `示例印章${sealCode.slice(-4)}` }));
  }
}
