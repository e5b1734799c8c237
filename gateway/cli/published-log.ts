import { CodedError, ERROR_CODES } from '#proto';
import type { LogFault } from '../evidence/log-fault.ts';
import { type Published, type PublishOptions, publishLog } from '../evidence/published/publish-log.ts';
import { type PublishedReport, verifyPublished } from '../evidence/published/verify-published.ts';
import { heldNotes } from '../evidence/verify-log-witnesses.ts';
import type { Environment } from '../store/open-store.ts';
import type { Answer } from './command.ts';
import { chinaTime, pairs, table } from './format.ts';
import { inSnapshot } from './log-snapshot.ts';
import { readStatements } from './statements.ts';

/** `tongban log publish`: our log as static files. */
export async function publishOwnLog(
  gateway: string,
  environment: Environment,
  folder: string,
  options: PublishOptions,
): Promise<Answer> {
  const published = await inSnapshot(gateway, environment, (read) => publishLog(read, folder, options));
  return { json: { out: folder, ...published }, text: publishedText(folder, published) };
}

/**
 * `tongban log verify --published`: rechecks published files, and holds them against what a gateway of ours saw.
 *
 * @param statementFiles of the log's owner and of witnesses
 * @param seenBy folder of a gateway; nothing is compared without one
 */
export async function verifyPublishedLog(
  folder: string,
  statementFiles: readonly string[],
  seenBy: string | undefined,
  environment: Environment,
): Promise<Answer> {
  if (statementFiles.length === 0)
    throw new CodedError('VALIDATION_FAILED', 'name the statement of the region whose log it is: --region FILE');
  const statements = await readStatements(statementFiles);
  const seen = seenBy === undefined ? [] : await inSnapshot(seenBy, environment, heldNotes);
  const report = await verifyPublished(folder, statements, seen);
  const verified = report.faults.length === 0;
  return { json: { verified, ...report }, text: reportText(report), exit: verified ? 0 : 1 };
}

function publishedText(folder: string, { region, epoch, size, later, witnesses, files }: Published): string {
  return pairs([
    ['日志 Log', `${region}/${epoch}`],
    ['已发布 Published', `${size} 条 entries, ${folder}`],
    ['见证 Witnesses', witnesses.join(' ') || '无 none'],
    ['其后尚未发布 Later, not published', later],
    ['写入文件 Files written', files],
  ]);
}

function reportText(report: PublishedReport): string {
  const { region, epoch, size, entries, witnesses, unjudged, compared, newer, faults } = report;
  const facts = pairs([
    ['结果 Result', faults.length === 0 ? '核验通过 VERIFIED' : '核验未通过 NOT VERIFIED'],
    ['日志 Log', `${region}/${epoch}`],
    ['已发布 Published', size],
    ['其中公开条目 Entries published', entries],
    ['见证 Witnesses', witnesses.map((one) => `${one.region} ${chinaTime(one.at)}`).join(', ') || '无 none'],
    ['未提供声明 No statement given', unjudged.join(' ')],
    ['与所见一致 Fits what we saw', `${compared} 个状态 states`],
    ['所见更新,无法比对 Seen, but newer', newer],
  ]);
  return faults.length === 0 ? facts : `${facts}\n${faultTable(faults)}`;
}

/** Faults for people. */
export function faultTable(faults: readonly LogFault[]): string {
  const rows = faults.map(({ where, code, message }) => [where, code, ERROR_CODES[code].zh, message]);
  return table(['位置 Where', '代码 Code', '含义 Meaning', '详情 Detail'], rows, '');
}
