import { handler } from './case-parts.ts';
import {
  checkIdentityDocument,
  checkItemCode,
  type IdentityDocumentType,
  identityDocumentTypes,
} from './identifiers/index.ts';
import { add, both, fields, identifier, instant, oneOf, optional, optionalText, type Rule, text } from './rules.ts';

/** Rules of what regions ask each other outside any case (P15). */

/** 协查确认 names somebody and rests on a clause; 业务咨询 names nobody. */
export const INQUIRY_KINDS = ['verification', 'consultation'] as const;
export type InquiryKind = (typeof INQUIRY_KINDS)[number];

/** What an inquiry of each kind can be answered with. */
export const INQUIRY_OUTCOMES = {
  verification: ['confirmed', 'refuted', 'unknown'],
  consultation: ['answered', 'unknown'],
} as const satisfies Readonly<Record<InquiryKind, readonly string[]>>;

const subject = both(
  fields({ name: text(200), documentType: oneOf(...identityDocumentTypes), documentNumber: text(40) }),
  (value, pointer, problems) => {
    const { documentType, documentNumber } = value as { documentType: IdentityDocumentType; documentNumber: string };
    const result = checkIdentityDocument(documentType, documentNumber);
    if (!result.ok) add(problems, `${pointer}/documentNumber`, 'IDENTIFIER', result.reason);
  },
);

/** What is asked, by its members: the same in the message and in what a window sends to ask. */
export const inquiryMembers = {
  kind: oneOf(...INQUIRY_KINDS),
  item: identifier(checkItemCode, { optional: true }),
  subject: optional(subject),
  question: text(2000, { lines: true }),
  legalBasis: optionalText(500),
  handler,
} as const;

/** A verification names item, subject and clause; a consultation names nobody. */
export const inquiryByKind: Rule = (value, pointer, problems) => {
  const { kind, item, subject: about, legalBasis } = value as Record<string, unknown>;
  if (kind === 'consultation') {
    if (about) add(problems, `${pointer}/subject`, 'CONFLICT', 'a consultation (业务咨询) names nobody');
    return;
  }
  for (const [name, given] of Object.entries({ item, subject: about, legalBasis }))
    if (!given) add(problems, `${pointer}/${name}`, 'REQUIRED', 'a verification (协查确认) needs it');
};

/** What is answered, by its members. */
export const answerMembers = { outcome: text(20), answer: text(2000, { lines: true }), handler } as const;

/** The outcome is one of those of the kind. */
export const outcomeByKind: Rule = (value, pointer, problems) => {
  const { kind, outcome } = value as { kind: InquiryKind; outcome: string };
  oneOf(...INQUIRY_OUTCOMES[kind])(outcome, `${pointer}/outcome`, problems);
};

export const inquiryPayloads = {
  InquiryAsked: both(
    fields({ ...inquiryMembers, number: text(64), askedAt: instant, replyBy: instant }),
    inquiryByKind,
  ),
  InquiryAnswered: both(fields({ ...answerMembers, kind: inquiryMembers.kind, answeredAt: instant }), outcomeByKind),
  InquiryWithdrawn: fields({ reason: text(500), withdrawnAt: instant, handler }),
} as const;
