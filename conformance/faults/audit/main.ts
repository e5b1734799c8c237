// node conformance/faults/audit/main.ts TASK: the auditor of one round, in a process of its own. It shares no code with the
// gateway: it reads both stores as data and verifies with the reference verifier.
import { readFile } from 'node:fs/promises';
import { audit } from './audit.ts';
import type { AuditTask } from './task.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('用法 / usage: node conformance/faults/audit/main.ts TASK\n');
  process.exitCode = 2;
} else {
  const task = JSON.parse(await readFile(file, 'utf8')) as AuditTask;
  process.stdout.write(`${JSON.stringify(await audit(task))}\n`);
}
