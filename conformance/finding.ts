/** What became of a check. */
export type Outcome = 'passed' | 'failed' | 'skipped';

/** A text for people: Chinese first, English second. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** The target does not behave as `proto/README.md` says. */
export class Deviation extends Error {}

/** The check cannot be made here; the message says what is missing. */
export class NotApplicable extends Error {}

/** Both languages in one line. */
export function say(zh: string, en: string): string {
  return `${zh} / ${en}`;
}

/** @throws Deviation unless it holds */
export function demand(holds: boolean, zh: string, en: string): asserts holds {
  if (!holds) throw new Deviation(say(zh, en));
}
