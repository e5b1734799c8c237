import { maskName, maskNumber } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';
import type { HolderQuery } from './library-holders.ts';
import type { LibraryQuery } from './library-list.ts';

/** A page of the certificates of a holder. */
export type SearchQuery = LibraryQuery & { readonly holder: HolderQuery };

/** Who looks for certificates, and why. */
export interface Searcher {
  /** Subject of the token. */
  readonly by: string;
  readonly role: string;
  /** 用途 */
  readonly purpose: string;
}

/** A search that was made. */
export interface HolderSearch extends Searcher {
  readonly position: number;
  /** Milliseconds. */
  readonly at: number;
  /** What was asked, with numbers and names masked: JSON. */
  readonly asked: string;
  /** Certificates on the page that was told. */
  readonly found: number;
}

/** The record of searches by holder (查询留痕). Nothing is ever removed from it. */
export const librarySearches = {
  async insert(
    tx: Transaction,
    query: SearchQuery,
    { by, role, purpose }: Searcher,
    { found, at }: Pick<HolderSearch, 'found' | 'at'>,
  ): Promise<void> {
    await tx.run(
      'INSERT INTO library_search (at, done_by, role, purpose, asked, found) VALUES (?, ?, ?, ?, ?, ?)',
      at,
      by,
      role,
      purpose,
      JSON.stringify(masked(query)),
      found,
    );
  },

  /** Newest first. @param before position to begin below */
  list(sql: Sql, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<HolderSearch[]> {
    return sql.all<HolderSearch & Record<string, never>>(
      `SELECT position, at, done_by AS "by", role, purpose, asked, found
       FROM library_search WHERE position < ? ORDER BY position DESC LIMIT ?`,
      before,
      limit,
    );
  },
};

function masked({ holder, limit: _limit, after: _after, ...filters }: SearchQuery): object {
  const { number, documentType, name } = holder;
  return {
    holder: {
      ...(number !== undefined && { number: maskNumber(number) }),
      ...(documentType !== undefined && { documentType }),
      ...(name !== undefined && { name: maskName(name) }),
    },
    ...filters,
  };
}
