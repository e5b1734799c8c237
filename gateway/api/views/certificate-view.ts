import { type Static, Type } from '@fastify/type-provider-typebox';
import { maskName, maskNumber } from '#proto';
import { type CertificateView, STATUS_WORDS } from '#trust';
import type { CertificateRecord } from '../../certificate/library.ts';
import { GROUNDS } from '../../certificate/notice/words.ts';
import { OPEN_REASONS, PROOF_NAMES } from '../../certificate/proofs.ts';
import { CERTIFICATE_STATUSES } from '../../certificate/standing.ts';
import { hideValues } from './privacy.ts';
import { Digest, described, instant, words } from './schemas.ts';

const Content = described<CertificateView>(
  '照面内容 / what it shows: identifier, typeName, number, name, region, authority, holder, validFrom, validUntil, …, fields',
);

/** A certificate (电子证照) of the library. */
export const CertificateJson = Type.Object({
  identifier: Type.String({ description: '电子证照标识' }),
  issuer: Type.String({ description: '签发地区 / region whose key signed' }),
  conversation: Type.String({ description: '产生它的办件 / case that produced it, or empty' }),
  digest: Digest,
  status: words(CERTIFICATE_STATUSES, '证照状态 / status now'),
  reason: Type.String({ description: '状态变更原因 / why the status changed last' }),
  source: Type.Optional(words(['notice'], '状态依签发地区的告知 / the status is what its issuer told us')),
  asOf: Type.Optional(instant('签发地区何时决定 / when its issuer decided that')),
  certificate: Content,
  text: Type.Optional(Type.String({ description: '证照文件 / the certificate itself, an SD-JWT' })),
  qr: Type.Optional(Type.String({ description: '二维码内容 / text of its QR code, when we issued it' })),
  createdAt: instant('入库 / kept since'),
  updatedAt: instant('更新 / changed'),
});

/** How a certificate stands, and what was decided about it. */
export const StandingJson = Type.Object({
  identifier: Type.String(),
  issuer: Type.String(),
  status: words(CERTIFICATE_STATUSES, '证照状态 / status now'),
  statusList: Type.Optional(
    Type.Object({ uri: Type.String(), idx: Type.Integer() }, { description: '状态列表与序号 / list and entry in it' }),
  ),
  changes: Type.Array(
    Type.Object({
      from: words(STATUS_WORDS),
      to: words(STATUS_WORDS),
      ground: words(GROUNDS, '变更原因 / ground'),
      reason: Type.String({ description: '事由 / why' }),
      by: Type.String({ description: '令牌使用方 / subject of the token' }),
      at: instant('时间 / when'),
    }),
    { description: '本地区所作变更,先早后晚 / what we decided, the oldest first' },
  ),
});

/** A search for the certificates of a holder (查询留痕). */
export const SearchJson = Type.Object({
  at: instant('时间 / when'),
  by: Type.String({ description: '令牌使用方 / subject of the token' }),
  role: Type.String({ description: '角色 / role' }),
  purpose: Type.String({ description: '用途 / why' }),
  asked: Type.Unsafe<object>({ type: 'object', additionalProperties: true, description: '查询条件,已脱敏 / masked' }),
  found: Type.Integer({ description: '所得条数 / certificates on the page that was told' }),
});

/** One thing that was proved, was not, or is wrong. */
const ProofJson = Type.Object({
  name: words(PROOF_NAMES, '证明项 / what is proved'),
  outcome: words(['proved', 'open', 'failed'], '已证明、未证明、不成立 / proved, not proved, wrong'),
  reason: Type.Optional(words(OPEN_REASONS, '为何未证明 / why it is not proved')),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  word: Type.Optional(words(STATUS_WORDS, '签发机关的决定 / what its issuer decided')),
  asOf: Type.Optional(instant('截至 / as of')),
});

/** What verification of a certificate says. */
export const VerdictJson = Type.Object({
  status: words([...CERTIFICATE_STATUSES, 'unknown']),
  source: words(
    ['library', 'list', 'notice', 'dates'],
    'library: 本地区签发 / we issued it; list: 签发地区状态列表 / by the status list of its issuer; notice: 签发地区告知 / its issuer told us; dates: 须向签发地区核验 / only its issuer knows more',
  ),
  asOf: Type.Optional(instant('状态列表签发或决定时间 / when the list was issued or the change decided')),
  issuer: Type.String(),
  identifier: Type.String(),
  kid: Type.String(),
  digest: Digest,
  disclosed: Type.Array(Type.String(), { description: '已披露字段 / fields that it discloses' }),
  proofs: Type.Array(ProofJson, { description: '逐项结论 / what is proved and what is not' }),
  pdf: Type.Optional(
    Type.Object(
      { kid: Type.String(), signedAt: instant('签名时间 / when it was signed') },
      { description: 'PDF 的签名 / who signed it' },
    ),
  ),
  certificate: Content,
});

/** @param isOpen whether the reader may see personal data */
export function certificateJson(record: CertificateRecord, isOpen: boolean): Static<typeof CertificateJson> {
  const { identifier, issuer, conversation, digest, status, reason, certificate, createdAt, updatedAt } = record;
  return {
    identifier,
    issuer,
    conversation,
    digest: digest.toString('hex'),
    status,
    reason,
    ...(record.noticedAt !== undefined && { source: 'notice' as const, asOf: record.noticedAt }),
    certificate: contentFor(certificate, isOpen),
    createdAt,
    updatedAt,
  };
}

/** What a certificate shows, without whom it is about where the reader may not know. */
export function contentFor(content: CertificateView, isOpen: boolean): CertificateView {
  if (isOpen) return content;
  // A key names its holder as well as a number does.
  const { holder, otherHolders, holderKey: _, fields, ...rest } = content;
  return {
    ...rest,
    holder: masked(holder),
    ...(otherHolders && { otherHolders: otherHolders.map(masked) }),
    fields: hideValues(fields),
  };
}

function masked(holder: CertificateView['holder']): CertificateView['holder'] {
  return {
    ...holder,
    ...(holder.name !== undefined && { name: maskName(holder.name) }),
    ...(holder.number !== undefined && { number: maskNumber(holder.number) }),
  };
}
