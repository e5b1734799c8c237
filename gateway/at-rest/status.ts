import type { Reader } from '../store/store.ts';
import { SEALED_TABLES } from '../store/vault/sealed-columns.ts';
import { dataKeyTable } from './data-key-table.ts';
import { walkTable } from './walk-table.ts';

/** How far what is personal in a database, and in the files beside it, is encrypted. */
export interface SealingStatus {
  /** Id of the storage key that opens the data; undefined while nothing is encrypted. */
  readonly storageKey: string | undefined;
  /** Data keys of values; more than one while older values, or the day after, still need them. */
  readonly keys: number;
  /** Tables, and the files, in which nothing stands in the clear any more, of how many. */
  readonly covered: number;
  readonly parts: number;
  /** Parts that are sealed under the newest key that was asked for. */
  readonly done: number;
  /** Values that did not open in the last pass. */
  readonly broken: number;
}

/** Tables, and the files of materials. */
const PARTS = Object.keys(SEALED_TABLES).length + 1;

/** Reads it from the store alone, without any key. */
export async function sealingStatus(read: Reader): Promise<SealingStatus> {
  if (!(await read.hasTable('data_key')))
    return { storageKey: undefined, keys: 0, covered: 0, parts: PARTS, done: 0, broken: 0 };
  const keys = (await dataKeyTable.all(read)).filter(({ purpose }) => purpose === 'value');
  const floor = keys.findLast(({ is_floor }) => is_floor === 1)?.id;
  const walks = await walkTable.all(read);
  return {
    storageKey: keys.at(-1)?.wrapped_by,
    keys: keys.length,
    covered: walks.filter(({ covered_at }) => covered_at !== null).length,
    parts: PARTS,
    done: walks.filter((walk) => walk.floor === floor && walk.done_at !== null).length,
    broken: walks.reduce((sum, { broken }) => sum + broken, 0),
  };
}
