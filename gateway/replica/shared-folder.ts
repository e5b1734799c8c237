import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the file by which a leader shows the others that they have the same data folder. */
const MARK = /^leader-[0-9a-f-]{36}$/;

/** Leaves the mark of a term in the data folder, in place of older ones. Call before anybody hears of the term. */
export async function markFolder(data: string, term: string): Promise<void> {
  const run = join(data, 'run');
  await mkdir(run, { recursive: true, mode: 0o750 });
  const older = (await readdir(run)).filter((name) => MARK.test(name));
  await writeFile(join(run, `leader-${term}`), '', { mode: 0o640 });
  for (const name of older) await rm(join(run, name), { force: true });
}

/**
 * Whether the leader of a term works in the same data folder. Each term has a name that nobody has looked for before:
 * no cache of a network file system remembers that it was not there.
 */
export async function isSharedWith(data: string, term: string): Promise<boolean> {
  return access(join(data, 'run', `leader-${term}`)).then(
    () => true,
    () => false,
  );
}
