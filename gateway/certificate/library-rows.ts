import type { CertificateView, StatusWord, VerifiedCertificate } from '#trust';
import type { Sql } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import { type CertificateStatus, statusAt } from './standing.ts';

/** A certificate that we keep. Times in milliseconds. */
export interface CertificateRecord {
  readonly identifier: string;
  /** Region whose key signed. */
  readonly issuer: string;
  /** Conversation of the case that produced it; empty when there was none. */
  readonly conversation: string;
  /** SHA-256 of the issuer-signed JWT. */
  readonly digest: Buffer;
  /** Now. Of those of other regions their dates tell it, and their issuer if it told us of a change. */
  readonly status: CertificateStatus;
  /** Why the issuer changed the status last. */
  readonly reason: string;
  /** When the issuer decided what it told us last; undefined for ours, and as long as we were told nothing. */
  readonly noticedAt?: number;
  readonly certificate: CertificateView;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A certificate to be kept, with the case that produced it. */
export interface KeptCertificate {
  readonly conversation: string;
  readonly text: string;
  readonly verified: VerifiedCertificate;
}

/** A row of the library without the certificate's text. */
export interface CertificateRow {
  readonly identifier: string;
  readonly issuer: string;
  readonly conversation: string;
  readonly digest: Buffer;
  readonly status: StatusWord;
  readonly reason: string;
  readonly noticed_at: number | null;
  readonly document: string;
  readonly created_at: number;
  readonly updated_at: number;
}

export const CERTIFICATE_COLUMNS =
  'identifier, issuer, conversation, digest, status, reason, noticed_at, document, created_at, updated_at';

/** What a row says at a moment. */
export function recordOf(sql: Sql, row: CertificateRow, now: number): CertificateRecord {
  const certificate = viewOf(sql, row);
  return {
    identifier: row.identifier,
    issuer: row.issuer,
    conversation: row.conversation,
    digest: row.digest,
    status: statusAt(row.status, certificate, now),
    reason: row.reason,
    ...(row.noticed_at !== null && { noticedAt: row.noticed_at }),
    certificate,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What a certificate shows, as its row has it. */
export function viewOf(
  { vault }: Sql,
  { identifier, issuer, document }: Pick<CertificateRow, 'identifier' | 'issuer' | 'document'>,
): CertificateView {
  return JSON.parse(vault.openText('certificate.document', rowOf(identifier, issuer), document));
}

/** The record of a certificate in the moment in which it is kept. */
export function freshRecord({ conversation, verified }: KeptCertificate, now: number): CertificateRecord {
  const { identifier, issuer, digest, certificate } = verified;
  const status = statusAt('valid', certificate, now);
  return { identifier, issuer, conversation, digest, status, reason: '', certificate, createdAt: now, updatedAt: now };
}
