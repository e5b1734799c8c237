import { maskName, maskNumber } from '#proto';
import type { PaperFacts } from './paper-facts.ts';

const HIDDEN = '***';

/** What a notice says for whoever may not see personal data (脱敏): no name, no number, and nothing that was written freely. */
export function maskedFacts(facts: PaperFacts): PaperFacts {
  const { applicant, details } = facts;
  const { items, commitment, reason, way } = details;
  return {
    ...facts,
    queryCode: '',
    applicant: { ...applicant, name: maskName(applicant.name), documentNumber: maskNumber(applicant.documentNumber) },
    details: {
      ...details,
      ...(items && { items: items.map((item) => ({ ...item, reason: HIDDEN })) }),
      ...(commitment && { commitment: { ...commitment, text: HIDDEN } }),
      ...(reason !== undefined && { reason: HIDDEN }),
      ...(way !== undefined && { way: HIDDEN }),
    },
  };
}
