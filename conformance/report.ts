import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome, Words } from './finding.ts';
import type { Result } from './run-plan.ts';

/** What a run found, as `report.json` holds it. */
export interface Report {
  /** Region codes. */
  readonly target: string;
  readonly as: string;
  readonly plan: string;
  /** Version of the plan. */
  readonly version: number;
  /** RFC 3339. */
  readonly started: string;
  readonly finished: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly results: readonly {
    readonly id: string;
    readonly clause: string;
    readonly negative: boolean;
    readonly outcome: Outcome;
    readonly detail: string;
  }[];
}

export interface RunFacts {
  readonly target: string;
  readonly as: string;
  readonly plan: string;
  readonly version: number;
  /** Milliseconds. */
  readonly started: number;
  /** Milliseconds. */
  readonly finished: number;
}

const OUTCOMES: Readonly<Record<Outcome, Words & { readonly sign: string }>> = {
  passed: { sign: '✓', zh: '通过', en: 'passed' },
  failed: { sign: '✗', zh: '未通过', en: 'failed' },
  skipped: { sign: '–', zh: '跳过', en: 'skipped' },
};

/** Puts the results of a run together. */
export function reportOf(
  { target, as, plan, version, started, finished }: RunFacts,
  results: readonly Result[],
): Report {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  return {
    target,
    as,
    plan,
    version,
    started: new Date(started).toISOString(),
    finished: new Date(finished).toISOString(),
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    results: results.map(({ check: { id, clause, negative }, outcome, detail }) => {
      return { id, clause, negative, outcome, detail };
    }),
  };
}

/** Writes `report.json` and `report.md` into a folder, which is made if need be. */
export async function writeReport(folder: string, report: Report, results: readonly Result[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(join(folder, 'report.md'), markdownOf(report, results));
}

/** One line for people: sign, id, and what it is about. */
export function lineOf({ check, outcome, detail }: Result): string {
  const { sign } = OUTCOMES[outcome];
  const line = `${sign} ${check.id.padEnd(32)} ${check.title.zh} / ${check.title.en}`;
  return outcome === 'passed' ? line : `${line}\n    ${detail}`;
}

/** The sum of a run, in one line. */
export function summaryOf({ passed, failed, skipped }: Report): string {
  return `通过 ${passed},未通过 ${failed},跳过 ${skipped} / ${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function markdownOf(report: Report, results: readonly Result[]): string {
  const verdict = report.failed === 0 ? '符合 / conforms' : '不符合 / does not conform';
  return [
    '# 一致性测试报告 · Conformance report',
    '',
    `- 目标地区 / target: ${report.target}`,
    `- 以何地区名义 / in the name of: ${report.as}`,
    `- 方案 / plan: ${report.plan}, 版本 / version ${report.version}`,
    `- 时间 / time: ${report.started} – ${report.finished}`,
    `- 结论 / verdict: **${verdict}**`,
    `- ${summaryOf(report)}`,
    '',
    ...(['failed', 'skipped', 'passed'] as const).flatMap((outcome) => chapter(outcome, results)),
  ].join('\n');
}

function chapter(outcome: Outcome, results: readonly Result[]): string[] {
  const chosen = results.filter((result) => result.outcome === outcome);
  if (chosen.length === 0) return [];
  const { sign, zh, en } = OUTCOMES[outcome];
  return [
    `## ${sign} ${zh} · ${en} (${chosen.length})`,
    '',
    '| 检查 / check | 条款 / clause | 反例 / negative | 内容 / what | 所见 / seen |',
    '| --- | --- | --- | --- | --- |',
    ...chosen.map(({ check, detail }) => {
      const cells = [`\`${check.id}\``, check.clause, check.negative ? '是 / yes' : '', both(check.title), detail];
      return `| ${cells.map(cell).join(' | ')} |`;
    }),
    '',
  ];
}

function both({ zh, en }: Words): string {
  return `${zh} / ${en}`;
}

/** What came from the wire must not break the table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}
