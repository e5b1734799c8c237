import type { OpenedPaper } from '../case/papers/open-paper.ts';
import { KINDS_OF_PAPER } from '../case/papers/paper-kinds.ts';
import { issuerProof } from './certificate-verdict.ts';
import { type PublicVerdict, proof, rowsOf } from './verdict.ts';
import { chinaMinute, regionWords } from './words.ts';

/** A notice of a case (办件文书) that a region signed: who signed it and what it is about. */
export function noticeVerdict({ facts, region, signedAt }: OpenedPaper, now: number): PublicVerdict {
  const { kind, number, at, authority, item, applicant, receivingNumber, handlingNumber } = facts;
  const { zh, en } = KINDS_OF_PAPER[kind].title;
  const signed = chinaMinute(signedAt);
  return {
    kind: 'notice',
    tone: 'good',
    conclusion: { zh: `文书真实：${zh}`, en: `Genuine: ${en}` },
    proofs: [
      proof('file', 'proven', `PDF 自 ${signed} 签署后未被改动`, `The PDF is unchanged since it was signed, ${signed}`),
      issuerProof(region),
      proof(
        'status',
        'open',
        '文书没有状态列表；办件此后如何请凭查询码查询，或者向出具机关核实',
        'How the case went on, ask its authority, or by the query code',
      ),
    ],
    rows: rowsOf(
      ['文书', 'Notice', zh],
      ['文号', 'Number', number],
      ['出具机关', 'Authority', authority.name],
      ['签署地区', 'Region', regionWords(region)],
      ['日期', 'Date', chinaMinute(at)],
      ['办理事项', 'Item', `${item.name} ${item.code}`],
      ['申请人', 'Applicant', applicant.name],
      ['办件编号', 'Case number', [...new Set([receivingNumber, handlingNumber])].join(' ').trim()],
    ),
    masked: false,
    findings: [],
    checkedAt: now,
  };
}
