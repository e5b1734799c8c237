import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import type { ConformanceCheck } from './check.ts';
import { Deviation, NotApplicable } from './finding.ts';
import { reportOf } from './report.ts';
import { type Result, runPlan } from './run-plan.ts';
import { CallEnded } from './wire/call-end.ts';
import type { Workbench } from './workbench.ts';

const NO_BENCH = {} as Workbench;

function check(id: string, run: () => Promise<string>): ConformanceCheck {
  return { id, clause: 'Receipt', negative: false, title: { zh: '测试', en: 'test' }, run };
}

function failing(id: string, error: Error): ConformanceCheck {
  return check(id, () => Promise.reject(error));
}

const PLAN = [
  check('good', async () => 'seen'),
  failing('deviating', new Deviation('should be X')),
  failing('ended', new CallEnded({ status: 'UNAVAILABLE', code: 'SHUTTING_DOWN' })),
  failing('unverified', new CodedError('ROOT_MISMATCH')),
  failing('broken', new TypeError('no such thing')),
  failing('impossible', new NotApplicable('there is no agreement')),
  check('last', async () => 'seen'),
];

describe('a run of a plan', () => {
  it('makes every check, whatever became of the one before', async () => {
    const seen: string[] = [];
    const results = await runPlan(PLAN, NO_BENCH, ({ check: { id } }) => seen.push(id));
    expect(seen).toEqual(PLAN.map(({ id }) => id));
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'failed',
      'failed',
      'failed',
      'failed',
      'skipped',
      'passed',
    ]);
  });

  it('says why a check failed or was skipped', async () => {
    const [, ...details] = (await runPlan(PLAN, NO_BENCH)).map(({ detail }) => detail);
    const words = [
      'should be X',
      'UNAVAILABLE SHUTTING_DOWN',
      'ROOT_MISMATCH',
      'no such thing',
      'there is no agreement',
    ];
    words.forEach((word, index) => {
      expect(details[index]).toContain(word);
    });
  });

  it('is counted in the report', async () => {
    const results: Result[] = await runPlan(PLAN, NO_BENCH);
    const report = reportOf(
      { target: '150626', as: '320600', plan: 'core', version: 1, started: 0, finished: 1000 },
      results,
    );
    expect(report).toMatchObject({ passed: 2, failed: 4, skipped: 1, started: '1970-01-01T00:00:00.000Z' });
    expect(report.results[5]).toEqual({
      id: 'impossible',
      clause: 'Receipt',
      negative: false,
      outcome: 'skipped',
      detail: 'there is no agreement',
    });
  });
});
