import { spawnSync } from 'node:child_process';

/** Runs every static check, also after a failure, and ends with one line for each. Exits 1 when one failed. */
const PARTS = ['lint', 'typecheck', 'layers', 'knip', 'generated', 'buf'];

const results = PARTS.map((part) => ({ part, ...run(part) }));
process.stdout.write('\n');
for (const { part, passed, seconds } of results) {
  process.stdout.write(`${passed ? '✓ pass' : '✗ fail'}  ${part.padEnd(10)} ${seconds.toFixed(1)} s\n`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;

function run(part: string): { passed: boolean; seconds: number } {
  const started = performance.now();
  process.stdout.write(`\n── ${part}\n`);
  const { status } = spawnSync('npm', ['run', '--silent', part], { stdio: ['ignore', 'inherit', 'inherit'] });
  return { passed: status === 0, seconds: (performance.now() - started) / 1000 };
}
