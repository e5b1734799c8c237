/** How a column holds what is sealed: as bytes, or as text of base64url behind a mark. */
export type SealedForm = 'bytes' | 'text';

/** A table that holds something personal. */
export interface SealedTable {
  /** Columns of a unique index by which the rows are walked through. */
  readonly key: readonly string[];
  /** Columns that name the row for good, in order: a value opens in no other row. */
  readonly row: readonly string[];
  readonly sealed: Readonly<Record<string, SealedForm>>;
  /** Columns by which rows are found: they hold keyed hashes. */
  readonly hashed?: readonly string[];
}

/**
 * What is personal in the database, and stands there sealed (落盘加密). Everything else is numbers, states, times, names of
 * regions, departments and items, headers, digests, receipts, and documents that regions show each other signed.
 */
export const SEALED_TABLES = {
  // the salt with the payload: whoever has it can try what the digest in the header is of
  outbox: { key: ['position'], row: ['id'], sealed: { payload: 'bytes', salt: 'bytes' } },
  inbox: { key: ['position'], row: ['sender', 'id'], sealed: { payload: 'bytes', salt: 'bytes' } },
  case_file: {
    key: ['conversation'],
    row: ['conversation'],
    sealed: { document: 'text' },
    hashed: ['applicant_key', 'applicant_name'],
  },
  case_event: { key: ['conversation', 'n'], row: ['conversation', 'n'], sealed: { document: 'text' } },
  joint_case: { key: ['conversation'], row: ['conversation'], sealed: { document: 'text' } },
  direct_outcome: { key: ['conversation', 'peer'], row: ['conversation', 'peer'], sealed: { applicant: 'text' } },
  inquiry: { key: ['conversation'], row: ['conversation'], sealed: { document: 'text' } },
  certificate: {
    key: ['identifier', 'issuer'],
    row: ['identifier', 'issuer'],
    sealed: { document: 'text', text: 'text' },
  },
  certificate_holder: {
    key: ['identifier', 'issuer', 'place'],
    row: ['identifier', 'issuer', 'place'],
    sealed: {},
    hashed: ['number', 'name'],
  },
  certificate_check: {
    key: ['direction', 'peer', 'id'],
    row: ['direction', 'peer', 'id'],
    sealed: { question: 'bytes', answer: 'bytes' },
  },
  // one finding stands in the row of everybody who brought the file
  material: {
    key: ['conversation', 'digest', 'peer'],
    row: ['conversation', 'digest'],
    sealed: { examination: 'text' },
  },
  recovery_fetched: { key: ['peer', 'id', 'is_own'], row: ['peer', 'id', 'is_own'], sealed: { bytes: 'bytes' } },
  platform_event: { key: ['position'], row: ['id'], sealed: { data: 'text' } },
  platform_parked: {
    key: ['position'],
    row: ['adapter', 'key'],
    sealed: { document: 'text', refusal: 'text' },
  },
  webhook: { key: ['id'], row: ['id'], sealed: { secrets: 'text' } },
  idempotency: { key: ['scope', 'key'], row: ['scope', 'key'], sealed: { body: 'text' } },
} as const satisfies Record<string, SealedTable>;

/** Name of a table of {@link SEALED_TABLES}. */
export type SealedTableName = keyof typeof SEALED_TABLES;

/** `table.column` of a sealed column. */
export type SealedColumn = {
  [T in SealedTableName]: `${T}.${Extract<keyof (typeof SEALED_TABLES)[T]['sealed'], string>}`;
}[SealedTableName];

/** How a row is named to the vault: the values of its `row` columns, in order. */
export function rowOf(...names: readonly (string | number | Uint8Array)[]): string {
  return names.map((name) => (name instanceof Uint8Array ? Buffer.from(name).toString('hex') : name)).join('\n');
}
