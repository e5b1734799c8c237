import type { AuditReport } from './audit/audit.ts';
import type { RoundReport } from './run-round.ts';

/** A round that gave no report. */
export interface RoundWithout {
  readonly round: string;
  /** Why it was not run here: nobody's fault. */
  readonly absent?: string;
  /** Why it did not come to its end. */
  readonly failed?: string;
}

export type RoundResult = RoundReport | RoundWithout;

/** Findings of one round that are told in words; the file of --json has more. */
const TOLD = 10;
const WIDTHS = [22, 10, 7, 8, 7, 6, 8, 10, 6, 8, 9] as const;
const HEAD = [
  'round',
  'envelopes',
  'files',
  'kills',
  's',
  'lost',
  'doubled',
  'receipts',
  'logs',
  'orphans',
  'personal',
];

/** Whether a round found nothing wrong. */
export function isGood(result: RoundResult): boolean {
  if (!isReport(result)) return result.failed === undefined;
  return faultsOf(result) === 0;
}

/** The rounds as people read them, a line each, with what was found below. */
export function tableOf(results: readonly RoundResult[]): string {
  const reports = results.filter(isReport);
  const lines = [row(HEAD), ...results.map(lineOf)];
  if (reports.length > 1) lines.push(row(cellsOf(total(reports))));
  return `${[...lines, ...results.flatMap(wordsOf)].join('\n')}\n`;
}

export function isReport(result: RoundResult): result is RoundReport {
  return 'envelopes' in result;
}

function faultsOf(report: AuditReport): number {
  const { lost, doubled, receiptFaults, logFaults, orphans, materialFaults, personal } = report;
  return lost + doubled + receiptFaults + logFaults + orphans + materialFaults + personal;
}

function total(reports: readonly RoundReport[]): RoundReport {
  const sum = (of: (report: RoundReport) => number) => reports.reduce((all, report) => all + of(report), 0);
  return {
    round: '合计 total',
    kills: sum(({ kills }) => kills),
    seconds: sum(({ seconds }) => seconds),
    envelopes: sum(({ envelopes }) => envelopes),
    accepted: sum(({ accepted }) => accepted),
    files: sum(({ files }) => files),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    receipts: sum(({ receipts }) => receipts),
    receiptFaults: sum(({ receiptFaults }) => receiptFaults),
    logFaults: sum(({ logFaults }) => logFaults),
    orphans: sum(({ orphans }) => orphans),
    materialFaults: sum(({ materialFaults }) => materialFaults),
    personal: sum(({ personal }) => personal),
    late: sum(({ late }) => late),
    unswept: sum(({ unswept }) => unswept),
    findings: [],
  };
}

function lineOf(result: RoundResult): string {
  if (isReport(result)) return row(cellsOf(result));
  const { round, absent, failed } = result;
  const why = absent === undefined ? `未完成 / failed: ${failed}` : `未运行 / not run: ${absent}`;
  return `${round.padEnd(WIDTHS[0])}${why}`;
}

function cellsOf(report: RoundReport): (string | number)[] {
  const { round, envelopes, files, kills, seconds, lost, doubled, receipts, personal } = report;
  const { receiptFaults, logFaults, orphans, materialFaults } = report;
  return [
    ...[round, envelopes, materialFaults === 0 ? files : `${files}!${materialFaults}`, kills, seconds, lost, doubled],
    receiptFaults === 0 ? receipts : `${receipts}!${receiptFaults}`,
    logFaults === 0 ? 'ok' : `!${logFaults}`,
    ...[orphans, personal],
  ];
}

function wordsOf(result: RoundResult): string[] {
  if (!isReport(result)) return [];
  return result.findings
    .slice(0, TOLD)
    .map(({ kind, where, message }) => `${result.round}: ${kind}: ${where}: ${message}`);
}

function row(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, n) => (n === 0 ? String(cell).padEnd(WIDTHS[0]) : String(cell).padStart(WIDTHS[n] ?? 0)))
    .join('');
}
