import type { Sql } from '../store/store.ts';

/** Rows read at once: envelopes may have a megabyte each. */
const STEP = 64;

/** Rows of a statement that takes the key of the last row and a limit, in the order of their keys. */
export async function* rowsOf<R extends { readonly key: number }>(
  read: Sql,
  text: string,
  step = STEP,
): AsyncGenerator<R> {
  let after = 0;
  for (;;) {
    const rows = await read.all<R>(text, after, step);
    if (rows.length === 0) return;
    yield* rows;
    after = rows.at(-1)!.key;
  }
}
