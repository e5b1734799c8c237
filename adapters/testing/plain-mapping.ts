import type { Mapping } from '../mapping/mapping.ts';

/**
 * A mapping of few words for tests: every record opens a case, and every event becomes one document with its id and its
 * sequence.
 *
 * @param bodyOf case of a record; what it throws is a problem of the record
 */
export function plainMapping(bodyOf: (document: unknown) => unknown, changes: Partial<Mapping> = {}): Mapping {
  return {
    async in(document) {
      try {
        return { ok: true, wishes: [{ do: 'open', body: bodyOf(document) }] };
      } catch (error) {
        return { ok: false, problems: [{ pointer: '/n', code: 'FORMAT', message: (error as Error).message }] };
      }
    },
    wants: () => 'event',
    out: async ({ id, sequence }) => ({ ok: true, documents: [{ id, sequence }] }),
    answer: undefined,
    ...changes,
  };
}
