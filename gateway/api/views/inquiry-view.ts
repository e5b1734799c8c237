import { maskName, maskNumber, type messages } from '#proto';
import type { Inquiry } from '../../inquiry/inquiry.ts';
import { INQUIRY_STATES } from '../../inquiry/inquiry-states.ts';
import type { InquiryJson } from './inquiry-schemas.ts';
import { hide } from './privacy.ts';

/**
 * An inquiry as the API shows it.
 *
 * @param isOpen whether the reader is shown personal data in full
 */
export function inquiryJson(inquiry: Inquiry, isOpen: boolean): InquiryJson {
  const { question, legalBasis, handler, answer, withdrawal, subject } = inquiry.document;
  const text = isOpen ? (given: string) => given : hide;
  return {
    ...inquirySummary(inquiry),
    ...(subject && isOpen && { subject }),
    masked: !isOpen,
    question: text(question),
    legalBasis,
    handler,
    ...(answer && { answer: { ...answer, answer: text(answer.answer) } }),
    ...(withdrawal && { withdrawal }),
  };
}

/** An inquiry in a list, for any reader. */
export function inquirySummary({ document: { subject }, authorizationId: _, code, ...inquiry }: Inquiry) {
  return {
    ...inquiry,
    stateLabel: INQUIRY_STATES[inquiry.state],
    ...(code !== '' && { code }),
    ...(subject && { subject: masked(subject) }),
  };
}

function masked({ name, documentType, documentNumber }: messages.InquirySubject) {
  return { name: maskName(name), documentType, documentNumber: maskNumber(documentNumber) };
}
