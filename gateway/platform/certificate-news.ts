import { type CertificateView, holderTypeOf } from '#trust';
import { chinaDate, lastDay } from '../certificate/china-date.ts';
import type { CertificateNews } from '../certificate/library-news.ts';

export type CertificateEventType = `cn.tongban.certificate.${CertificateNews['event']}.v1`;

/** What every platform learns of a certificate (证照): nothing about its holder. */
export interface CertificateOutline {
  /** 电子证照标识 */
  readonly certificate: string;
  /** Region whose key signed. */
  readonly issuer: string;
  /** Conversation of the case that produced it; empty when there was none. */
  readonly conversation: string;
  /** 证照类型代码 */
  readonly typeCode: string;
  /** Digest of the issuer-signed JWT, hex: the same for every copy. */
  readonly digest: string;
  /** How it stands; of another region's certificate what its dates say and what its issuer told us. */
  readonly status: string;
  /** How it stood before; only when that changed. */
  readonly from?: string;
  /** Why it changed (变更原因); only when it did. */
  readonly ground?: string;
  /** Whether we decided that, or its issuer told us; only when it changed. */
  readonly source?: 'own' | 'notice';
  /** 查验码; only where nothing else of the certificate is known. */
  readonly reference?: string;
  /** Identifier of the certificate that it replaces (换证); only with `issued`. */
  readonly replaces?: string;
  /** Path of its PDF in the API of the gateway; only of ours that are in force. */
  readonly pdf?: string;
  /** When this was so, ms since 1970. */
  readonly at: number;
}

/** What the library platform (证照库, A3) is given beside it: personal data. */
interface CertificateDetails {
  /** Why the status changed; empty when it never did. */
  readonly reason: string;
  /** What it says, by the names of the certificate standards (`certificate_…`). */
  readonly fields: Readonly<Record<string, unknown>>;
  /** 照面信息, as the type defines them. */
  readonly content: CertificateView['fields'];
  /** The certificate itself, an SD-JWT with everything that came to us. */
  readonly text: string;
}

export interface CertificateEventData extends CertificateOutline, CertificateDetails {}

const PREFIX = 'cn.tongban.certificate.';
/** Members of the outline; what is not here goes to the library alone, a new member too. */
const OUTLINE: Readonly<Record<keyof CertificateOutline, true>> = {
  certificate: true,
  issuer: true,
  conversation: true,
  typeCode: true,
  digest: true,
  status: true,
  from: true,
  ground: true,
  source: true,
  reference: true,
  replaces: true,
  pdf: true,
  at: true,
};

/**
 * What became of a certificate as an event; its subject is the identifier.
 *
 * @param region our own
 * @param at milliseconds
 */
export function certificateNews(news: CertificateNews, region: string, at: number) {
  const { event, record, text, from, ground, replaces } = news;
  const { identifier, issuer, conversation, digest, status, reason, certificate } = record;
  const isPrintable = issuer === region && status === 'valid';
  const data: CertificateEventData = {
    certificate: identifier,
    issuer,
    conversation,
    typeCode: certificate.typeCode,
    digest: digest.toString('hex'),
    status,
    ...(from !== undefined && { from }),
    ...(ground !== undefined && { ground, source: issuer === region ? 'own' : 'notice' }),
    ...(replaces !== undefined && { replaces }),
    ...(isPrintable && { pdf: `/v1/certificates/${identifier}/pdf` }),
    at,
    reason,
    fields: fieldsOf(certificate),
    content: certificate.fields,
    text,
  };
  return { type: `cn.tongban.certificate.${event}.v1`, subject: identifier, data } as const;
}

/** What a platform is told of an event: whom certificates are about is for the library alone. */
export function dataFor(
  type: string,
  data: Readonly<Record<string, unknown>>,
  isLibrary: boolean,
): Readonly<Record<string, unknown>> {
  if (isLibrary || !type.startsWith(PREFIX)) return data;
  return Object.fromEntries(Object.entries(data).filter(([name]) => Object.hasOwn(OUTLINE, name)));
}

function fieldsOf(certificate: CertificateView): Record<string, unknown> {
  const { authority, definedBy, holder, otherHolders, caseNumber } = certificate;
  return {
    certificate_identifier: certificate.identifier,
    certificate_number: certificate.number,
    certificate_name: certificate.name,
    certificate_version: certificate.version,
    certificate_type_name: certificate.typeName,
    certificate_type_name_code: certificate.typeCode,
    certificate_define_authority_code: definedBy.code,
    ...(definedBy.name !== undefined && { certificate_define_authority_name: definedBy.name }),
    certificate_issuing_authority_name: authority.name,
    certificate_issuing_authority_code: authority.code,
    certificate_issuing_authority_date: certificate.issuedOn,
    certificate_validate_start: chinaDate(certificate.validFrom),
    certificate_validate_end: lastDay(certificate.validUntil),
    certificate_area_code: certificate.region,
    ...holderFields(holder),
    ...(otherHolders && { certificate_other_holders: otherHolders.map(holderFields) }),
    related_item_code: certificate.item,
    ...(caseNumber !== undefined && { related_case_number: caseNumber }),
  };
}

function holderFields({ documentType, name, number }: CertificateView['holder']): Record<string, string> {
  const [code, typeName] = holderTypeOf(documentType);
  return {
    certificate_holder_type: code,
    certificate_holder_type_name: typeName,
    ...(name !== undefined && { certificate_holder_name: name }),
    ...(number !== undefined && { certificate_holder_code: number }),
  };
}
