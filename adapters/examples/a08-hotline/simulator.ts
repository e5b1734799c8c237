import type { VendorOptions } from '../testing/vendor-platform.ts';

/** An order of the hotline (热线工单). */
export interface HotlineOrder {
  readonly orderNo: string;
  readonly version: number;
  readonly orderType: string;
  readonly bizNo?: string;
  readonly [name: string]: unknown;
}

/** What the hotline keeps of a push: how it ended, and what was said. */
interface Pushed {
  readonly order: HotlineOrder;
  readonly status: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** A government hotline (12345热线): pushes orders that concern others, again until somebody has them for good. */
export class Hotline {
  readonly pushed: Pushed[] = [];
  readonly #secret: string;
  readonly #url: string;

  /** @param url of the gateway's API */
  constructor({ secret, url }: Pick<VendorOptions, 'secret'> & { readonly url: string }) {
    this.#secret = secret;
    this.#url = url;
  }

  async push(order: HotlineOrder): Promise<Pushed> {
    const response = await fetch(`${this.#url}/hooks/hotline`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hotline-key': this.#secret },
      body: JSON.stringify(order),
    });
    const pushed = { order, status: response.status, answer: (await response.json()) as Pushed['answer'] };
    this.pushed.push(pushed);
    return pushed;
  }
}
