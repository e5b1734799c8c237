import type { AlignedPair, Alignment, ItemName } from '../../catalogue/alignment/alignment.ts';
import type { Difference } from '../../catalogue/alignment/differences.ts';
import { csvText } from '../../catalogue/files/write-csv.ts';
import { pairs as lines, plain, table } from '../format.ts';

/** The report as the gateway answers it. */
export interface AlignmentAnswer extends Alignment {
  /** Region codes. */
  readonly ours: string;
  readonly theirs: string;
}

const WAYS = { code: '事项编码 code', 'other-code': '其他编码 other code', name: '名称 name' } as const;

/** 对标报告 for people: the summary, then item by item what differs, then what only one side offers. */
export function alignmentText(report: AlignmentAnswer): string {
  const { pairs, onlyOurs, onlyTheirs, summary, ours, theirs } = report;
  const head = lines([
    ['本地 Ours', ours],
    ['对端 Theirs', theirs],
    ['两地共有 Offered by both', summary.pairs],
    ['完全一致 Aligned', summary.aligned],
    ['一张清单即可收件 One list will do', summary.oneList],
  ]);
  const fields = table(
    ['要素 Property', '不一致的事项 Items that differ'],
    summary.fields.map(({ zh, en, pairs: count }) => [`${zh} ${en}`, count]),
    '没有不一致 / nothing differs',
  );
  const changes = table(
    ['事项 Item', '由谁改 Who', '统一清单须改 To change for one list'],
    summary.changes.map(({ code, name, by, zh, en }) => [`${code} ${name}`, whoText(by, report), `${zh} / ${en}`]),
    '一张清单已经够用 / one list is enough already',
  );
  const differing = pairs.filter(({ differences }) => differences.length > 0).map((pair) => pairText(pair, report));
  return [
    head,
    fields,
    changes,
    ...differing,
    onlyText(`只有本地 / only ${ours}`, onlyOurs),
    onlyText(`只有对端 / only ${theirs}`, onlyTheirs),
  ].join('\n');
}

/** The same, a row for each difference and for each item that only one side offers. */
export function alignmentCsv(report: AlignmentAnswer): string {
  const head = ['本地编码', '本地事项', '对端编码', '对端事项', '要素', '材料', '本地', '对端', '由谁改', '建议'];
  const differences = report.pairs.flatMap(({ ours, theirs, differences: found }) =>
    found.map((one) => [
      ...[ours.code, ours.name, theirs.code, theirs.name],
      ...[one.zh, one.material ?? '', one.ours, one.theirs, whoText(one.by, report), one.change.zh],
    ]),
  );
  const only = [
    ...report.onlyOurs.map(({ code, name }) => [code, name, '', '', '只有本地', '', '', '', '', '']),
    ...report.onlyTheirs.map(({ code, name }) => ['', '', code, name, '只有对端', '', '', '', '', '']),
  ];
  return csvText([head, ...differences, ...only]);
}

function pairText({ ours, theirs, matchedBy, differences }: AlignedPair, report: AlignmentAnswer): string {
  const title = `${plain(ours.code)} ${plain(ours.name)} ↔ ${plain(theirs.code)} ${plain(theirs.name)} (${WAYS[matchedBy]})\n`;
  const rows = differences.map((one) => [
    `${one.zh} ${one.en}${one.material === undefined ? '' : ` 「${one.material}」`}`,
    one.ours,
    one.theirs,
    whoText(one.by, report),
    `${one.change.zh} / ${one.change.en}`,
  ]);
  const headers = ['要素 Property', `本地 ${report.ours}`, `对端 ${report.theirs}`, '由谁改 Who', '建议 Proposal'];
  return title + table(headers, rows, '');
}

function onlyText(title: string, items: readonly ItemName[]): string {
  if (items.length === 0) return `${title}: 0\n`;
  return `${title}: ${items.length}\n${items.map(({ code, name }) => `  ${plain(code)} ${plain(name)}\n`).join('')}`;
}

function whoText(by: Difference['by'], { ours, theirs }: AlignmentAnswer): string {
  return by === 'ours' ? ours : by === 'theirs' ? theirs : '两地 both';
}
