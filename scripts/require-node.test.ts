import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, 'require-node.mjs');

it('accepts the Node that npm scripts run on', () => {
  expect(start([])).toEqual({ status: 0, message: '' });
});

it('refuses an older Node and says how to get the right one', () => {
  const pretendOld = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
  const { status, message } = start(['--import', `data:text/javascript,${encodeURIComponent(pretendOld)}`]);
  expect(status).toBe(1);
  expect(message).toContain('needs Node 26 or later and this is 20.20.2');
  expect(message).toContain('npm ci');
});

function start(nodeOptions: string[]): { status: number | null; message: string } {
  const { status, stderr } = spawnSync(process.execPath, [...nodeOptions, SCRIPT], { encoding: 'utf8' });
  return { status, message: stderr };
}
