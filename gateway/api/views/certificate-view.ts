import { type Static, Type } from '@fastify/type-provider-typebox';
import { maskName, maskNumber } from '#proto';
import type { CertificateView } from '#trust';
import type { CertificateRecord } from '../../certificate/library.ts';
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
  certificate: Content,
  text: Type.Optional(Type.String({ description: '证照文件 / the certificate itself, an SD-JWT' })),
  createdAt: instant('入库 / kept since'),
  updatedAt: instant('更新 / changed'),
});

/** What verification of a certificate says. */
export const VerdictJson = Type.Object({
  status: words([...CERTIFICATE_STATUSES, 'unknown']),
  source: words(
    ['library', 'dates'],
    'library: 本地区签发 / we issued it; dates: 须向签发地区核验 / only its issuer knows more',
  ),
  issuer: Type.String(),
  identifier: Type.String(),
  kid: Type.String(),
  digest: Digest,
  disclosed: Type.Array(Type.String(), { description: '已披露字段 / fields that it discloses' }),
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
    certificate: contentFor(certificate, isOpen),
    createdAt,
    updatedAt,
  };
}

/** What a certificate shows, without whom it is about where the reader may not know. */
export function contentFor(content: CertificateView, isOpen: boolean): CertificateView {
  if (isOpen) return content;
  const { holder, fields } = content;
  return {
    ...content,
    holder: {
      ...holder,
      ...(holder.name !== undefined && { name: maskName(holder.name) }),
      ...(holder.number !== undefined && { number: maskNumber(holder.number) }),
    },
    fields: hideValues(fields),
  };
}
