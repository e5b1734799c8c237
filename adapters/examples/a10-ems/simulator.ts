import { type VendorAnswer, type VendorCall, VendorPlatform, wallTime } from '../testing/vendor-platform.ts';

/** An operation of the post on a parcel (轨迹). */
interface Trace {
  readonly opTime: string;
  readonly opCode: string;
  readonly opDesc: string;
  readonly opOrgCity: string;
}

const NAMES = ['senderNo', 'timestamp', 'nonce', 'signature'] as const;

/** The post (邮政EMS): keeps what happened to parcels, and answers by their numbers. */
export class PostOffice extends VendorPlatform {
  /** How often each parcel was asked about. */
  readonly asked = new Map<string, number>();
  readonly #parcels = new Map<string, Trace[]>();

  /** Somebody of the post does something with a parcel now. */
  handle(traceNo: string, opCode: string, opDesc: string, opOrgCity: string): void {
    const traces = this.#parcels.get(traceNo) ?? [];
    this.#parcels.set(traceNo, [...traces, { opTime: wallTime(this.now()), opCode, opDesc, opOrgCity }]);
  }

  protected answer(call: VendorCall): VendorAnswer {
    if (!this.isSigned(call, (name) => call.query.get(name), { names: NAMES, digest: 'sm3' }))
      return { body: { retCode: 'B00002', retMsg: '验签失败' } };
    const traceNo = String(call.body['traceNo']);
    this.asked.set(traceNo, (this.asked.get(traceNo) ?? 0) + 1);
    const responseItems = this.#parcels.get(traceNo);
    if (!responseItems) return { body: { retCode: 'B00016', retMsg: '无轨迹信息' } };
    return { body: { retCode: '00000', retMsg: '成功', retBody: { mailNo: traceNo, responseItems } } };
  }
}
