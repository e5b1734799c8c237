import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, logLeaf } from '#proto';
import {
  appendLeaves,
  EMPTY_FRONTIER,
  type LogFrontier,
  logRoot,
  parseCheckpoint,
  type RegionStatement,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyCosignature,
  witnessOf,
} from '#trust';
import type { LogFault } from '../log-fault.ts';
import { FileTiles } from './file-tiles.ts';
import { CHECKPOINT_FILE, TILE, tilePath } from './tile-path.ts';

/** What rechecking a published log found. It is sound only when there are no faults. */
export interface PublishedReport {
  readonly region: string;
  readonly epoch: number;
  readonly size: number;
  /** Entries that were published and hash to their leaves. */
  readonly entries: number;
  readonly witnesses: readonly { readonly region: string /** Milliseconds. */; readonly at: number }[];
  /** Regions that countersigned and whose statement was not given. */
  readonly unjudged: readonly string[];
  /** States that we saw before and that this log contains. */
  readonly compared: number;
  /** States that we saw and that are newer than this one: not comparable. */
  readonly newer: number;
  readonly faults: readonly LogFault[];
}

const CHECKPOINT_BYTES = 16 * 1024;
const MAX_FAULTS = 1000;

/**
 * Rechecks a log from its published files alone: the signed state, every tile, the entries if they are there, the
 * countersignatures. What we saw of the log before must be part of it: else others are shown another log than we.
 *
 * @param statements that of the log's owner, and those of witnesses
 * @param seen notes that a gateway of ours holds, of any log
 * @throws CodedError NOT_FOUND when there is no published log; KEY_UNKNOWN when the statement of its owner is missing
 */
export async function verifyPublished(
  folder: string,
  statements: readonly RegionStatement[],
  seen: readonly string[] = [],
): Promise<PublishedReport> {
  const faults: LogFault[] = [];
  const fault = (where: string, error: unknown) => {
    if (!(error instanceof CodedError)) throw error;
    if (faults.length < MAX_FAULTS) faults.push({ where, code: error.code, message: error.message });
  };
  const text = await readCheckpoint(folder);
  const { note, lines, region } = splitPublished(text);
  const owner = statements.find((statement) => statement.region === region);
  if (!owner) throw new CodedError('KEY_UNKNOWN', `the log is that of ${region}, and no statement of it was given`);
  const state = parseCheckpoint(note);
  const report = { region, epoch: state.epoch, size: state.size };
  let checkpoint: VerifiedCheckpoint;
  try {
    checkpoint = verifyCheckpoint(note, owner);
  } catch (error) {
    fault(CHECKPOINT_FILE, error);
    return { ...report, entries: 0, witnesses: [], unjudged: [], compared: 0, newer: 0, faults };
  }
  const tiles = new FileTiles(folder, state.size);
  const entries = await checkTiles(tiles, checkpoint, fault);
  const { witnesses, unjudged } = checkWitnesses(note, lines, statements, fault);
  // Hashes that do not lead to the signed root say nothing of what was seen before.
  const { compared, newer } =
    faults.length === 0 ? await compare(tiles, checkpoint, seen, fault) : { compared: 0, newer: 0 };
  return { ...report, entries, witnesses, unjudged, compared, newer, faults };
}

type OnError = (where: string, error: unknown) => void;

async function readCheckpoint(folder: string): Promise<string> {
  const bytes = await readFile(join(folder, CHECKPOINT_FILE)).catch(() => undefined);
  if (!bytes) throw new CodedError('NOT_FOUND', `there is no published log in ${folder}: no file ${CHECKPOINT_FILE}`);
  return bytes.subarray(0, CHECKPOINT_BYTES).toString('utf8');
}

/** The note with the line of the log alone, and the lines of witnesses. */
function splitPublished(text: string): { note: string; lines: string[]; region: string } {
  const { region } = parseCheckpoint(text);
  const at = text.indexOf('\n', text.lastIndexOf('\n\n') + 2) + 1;
  return {
    region,
    note: text.slice(0, at),
    lines: text
      .slice(at)
      .split('\n')
      .filter((line) => line !== ''),
  };
}

/** Rebuilds the tree from the leaves alone and holds everything else against it. @returns how many entries there are */
async function checkTiles(tiles: FileTiles, state: VerifiedCheckpoint, fault: OnError): Promise<number> {
  const { hash } = state;
  let frontier: LogFrontier = EMPTY_FRONTIER;
  let root = await logRoot(hash, 0, tiles);
  let entries = 0;
  try {
    for (let index = 0; index * TILE < state.size; index += 1) {
      const leaves = await tiles.tile(0, index);
      entries += await checkEntries(tiles, index, leaves, state, fault);
      const appended = appendLeaves(hash, frontier, leaves);
      ({ frontier, root } = appended);
      for (const { level, index: at, hash: node } of appended.newNodes) {
        const [stored] = await tiles.nodes(level, at, 1);
        if (!stored?.equals(node)) throw corrupt(tilePath(level, Math.floor(at / TILE)), 'does not fit the leaves');
      }
    }
    if (!root.equals(state.root)) throw corrupt(CHECKPOINT_FILE, 'signs another root than the tiles have');
  } catch (error) {
    fault('tile', error);
  }
  return entries;
}

async function checkEntries(
  tiles: FileTiles,
  index: number,
  leaves: readonly Buffer[],
  { hash }: VerifiedCheckpoint,
  fault: OnError,
): Promise<number> {
  const entries = await tiles.entries(index);
  if (!entries) return 0;
  const fits =
    entries.length === leaves.length && entries.every((entry, at) => logLeaf(hash, entry).equals(leaves[at]!));
  if (!fits) fault(tilePath('entries', index), corrupt('an entry', 'is not the one of its leaf'));
  return entries.length;
}

function checkWitnesses(
  note: string,
  lines: readonly string[],
  statements: readonly RegionStatement[],
  fault: OnError,
): Pick<PublishedReport, 'witnesses' | 'unjudged'> {
  const witnesses: { region: string; at: number }[] = [];
  const unjudged: string[] = [];
  for (const line of lines) {
    const region = witnessOf(line);
    const statement = statements.find((one) => one.region === region);
    try {
      if (!region) throw new CodedError('CHECKPOINT_INVALID', 'a line of the checkpoint is that of no witness');
      if (statement) witnesses.push({ region, at: verifyCosignature(note, line, statement).at });
      else unjudged.push(region);
    } catch (error) {
      fault(`${CHECKPOINT_FILE}/${region ?? ''}`, error);
    }
  }
  return { witnesses, unjudged };
}

/** Every state of this log that we saw must be one that it was in. */
async function compare(
  tiles: FileTiles,
  state: VerifiedCheckpoint,
  seen: readonly string[],
  fault: OnError,
): Promise<{ compared: number; newer: number }> {
  let [compared, newer] = [0, 0];
  for (const note of seen) {
    const { region, epoch, size, root } = parseCheckpoint(note);
    if (region !== state.region || epoch !== state.epoch) continue;
    if (size > state.size) newer += 1;
    else if ((await logRoot(state.hash, size, tiles)).equals(root)) compared += 1;
    else
      fault(
        `seen/${size}`,
        new CodedError('LOG_FORKED', `we were shown another log of ${size} entries than was published`),
      );
  }
  return { compared, newer };
}

function corrupt(what: string, how: string): CodedError {
  return new CodedError('LOG_CORRUPT', `${what} ${how}`);
}
