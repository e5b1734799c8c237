import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportOf, writeReport } from './report.ts';
import type { Result } from './run-plan.ts';

const FACTS = { target: '150626', as: '320600', plan: 'core', version: 1, started: 0, finished: 1 };

function result(outcome: Result['outcome'], detail: string): Result {
  const title = { zh: '回执正确', en: 'the receipt is right' };
  const check = { id: `receipt.${outcome}`, clause: 'Receipt', negative: true, title, run: async () => '' };
  return { check, outcome, detail };
}

describe('a report', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tongban-report-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function written(...results: Result[]): Promise<{ json: unknown; markdown: string }> {
    const dir = join(folder, 'a', 'b');
    await writeReport(dir, reportOf(FACTS, results), results);
    const json = JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')) as unknown;
    return { json, markdown: await readFile(join(dir, 'report.md'), 'utf8') };
  }

  it('is written for programs and for people', async () => {
    const { json, markdown } = await written(result('passed', 'seen'));
    expect(json).toMatchObject({
      passed: 1,
      failed: 0,
      skipped: 0,
      results: [{ id: 'receipt.passed', detail: 'seen' }],
    });
    expect(markdown).toContain('**符合 / conforms**');
    expect(markdown).toContain('回执正确 / the receipt is right');
  });

  it('puts what failed first', async () => {
    const { markdown } = await written(result('passed', 'seen'), result('failed', 'wrong'));
    expect(markdown).toContain('**不符合 / does not conform**');
    expect(markdown.indexOf('receipt.failed')).toBeLessThan(markdown.indexOf('receipt.passed'));
  });

  it('keeps its tables whole whatever a target said', async () => {
    const { markdown } = await written(result('failed', 'a | b\n| c'));
    expect(markdown).toContain('| a \\| b \\| c |');
  });
});
