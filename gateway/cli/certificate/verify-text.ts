import { ERROR_CODES } from '#proto';
import { type CertificateTypes, type SealReport, shownFields, type VerifiedCertificate } from '#trust';
import type { OpenReason, Proof, ProofName } from '../../certificate/proofs.ts';
import type { CertificateStatus } from '../../certificate/standing.ts';
import type { PdfExamination } from '../../rendition/examine-pdf.ts';
import { chinaTime, pairs, table } from '../format.ts';
import { statusText } from './status-text.ts';
import { validityText } from './validity-text.ts';

const NAMES: Readonly<Record<ProofName, string>> = {
  signature: '签名 signature',
  issuer: '签发地区可信 issuer trusted',
  disclosures: '披露项 disclosures',
  content: '照面内容 content',
  validity: '有效期 validity dates',
  status: '状态 status',
  binding: '持证人绑定 holder binding',
  file: '文件未改动 PDF unaltered',
};

const OUTCOMES: Readonly<Record<Proof['outcome'], string>> = {
  proved: '已证明 proved',
  open: '未证明 not proved',
  failed: '不成立 FAILED',
};

const REASONS: Readonly<Record<OpenReason, string>> = {
  'not-judged': '另有不成立之处,未再核验 not judged: something else is wrong',
  'not-asked': '附有证明,但未要求核验(--binding-nonce) there is a proof, and nobody asked for it',
  absent: '没有可据以证明的内容 there is nothing that proves it',
  'definition-unknown': '本机没有该类型的定义(--types) the type is not defined here',
};

/** What people can do about it where nothing is there. */
const ABSENT: Partial<Readonly<Record<ProofName, string>>> = {
  status: '未给出状态列表(--status-list),只有签发地区知道 no status list was given; its issuer knows',
  binding: '出示件上没有持证人证明 the holder proved nothing',
  file: '不是 PDF it is no PDF',
};

/** What is not proved and has no code: only the time of a PDF that was signed ahead of ours. */
const AHEAD = '内容未见改动,但签名时间晚于本机时钟(或 --at 的时刻),请核对时钟';

const IN_DATE = '按日期有效,状态未证明 valid by its dates; its status is not proved';

/** The conclusion, and below it what is proved and what is not. */
export function proofsText(
  isGood: boolean,
  proofs: readonly Proof[],
  demanded: readonly ProofName[],
  now: number,
): string {
  const rows = proofs.map((proof) => [
    NAMES[proof.name],
    demanded.includes(proof.name) ? '是 yes' : '',
    OUTCOMES[proof.outcome],
    detailOf(proof, now),
  ]);
  const conclusion = isGood ? '核验通过:要求的各项均已证明 / verified' : '核验未通过 / NOT VERIFIED';
  return `${conclusion}\n\n${table(['项目 proof', '要求 demanded', '结果 result', '说明 detail'], rows, '')}`;
}

/** What a genuine certificate says. @param status what is known of how it stands */
export function certificateText(
  { certificate, issuer, identifier, digest, definition }: VerifiedCertificate,
  status: CertificateStatus | 'in-date',
  types: CertificateTypes,
  pdf: PdfExamination['pdf'],
): string {
  const { typeCode, typeName, number, authority, validFrom, validUntil, holder, stamp, fields } = certificate;
  return pairs([
    ['状态 Status', status === 'in-date' ? IN_DATE : statusText(status)],
    ['标识 Identifier', identifier],
    ['证照 Certificate', `${typeName} ${number}`],
    ['签发地区 Issuer', issuer],
    ['颁发机构 Authority', authority.name],
    ['持证主体 Holder', holder.name],
    ['证件号码 Number', holder.number],
    ['有效期 Validity', validityText({ validFrom, validUntil })],
    ['加注件 Stamped copy', stamp && `${stamp.cause}，至 until ${chinaTime(stamp.expiresAt)} (${stamp.creator})`],
    ...shownFields(fields, definition === 'known' ? types.get(typeCode) : undefined).map(
      ({ label: { zh, en }, text }): [string, string] => [zh === en ? zh : `${zh} ${en}`, text],
    ),
    ['PDF', pdf && `${chinaTime(pdf.signedAt)} 由 ${issuer} 签名后未改动 unchanged since ${issuer} signed it`],
    ...(pdf?.seals ?? []).map((seal): [string, string] => ['其他印章 Other seal', sealText(seal, issuer)]),
    ['摘要 Digest', digest.toString('hex')],
  ]);
}

/** What is known of a seal from the statement of the region alone: that it is whole, and that the region looked at it. */
function sealText({ seal, signer, form, signedAt }: SealReport, issuer: string): string {
  const name = seal?.name ?? signer?.name ?? '';
  const at = signedAt === undefined ? '' : `,${chinaTime(signedAt)}`;
  return `${name} (${form}${at}):完好,经 ${issuer} 核对后一并签名;其证书未经本机信任名单核对 intact; ${issuer} checked it and signed over it; its certificate was compared with no trust list here`;
}

function detailOf({ name, outcome, reason, code, message, word, asOf }: Proof, now: number): string {
  const parts = [
    reason && ((reason === 'absent' && ABSENT[name]) || REASONS[reason]),
    code && outcome === 'failed' && word === undefined && `${code} ${ERROR_CODES[code].zh} / ${message}`,
    code && outcome === 'open' && `${code} ${ERROR_CODES[code].zh} / ${message}`,
    !code && message && `${AHEAD} / ${message}`,
    word && `${code ?? ''} ${statusText(word)}`,
    asOf !== undefined && `${chinaTime(asOf)} (${Math.max(0, Math.round((now - asOf) / 60_000))} min)`,
  ];
  return parts.filter(Boolean).join(', ').trim();
}
