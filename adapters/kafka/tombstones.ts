import type { AdapterContext } from '../adapter.ts';

const LINE_EVERY_MS = 60_000;

/** Counts records without a value, which mean nothing to a gateway; the log says how many, once a minute at most. */
export class Tombstones {
  readonly #context: Pick<AdapterContext, 'now' | 'log'>;
  readonly #platform: string;
  #count = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(platform: string, context: Pick<AdapterContext, 'now' | 'log'>) {
    this.#platform = platform;
    this.#context = context;
  }

  add(): void {
    this.#count += 1;
    if (this.#context.now() - this.#toldAt >= LINE_EVERY_MS) this.tell();
  }

  tell(): void {
    if (this.#count === 0) return;
    const fields = { adapter: this.#platform, count: this.#count };
    this.#context.log.info(fields, 'records without a value were passed over');
    this.#count = 0;
    this.#toldAt = this.#context.now();
  }
}
