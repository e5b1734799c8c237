import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verifyConformanceResult } from '#trust';
import { throwawayRegion } from '../trust/testing/index.ts';
import { reportOf, writeReport } from './report.ts';
import { writeResult } from './result.ts';
import type { Result } from './run-plan.ts';

const NOW = Date.UTC(2026, 10, 1);

it('is signed by whoever tested, and says what the report beside it says', async () => {
  const [tester, target] = await Promise.all(['320600', '150626'].map((code) => throwawayRegion(code, { now: NOW })));
  const folder = await mkdtemp(join(tmpdir(), 'tongban-result-'));
  const check = { id: 'a', clause: 'Receipt', negative: false, title: { zh: '甲', en: 'a' }, run: async () => '' };
  const results: Result[] = (['passed', 'failed', 'skipped', 'passed'] as const).map((outcome) => {
    return { check, outcome, detail: '' };
  });
  const facts = { target: '150626', as: '320600', plan: 'core', version: 3, started: NOW, finished: NOW + 5000 };
  const report = reportOf(facts, results);
  await writeReport(folder, report, results);
  await writeResult(folder, report, target!.statement, tester!.signing);
  const jwt = (await readFile(join(folder, 'result.jwt'), 'utf8')).trim();
  const reportDigest = createHash('sha256')
    .update(await readFile(join(folder, 'report.json')))
    .digest('base64url');
  expect(verifyConformanceResult(jwt, tester!.statement)).toEqual({
    target: '150626',
    identity: target!.identity.kid,
    tester: '320600',
    testedAt: NOW + 5000,
    plan: 'core',
    version: 3,
    reportDigest,
    passed: 2,
    failed: 1,
    skipped: 1,
  });
  await rm(folder, { recursive: true });
});
