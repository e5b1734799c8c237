/** What of a region ends some day: its statement, the keys by purpose, and what it shows in TLS. */
export const VALIDITY_SUBJECTS = ['statement', 'identity', 'signing', 'certificate', 'seal', 'log', 'tls'] as const;
export type ValiditySubject = (typeof VALIDITY_SUBJECTS)[number];
