import { CodedError } from '#proto';
import type { Finding } from './finding.ts';
import type { Input } from './mutate.ts';
import type { Target } from './target.ts';

/** Milliseconds that one input may take. */
const SLOW_MS = 1000;

/** What became of one input. */
export interface Judged {
  readonly outcome: 'accepted' | 'refused';
  readonly ms: number;
  readonly finding?: Finding;
}

/** Feeds inputs to a target and judges what comes of each. */
export class Judge {
  readonly target: Target;
  readonly #known: ReadonlySet<string>;

  constructor(target: Target, known: ReadonlySet<string>) {
    this.target = target;
    this.#known = known;
  }

  /** Learns what may be believed from the seeds; one that is refused tells nothing, and may be changed into something. */
  static async of(target: Target): Promise<Judge> {
    const known = new Set<string>();
    for (const seed of target.seeds) for (const fact of await told(target, seed)) known.add(fact);
    return new Judge(target, known);
  }

  async judge(input: Input): Promise<Judged> {
    const began = performance.now();
    try {
      const facts = await this.target.take(input);
      const ms = performance.now() - began;
      const forged = facts.find((fact) => !this.#known.has(fact));
      if (forged !== undefined) return { outcome: 'accepted', ms, finding: this.#finding('forged', forged, input) };
      return { outcome: 'accepted', ms, ...this.#slow(ms, input) };
    } catch (error) {
      const ms = performance.now() - began;
      if (error instanceof CodedError) return { outcome: 'refused', ms, ...this.#slow(ms, input) };
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { outcome: 'refused', ms, finding: this.#finding('crash', detail, input) };
    }
  }

  #slow(ms: number, input: Input): { readonly finding?: Finding } {
    return ms > SLOW_MS ? { finding: this.#finding('slow', `${Math.round(ms)} ms`, input) } : {};
  }

  #finding(kind: Finding['kind'], detail: string, input: Input): Finding {
    return { target: this.target.name, kind, detail, input };
  }
}

async function told(target: Target, seed: Input): Promise<readonly string[]> {
  try {
    return await target.take(seed);
  } catch (error) {
    if (error instanceof CodedError) return [];
    throw error;
  }
}
