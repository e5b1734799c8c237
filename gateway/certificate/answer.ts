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
  /** The certificate, if we issued one with this identifier. */
  readonly record: CertificateRecord | undefined;
}

type Finding = Pick<messages.CertificateAnswer, 'status' | 'fields'>;

const UNKNOWN: Finding = { status: 'CERTIFICATE_STATUS_UNKNOWN', fields: {} };

/** A certificate whose time has not come is nothing yet that anybody could rely on. */
const STATUS: Readonly<Record<CertificateStatus, messages.CertificateStatus>> = {
  valid: 'CERTIFICATE_STATUS_VALID',
  expired: 'CERTIFICATE_STATUS_EXPIRED',
  suspended: 'CERTIFICATE_STATUS_SUSPENDED',
  revoked: 'CERTIFICATE_STATUS_REVOKED',
  cancelled: 'CERTIFICATE_STATUS_CANCELLED',
  withdrawn: 'CERTIFICATE_STATUS_WITHDRAWN',
  'not-yet-valid': 'CERTIFICATE_STATUS_UNKNOWN',
};

/**
 * Finds what a region may be told. A certificate that is not there, that is another one than the asker holds, or that
 * the authorization does not cover, all give the same answer.
 *
 * @param us our own region, which issued
 * @throws AuthorizationError AUTHORIZATION_INACTIVE, whatever the certificate
 */
export function findingOf(checked: CheckedQuestion, us: string): Finding {
  const { question, agreement, record } = checked;
  const permitted = isPermitted(checked, us);
  if (!record || !permitted) return UNKNOWN;
  if (question.digest.length > 0 && !record.digest.equals(question.digest)) return UNKNOWN;
  const status = STATUS[record.status];
  if (status === UNKNOWN.status) return UNKNOWN;
  return { status, fields: allowedFields(question.fields, record, agreement) };
}

function isPermitted({ question, peer, sentAt, agreement, record }: CheckedQuestion, us: string): boolean {
  try {
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
    });
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
