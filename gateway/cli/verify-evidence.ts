import { ERROR_CODES, regionFullName } from '#proto';
import { type BundleReport, fingerprintOf, type RegionStatement, readAuthorities, verifyBundle } from '#trust';
import type { Answer } from './command.ts';
import { readText } from './files.ts';
import { chinaTime, pairs, plain, shortType, table } from './format.ts';
import { readStatements } from './statements.ts';

const MAX_BUNDLE_BYTES = 256 * 1024 * 1024;
const MAX_PEM_BYTES = 1024 * 1024;

/**
 * Verifies a bundle with nothing but the statements in the given files.
 *
 * @param authorityFile PEM certificates of timestamp authorities that are trusted; without it no timestamp counts
 * @param now milliseconds
 * @throws CodedError VALIDATION_FAILED when a file cannot be read or one statement is missing altogether;
 *   VerificationError for a statement that is not one
 */
export async function verifyEvidenceFile(
  file: string,
  statementFiles: readonly string[],
  now: number,
  authorityFile?: string,
): Promise<Answer> {
  const statements = await readStatements(statementFiles);
  const authorities = authorityFile === undefined ? [] : readAuthorities(await readText(authorityFile, MAX_PEM_BYTES));
  const report = await verifyBundle(await readText(file, MAX_BUNDLE_BYTES), statements, { now, authorities });
  const known = statements.map(({ region, name, serial, identity }) => {
    return { region, name, serial, fingerprint: fingerprintOf(identity) };
  });
  return {
    json: { ...report, file, statements: known },
    text: reportText(report, statements),
    exit: report.verified ? 0 : 1,
  };
}

const CHECKS: Readonly<Record<BundleReport['checks'][number]['what'], string>> = {
  format: '格式 the file is a bundle',
  statements: '地区声明 embedded statements',
  authorizations: '互信授权,双方签名 authorizations with both signatures',
  checkpoint: '检查点 checkpoint of the log, signed',
  witnessed: '见证签名与时间戳 countersignatures and timestamps',
  header: '报文头 headers',
  payload: '正文与摘要 payloads and their digests',
  seal: '封装签名 seals of the senders',
  receipt: '回执签名 receipts of the recipients',
  answer: '答复与问题相符 the answer is to the question',
  authorization: '所引授权 the authorization cited by each envelope',
  log: '日志收录 inclusion in the evidence log',
  order: '序号完整 numbers without gaps',
};

/** The whole report for people. */
function reportText(report: BundleReport, statements: readonly RegionStatement[]): string {
  const parts = [
    `${report.verified ? '核验通过 / VERIFIED' : '核验未通过 / NOT VERIFIED'}\n`,
    pairs([
      ['办件 Case', report.case],
      ['导出方 Exported by', report.exportedBy && regionText(report.exportedBy)],
      ['导出时间 Exported at', report.exportedAt ? chinaTime(report.exportedAt) : ''],
      ['报文 Envelopes', report.envelopes],
      ['回执 Receipts', report.receipts],
      ['日志条目 Log entries', report.logEntries],
    ]),
    `采信的地区声明,请核对指纹 / statements trusted; compare the fingerprints\n${statementTable(statements)}`,
  ];
  // Nothing was judged of a file that is no bundle.
  if (report.exportedBy !== '') parts.push(`核验项 / checks\n${checkTable(report)}`);
  if (report.faults.length > 0) parts.push(`问题 / faults\n${faultTable(report)}`);
  if (report.notes.length > 0)
    parts.push(
      `说明 / notes\n${report.notes.map(({ where, message }) => `  ${plain(where)}: ${plain(message)}\n`).join('')}`,
    );
  const meaning = report.verified ? '已证明的经过 / what is proved' : '单独可证的部分 / what stands proved by itself';
  if (report.timeline.length > 0) parts.push(`${meaning}\n${timelineTable(report)}`);
  if (report.check) parts.push(`已证明的核验 / the check that is proved\n${checkText(report.check)}`);
  return parts.join('\n');
}

function statementTable(statements: readonly RegionStatement[]): string {
  return table(
    ['地区 Region', '名称 Name', '序号 Serial', '指纹 Fingerprint'],
    statements.map(({ region, name, serial, identity }) => [region, name, serial, fingerprintOf(identity)]),
    '',
  );
}

function checkTable({ checks }: BundleReport): string {
  return table(
    ['结果 Result', '核验项 Check'],
    checks.map(({ what, ok }) => [ok ? '通过 ok' : '未通过 FAILED', CHECKS[what]]),
    '',
  );
}

function faultTable({ faults }: BundleReport): string {
  return table(
    ['位置 Where', '代码 Code', '含义 Meaning', '详情 Detail'],
    faults.map(({ where, code, message }) => [where || '/', code, ERROR_CODES[code].zh, message]),
    '',
  );
}

function timelineTable({ timeline }: BundleReport): string {
  return table(
    ['发送 Sent (UTC+8)', '发送方 From', '接收方 To', '序 N', '类型 Type', '结果 Outcome', '裁定 Decided (UTC+8)'],
    timeline.map(({ at, from, to, sequence, type, outcome, code, decidedAt }) => {
      const result = outcome === 'accepted' ? '接受 accepted' : `拒绝 rejected ${code}`;
      return [chinaTime(at), from, to, sequence, shortType(type), result, chinaTime(decidedAt)];
    }),
    '',
  );
}

/** What was asked and answered, field by field. */
function checkText(check: NonNullable<BundleReport['check']>): string {
  return pairs([
    ['编号 Id', check.id],
    ['提问 Asked by', regionText(check.from)],
    ['答复 Answered by', regionText(check.to)],
    ['提问时间 Asked at', chinaTime(check.askedAt)],
    ['对象 About', check.subject],
    ['用途 Purpose', check.purpose],
    ['所问字段 Fields asked', check.asked?.join(' ')],
    ['答复 Answer', check.status],
    ['答复时间 Answered at', chinaTime(check.answeredAt)],
    ...Object.entries(check.fields ?? {}),
  ]);
}

function regionText(region: string): string {
  return `${region} ${regionFullName(region) ?? ''}`.trim();
}
