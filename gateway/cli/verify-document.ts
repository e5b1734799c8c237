import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import {
  DOCUMENT_LIMITS,
  type DocumentReport,
  examineDocument,
  NOBODY,
  readTrustList,
  type SealReport,
  VerificationError,
} from '#trust';
import type { PaperFacts } from '../case/papers/paper-facts.ts';
import { KINDS_OF_PAPER } from '../case/papers/paper-kinds.ts';
import type { Answer } from './command.ts';
import { fileError, readText } from './files.ts';
import { chinaTime, humanSize, pairs, plain, table } from './format.ts';
import { readRevocationFile } from './revocation-lists.ts';
import { readStatements } from './statements.ts';

const MAX_PEM_BYTES = 1024 * 1024;

/**
 * Examines a department's own file with nothing but a trust list. Only a file that is sealed by signers of the list ends
 * with 0.
 *
 * @param trustFiles PEM certificates; without them nobody is trusted
 * @param now milliseconds
 * @param revocationFiles lists of revoked certificates; without them revocation is not checked
 * @param statementFiles statements of regions that are trusted to have signed it, or folders of them; a file that one of
 *   them signed ends with 0 as well
 * @throws CodedError VALIDATION_FAILED when a file cannot be read, CONFIG_INVALID when a list holds none
 */
export async function verifyDocumentFile(
  file: string,
  trustFiles: readonly string[],
  now: number,
  revocationFiles: readonly string[] = [],
  statementFiles: readonly string[] = [],
): Promise<Answer> {
  const certificates = await Promise.all(trustFiles.map((one) => readText(one, MAX_PEM_BYTES)));
  const lists = (await Promise.all(revocationFiles.map(readRevocationFile))).flat();
  const trust = certificates.length === 0 ? NOBODY : readTrustList(certificates.join('\n'), lists);
  const bytes = await readDocument(file);
  const report = examineDocument(bytes, trust, now);
  const signed = statementFiles.length > 0 ? await regionOf(bytes, statementFiles, now) : undefined;
  const isProved = report.verdict === 'sealed' || (signed !== undefined && !('code' in signed));
  return {
    json: { file, ...report, ...(signed && { region: signed }) },
    text: reportText(file, report) + (signed ? `\n${regionText(signed)}` : ''),
    exit: isProved ? 0 : 1,
  };
}

/** What a region signed: itself, and the notice of a case if the file is one; or why no trusted region did. */
type RegionAnswer =
  | { readonly region: string; readonly kid: string; readonly signedAt: number; readonly notice?: NoticeAnswer }
  | { readonly code: string };
type NoticeAnswer = Pick<PaperFacts, 'kind' | 'number' | 'receivingNumber' | 'handlingNumber' | 'authority'>;

async function regionOf(bytes: Buffer, statementFiles: readonly string[], now: number): Promise<RegionAnswer> {
  const statements = await readStatements(statementFiles);
  const { openPaper } = await import('../case/papers/open-paper.ts');
  const { demandSigned } = await import('../rendition/read-pdf.ts');
  try {
    const { region, kid, signedAt } = await demandSigned(bytes, statements, now);
    const { facts } = (await openPaper(bytes, statements, now)) ?? {};
    if (!facts) return { region, kid, signedAt };
    const { kind, number, receivingNumber, handlingNumber, authority } = facts;
    return { region, kid, signedAt, notice: { kind, number, receivingNumber, handlingNumber, authority } };
  } catch (error) {
    if (error instanceof VerificationError) return { code: error.code };
    throw error;
  }
}

function regionText(answer: RegionAnswer): string {
  if ('code' in answer) return pairs([['地区签名 Region', `未证明 NOT PROVED (${answer.code})`]]);
  const { region, signedAt, notice } = answer;
  return pairs([
    ['地区签名 Region', `由 ${region} 签署,此后未改动 signed by it and unaltered since`],
    ['签署时间 Signed at', chinaTime(signedAt)],
    ['文书 Notice', notice && `${KINDS_OF_PAPER[notice.kind].title.zh} ${notice.number}`],
    ['出具机关 Authority', notice?.authority.name],
    ['办件编号 Case', notice && [notice.receivingNumber, notice.handlingNumber].filter(Boolean).join(' ')],
  ]);
}

async function readDocument(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > DOCUMENT_LIMITS.fileBytes)
      throw new CodedError('VALIDATION_FAILED', `${file} is larger than ${DOCUMENT_LIMITS.fileBytes} bytes`);
    return await readFile(file);
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', file, error);
  }
}

function reportText(file: string, report: DocumentReport): string {
  const { format, size, sha256, zh, en, seals, findings } = report;
  const parts = [
    `${zh} / ${en}\n`,
    pairs([
      ['文件 File', file],
      ['格式 Format', format === 'unknown' ? '未知 unknown' : format.toUpperCase()],
      ['大小 Size', humanSize(size)],
      ['摘要 SHA-256', sha256],
    ]),
    ...seals.map((seal, index) => `签章 / seal ${index + 1}\n${sealText(seal)}`),
  ];
  if (findings.length > 0) parts.push(`发现 / findings\n${findingTable(report)}`);
  return parts.join('\n');
}

const STATE = {
  intact: '完好 intact',
  unproven: '不足以证明 proves too little',
  altered: '不成立 does not hold',
} as const;
const CLOCK = { signer: '签章方所述 as the signer says', timestamp: '时间戳 by a timestamp' } as const;

function sealText(report: SealReport): string {
  const { place, form, state, trusted, signer, seal, algorithm, signedAt, timeFrom, covers } = report;
  return pairs([
    ['位置 Place', place],
    ['形式 Form', form === 'unknown' ? undefined : form],
    ['结果 Result', STATE[state]],
    ['信任名单 Trust list', trusted ? '在名单内 listed' : '不在名单内 NOT LISTED'],
    ['印章 Seal', seal && `${seal.name} (${seal.id})`],
    ['印章有效期 Seal validity', seal && span(seal.validFrom, seal.validUntil)],
    ['制章者 Maker', seal?.maker?.subject],
    ['签章人 Signer', signer?.subject],
    ['单位 Organisation', signer?.organisation],
    ['证书有效期 Certificate', signer && span(signer.validFrom, signer.validUntil)],
    ['吊销 Revocation', signer && revocationText(signer)],
    ['算法 Algorithm', algorithm],
    ['签章时间 Sealed at', signedAt === undefined ? undefined : `${chinaTime(signedAt)} (${CLOCK[timeFrom]})`],
    ['覆盖 Covers', covers === 'whole' ? '全部 everything' : '部分 a part'],
  ]);
}

function revocationText({ revocation, revocationAt }: NonNullable<SealReport['signer']>): string {
  const at = revocationAt === undefined ? '' : chinaTime(revocationAt);
  return {
    good: `未吊销 not revoked (列表时间 by the list of ${at})`,
    revoked: `已吊销 REVOKED ${at}`,
    unknown: '未核验 not checked',
  }[revocation];
}

function findingTable({ findings }: DocumentReport): string {
  return table(
    ['代码 Code', '位置 Where', '含义 Meaning', '详情 Detail'],
    findings.map(({ code, where, zh, en, detail }) => [code, where || '/', `${zh} ${en}`, plain(detail)]),
    '',
  );
}

function span(from: number, until: number): string {
  return `${chinaTime(from)} — ${chinaTime(until)}`;
}
