import { Counter, type Registry } from 'prom-client';

/**
 * A labelled counter that costs one map look-up to increase (prom-client hashes the labels each time), for paths that
 * run once per envelope. The numbers are copied into prom-client when they are read.
 */
export class CheapCounter {
  readonly #counts = new Map<string, number>();

  constructor(registry: Registry, metric: { name: string; help: string; labels: readonly string[] }) {
    const counts = this.#counts;
    const { name, help, labels } = metric;
    new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, count] of counts) {
          const values = key.split(SEPARATOR);
          this.inc(Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])), count);
        }
      },
    });
  }

  /** Increases the counter of the one label, or of two. Every combination stays in memory: use closed sets only. */
  add(count: number, first: string, second?: string): void {
    const key = second === undefined ? first : first + SEPARATOR + second;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }
}

const SEPARATOR = '\u0000';
