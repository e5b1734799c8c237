import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a key folder as it was before a purpose existed: its list names no key of it. */
export async function forgetKeys(dir: string, purpose: string): Promise<void> {
  const file = join(dir, 'keys.json');
  const { keys, ...rest } = JSON.parse(await readFile(file, 'utf8')) as { keys: { purpose: string }[] };
  await writeFile(file, JSON.stringify({ ...rest, keys: keys.filter((key) => key.purpose !== purpose) }));
}
