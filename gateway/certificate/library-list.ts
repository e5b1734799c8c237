import type { StatusWord } from '#trust';
import type { Sql, Value } from '../store/store.ts';
import type { Vault } from '../store/vault/vault.ts';
import { type HolderQuery, nameKey, numberKey } from './library-holders.ts';
import { CERTIFICATE_COLUMNS, type CertificateRecord, type CertificateRow, recordOf } from './library-rows.ts';

/** Which certificates of the library are meant: those of which everything given is true. */
export interface LibraryFilter {
  /** Conversation of the case that produced them. */
  readonly conversation?: string | undefined;
  /** 证照类型代码 */
  readonly typeCode?: string | undefined;
  /** 证照编号, as printed. */
  readonly number?: string | undefined;
  /** Region whose key signed. */
  readonly issuer?: string | undefined;
  /** What we decided last about ours, whatever the dates say. */
  readonly status?: StatusWord | undefined;
  readonly holder?: HolderQuery | undefined;
}

/** What a holder is found by: one value, or two while rows of before are not hashed yet. */
type Hashes = Pick<Vault, 'hashes'>;

/** A page of certificates. */
export interface LibraryQuery extends LibraryFilter {
  readonly limit: number;
  /** Creation time, identifier and issuer of the last one of the page before. */
  readonly after?: readonly [createdAt: number, identifier: string, issuer: string] | undefined;
}

/** Columns of exact matches, the one that leaves fewest rows first. */
const MATCHES: readonly (readonly [column: string, of: keyof LibraryFilter])[] = [
  ['number', 'number'],
  ['conversation', 'conversation'],
  ['status', 'status'],
  ['type_code', 'typeCode'],
  ['issuer', 'issuer'],
];

/** At most `limit` certificates, oldest first, found by an index whatever is asked. */
export async function listCertificates(sql: Sql, query: LibraryQuery, now: number): Promise<CertificateRecord[]> {
  const { text, values } = statementOf(query, sql.vault);
  return (await sql.all<CertificateRow>(text, ...values)).map((row) => recordOf(sql, row, now));
}

/** The statement of a query: one condition finds the rows by its index, the others, as expressions, only sort them out. */
export function statementOf(
  query: LibraryQuery,
  vault: Hashes,
): { readonly text: string; readonly values: readonly Value[] } {
  const { limit, after = [-1, '', ''] } = query;
  const held = query.holder && heldBy(query.holder, vault);
  const matches = MATCHES.flatMap(([column, of]) => {
    const value = query[of];
    return typeof value === 'string' ? [{ column, value }] : [];
  });
  // Nearly all are valid: no index begins with that.
  const leading = held ? undefined : matches.find(({ column, value }) => column !== 'status' || value !== 'valid');
  const conditions = matches.map((match) => {
    if (match !== leading) return `${match.column} || '' = ?`;
    return match.column === 'status' ? "status = ? AND status <> 'valid'" : `${match.column} = ?`;
  });
  return {
    text: `SELECT ${CERTIFICATE_COLUMNS} FROM ${held ? `${held.text} CROSS JOIN certificate USING (identifier, issuer)` : 'certificate'}
     WHERE ${[...conditions, '(created_at, identifier, issuer) > (?, ?, ?)'].join(' AND ')}
     ORDER BY created_at, identifier, issuer LIMIT ?`,
    values: [...(held?.values ?? []), ...matches.map(({ value }) => value), ...after, limit],
  };
}

/** The keys of the certificates on which one holder has everything that was given. */
function heldBy(
  { number, documentType, name }: HolderQuery,
  vault: Hashes,
): { readonly text: string; readonly values: Value[] } {
  const asked: readonly (readonly [column: string, values: readonly string[] | undefined])[] = [
    ['number', number === undefined ? undefined : vault.hashes(numberKey(number))],
    [number === undefined ? 'name' : "name || ''", name === undefined ? undefined : vault.hashes(nameKey(name))],
    ["document_type || ''", documentType && [documentType]],
  ];
  const given = asked.flatMap(([column, values]) => (values ? [{ column, values }] : []));
  const conditions = given.map(({ column, values }, index) => {
    const isAny = `${column} IN (${values.map(() => '?').join(', ')})`;
    // The index leaves out those that are kept back.
    return index === 0 ? `${isAny} AND ${column} <> ''` : isAny;
  });
  return {
    text: `(SELECT DISTINCT identifier, issuer FROM certificate_holder WHERE ${conditions.join(' AND ')}) AS held`,
    values: given.flatMap(({ values }) => [...values]),
  };
}
