import { maskName, maskNumber } from '#proto';
import type { CertificateRecord } from '../certificate/library.ts';
import {
  conclusionOf,
  holderProof,
  issuerProof,
  type Standing,
  statusProof,
  validityProof,
} from './certificate-verdict.ts';
import { type PublicVerdict, proof, rowsOf } from './verdict.ts';
import { chinaMinute, DOCUMENT_WORDS, regionWords, STATUS_WORDS, validityWords } from './words.ts';

const PRINT = proof(
  'print',
  'open',
  '查验码不含签名：请将纸面或屏幕上的内容与下列内容逐项核对',
  'The code carries no signature: compare what is printed or shown with the lines below',
);

const ONLY_THE_CODE = {
  tone: 'caution',
  conclusion: {
    zh: '仅查验码有效，所见证照未经核对',
    en: 'Only the code is in force; the certificate that you see was not compared',
  },
} as const;

const NOT_COMPARED = proof(
  'print',
  'open',
  '查验码可以被抄到别的纸上，所见内容没有与任何记录核对：请扫描证照上较大的离线核验码，或提交证照文件',
  'A code can be copied onto any sheet, and nothing of this one was compared: scan the large offline code on it, or bring the file',
);

const HOLDER = holderProof('none');

/** What anybody may know of a certificate of ours by the reference in its QR code: never its fields, nobody's name. */
export function ownReferenceVerdict({ status, issuer, certificate }: CertificateRecord, now: number): PublicVerdict {
  const standing: Standing = { status, source: 'library', asOf: now };
  const { holder, authority, validFrom, validUntil } = certificate;
  const document = DOCUMENT_WORDS[holder.documentType];
  return {
    kind: 'reference',
    ...conclusionOf(standing),
    proofs: [issuerProof(issuer), statusProof(standing), validityProof(certificate, now), PRINT, HOLDER],
    rows: rowsOf(
      ['证照类型', 'Type', certificate.typeName],
      ['证照编号', 'Number', maskNumber(certificate.number)],
      ['持证主体', 'Holder', holder.name && maskName(holder.name)],
      [document.zh, document.en, holder.number && maskNumber(holder.number)],
      ['颁发机构', 'Authority', authority.name],
      ['颁发日期', 'Issued on', certificate.issuedOn],
      ['有效期', 'Validity', validityWords(validFrom, validUntil)],
    ),
    masked: true,
    findings: [],
    checkedAt: now,
  };
}

/**
 * What another region answered about a reference of its own: how the certificate behind it stands, and nothing that it
 * says. A code can be copied onto any sheet, so the sheet is never called good.
 */
export function askedReferenceVerdict(region: string, standing: Standing, now: number): PublicVerdict {
  const name = regionWords(region);
  const { zh, en } = STATUS_WORDS[standing.status];
  const at = chinaMinute(standing.asOf);
  const isValid = standing.status === 'valid';
  return {
    kind: 'reference',
    ...(isValid ? ONLY_THE_CODE : conclusionOf(standing)),
    proofs: [
      proof(
        'issuer',
        'proven',
        `查验码属于${name}，已由该地区确认`,
        `The code is one of region ${region}, which said so`,
      ),
      proof(
        'status',
        isValid ? 'proven' : 'failed',
        `查验码所指的证照${zh}：签发地区 ${at} 答复`,
        `Of the certificate that the code names: ${en}, as its issuer answered, ${at}`,
      ),
      NOT_COMPARED,
      HOLDER,
    ],
    rows: [],
    masked: true,
    findings: [],
    checkedAt: now,
  };
}

/** A reference about which only the page of its own region says something. */
export function elsewhereVerdict(region: string, why: 'not-asked' | 'no-answer', now: number): PublicVerdict {
  const name = regionWords(region);
  return {
    kind: 'reference',
    tone: 'caution',
    conclusion: { zh: `请到${name}核验`, en: `Verify at region ${region}` },
    proofs: [
      why === 'not-asked'
        ? proof(
            'issuer',
            'open',
            `查验码写明由${name}签发，只有该地区的核验页能够告知；请自行查找其官方网站`,
            `The code names region ${region}; only its own page can tell. Find its official site by yourself`,
          )
        : proof(
            'issuer',
            'open',
            `查验码写明由${name}签发，刚才未能从该地区得到答复；请稍后再试，或到其官方网站核验`,
            `The code names region ${region}, which gave no answer; try again later, or verify at its official site`,
          ),
      proof('status', 'open', '状态未知', 'Its status is not known'),
    ],
    rows: [],
    masked: true,
    findings: [],
    checkedAt: now,
  };
}
