import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'tongban-generate-'));
  cpSync(join(ROOT, 'proto/tongban'), join(copy, 'proto/tongban'), { recursive: true });
  cpSync(join(ROOT, 'scripts/generate.ts'), join(copy, 'scripts/generate.ts'));
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  expect(generate().status).toBe(0);
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

describe('generate --check', () => {
  it('passes what generate has just written', () => {
    expect(generate('--check')).toEqual({ status: 0, output: 'generated files are fresh\n' });
  });

  it('names files that are edited, missing, or without a source, and changes nothing', () => {
    const edited = join(copy, 'proto/generated/tongban/v1/Envelope.ts');
    appendFileSync(edited, '\nexport const byHand = 1;\n');
    rmSync(join(copy, 'proto/generated/envelope.ts'));
    writeFileSync(join(copy, 'proto/generated/Left.ts'), 'export {};\n');

    const { status, output } = generate('--check');

    expect(status).toBe(1);
    expect(output.split('\n')).toEqual([
      '✗ has no source: proto/generated/Left.ts',
      '✗ missing: proto/generated/envelope.ts',
      '✗ out of date: proto/generated/tongban/v1/Envelope.ts',
      'run `npm run generate`',
      '',
    ]);
    expect(readFileSync(edited, 'utf8')).toContain('byHand');
  });

  it('fails after a message gained a field', () => {
    const source = join(copy, 'proto/tongban/v1/envelope.proto');
    writeFileSync(
      source,
      readFileSync(source, 'utf8').replace('message Envelope {', 'message Envelope {\n  string novel = 99;'),
    );
    const { status, output } = generate('--check');
    expect(output).toContain('out of date: proto/generated/tongban/v1/Envelope.ts');
    expect(status).toBe(1);
  });
});

function generate(...args: string[]): { status: number | null; output: string } {
  const script = join(copy, 'scripts/generate.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
