import { CodedError } from '#proto';

/** fine: nothing to do; warning: soon; wrong: now; skipped: could not be looked at because of something before it. */
export type Level = 'fine' | 'warning' | 'wrong' | 'skipped';

/** One thing that the doctor looked at. */
export interface Finding {
  /** Short name for programs: `config`, `keys`, `peer 150626`. */
  readonly what: string;
  readonly level: Level;
  readonly zh: string;
  readonly en: string;
}

export function fine(what: string, zh: string, en: string): Finding {
  return { what, level: 'fine', zh, en };
}

export function warning(what: string, zh: string, en: string): Finding {
  return { what, level: 'warning', zh, en };
}

export function wrong(what: string, zh: string, en: string): Finding {
  return { what, level: 'wrong', zh, en };
}

export function skipped(what: string, zh: string, en: string): Finding {
  return { what, level: 'skipped', zh, en };
}

/** What a failure says. An error without a code is a fault of the program and goes on. */
export function wrongBecause(what: string, zh: string, error: unknown): Finding {
  if (!(error instanceof CodedError)) throw error;
  const problems = error.problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
  return wrong(what, zh, `${error.code}: ${problems || error.message}`);
}
