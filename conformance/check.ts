import type { Words } from './finding.ts';
import type { Workbench } from './workbench.ts';

/** One thing that a peer must do, or must not do. */
export interface ConformanceCheck {
  /** `room.what` */
  readonly id: string;
  /** Section of `proto/README.md`, with the step if it has steps, or a message or service of `exchange.proto`. */
  readonly clause: string;
  /** Whether something bad is sent, which must be refused and leave no trace. */
  readonly negative: boolean;
  readonly title: Words;
  /**
   * Makes the check.
   *
   * @returns what was seen
   * @throws Deviation when the target fails it, NotApplicable when it cannot be made here
   */
  readonly run: (bench: Workbench) => Promise<string>;
}

/** Checks that belong together, in the order in which they are made. */
export type ConformanceModule = readonly ConformanceCheck[];
