import { signWebhook } from '../../http/webhook-signature.ts';
import { type VendorAnswer, type VendorCall, type VendorOptions, VendorPlatform } from '../testing/vendor-platform.ts';

/** A line of what supervision was told (过程或预警). */
export type Reported = Readonly<Record<string, unknown>>;

/** An order to hurry (督办单). */
export interface UrgingOrder {
  readonly dbdh: string;
  readonly bjbh: string;
  readonly dblx: string;
  readonly [name: string]: unknown;
}

/** A system of electronic supervision (电子监察): keeps the steps of every case, and sends orders to whoever is slow. */
export class SupervisionPlatform extends VendorPlatform {
  readonly #gateway: () => string;
  readonly #reports = new Map<unknown, Reported>();

  /** @param options gateway: URL of its API, once it has one */
  constructor(options: VendorOptions & { readonly gateway: () => string }) {
    super(options);
    this.#gateway = options.gateway;
  }

  /** What it was told of a case, in the order in which it came. */
  stepsOf(bjbh: string): Reported[] {
    return [...this.#reports.values()].filter((one) => one['bjbh'] === bjbh);
  }

  /** Sends an order. @returns the status of the answer, and the answer */
  async urge(order: UrgingOrder): Promise<{ status: number; answer: Reported }> {
    const body = Buffer.from(JSON.stringify(order));
    const response = await fetch(`${this.#gateway()}/hooks/supervision-orders`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...signWebhook(order.dbdh, this.now(), body, Buffer.from(this.secret, 'base64')),
      },
      body,
    });
    return { status: response.status, answer: (await response.json()) as Reported };
  }

  protected answer({ headers, body }: VendorCall): VendorAnswer {
    if (headers['x-jk-token'] !== this.secret) return { body: { jg: '0', cwm: 'E001', ms: '令牌无效' } };
    if (typeof body['bjbh'] !== 'string') return { body: { jg: '0', cwm: 'E002', ms: '缺少办件编号' } };
    if (!this.#reports.has(body['lsh'])) this.#reports.set(body['lsh'], body);
    return { body: { jg: '1', cwm: '', ms: '接收成功' } };
  }
}
