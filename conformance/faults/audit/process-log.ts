import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Findings } from './findings.ts';
import type { AuditedRegion } from './task.ts';

/** No line of the logs of the processes holds anything about a person. The finding does not repeat it. */
export async function auditProcessLogs(
  { region, logs }: AuditedRegion,
  personal: readonly string[],
  findings: Findings,
): Promise<void> {
  for (const [file, path] of logs.entries()) {
    const where = `${region} log ${file}`;
    let n = 0;
    for await (const line of createInterface({ input: createReadStream(path) })) {
      n += 1;
      const index = personal.findIndex((text) => line.includes(text));
      if (index >= 0) findings.add('personal', `${where}:${n}`, `holds text ${index} about a person`);
    }
    if (n === 0) findings.add('personal', where, 'is empty: there is nothing to audit');
  }
}
