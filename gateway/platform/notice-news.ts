import type { ReceivedNotice } from '../certificate/notice/received-table.ts';
import type { CertificateOutline } from './certificate-news.ts';

/** What platforms learn of a certificate that we do not have, but asked about. */
export type NoticeEventData = Omit<CertificateOutline, 'conversation' | 'typeCode'>;

/** What its issuer told us of such a certificate as an event; its subject is the identifier, or the reference. */
export function noticeNews({ identifier, reference, issuer, digest, status, ground, decidedAt }: ReceivedNotice) {
  const data: NoticeEventData = {
    certificate: identifier,
    ...(identifier === '' && { reference }),
    issuer,
    digest: digest.toString('hex'),
    status,
    ground,
    source: 'notice',
    at: decidedAt,
  };
  return { type: 'cn.tongban.certificate.status-changed.v1', subject: identifier || reference, data } as const;
}
