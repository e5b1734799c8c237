import type { messages } from '#proto';
import { AuthorizationError, type CompiledAgreement } from '#trust';
import { answerable } from './answered-fields.ts';
import type { CertificateRecord } from './library.ts';
import type { CertificateStatus } from './standing.ts';

/** A question whose seal was verified, with what it may rest on. */
export interface CheckedQuestion {
  readonly question: messages.CertificateQuestion;
  /** Region that asks. */
  readonly peer: string;
  /** `sent_at` of the question, milliseconds. */
  readonly sentAt: number;
  readonly agreement: CompiledAgreement;
  /** The certificate, if we issued one with this identifier or reference. */
  readonly record: CertificateRecord | undefined;
}

/** Who answers, when, and for how long an answer may be used again. */
export interface Answering {
  /** Our own region, which issued. */
  readonly region: string;
  /** Milliseconds. */
  readonly now: number;
  /** Seconds, at most. */
  readonly validForSeconds: number;
}

type Finding = Pick<messages.CertificateAnswer, 'status' | 'fields' | 'validForSeconds'>;

/** Never to be used again: what is not there now may be there in a moment. */
const UNKNOWN: Finding = { status: 'CERTIFICATE_STATUS_UNKNOWN', fields: {}, validForSeconds: 0 };

/** A certificate whose time has not come is nothing yet that anybody could rely on. */
const STATUS: Readonly<Record<CertificateStatus, messages.CertificateStatus>> = {
  valid: 'CERTIFICATE_STATUS_VALID',
  expired: 'CERTIFICATE_STATUS_EXPIRED',
  suspended: 'CERTIFICATE_STATUS_SUSPENDED',
  cancelled: 'CERTIFICATE_STATUS_CANCELLED',
  revoked: 'CERTIFICATE_STATUS_REVOKED',
  withdrawn: 'CERTIFICATE_STATUS_WITHDRAWN',
  'not-yet-valid': UNKNOWN.status,
};

/**
 * Finds what a region may be told. A certificate that is not there, that is another one than the asker holds, or that
 * the authorization does not cover, all give the same answer.
 *
 * @throws AuthorizationError AUTHORIZATION_INACTIVE, whatever the certificate
 */
export function findingOf(checked: CheckedQuestion, answering: Answering): Finding {
  const { question, agreement, record } = checked;
  const permitted = isPermitted(checked, answering.region);
  if (!record || !permitted) return UNKNOWN;
  if (question.digest.length > 0 && !record.digest.equals(question.digest)) return UNKNOWN;
  const status = STATUS[record.status];
  if (status === UNKNOWN.status) return UNKNOWN;
  const fields = allowedFields(question.fields, record, agreement);
  return { status, fields, validForSeconds: validFor(record, answering) };
}

function isPermitted({ question, peer, sentAt, agreement, record }: CheckedQuestion, us: string): boolean {
  return permits(() =>
    agreement.judge({
      name: 'CertificateQuestion',
      payload: question,
      sender: peer,
      // No agreement covers an item without a code.
      item: record?.certificate.item ?? '',
      mode: undefined,
      receiving: peer,
      handling: us,
      at: sentAt,
    }),
  );
}

/**
 * Whether an agreement permits a question. That one is not permitted looks like that nothing is there.
 *
 * @throws AuthorizationError AUTHORIZATION_INACTIVE, which says nothing about what was asked
 */
export function permits(judge: () => void): boolean {
  try {
    judge();
    return true;
  } catch (error) {
    if (!(error instanceof AuthorizationError) || error.code === 'AUTHORIZATION_INACTIVE') throw error;
    return false;
  }
}

function allowedFields(
  asked: readonly string[],
  { certificate }: CertificateRecord,
  agreement: CompiledAgreement,
): Record<string, string> {
  const available = answerable(certificate);
  return Object.fromEntries(
    asked.flatMap((name) => {
      const value = available.get(name);
      return value !== undefined && agreement.allowsField(`certificate.${name}`) ? [[name, value]] : [];
    }),
  );
}

/** An answer must not outlive the last day of the certificate. */
function validFor({ status, certificate }: CertificateRecord, { now, validForSeconds }: Answering): number {
  const { validUntil } = certificate;
  if (status === 'expired' || validUntil === undefined) return validForSeconds;
  return Math.max(0, Math.min(validForSeconds, Math.floor((validUntil - now) / 1000)));
}
