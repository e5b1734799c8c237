import { CodedError } from '#proto';
import type { SealedColumn } from '../store/vault/sealed-columns.ts';
import type { Vault } from '../store/vault/vault.ts';
import type { OnFault } from './log-fault.ts';

/** Opens what is sealed in the records that a log is held against, as far as its keys are at hand. */
export class OpenedRecords {
  readonly #vault: Vault;
  readonly #onFault: OnFault;
  /** Values that could not be looked at, since their key is not open here. */
  locked = 0;

  constructor(vault: Vault, onFault: OnFault) {
    this.#vault = vault;
    this.#onFault = onFault;
  }

  /** Undefined for what was erased, is locked, or does not open, which is a fault. */
  open(where: string, column: SealedColumn, row: string, stored: Buffer | null): Buffer | undefined {
    if (!stored) return undefined;
    if (!this.#vault.opens(stored)) {
      this.locked += 1;
      return undefined;
    }
    try {
      return this.#vault.openBytes(column, row, stored);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#onFault(where, error.code, `${column} does not open`);
      return undefined;
    }
  }
}
