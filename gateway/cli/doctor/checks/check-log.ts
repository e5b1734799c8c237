import { CodedError, logLeaf } from '#proto';
import {
  logInclusionProof,
  logRoot,
  type RegionStatement,
  suiteOf,
  verifyCheckpoint,
  verifyLogInclusion,
} from '#trust';
import { SqlTiles } from '../../../evidence/sql-tiles.ts';
import type { Sql } from '../../../store/store.ts';
import { type Finding, fine, wrong } from '../finding.ts';

const what = 'log';
/** Newest entries that are recomputed. */
const NEWEST = 256;

interface State {
  readonly size: number;
  readonly checkpoint: string;
}

interface Entry {
  readonly position: number;
  readonly entry: Buffer;
  readonly leaf: Buffer;
}

/**
 * Recomputes the newest part of the evidence log (存证日志): the signature of the checkpoint, its root from the stored
 * tree, and the newest entries up to that root. `tongban log verify` does the same with everything.
 */
export async function checkNewestLog(read: Sql, statement: RegionStatement): Promise<Finding> {
  const state = await read.get<State>('SELECT size, checkpoint FROM log_state WHERE id = 1');
  if (!state) return fine(what, { zh: '存证日志尚无检查点', en: 'the evidence log has no checkpoint yet' });
  try {
    const checked = await recompute(read, statement, state);
    return fine(what, {
      zh: `存证日志 ${state.size} 条,检查点签名与最新 ${checked} 条相符`,
      en: `${state.size} entries in the evidence log; the signed checkpoint and the newest ${checked} agree`,
    });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return wrong(
      what,
      {
        zh: `存证日志的最新部分与检查点不符(${error.code})`,
        en: `the newest part of the evidence log does not fit its checkpoint: ${error.code} ${error.message}`,
      },
      {
        zh: '保护现场:停网关、整目录备份,再运行 tongban log verify',
        en: 'keep the traces: stop the gateway, copy the whole folder, then run tongban log verify',
        page: 'log-alarm',
      },
    );
  }
}

/** @returns how many entries were recomputed */
async function recompute(read: Sql, statement: RegionStatement, { size, checkpoint }: State): Promise<number> {
  const signed = verifyCheckpoint(checkpoint, statement);
  const { hash } = statement.keys.find(({ purpose }) => purpose === 'log')?.suite ?? suiteOf('Ed25519');
  const tiles = new SqlTiles(read);
  const root = await logRoot(hash, size, tiles);
  if (signed.size !== size || !signed.root.equals(root))
    throw new CodedError('LOG_CORRUPT', 'the signed root is not that of the stored tree');
  const run = await read.get<{ last: number }>('SELECT max(first_position + count - 1) AS last FROM log_run');
  const entries = await read.all<Entry>(
    'SELECT position, entry, leaf FROM log_entry WHERE position <= ? ORDER BY position DESC LIMIT ?',
    run?.last ?? 0,
    NEWEST,
  );
  for (const { position, entry, leaf } of entries) {
    // A column may have been given another type.
    if (!Buffer.isBuffer(entry) || !logLeaf(hash, entry).equals(leaf))
      throw new CodedError('LOG_CORRUPT', `the entry at position ${position} was altered`);
  }
  for (const { position, leaf } of [entries[0], entries.at(-1)].filter((entry) => entry !== undefined)) {
    const { index } = await tiles.entryAt(position);
    verifyLogInclusion(hash, leaf, index, size, await logInclusionProof(hash, index, size, tiles), root);
  }
  return entries.length;
}
