import type { Problem } from '#proto';

/** What a platform gave can never be read; `problems` says why, by pointer within it, and never what stood there. */
export class Unreadable extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('cannot be read');
    this.problems = problems;
  }
}

/** One reason that concerns the whole of it. */
export function unreadable(code: string, message: string, pointer = ''): Unreadable {
  return new Unreadable([{ pointer, code, message }]);
}
