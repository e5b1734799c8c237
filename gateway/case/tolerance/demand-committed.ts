import { CodedError, type messages, type Problem } from '#proto';
import type { CaseFile } from '../case-file.ts';

/** A commitment as it is judged, however it came. */
export interface JudgedCommitment {
  readonly materials: readonly { readonly material: string; readonly dueAt: number }[];
  /** Digest in hex; empty where the signed document is none of the materials. */
  readonly document: string;
}

interface JudgedItem {
  readonly materials: readonly Pick<messages.MaterialRule, 'name' | 'mayFollowLater'>[];
}

/**
 * P8 容缺受理: at acceptance everything is there that the item lets follow later, or the applicant has signed until when he
 * hands it in. Nothing else may be promised.
 *
 * @param at moment of the acceptance, milliseconds
 * @returns everything that is wrong, pointers into the act
 */
export function commitmentProblems(
  { document }: CaseFile,
  { materials }: JudgedItem,
  commitment: JudgedCommitment | undefined,
  at: number,
): Problem[] {
  const there = new Set(document.materials.map(({ name }) => name));
  const secondary = materials.filter(({ mayFollowLater }) => mayFollowLater).map(({ name }) => name);
  const missing = new Set(secondary.filter((name) => !there.has(name)));
  const promised = commitment?.materials ?? [];
  const names = promised.map(({ material }) => material);
  const problems: Problem[] = [...missing]
    .filter((name) => !names.includes(name))
    .map((name) => ({ pointer: `/materials/${name}`, code: 'REQUIRED', message: WORDS.REQUIRED }));
  promised.forEach(({ material, dueAt }, index) => {
    const pointer = `/commitment/materials/${index}`;
    if (!missing.has(material))
      problems.push({ pointer: `${pointer}/material`, code: 'NOT_IN_LIST', message: WORDS.NOT_IN_LIST });
    else if (names.indexOf(material) !== index)
      problems.push({ pointer: `${pointer}/material`, code: 'DUPLICATE', message: 'is there twice' });
    if (dueAt <= at) problems.push({ pointer: `${pointer}/dueAt`, code: 'RANGE', message: 'must be in the future' });
  });
  const signed = commitment?.document ?? '';
  if (signed !== '' && !document.materials.some(({ digest }) => digest === signed))
    problems.push({ pointer: '/commitment/document', code: 'NOT_IN_LIST', message: 'is no material of the case' });
  return problems;
}

const WORDS = {
  REQUIRED: 'is not there: hand it in, or accept against a commitment that names it (容缺受理)',
  NOT_IN_LIST: 'is not missing, or the item does not let it follow later',
} as const;

/**
 * Holds our own acceptance against it.
 *
 * @throws CodedError ITEM_UNKNOWN, VALIDATION_FAILED with everything that is wrong
 */
export function demandCommitted(
  file: CaseFile,
  item: JudgedItem | undefined,
  commitment: JudgedCommitment | undefined,
  at: number,
): void {
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  const problems = commitmentProblems(file, item, commitment, at);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the case cannot be accepted like this', problems);
}
