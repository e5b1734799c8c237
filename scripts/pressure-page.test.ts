import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const page = read('docs/pressure.md') + read('docs/doors.md');

interface Row {
  readonly queue: string;
  readonly bound: number;
  readonly name: string;
  readonly file: string;
}

const rows: Row[] = [...page.matchAll(/^\| ([^|]+) \| (\d+) \| \[(\w+)\]\(\.\.\/([^)]+)\)/gm)].map(
  ([, queue = '', bound, name = '', file = '']) => ({ queue, bound: Number(bound), name, file }),
);

/** The number that a source gives to a name: a constant, a member, or the default of a setting. */
function numberIn(file: string, name: string): number {
  const source = read(file);
  const found = new RegExp(`\\b${name}(?: =|:)(?: [\\w.?]+ \\?\\?)? ([\\d_]+(?: \\*\\*? [\\d_]+)*)`).exec(source);
  if (!found) throw new Error(`${file} gives no number to ${name}`);
  const factors = found[1]!.replaceAll('_', '').split(' * ');
  return factors.reduce((product, factor) => {
    const [base = '', power = '1'] = factor.split(' ** ');
    return product * Number(base) ** Number(power);
  }, 1);
}

describe('docs/pressure.md and docs/doors.md', () => {
  it.each(rows)('says how much $name of $file is: $bound', ({ bound, name, file }) => {
    expect(numberIn(file, name)).toBe(bound);
  });

  it('has the number and the consequence of every queue, in both languages', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const { queue } of rows) expect(queue).toMatch(/\p{Script=Han}.* \/ [a-z]/u);
  });

  it('names every file in which callers wait in memory', () => {
    const files = ['gateway', 'trust', 'adapters'].flatMap((layer) =>
      readdirSync(new URL(layer, ROOT), { recursive: true, encoding: 'utf8' }).map((file) => `${layer}/${file}`),
    );
    const waiting = files.filter(
      (file) => /(?<!\.test)\.ts$/.test(file) && !file.includes('/testing/') && /[wW]aiting\.push\(/.test(read(file)),
    );
    expect(waiting.length).toBeGreaterThan(3);
    // Turns and lanes are bounded by whoever makes them.
    const known = new Set([...rows.map(({ file }) => file), 'trust/keys/custody/turns.ts', 'adapters/lanes.ts']);
    expect(waiting.filter((file) => !known.has(file))).toEqual([]);
  });
});
