import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { verifyVolume } from './archive.ts';
import { readStatement } from './documents.ts';

interface Vector {
  statements: [string, string];
  lines: string[];
  sealed: { region: string; number: number; previous: string; entries: number };
  bad: { what: string; lines: string[]; code: string }[];
}

const fileOf = (lines: readonly string[]) => gzipSync(lines.map((line) => `${line}\n`).join(''));

describe.each(['es256', 'ed25519', 'sm2-sm3'])('the recorded volume of %s', (suite) => {
  const url = new URL(`../../trust/vectors/archive-${suite}.json`, import.meta.url);
  const { statements, lines, sealed, bad } = JSON.parse(readFileSync(url, 'utf8')) as Vector;
  const own = readStatement(statements[0]);

  it('is sealed', () => {
    const file = fileOf(lines);
    const { region, number, previous } = sealed;
    const digest = createHash('sha256').update(file).digest('hex');
    const { bundle } = JSON.parse(lines[1]!) as { bundle: object };
    expect(verifyVolume(file, own)).toEqual({ region, number, previous, digest, bundles: [JSON.stringify(bundle)] });
  });

  it.each(bad)('is refused with: $what ($code)', ({ lines: altered, code }) => {
    expect(() => verifyVolume(fileOf(altered), own)).toThrow(expect.objectContaining({ code }));
  });

  it('is refused when the file is cut, not packed, or of another region', () => {
    const refused = expect.objectContaining({ code: 'ARCHIVE_INVALID' });
    expect(() => verifyVolume(fileOf(lines).subarray(0, -9), own)).toThrow(refused);
    expect(() => verifyVolume(Buffer.from(lines.join('\n')), own)).toThrow(refused);
    expect(() => verifyVolume(fileOf(lines), readStatement(statements[1]))).toThrow(
      expect.objectContaining({ code: 'KEY_UNKNOWN' }),
    );
  });
});
