import { CodedError } from '#proto';
import type { StorageCipher } from '#trust';
import type { SealedColumn } from './sealed-columns.ts';
import { formOf, formOfText, plainForm, plainOf, plainTextForm, plainTextOf } from './sealed-value.ts';

/**
 * What turns personal values into what the database holds, and back. Every connection of a store has the same one; the
 * rooms that own the columns of `SEALED_TABLES` put what they write and read there through it.
 */
export interface Vault {
  /** By what values are sealed; undefined while they are only passed on. */
  readonly cipher: StorageCipher | undefined;
  sealBytes(column: SealedColumn, row: string, plain: Uint8Array): Uint8Array;
  /** @throws CodedError AT_REST_LOCKED, AT_REST_BROKEN, AT_REST_PLAIN */
  openBytes(column: SealedColumn, row: string, stored: Buffer): Buffer;
  sealText(column: SealedColumn, row: string, plain: string): string;
  /** @throws CodedError AT_REST_LOCKED, AT_REST_BROKEN, AT_REST_PLAIN */
  openText(column: SealedColumn, row: string, stored: string): string;
  /** What a value is found by; an empty one stays empty. */
  hash(plain: string): string;
  /** All that a value may be found by at the moment: its hash, and itself while some rows are not hashed yet. */
  hashes(plain: string): readonly string[];
  /** Wraps the key of a file, which opens for the same file alone, without the database. Only where values are sealed. */
  wrapKey(file: string, key: Buffer): Buffer;
  /** @throws CodedError AT_REST_LOCKED, AT_REST_BROKEN */
  unwrapKey(file: string, wrapped: Buffer): Buffer;
  /** Whether a wrapped key need not be wrapped anew. */
  isNewest(wrapped: Buffer): boolean;
  /** @throws CodedError AT_REST_PLAIN where what is not sealed is refused */
  demandPlainAllowed(): void;
  /** Whether the key of a stored value is open here. */
  opens(stored: Buffer): boolean;
}

/** Where nothing is sealed: without a storage key, and for whoever reads a database without its keys. */
export const PLAIN_VAULT: Vault = {
  cipher: undefined,
  sealBytes: (_column, _row, plain) => plainForm(plain),
  openBytes(_column, _row, stored) {
    if (formOf(stored).kind === 'sealed') throw locked();
    return plainOf(stored);
  },
  sealText: (_column, _row, plain) => plainTextForm(plain),
  openText(_column, _row, stored) {
    if (formOfText(stored).kind === 'sealed') throw locked();
    return plainTextOf(stored);
  },
  wrapKey: () => {
    throw locked();
  },
  unwrapKey: () => {
    throw locked();
  },
  isNewest: () => true,
  demandPlainAllowed: () => {},
  hash: (plain) => plain,
  hashes: (plain) => [plain],
  opens: (stored) => formOf(stored).kind !== 'sealed',
};

/** Without keys nothing is guessed and nothing is lost: what is sealed stays so. */
export function locked(): CodedError {
  return new CodedError('AT_REST_LOCKED');
}
