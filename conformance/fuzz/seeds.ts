import { readFileSync } from 'node:fs';

const VECTORS = new URL('../../trust/vectors/', import.meta.url);
const SUITES = ['es256', 'ed25519', 'sm2-sm3'] as const;

/** The recorded vectors of a kind, one for each suite. */
export function recorded<T>(kind: string): T[] {
  return SUITES.map((suite) => JSON.parse(readFileSync(new URL(`${kind}-${suite}.json`, VECTORS), 'utf8')) as T);
}
