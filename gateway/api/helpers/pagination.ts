import { Type } from '@fastify/type-provider-typebox';
import { CodedError } from '#proto';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_CURSOR = 512;

/** Query parameters of a list; a route spreads them beside its own: `Type.Object({ ...pageQuery, state: … })`. */
export const pageQuery = {
  limit: Type.Optional(
    Type.String({
      pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$',
      description: `1–${MAX_LIMIT}, 默认 / default ${DEFAULT_LIMIT}`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: MAX_CURSOR, description: '上一页的 next / the value of next in the page before' }),
  ),
};

/** Sort key of the last entry of a page: what the next page begins after. */
export type Position = readonly (string | number)[];

export interface PageRequest<P extends Position> {
  readonly limit: number;
  readonly after: P | undefined;
}

/** One page; `next` is the cursor of the following one, absent on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/**
 * Reads the query parameters of {@link pageQuery}. `shape` gives the types of the sort key.
 *
 * @param pointer where the cursor stands
 * @throws CodedError VALIDATION_FAILED if the cursor is not one that {@link pageOf} made for such a key
 */
export function pageRequest<const S extends readonly ('string' | 'number')[]>(
  query: { limit?: string; cursor?: string },
  shape: S,
  pointer = '/query/cursor',
): PageRequest<PositionOf<S>> {
  const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit);
  return { limit, after: query.cursor === undefined ? undefined : readCursor(query.cursor, shape, pointer) };
}

/** Makes a page of up to `limit + 1` entries that were found: the one too many shows that another page follows. */
export function pageOf<T>(found: readonly T[], limit: number, positionOf: (entry: T) => Position): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  if (found.length <= limit || last === undefined) return { items };
  return { items, next: cursorOf(positionOf(last)) };
}

/** The cursor of the page that begins behind a position. */
export function cursorOf(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

type PositionOf<S extends readonly ('string' | 'number')[]> = {
  [I in keyof S]: S[I] extends 'string' ? string : number;
};

function readCursor<S extends readonly ('string' | 'number')[]>(
  cursor: string,
  shape: S,
  pointer: string,
): PositionOf<S> {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(position) &&
      position.length === shape.length &&
      shape.every((type, index) => typeof position[index] === type)
    )
      return position as PositionOf<S>;
  } catch {
    // Not JSON: the same answer as for JSON of another form.
  }
  throw new CodedError('VALIDATION_FAILED', undefined, [
    { pointer, code: 'FORMAT', message: 'must be the next of a page of this list' },
  ]);
}
