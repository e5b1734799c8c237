import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CodedError } from '#proto';
import { type LogCheckpoint, parseCheckpoint } from '#trust';
import type { Sql } from '../../store/store.ts';
import { SqlTiles } from '../sql-tiles.ts';
import { CHECKPOINT_FILE, TILE, tilePath, widthOf } from './tile-path.ts';

export interface PublishOptions {
  /** The newest state, countersigned or not, instead of the newest that somebody countersigned. */
  readonly newest?: boolean;
  /** The entries too: they name peers and times, no persons. */
  readonly entries?: boolean;
}

/** What was published. */
export interface Published {
  readonly region: string;
  readonly epoch: number;
  readonly size: number;
  /** Entries of the log that came later. */
  readonly later: number;
  /** Regions whose countersignatures are in the checkpoint. */
  readonly witnesses: readonly string[];
  /** Files that were written; full tiles that were there already are left alone. */
  readonly files: number;
}

/**
 * Publishes our log as static files (C2SP tlog-tiles), which any web server can serve: tiles of hashes first, the
 * signed state last, so that a reader never finds a state without its tiles.
 *
 * @param read one snapshot of the database
 * @throws CodedError NOT_FOUND when the log is empty; LOG_FORKED when the folder holds another log
 */
export async function publishLog(read: Sql, folder: string, options: PublishOptions = {}): Promise<Published> {
  const { note, size: newest } = await newestState(read);
  const chosen = options.newest ? undefined : await newestCosigned(read, parseCheckpoint(note));
  const state = parseCheckpoint(chosen ?? note);
  const cosigned = await cosignaturesOf(read, state, chosen ?? note);
  const tiles = new SqlTiles(read);
  let files = 0;
  for (let level = 0; widthOf(level, state.size) > 0; level += 1) {
    const width = widthOf(level, state.size);
    for (let from = 0; from < width; from += TILE) {
      const count = Math.min(TILE, width - from);
      const hashes = await (level === 0 ? tiles.leaves(from, count) : tiles.nodes(level, from, count));
      if (hashes.length !== count) throw new CodedError('LOG_CORRUPT', 'the log lacks hashes; run: tongban log verify');
      files += await writeTile(folder, level, from / TILE, count, Buffer.concat(hashes));
      if (options.entries && level === 0)
        files += await writeTile(folder, 'entries', from / TILE, count, bundleOf(await tiles.entries(from, count)));
    }
  }
  const text = (chosen ?? note) + cosigned.map(({ line }) => line).join('');
  await replace(join(folder, CHECKPOINT_FILE), Buffer.from(text));
  const witnesses = cosigned.map(({ witness }) => witness);
  const { region, epoch, size } = state;
  return { region, epoch, size, later: newest - size, witnesses, files: files + 1 };
}

async function newestState(read: Sql): Promise<{ note: string; size: number }> {
  const row = await read.get<{ note: string; size: number }>('SELECT checkpoint AS note, size FROM log_state');
  if (!row || row.note === '')
    throw new CodedError('NOT_FOUND', 'the log has no entry yet: there is nothing to publish');
  return row;
}

async function newestCosigned(read: Sql, { epoch, size }: LogCheckpoint): Promise<string | undefined> {
  const row = await read.get<{ note: string }>(
    'SELECT note FROM cosignature WHERE epoch = ? AND size <= ? ORDER BY size DESC LIMIT 1',
    epoch,
    size,
  );
  return row?.note;
}

function cosignaturesOf(
  read: Sql,
  { epoch, size }: LogCheckpoint,
  note: string,
): Promise<{ witness: string; line: string }[]> {
  // A reader of C2SP notes must take sixteen lines: that of the log and fifteen more.
  return read.all(
    'SELECT witness, line FROM cosignature WHERE epoch = ? AND size = ? AND note = ? ORDER BY at LIMIT 15',
    epoch,
    size,
    note,
  );
}

/** Entries, each after its length in two bytes. */
function bundleOf(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

/** Writes a tile unless it is there. A full tile never changes: its partial forerunners go. @returns files written */
async function writeTile(
  folder: string,
  level: number | 'entries',
  index: number,
  width: number,
  content: Buffer,
): Promise<number> {
  const file = join(folder, tilePath(level, index, width));
  const present = await readFile(file).catch(() => undefined);
  if (present && !present.equals(content))
    throw new CodedError('LOG_FORKED', `${file} is of another log; publish into an empty folder`);
  if (!present) await replace(file, content);
  if (width === TILE) await rm(`${file}.p`, { recursive: true, force: true });
  return present ? 0 : 1;
}

/** Writes a file as a whole or not at all. */
async function replace(file: string, content: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, content, { mode: 0o644 });
  await rename(`${file}.new`, file);
}
