import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../archive/lines.ts';
import { readVolume } from '../archive/read-volume.ts';
import { verifyBundle } from '../evidence/bundle.ts';
import { verifyStatement } from '../region/statement.ts';

interface Vector {
  statements: [string, string];
  lines: string[];
  sealed: object;
  bad: { what: string; lines: string[]; code: string }[];
}

const read = (name: string): Vector => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));

async function* bytesOf(lines: readonly string[]) {
  for (const line of lines) yield Buffer.from(`${line}\n`);
}

describe.each(['archive-es256', 'archive-ed25519', 'archive-sm2-sm3'])('%s', (name) => {
  const { statements, lines, sealed, bad } = read(name);
  const whole = async (of: readonly string[]) => {
    const [exporter] = await Promise.all(statements.map(verifyStatement));
    const volume = readVolume(linesOf(bytesOf(of)), () => exporter!);
    const bundles: object[] = [];
    for (;;) {
      const { done, value } = await volume.next();
      if (done) return { sealed: value, bundles };
      bundles.push((value as { bundle: object }).bundle);
    }
  };

  it('is sealed, and its bundle proves its case', async () => {
    const found = await whole(lines);
    expect(found.sealed).toEqual(sealed);
    const report = await verifyBundle(
      JSON.stringify(found.bundles[0]),
      await Promise.all(statements.map(verifyStatement)),
    );
    expect(report.faults).toEqual([]);
  });

  it.each(bad)('fails with: $what ($code)', async ({ lines: altered, code }) => {
    await expect(whole(altered)).rejects.toMatchObject({ code });
  });
});
