import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MODULES = resolve(import.meta.dirname, '../node_modules');
const REPORTER = join(import.meta.dirname, 'summary-reporter.ts');
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'tongban-summary-'));
  symlinkSync(MODULES, join(project, 'node_modules'));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

it('ends a run that passes with the counts as the last line', () => {
  test('good', "it('passes', () => {}); it('passes too', () => {}); it.skip('waits', () => {});");
  expect(runTests()).toEqual({ status: 0, lastLine: '2 passed, 0 failed, 1 skipped' });
});

it('counts a failed test, a file that does not load and a failed hook as failed', () => {
  test('good', "it('passes', () => {});");
  test('bad', "it('fails', () => { throw new Error('no'); });");
  test('unloadable', "throw new Error('not loaded');");
  test(
    'hook',
    "import { beforeAll, describe } from 'vitest'; describe('x', () => { beforeAll(() => { throw new Error('no'); }); it('never runs', () => {}); });",
  );
  expect(runTests()).toEqual({ status: 1, lastLine: '1 passed, 3 failed, 1 skipped' });
});

it('counts an error outside every test as failed', () => {
  test(
    'stray',
    "it('passes', () => { setTimeout(() => { throw new Error('late'); }, 0); }); it('waits', () => new Promise((done) => setTimeout(done, 50)));",
  );
  expect(runTests()).toEqual({ status: 1, lastLine: '2 passed, 1 failed, 0 skipped' });
});

function test(name: string, body: string): void {
  writeFileSync(join(project, `${name}.test.ts`), `import { it } from 'vitest';\n${body}\n`);
}

function runTests(): { status: number | null; lastLine: string | undefined } {
  const vitest = join(MODULES, 'vitest/vitest.mjs');
  const args = [vitest, 'run', '--root', project, '--reporter', 'default', '--reporter', REPORTER];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, lastLine: stdout.trimEnd().split('\n').at(-1) };
}
