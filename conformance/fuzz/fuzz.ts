import type { Finding } from './finding.ts';
import { Judge, type Judged } from './judge.ts';
import { type Input, mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

/** Inputs in a row for one target. */
const TURN = 64;
/** Refused inputs of a target that go on being changed: what is wrong in two places is met too. */
const KEPT = 32;
/** Findings of one target, after which it is left alone. */
const ENOUGH = 5;
/** Bytes by which the heap may grow after the first fifth of a run. */
const GROWTH = 64 * 1024 * 1024;

export interface FuzzOptions {
  readonly targets: readonly Target[];
  readonly random: Random;
  /** Whether to go on, asked between two turns. @param inputs fed so far, to all targets */
  readonly goOn: (inputs: number) => boolean;
  /** How far the run is, 0 to 1. */
  readonly progress: (inputs: number) => number;
  /** Bytes of the heap that are in use, after what is not used was collected; undefined where nobody can tell. */
  readonly heap?: () => number;
  /** Called for each finding when it is made. */
  readonly onFinding: (finding: Finding) => void;
}

/** What came of one target. */
export interface TargetReport {
  readonly name: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly slowestMs: number;
  readonly findings: number;
}

/** Feeds every target in turns with inputs that are like those that it accepts. */
export async function fuzz(options: FuzzOptions): Promise<TargetReport[]> {
  const runs: Run[] = [];
  for (const target of options.targets) runs.push(new Run(await Judge.of(target), options));
  let inputs = 0;
  let before: number | undefined;
  while (options.goOn(inputs)) {
    for (const run of runs) inputs += await run.turn();
    if (before === undefined && options.progress(inputs) >= 0.2) before = options.heap?.();
    if (runs.every((run) => run.isOver)) break;
  }
  const grown = before === undefined ? 0 : (options.heap?.() ?? 0) - before;
  if (grown > GROWTH)
    options.onFinding({
      target: '*',
      kind: 'memory',
      detail: `the heap grew by ${Math.round(grown / 1024 / 1024)} MiB`,
    });
  return runs.map((run) => run.report);
}

/** The inputs of one target. */
class Run {
  readonly #judge: Judge;
  readonly #random: Random;
  readonly #onFinding: FuzzOptions['onFinding'];
  readonly #kept: Input[] = [];
  #report: TargetReport;

  constructor(judge: Judge, { random, onFinding }: FuzzOptions) {
    this.#judge = judge;
    this.#random = random;
    this.#onFinding = onFinding;
    this.#report = { name: judge.target.name, inputs: 0, accepted: 0, slowestMs: 0, findings: 0 };
  }

  get report(): TargetReport {
    return this.#report;
  }

  get isOver(): boolean {
    return this.#report.findings >= ENOUGH;
  }

  /** @returns how many inputs it fed */
  async turn(): Promise<number> {
    let fed = 0;
    for (; fed < TURN && !this.isOver; fed += 1) {
      const input = this.#next();
      const judged = await this.#judge.judge(input);
      this.#note(judged);
      if (judged.finding) this.#onFinding(judged.finding);
      if (judged.outcome === 'refused' && this.#random.once(8)) this.#keep(input);
    }
    return fed;
  }

  #next(): Input {
    const { seeds } = this.#judge.target;
    const from = this.#kept.length > 0 && this.#random.once(4) ? this.#random.of(this.#kept) : this.#random.of(seeds);
    return mutate(this.#random, from, this.#random.of(seeds));
  }

  #keep(input: Input): void {
    if (this.#kept.length < KEPT) this.#kept.push(input);
    else this.#kept[this.#random.below(KEPT)] = input;
  }

  #note({ outcome, ms, finding }: Judged): void {
    const { name, inputs, accepted, slowestMs, findings } = this.#report;
    this.#report = {
      name,
      inputs: inputs + 1,
      accepted: accepted + (outcome === 'accepted' ? 1 : 0),
      slowestMs: Math.max(slowestMs, ms),
      findings: findings + (finding ? 1 : 0),
    };
  }
}
