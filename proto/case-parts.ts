import { LIMITS } from './limits.ts';
import { add, both, bytes, fields, instant, integer, list, oneOf, optional, optionalText, text } from './rules.ts';

/** Rules of what several messages of a case (办件) have in them. */

/** Who did it (经办). */
export const handler = fields({ organisation: text(100), window: optionalText(50), staff: text(50) });

/** A file that was handed in (材料). */
export const material = both(
  fields({
    name: text(200),
    digest: bytes(32),
    size: integer(1, LIMITS.materialBytes),
    mediaType: text(100, { pattern: /^[\w.+-]+\/[\w.+-]+$/, hint: 'must be a media type such as application/pdf' }),
    grade: oneOf('A', 'B', 'C', 'D'),
    checkedBy: optional(handler),
    checkedAt: integer(0),
  }),
  (value, pointer, problems) => {
    const { grade, checkedBy, checkedAt } = value as { grade: string; checkedBy: unknown; checkedAt: number };
    if (grade === 'B' && !checkedBy)
      add(problems, `${pointer}/checkedBy`, 'REQUIRED', 'grade B names who checked the original');
    if (grade === 'B' && checkedAt === 0)
      add(problems, `${pointer}/checkedAt`, 'REQUIRED', 'grade B says when the original was checked');
  },
);

/** Materials that follow later, and until when. */
export const committedMaterials = list(fields({ material: text(200), dueAt: instant }), 100, 1);

/** P8: what the applicant promises to hand in later (告知承诺). */
export const commitment = fields({
  materials: committedMaterials,
  text: text(2000, { lines: true }),
  signedAt: instant,
  document: bytes(32, { optional: true }),
  creditWaived: optionalText(500),
});

/** Notices of a case as documents (文书种类). */
export const PAPER_KINDS = [
  'receipt',
  'one-time-notice',
  'acceptance',
  'commitment',
  'refusal',
  'supplement',
  'delivery',
] as const;
export type PaperKind = (typeof PAPER_KINDS)[number];

/** Why a result is taken back (撤销原因): 虚假材料 (P13), 未履行承诺 (P8), 错发, 其他. */
export const REVOCATION_GROUNDS = ['false-materials', 'commitment-broken', 'issued-in-error', 'other'] as const;
export type RevocationGround = (typeof REVOCATION_GROUNDS)[number];
