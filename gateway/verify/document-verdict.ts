import type { DocumentReport, SealReport } from '#trust';
import { type Proof, type PublicVerdict, proof, rowsOf, type ShownRow, type Words } from './verdict.ts';
import { chinaMinute } from './words.ts';

type Tone = PublicVerdict['tone'];

const TONES: Readonly<Record<DocumentReport['verdict'], Tone>> = {
  sealed: 'good',
  untrusted: 'caution',
  partial: 'caution',
  unproven: 'caution',
  unsealed: 'caution',
  altered: 'bad',
  refused: 'bad',
};

/** Seals and findings that are shown; a file may have more of them than anybody reads. */
const MAX_SEALS = 16;
const MAX_FINDINGS = 50;

/** The report on a department's own file (部门自有文件), plainly. */
export function documentVerdict(report: DocumentReport, now: number): PublicVerdict {
  const { verdict, format, seals, findings } = report;
  return {
    kind: 'document',
    tone: TONES[verdict],
    conclusion: conclusionOf(report),
    proofs: [
      fileProof(report),
      ...seals.slice(0, MAX_SEALS).map(sealProof),
      proof(
        'status',
        'open',
        '部门自有文件没有状态列表；是否作废请向出具机关核实',
        'Whether it still counts, ask its authority',
      ),
    ],
    rows: [
      ...rowsOf(['格式', 'Format', format === 'unknown' ? undefined : format.toUpperCase()]),
      ...seals.slice(0, MAX_SEALS).flatMap(sealRows),
      ...rowsOf(['文件摘要', 'SHA-256', report.sha256]),
    ],
    masked: false,
    findings: findings
      .slice(0, MAX_FINDINGS)
      .map(({ code, weight, zh, en, where }) => ({ code, weight, zh: fullWidth(zh), en, where })),
    checkedAt: now,
  };
}

function conclusionOf({ zh, en }: DocumentReport): Words {
  return { zh: fullWidth(zh), en: en.charAt(0).toUpperCase() + en.slice(1) };
}

function fileProof(report: DocumentReport): Proof {
  const { zh, en } = conclusionOf(report);
  switch (report.verdict) {
    case 'sealed':
    case 'untrusted':
      return proof('file', 'proven', '内容自签章后未被改动', 'Unchanged since it was sealed');
    case 'unsealed':
      return proof('file', 'open', '没有签章，无法证明未被改动', 'Without a seal nothing proves that it is unchanged');
    case 'partial':
    case 'unproven':
      return proof('file', 'open', zh, en);
    default:
      return proof('file', 'failed', zh, en);
  }
}

function sealProof({ state, trusted, seal, signer }: SealReport): Proof {
  const who = seal?.name || signer?.name || signer?.organisation || '';
  const of = who === '' ? '签章' : `“${who}”的签章`;
  const name = who === '' ? 'The seal' : `The seal of “${who}”`;
  if (state === 'altered') return proof('seal', 'failed', `${of}不成立`, `${name} does not hold`);
  if (state === 'unproven') return proof('seal', 'open', `${of}不足以证明`, `${name} proves too little`);
  if (!trusted)
    return proof(
      'seal',
      'open',
      `${of}完好，但签章人不在信任名单内`,
      `${name} is intact; its signer is not in the trust list`,
    );
  return proof('seal', 'proven', `${of}完好，签章人在信任名单内`, `${name} is intact; its signer is in the trust list`);
}

function sealRows({ seal, signer, signedAt, timeFrom, form }: SealReport): ShownRow[] {
  const clock = timeFrom === 'timestamp' ? '时间戳' : '签章方所述';
  return rowsOf(
    ['印章', 'Seal', seal && `${seal.name} ${seal.id}`.trim()],
    ['签章人', 'Signer', signer && (signer.name || signer.subject)],
    ['签章时间', 'Sealed at', signedAt === undefined ? undefined : `${chinaMinute(signedAt)}（${clock}）`],
    ['签章形式', 'Form', form === 'unknown' ? undefined : form],
  );
}

/** As Chinese sentences are printed. */
function fullWidth(zh: string): string {
  return zh.replaceAll(',', '，');
}
