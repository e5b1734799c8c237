import { add, both, fields, instant, oneOf, optional, type Rule, text } from './rules.ts';

/** On what the handling of personal data may rest (个人信息保护法第十三条). */
export const LEGAL_BASES = {
  'statutory-duty': { zh: '履行法定职责或者法定义务', en: 'a statutory duty or power' },
  consent: { zh: '取得个人同意', en: 'consent' },
  contract: { zh: '订立、履行合同所必需', en: 'a contract with the person' },
  emergency: { zh: '应对突发公共卫生事件或者紧急情况', en: 'an emergency' },
} as const;

/** How consent may be given (告知同意的方式). */
export const CONSENT_WAYS = ['paper', 'online', 'oral-recorded'] as const;

/** Why a region asks for erasure (个人信息保护法第四十七条); a case that was sent by mistake is recalled (误发撤回). */
export const ERASURE_GROUNDS = [
  'applicant-request',
  'consent-withdrawn',
  'purpose-over',
  'unlawful',
  'sent-by-mistake',
] as const;
export type ErasureGround = (typeof ERASURE_GROUNDS)[number];

/** Consent is shown with the moment, the way and the text that was shown; another basis needs none (第十四条、第十七条). */
export const legalBasis: Rule = both(
  fields({
    kind: oneOf(...Object.keys(LEGAL_BASES)),
    text: text(500),
    consent: optional(fields({ givenAt: instant, way: oneOf(...CONSENT_WAYS), version: text(50) })),
  }),
  (value, pointer, problems) => {
    const { kind, consent } = value as { kind: string; consent?: object | null };
    if (kind === 'consent' && !consent)
      add(problems, `${pointer}/consent`, 'REQUIRED', 'consent says when and how it was given, and to which text');
    if (kind !== 'consent' && consent)
      add(problems, `${pointer}/consent`, 'CONFLICT', 'belongs to the kind consent alone');
  },
);
