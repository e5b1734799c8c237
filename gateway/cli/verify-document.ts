import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { DOCUMENT_LIMITS, type DocumentReport, examineDocument, NOBODY, readTrustList, type SealReport } from '#trust';
import type { Answer } from './command.ts';
import { fileError, readText } from './files.ts';
import { chinaTime, humanSize, pairs, plain, table } from './format.ts';
import { readRevocationFile } from './revocation-lists.ts';

const MAX_PEM_BYTES = 1024 * 1024;

/**
 * Examines a department's own file with nothing but a trust list. Only a file that is sealed by signers of the list ends
 * with 0.
 *
 * @param trustFiles PEM certificates; without them nobody is trusted
 * @param now milliseconds
 * @param revocationFiles lists of revoked certificates; without them revocation is not checked
 * @throws CodedError VALIDATION_FAILED when a file cannot be read, CONFIG_INVALID when a list holds none
 */
export async function verifyDocumentFile(
  file: string,
  trustFiles: readonly string[],
  now: number,
  revocationFiles: readonly string[] = [],
): Promise<Answer> {
  const certificates = await Promise.all(trustFiles.map((one) => readText(one, MAX_PEM_BYTES)));
  const lists = (await Promise.all(revocationFiles.map(readRevocationFile))).flat();
  const trust = certificates.length === 0 ? NOBODY : readTrustList(certificates.join('\n'), lists);
  const report = examineDocument(await readDocument(file), trust, now);
  return { json: { file, ...report }, text: reportText(file, report), exit: report.verdict === 'sealed' ? 0 : 1 };
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
