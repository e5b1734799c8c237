import { type CertificateTypes, type CertificateView, shownFields } from '#trust';
import type { CertificateVerdict } from '../certificate/certificate-verdict.ts';
import { chinaDate } from '../certificate/china-date.ts';
import { type Proof, type PublicVerdict, proof, rowsOf, type ShownRow } from './verdict.ts';
import { chinaMinute, DOCUMENT_WORDS, endWords, regionWords, STATUS_WORDS, validityWords } from './words.ts';

/** How a certificate stands, who says so and as of when (milliseconds). */
export interface Standing {
  readonly status: keyof typeof STATUS_WORDS;
  /**
   * `library`: we issued it; `list`: a status list; `notice`: its region told us by itself; `asked`: its region, just now;
   * `dates`: nobody, only its dates.
   */
  readonly source: 'library' | 'list' | 'notice' | 'asked' | 'dates';
  readonly asOf: number;
}

/** What is proved and what is not of a certificate whose signature verified, and all that it shows. */
export function certificateVerdict(
  kind: 'certificate' | 'paper' | 'pdf',
  verdict: CertificateVerdict,
  told: Standing,
  { types, now, file }: { readonly types: CertificateTypes; readonly now: number; readonly file?: Proof },
): PublicVerdict {
  const { certificate, issuer, binding } = verdict;
  const { stamp } = certificate;
  // A stamped copy ends by itself, before the certificate does.
  const hasEnded = told.status === 'valid' && stamp !== undefined && now >= stamp.expiresAt;
  const standing: Standing = hasEnded ? { ...told, status: 'expired' } : told;
  const proofs = [
    ...(file ? [file] : []),
    proof(
      'signature',
      'proven',
      '签名真实，所出示的内容自签发后未被改动',
      'Genuine, and unchanged since it was issued',
    ),
    issuerProof(issuer),
    statusProof(standing),
    validityProof(certificate, now),
    holderProof(binding),
  ];
  return {
    kind,
    ...conclusionOf(standing),
    proofs,
    rows: certificateRows(certificate, types),
    masked: false,
    findings: [],
    checkedAt: now,
  };
}

/** The sentence at the top, and whether the certificate may be relied on. */
export function conclusionOf({ status, source }: Standing): Pick<PublicVerdict, 'tone' | 'conclusion'> {
  if (status !== 'valid') return { tone: 'bad', conclusion: STATUS_WORDS[status] };
  if (source === 'dates')
    return { tone: 'caution', conclusion: { zh: '真实，状态未确认', en: 'Genuine, status not confirmed' } };
  return { tone: 'good', conclusion: STATUS_WORDS.valid };
}

export function issuerProof(issuer: string): Proof {
  return proof(
    'issuer',
    'proven',
    `由${regionWords(issuer)}签发，其身份已经核对`,
    `Issued by region ${issuer}, whose identity was checked`,
  );
}

export function statusProof({ status, source, asOf }: Standing): Proof {
  const { zh, en } = STATUS_WORDS[status];
  const result = status === 'valid' ? 'proven' : 'failed';
  const at = chinaMinute(asOf);
  switch (source) {
    case 'library':
      return proof('status', result, `${zh}：签发地区证照库，${at} 查询`, `${en}: library of its issuer, ${at}`);
    case 'asked':
      return proof('status', result, `${zh}：签发地区 ${at} 答复`, `${en}: as its issuer answered, ${at}`);
    case 'list':
      return proof(
        'status',
        result,
        `${zh}：签发地区 ${at} 公布的状态列表`,
        `${en}: by the status list that its issuer published, ${at}`,
      );
    case 'notice':
      return proof('status', result, `${zh}：签发地区 ${at} 通知`, `${en}: as its issuer told, ${at}`);
    case 'dates':
      return proof(
        'status',
        'open',
        '是否已暂停或终止，此刻无法得知；请向签发机关核实',
        'Whether it was suspended or ended cannot be known now; ask its authority',
      );
  }
}

export function validityProof(
  { validFrom, validUntil, stamp }: Pick<CertificateView, 'validFrom' | 'validUntil' | 'stamp'>,
  now: number,
): Proof {
  const end = stamp ? Math.min(stamp.expiresAt, validUntil ?? stamp.expiresAt) : validUntil;
  const endsByStamp = stamp !== undefined && end === stamp.expiresAt;
  const dates = endsByStamp ? `${chinaDate(validFrom)} 至 ${endWords(end)}` : validityWords(validFrom, end);
  if (end !== undefined && now >= end) return proof('validity', 'failed', `已过期：${dates}`, 'Past its last day');
  if (now < validFrom) return proof('validity', 'failed', `尚未生效：${dates}`, 'Its first day has not come');
  return proof('validity', 'proven', `在有效期内：${dates}`, 'Within its dates');
}

export function holderProof(binding: CertificateVerdict['binding']): Proof {
  return binding === 'unchecked'
    ? proof(
        'holder',
        'open',
        '附有持证人证明，但网页无法核验它是否为此刻、向您出示；请核对身份证件',
        'A proof of the holder comes with it, which a page cannot tie to you and now; look at an identity document',
      )
    : proof(
        'holder',
        'open',
        '网页不能证明出示者就是持证主体，请核对身份证件',
        'A page cannot prove that whoever shows it is its holder; look at an identity document',
      );
}

function certificateRows(certificate: CertificateView, types: CertificateTypes): ShownRow[] {
  const { name, number, holder, otherHolders = [], authority, region, issuedOn, stamp, fields } = certificate;
  return [
    ...rowsOf(['证照名称', 'Certificate', name], ['证照编号', 'Number', number]),
    ...[holder, ...otherHolders].flatMap(({ name, number, documentType }) => {
      const { zh, en } = DOCUMENT_WORDS[documentType];
      return rowsOf(['持证主体', 'Holder', name], [zh, en, number]);
    }),
    ...shownFields(fields, types.get(certificate.typeCode)).map(({ label: { zh, en }, text }) => ({
      zh,
      en: en === zh ? '' : en,
      value: text,
    })),
    ...rowsOf(
      ['颁发机构', 'Authority', authority.name],
      ['行政区划', 'Region', regionWords(region)],
      ['颁发日期', 'Issued on', issuedOn],
      ['有效期', 'Validity', validityWords(certificate.validFrom, certificate.validUntil)],
      ['加注件生成机构', 'Stamped by', stamp?.creator],
      ['加注事由', 'Stamped for', stamp?.cause],
      ['加注件有效期至', 'Stamped copy until', stamp && endWords(stamp.expiresAt)],
      ['电子证照标识', 'Identifier', certificate.identifier],
    ),
  ];
}
