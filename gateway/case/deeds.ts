import type { messages } from '#proto';
import type { CaseEvent, CaseFile } from './case-file.ts';
import { NOTES } from './notes/notes.ts';

/** Something that somebody did with a case, and who answers for it (经办留痕). */
export interface Deed {
  /** Place in the history of the case. */
  readonly n: number;
  /** Act or note. */
  readonly event: string;
  readonly region: string;
  /** Milliseconds. */
  readonly at: number;
  /** Staff id (工号), window and organisation. */
  readonly handler: messages.Handler;
}

/**
 * P12 责任追溯: who did what, at which window of which organisation, in either region. What nobody of an office did is not
 * there: a rating, or a time limit that ran out.
 *
 * @param events history of the case, oldest first
 */
export function deedsOf(
  { document: { notes = [] } }: Pick<CaseFile, 'document'>,
  events: readonly CaseEvent[],
): Deed[] {
  const left = [...notes];
  return events.flatMap(({ n, event, actor: region, at, data }) => {
    // The history has what a note says, and the case who noted it, in the same order.
    const handler = Object.hasOwn(NOTES, event) ? left.shift()?.handler : (data as Partial<Deed>).handler;
    return handler ? [{ n, event, region, at, handler }] : [];
  });
}
