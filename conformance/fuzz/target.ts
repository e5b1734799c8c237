import type { Input } from './mutate.ts';

/** Something that takes what others send. */
export interface Target {
  readonly name: string;
  /** Inputs to begin with, at least one; what they prove when they are accepted may be believed. */
  readonly seeds: readonly Input[];
  /**
   * Takes an input.
   *
   * @returns what is believed afterwards; a fact that no seed tells was forged
   * @throws CodedError for what it does not take; anything else is a finding
   */
  take(input: Input): readonly string[] | Promise<readonly string[]>;
}
