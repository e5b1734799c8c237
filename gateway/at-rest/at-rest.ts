import { CodedError } from '#proto';
import type { Clock, StorageKey } from '#trust';
import type { Store } from '../store/store.ts';
import type { DataKeyRow } from './data-key.ts';
import { dataKeyTable } from './data-key-table.ts';
import { DataKeys, LOOK_MS } from './data-keys.ts';
import type { DataVault } from './data-vault.ts';
import { sealedRows } from './sealed-rows.ts';
import { SealingWalk, type Walked } from './walk.ts';
import { walkTable } from './walk-table.ts';

/** Steps of the walk before a start that demands that all is sealed: enough for a new gateway, and soon over. */
const STEPS_BEFORE_START = 200;

export interface AtRestOptions {
  readonly store: Store;
  readonly vault: DataVault;
  readonly clock: Clock;
  /** The storage keys of the key folder as they are now. */
  readonly storageKeys: () => Promise<readonly StorageKey[]>;
  /** Whether what is not sealed is refused. */
  readonly isRequired: boolean;
  /** The files that are kept sealed beside the rows. */
  readonly files: readonly Walked[];
  /** So many rows and files of before were sealed. */
  readonly onSealed: (count: number) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Encryption of what is personal while it rests (落盘加密): keys that follow the key folder, and the sealing of what was written
 * before, beside everything else that goes on.
 */
export class AtRest {
  readonly #options: AtRestOptions;
  readonly #keys: DataKeys;
  readonly #walk: SealingWalk;
  #floor: DataKeyRow | undefined;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #owesPurge = false;
  #isStopped = false;

  constructor(options: AtRestOptions) {
    this.#options = options;
    this.#keys = new DataKeys(options);
    this.#walk = new SealingWalk(options.store, options.clock, [...sealedRows(options.store), ...options.files]);
  }

  /**
   * Opens the keys. Until then nothing that is sealed can be read.
   *
   * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG, AT_REST_BROKEN; AT_REST_PLAIN when all is to be sealed and is not yet
   */
  async open(): Promise<void> {
    this.#floor = await this.#keys.take();
    await this.#learnHashes();
    if (this.#options.isRequired) await this.#demandSealed();
  }

  /** Goes on with what is to be sealed, now and then every minute. */
  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
    void this.look();
  }

  /** Waits for the unit of work under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#working;
  }

  /** Looks at the keys, and seals what is not sealed under them. A failure is told, and made up for at the next look. */
  look(): Promise<void> {
    this.#working ??= this.#look()
      .catch(this.#options.onError)
      .finally(() => {
        this.#working = undefined;
      });
    return this.#working;
  }

  async #look(): Promise<void> {
    const { store, onSealed } = this.#options;
    this.#floor = await this.#keys.take();
    const floor = this.#floor;
    if (!floor) return;
    const { sealed, isDone } = await this.#walk.run(floor.id, () => !this.#isStopped);
    if (sealed > 0) onSealed(sealed);
    this.#owesPurge ||= sealed > 0;
    if (!isDone) return;
    await this.#learnHashes();
    // What stood there before must not be read in the log of the database.
    if (this.#owesPurge && (await store.purge())) this.#owesPurge = false;
    await this.#dropOld(floor);
  }

  /** Keys that nothing needs. None is dropped while anything did not open: it may be looked into. */
  async #dropOld({ id }: DataKeyRow): Promise<void> {
    const { store } = this.#options;
    if (!(await dataKeyTable.hasBelow(store.read, id))) return;
    const walks = await walkTable.all(store.read);
    if (walks.some(({ broken }) => broken > 0)) return;
    if ((await store.write((tx) => dataKeyTable.dropBelow(tx, id))) > 0) await this.#keys.take();
  }

  /** Hashes are all that rows are found by once none of them stands there in the clear. */
  async #learnHashes(): Promise<void> {
    const { store, vault } = this.#options;
    const walks = await walkTable.all(store.read);
    const isCovered = (name: string) => walks.some((walk) => walk.name === name && walk.covered_at !== null);
    vault.trustHashes(isCovered('case_file') && isCovered('certificate_holder'));
  }

  async #demandSealed(): Promise<void> {
    const floor = this.#floor;
    if (!floor)
      throw new CodedError(
        'KEY_MISSING',
        'at_rest is required, and there is no storage key; make it with: tongban key rotate storage',
      );
    let steps = STEPS_BEFORE_START;
    await this.#walk.run(floor.id, () => steps-- > 0);
    if (!(await this.#walk.isCovered()))
      throw new CodedError(
        'AT_REST_PLAIN',
        'old data is still being encrypted; start without at_rest: required until tongban store check says that all of it is',
      );
    await this.#learnHashes();
    this.#options.vault.require();
  }
}
