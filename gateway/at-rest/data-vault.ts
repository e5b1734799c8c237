import { createHmac } from 'node:crypto';
import { CodedError } from '#proto';
import { STORAGE_CIPHERS, type StorageCipher, type StorageKey } from '#trust';
import type { SealedColumn } from '../store/vault/sealed-columns.ts';
import {
  bytesOfText,
  formOf,
  formOfText,
  openValue,
  plainForm,
  plainOf,
  plainTextForm,
  plainTextOf,
  sealValue,
  textOf,
  type ValueForm,
  type ValueKey,
} from '../store/vault/sealed-value.ts';
import { locked, type Vault } from '../store/vault/vault.ts';
import type { DataKey } from './data-key.ts';

/** Begins what is found by a hash; no number, name or word that is hashed begins so. */
const HASH_MARK = '~th:';

/** The vault of a gateway: sealed as soon as it has keys, and able to read what was written before. */
export class DataVault implements Vault {
  /** Keys of values by their number. */
  #keys = new Map<number, DataKey>();
  /** The newest of them. */
  #current: DataKey | undefined;
  #hash: DataKey | undefined;
  /** What the keys of files are wrapped by: a file outlives the database that it was first named in. */
  #storage: readonly StorageKey[] = [];
  #uses = new Map<number, number>();
  #isRequired = false;
  #isHashed = false;

  /** Replaces the keys by all that there are now, both in the order of their making. */
  load(keys: readonly DataKey[], storage: readonly StorageKey[]): void {
    this.#storage = storage;
    const values = keys.filter(({ purpose }) => purpose === 'value');
    this.#keys = new Map(values.map((key) => [key.id, key]));
    this.#current = values.at(-1);
    this.#hash = keys.find(({ purpose }) => purpose === 'hash');
  }

  /** From now on plain values are refused. */
  require(): void {
    this.#isRequired = true;
  }

  /** Every row is hashed: from now on nothing is found by itself. */
  trustHashes(isHashed: boolean): void {
    this.#isHashed = isHashed;
  }

  /** How many values were sealed since the last call, by the number of the key. */
  takeUses(): ReadonlyMap<number, number> {
    const uses = this.#uses;
    this.#uses = new Map();
    return uses;
  }

  get cipher(): StorageCipher | undefined {
    return this.#current?.cipher;
  }

  sealBytes(column: SealedColumn, row: string, plain: Uint8Array): Uint8Array {
    const key = this.#use();
    return key ? sealValue(key, nameOf(column, row), plain) : plainForm(plain);
  }

  openBytes(column: SealedColumn, row: string, stored: Buffer): Buffer {
    const form = formOf(stored);
    if (form.kind === 'sealed') return openValue(this.#keyOf(form), nameOf(column, row), stored);
    this.demandPlainAllowed();
    return plainOf(stored);
  }

  sealText(column: SealedColumn, row: string, plain: string): string {
    const key = this.#use();
    return key ? textOf(sealValue(key, nameOf(column, row), Buffer.from(plain))) : plainTextForm(plain);
  }

  openText(column: SealedColumn, row: string, stored: string): string {
    const form = formOfText(stored);
    if (form.kind === 'sealed')
      return openValue(this.#keyOf(form), nameOf(column, row), bytesOfText(stored)).toString();
    this.demandPlainAllowed();
    return plainTextOf(stored);
  }

  hash(plain: string): string {
    if (!this.#hash || plain === '' || isHash(plain)) return plain;
    const { cipher, key } = this.#hash;
    return HASH_MARK + createHmac(STORAGE_CIPHERS[cipher].hash, key).update(plain).digest('base64url');
  }

  hashes(plain: string): readonly string[] {
    const hash = this.hash(plain);
    return hash === plain || this.#isHashed ? [hash] : [hash, plain];
  }

  wrapKey(file: string, key: Buffer): Buffer {
    const newest = this.#storage.at(-1);
    if (!newest) throw locked();
    return sealValue(wrappingKey(newest), fileName(file), key);
  }

  unwrapKey(file: string, wrapped: Buffer): Buffer {
    const form = formOf(wrapped);
    if (form.kind !== 'sealed') throw new CodedError('AT_REST_BROKEN');
    const under = this.#storage.map(wrappingKey).find(({ id }) => id === form.key);
    if (!under) throw locked();
    return openValue(under, fileName(file), wrapped);
  }

  isNewest(wrapped: Buffer): boolean {
    const form = formOf(wrapped);
    const newest = this.#storage.at(-1);
    return form.kind === 'sealed' && newest !== undefined && form.key === wrappingKey(newest).id;
  }

  opens(stored: Buffer): boolean {
    const form = formOf(stored);
    return form.kind !== 'sealed' || this.#keys.has(form.key);
  }

  /** The newest key, counted. */
  #use(): DataKey | undefined {
    const key = this.#current;
    if (key) this.#uses.set(key.id, (this.#uses.get(key.id) ?? 0) + 1);
    return key;
  }

  #keyOf({ key: id }: Extract<ValueForm, { kind: 'sealed' }>): DataKey {
    const key = this.#keys.get(id);
    if (!key) throw locked();
    return key;
  }

  demandPlainAllowed(): void {
    if (this.#isRequired) throw new CodedError('AT_REST_PLAIN');
  }
}

/** Whether a value by which a row is found is a hash already. */
export function isHash(stored: string): boolean {
  return stored.startsWith(HASH_MARK);
}

function nameOf(column: SealedColumn, row: string): string {
  return `${column}\n${row}`;
}

function fileName(file: string): string {
  return `file\n${file}`;
}

/** Storage keys are told apart by the first digits of their ids. */
function wrappingKey({ id, cipher, key }: StorageKey): ValueKey {
  return { id: Number.parseInt(id.slice(0, 8), 16), cipher, key };
}
