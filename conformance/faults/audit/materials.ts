import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Books } from './books.ts';
import type { Findings } from './findings.ts';
import type { WrittenLedger } from './task.ts';

interface MaterialRow {
  readonly conversation: string;
  readonly digest: Buffer;
  readonly peer: string;
  readonly size: number;
  readonly state: string;
}

/**
 * Every file of an accepted case is there, named by a held row, and was handed out byte for byte: its own bytes are sealed,
 * where the region keeps its data so. Every file that is there is named by a row. What an
 * upload left behind that was cut off is removed after a day, and is no orphan before.
 *
 * @returns files that wait for that day
 */
export async function auditMaterials(
  { region, folder, tables }: Books,
  { accepted, fetched }: Pick<WrittenLedger, 'accepted' | 'fetched'>,
  findings: Findings,
): Promise<number> {
  const rows = await tables.all<MaterialRow>('SELECT conversation, digest, peer, size, state FROM material');
  // What moves into its place is named by the same row before and after.
  const named = new Set(rows.flatMap((row) => [pathOf(row), pathOf({ ...row, state: 'held' })]));
  const held = new Set(rows.filter(({ state }) => state === 'held').map((row) => pathOf(row)));
  const materials = join(folder, 'materials');
  const files = new Set(await filesBelow(materials));
  const came = new Map(fetched.filter((one) => one.region === region).map((one) => [keyOf(one), one.came]));
  for (const { conversation, files: digests } of accepted)
    for (const digest of digests) {
      const path = pathOf({ conversation, digest: Buffer.from(digest, 'hex'), state: 'held', peer: '' });
      const where = `${region} ${path}`;
      if (!held.has(path)) findings.add('material', where, 'no held row names it');
      if (!files.has(path)) findings.add('material', where, 'the file is not there');
      else if (came.get(keyOf({ conversation, digest })) !== digest)
        findings.add('material', where, 'was handed out with other bytes, or not at all');
    }
  for (const path of held) if (!files.has(path)) findings.add('material', `${region} ${path}`, 'a row names no file');
  let waiting = 0;
  for (const path of files) {
    // A part that arrives sealed has a name that says so.
    if (path.startsWith('uploads/')) waiting += 1;
    else if (!named.has(path.replace(/\.sealed$/, '')))
      findings.add('orphan', `${region} ${path}`, 'nothing names this file');
  }
  return waiting;
}

/** Where the file of a row is, below the folder of materials. */
function pathOf({ conversation, digest, peer, state }: Omit<MaterialRow, 'size'>): string {
  const name = digest.toString('hex');
  if (state === 'arriving') return `arriving/${peer}/${conversation}-${name}`;
  return `cases/${conversation.slice(-2)}/${conversation}/${name}`;
}

function keyOf({ conversation, digest }: { readonly conversation: string; readonly digest: string }): string {
  return `${conversation} ${digest}`;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}
