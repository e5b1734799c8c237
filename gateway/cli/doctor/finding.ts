import { CodedError } from '#proto';
import type { Runbook, Words } from '../../standing/runbooks.ts';

export type { Runbook, Words } from '../../standing/runbooks.ts';

/** fine: nothing to do; warning: soon; wrong: now; skipped: could not be looked at because of something before it. */
export type Level = 'fine' | 'warning' | 'wrong' | 'skipped';

/** One thing that the doctor looked at. */
export interface Finding {
  /** Short name for programs: `config`, `keys`, `peer 150626`. */
  readonly what: string;
  readonly level: Level;
  readonly zh: string;
  readonly en: string;
  /** What to do; absent when there is nothing to do. */
  readonly todo?: Words;
  /** Page that says more, from the folder of the program. */
  readonly page?: string;
}

/** What somebody has to do, and the page that tells how. */
export interface Remedy extends Words {
  readonly page: Runbook;
}

export function fine(what: string, words: Words): Finding {
  return { what, level: 'fine', ...wordsOf(words) };
}

export function warning(what: string, words: Words, remedy: Remedy): Finding {
  return { what, level: 'warning', ...wordsOf(words), ...told(remedy) };
}

export function wrong(what: string, words: Words, remedy: Remedy): Finding {
  return { what, level: 'wrong', ...wordsOf(words), ...told(remedy) };
}

export function skipped(what: string, words: Words): Finding {
  return { what, level: 'skipped', ...wordsOf(words) };
}

/** What a failure says. An error without a code is a fault of the program and goes on. */
export function wrongBecause(what: string, words: Words, error: unknown, remedy: Remedy): Finding {
  if (!(error instanceof CodedError)) throw error;
  const problems = error.problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
  const said = `${error.code}: ${problems || error.message}`;
  return wrong(what, { zh: `${words.zh}(${error.code})`, en: `${words.en}: ${said}` }, remedy);
}

function told({ zh, en, page }: Remedy): Pick<Finding, 'todo' | 'page'> {
  return { todo: { zh, en }, page: `docs/runbooks/${page}.md` };
}

function wordsOf({ zh, en }: Words): Words {
  return { zh, en };
}
