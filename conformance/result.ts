import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issueConformanceResult, type RegionStatement, type Signer } from '#trust';
import type { Report } from './report.ts';

/**
 * Writes `result.jwt` beside the report: its sum, signed by the region that tested. An anchor turns a passed one into a
 * trust mark (信任标志).
 *
 * @param folder where the report has been written
 */
export async function writeResult(
  folder: string,
  report: Report,
  target: RegionStatement,
  signing: Signer,
): Promise<void> {
  const { as: tester, plan, version, finished, passed, failed, skipped } = report;
  const reportDigest = createHash('sha256')
    .update(await readFile(join(folder, 'report.json')))
    .digest('base64url');
  const jwt = await issueConformanceResult(signing, {
    target: target.region,
    identity: target.identity,
    tester,
    testedAt: Date.parse(finished),
    plan,
    version,
    reportDigest,
    passed,
    failed,
    skipped,
  });
  await writeFile(join(folder, 'result.jwt'), `${jwt}\n`);
}
