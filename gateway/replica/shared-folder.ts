import { access, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the file by which a leader shows the others that they have the same data folder. */
const MARK = /^leader-[0-9a-f-]{36}$/;

/** Marks that are kept: a database that was restored, or never heard of the newest term, tells of an older one. */
export const MARKS_KEPT = 100;

/** Leaves the mark of a term in the data folder. Call before anybody hears of the term. */
export async function markFolder(data: string, term: string): Promise<void> {
  const run = join(data, 'run');
  await mkdir(run, { recursive: true, mode: 0o750 });
  await removeOldest(run);
  await writeFile(markOf(data, term), '', { mode: 0o640 });
}

/** Where the mark of a term is. */
export function markOf(data: string, term: string): string {
  return join(data, 'run', `leader-${term}`);
}

/**
 * Whether the leader of a term works in the same data folder. Each term has a name that nobody has looked for before:
 * no cache of a network file system remembers that it was not there.
 */
export async function isSharedWith(data: string, term: string): Promise<boolean> {
  return access(markOf(data, term)).then(
    () => true,
    () => false,
  );
}

async function removeOldest(run: string): Promise<void> {
  const names = (await readdir(run)).filter((name) => MARK.test(name));
  if (names.length < MARKS_KEPT) return;
  const marks = await Promise.all(names.map(async (name) => ({ name, madeAt: (await stat(join(run, name))).mtimeMs })));
  const oldest = marks.sort((one, other) => one.madeAt - other.madeAt).slice(0, names.length - MARKS_KEPT + 1);
  for (const { name } of oldest) await rm(join(run, name), { force: true });
}
