import pg from 'pg';

const { builtins } = pg.types;

/**
 * How columns and results are read: whole numbers as numbers, truth as 1 or 0 as SQLite says it, bytes as Buffers and
 * everything else as text.
 */
export const READ_VALUES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number) => READERS[oid] ?? String) as typeof pg.types.getTypeParser,
};

const READERS: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.INT2]: wholeNumber,
  [builtins.INT4]: wholeNumber,
  [builtins.INT8]: wholeNumber,
  // What sums of whole numbers are.
  [builtins.NUMERIC]: wholeNumber,
  [builtins.FLOAT8]: Number,
  [builtins.BOOL]: (text) => (text === 't' ? 1 : 0),
  [builtins.BYTEA]: (text) => Buffer.from(text.slice(2), 'hex'),
};

/** @throws RangeError for a number that a number of JavaScript cannot hold exactly */
function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a number of the database is not a safe integer');
  return value;
}
