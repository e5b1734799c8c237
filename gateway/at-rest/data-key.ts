import { randomBytes } from 'node:crypto';
import { CodedError } from '#proto';
import { STORAGE_CIPHERS, type StorageCipher, type StorageKey } from '#trust';
import { openValue, sealValue, type ValueKey } from '../store/vault/sealed-value.ts';

/** What a data key (数据密钥) is for: values that are sealed, or hashes by which rows are found. */
export type DataKeyPurpose = 'value' | 'hash';

/** A data key as it is kept. */
export interface DataKeyRow {
  /** From 1, never given again. */
  readonly id: number;
  readonly purpose: DataKeyPurpose;
  readonly cipher: StorageCipher;
  /** Id of the storage key under which it is wrapped. */
  readonly wrapped_by: string;
  readonly wrapped: Buffer;
  /** Values that were sealed with it, as far as they are counted. */
  readonly uses: number;
  /** 1 when everything that was sealed with older keys is to be sealed anew. */
  readonly is_floor: number;
  /** Milliseconds. */
  readonly created_at: number;
}

/** A data key, open. */
export interface DataKey extends ValueKey, Pick<DataKeyRow, 'purpose'> {}

export interface NewDataKey extends Pick<DataKeyRow, 'id' | 'purpose' | 'is_floor' | 'created_at'> {}

/** Makes a data key of random bits for the cipher of the storage key that wraps it. */
export function makeDataKey(made: NewDataKey, storage: StorageKey): DataKeyRow {
  const { cipher } = storage;
  const key = randomBytes(STORAGE_CIPHERS[cipher].keyBytes);
  return { ...made, cipher, uses: 0, ...wrapped({ ...made, cipher, key }, storage) };
}

/** @throws CodedError KEY_MISSING when its storage key is not among those given, AT_REST_BROKEN when it was altered */
export function openDataKey(row: DataKeyRow, storage: readonly StorageKey[]): DataKey {
  const { id, purpose, cipher, wrapped_by } = row;
  const under = storage.find((key) => key.id === wrapped_by);
  if (!under)
    throw new CodedError(
      'KEY_MISSING',
      `the data is encrypted under the storage key ${wrapped_by}; bring its file storage-${wrapped_by}.json back into the key folder`,
    );
  return { id, purpose, cipher, key: openValue(wrapping(under), placeOf(row), row.wrapped) };
}

/** A data key as it stands under another storage key. */
export function wrapped(
  key: Pick<DataKey, 'id' | 'purpose' | 'cipher' | 'key'>,
  storage: StorageKey,
): Pick<DataKeyRow, 'wrapped' | 'wrapped_by'> {
  return { wrapped: sealValue(wrapping(storage), placeOf(key), key.key), wrapped_by: storage.id };
}

/** Storage keys have no number: what they wrap says in its row which of them it was. */
function wrapping({ cipher, key }: StorageKey): ValueKey {
  return { id: 0, cipher, key };
}

function placeOf({ id, purpose, cipher }: Pick<DataKeyRow, 'id' | 'purpose' | 'cipher'>): string {
  return `data_key.wrapped\n${id}\n${purpose}\n${cipher}`;
}
