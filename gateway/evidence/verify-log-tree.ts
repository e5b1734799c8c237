import { CodedError, type Hash, logLeaf } from '#proto';
import {
  appendLeaves,
  EMPTY_FRONTIER,
  encodeFrontier,
  type LogFrontier,
  logRoot,
  type RegionStatement,
  suiteOf,
  type TileNode,
  verifyCheckpoint,
} from '#trust';
import type { Sql } from '../store/store.ts';
import type { OnFault } from './log-fault.ts';

interface StoredState {
  readonly epoch: number;
  readonly size: number;
  readonly frontier: Buffer;
  readonly checkpoint: string;
}

interface Entry {
  readonly position: number;
  readonly entry: Buffer;
  readonly leaf: Buffer;
}

interface Run {
  readonly first_index: number;
  readonly first_position: number;
  readonly count: number;
}

interface Rebuilt {
  readonly frontier: LogFrontier;
  readonly root: Buffer;
  readonly waiting: number;
}

/** Entries read at once. */
const STEP = 4096;

/** Rebuilds the tree from the entries alone and holds what is stored of it against the result. */
export async function checkTree(
  read: Sql,
  statement: RegionStatement,
  onFault: OnFault,
): Promise<{ epoch: number; size: number; waiting: number; checkpoint: string }> {
  const state = await read.get<StoredState>('SELECT epoch, size, frontier, checkpoint FROM log_state WHERE id = 1');
  const rebuilt = await rebuild(read, hashOf(statement), onFault);
  if (rebuilt.frontier.size !== (state?.size ?? 0))
    onFault('log_state', 'LOG_CORRUPT', `says ${state?.size ?? 0} leaves, the runs have ${rebuilt.frontier.size}`);
  if (state) checkState(state, rebuilt, statement, onFault);
  return {
    epoch: state?.epoch ?? 1,
    size: state?.size ?? 0,
    waiting: rebuilt.waiting,
    checkpoint: state?.checkpoint ?? '',
  };
}

function checkState(
  state: StoredState,
  { frontier, root }: Rebuilt,
  statement: RegionStatement,
  onFault: OnFault,
): void {
  if (!encodeFrontier(frontier).equals(state.frontier))
    onFault('log_state', 'LOG_CORRUPT', 'the stored right edge is not that of the entries');
  try {
    const checkpoint = verifyCheckpoint(state.checkpoint, statement);
    if (checkpoint.epoch !== state.epoch || checkpoint.size !== state.size)
      onFault('log_state', 'CHECKPOINT_INVALID', 'the checkpoint is of another epoch or size than the log');
    if (!checkpoint.root.equals(root))
      onFault('log_state', 'LOG_CORRUPT', 'the signed root is not that of the entries: an entry was altered');
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    onFault('log_state', error.code, error.message);
  }
}

/** A log is hashed with the suite of its key, also of those that followed it. */
function hashOf({ keys }: RegionStatement): Hash {
  return keys.find(({ purpose }) => purpose === 'log')?.suite.hash ?? suiteOf('Ed25519').hash;
}

async function rebuild(read: Sql, hash: Hash, onFault: OnFault): Promise<Rebuilt> {
  const runs = new Runs(
    await read.all<Run>('SELECT first_index, first_position, count FROM log_run ORDER BY first_index'),
  );
  runs.check(onFault);
  let frontier: LogFrontier = EMPTY_FRONTIER;
  let root = await logRoot(hash, 0, NO_TILES);
  let waiting = 0;
  let nodes = 0;
  for await (const entries of chunks(read)) {
    const leaves: Buffer[] = [];
    for (const { position, entry, leaf } of entries) {
      const computed = logLeaf(hash, entry);
      if (!computed.equals(leaf))
        onFault(`log_entry/${position}`, 'LOG_CORRUPT', 'the leaf hash is not that of the entry');
      const place = runs.placeOf(position);
      if (place === 'inside') leaves.push(computed);
      else if (place === 'after') waiting += 1;
      else onFault(`log_entry/${position}`, 'LOG_CORRUPT', 'the entry was never put into the tree');
    }
    const appended = appendLeaves(hash, frontier, leaves);
    ({ frontier, root } = appended);
    nodes += appended.newNodes.length;
    for (const node of appended.newNodes) await checkNode(read, node, onFault);
  }
  const stored = await read.get<{ n: number }>('SELECT count(*) AS n FROM log_node');
  if (stored!.n > nodes) onFault('log_node', 'LOG_CORRUPT', `has ${stored!.n - nodes} nodes too many`);
  return { frontier, root, waiting };
}

async function checkNode(read: Sql, { level, index, hash: expected }: TileNode, onFault: OnFault): Promise<void> {
  const row = await read.get<{ hash: Buffer }>('SELECT hash FROM log_node WHERE level = ? AND idx = ?', level, index);
  if (!row?.hash.equals(expected))
    onFault(`log_node/${level}/${index}`, 'LOG_CORRUPT', row ? 'the node is not that of the entries' : 'is missing');
}

async function* chunks(read: Sql): AsyncGenerator<Entry[]> {
  let after = 0;
  for (;;) {
    const rows = await read.all<Entry>(
      'SELECT position, entry, leaf FROM log_entry WHERE position > ? ORDER BY position LIMIT ?',
      after,
      STEP,
    );
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1)!.position;
  }
}

/** Which positions are in the tree. */
class Runs {
  readonly #runs: readonly Run[];
  #at = 0;

  constructor(runs: readonly Run[]) {
    this.#runs = runs;
  }

  /** Runs cover the tree from 0 without a gap, in the order of their positions. */
  check(onFault: OnFault): void {
    let index = 0;
    let position = 0;
    for (const run of this.#runs) {
      if (run.first_index !== index || run.first_position <= position || run.count < 1)
        onFault(`log_run/${run.first_index}`, 'LOG_CORRUPT', 'does not follow the run before it');
      index = run.first_index + run.count;
      position = run.first_position + run.count - 1;
    }
  }

  /** Where a position stands; positions must be asked for in ascending order. */
  placeOf(position: number): 'inside' | 'between' | 'after' {
    while (this.#at < this.#runs.length && position >= end(this.#runs[this.#at]!)) this.#at += 1;
    const run = this.#runs[this.#at];
    if (!run) return 'after';
    return position >= run.first_position ? 'inside' : 'between';
  }
}

function end({ first_position, count }: Run): number {
  return first_position + count;
}

/** An empty tree has no tiles. */
const NO_TILES = { leaves: async () => [], nodes: async () => [] };
