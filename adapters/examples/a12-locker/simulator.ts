import { type VendorAnswer, type VendorCall, VendorPlatform, wallTime } from '../testing/vendor-platform.ts';

/** An order of the cabinet, with the code that only the applicant is told (取件码). */
interface Order {
  readonly docNo: unknown;
  readonly pickupCode: string;
  readonly logs: { readonly cellState: string; readonly changeTime: string }[];
}

const DONE = { body: { success: true, errCode: '' } };

/** Cabinets with locked boxes (自助存取文件柜): documents are laid in by the window and taken out by whoever has the code. */
export class FileCabinet extends VendorPlatform {
  /** By number of the order. */
  readonly orders = new Map<string, Order>();

  /** The window lays the document into a box. @returns the code that the applicant is told */
  deposit(orderNo: string): string {
    this.#log(orderNo, '1');
    return this.orders.get(orderNo)!.pickupCode;
  }

  /** @returns whether the box opened */
  collect(orderNo: string, pickupCode: string): boolean {
    if (this.orders.get(orderNo)?.pickupCode !== pickupCode) return false;
    this.#log(orderNo, '2');
    return true;
  }

  protected answer({ path, headers, body }: VendorCall): VendorAnswer {
    if (headers['x-cabinet-key'] !== this.secret) return refusal('E401', '密钥无效');
    const orderNo = String(body['orderNo']);
    const order = this.orders.get(orderNo);
    if (path.endsWith('/order')) {
      if (!order) {
        this.orders.set(orderNo, { docNo: body['docNo'], pickupCode: String(730_000 + this.orders.size), logs: [] });
        this.#log(orderNo, '0');
      }
      return DONE;
    }
    if (!order) return refusal('E404', '订单不存在');
    if (path.endsWith('/query')) return { body: { ...DONE.body, data: { orderNo, logs: order.logs } } };
    this.#log(orderNo, '9');
    return DONE;
  }

  #log(orderNo: string, cellState: string): void {
    this.orders.get(orderNo)!.logs.push({ cellState, changeTime: wallTime(this.now()) });
  }
}

function refusal(errCode: string, errMsg: string): VendorAnswer {
  return { body: { success: false, errCode, errMsg } };
}
