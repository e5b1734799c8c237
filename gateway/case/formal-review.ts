import { CodedError, checkForm, type messages, type Problem } from '#proto';
import type { CaseFile } from './case-file.ts';

/** What the formal review (形式审查) holds a case against. */
export interface ReviewedItem {
  readonly materials: readonly Pick<messages.MaterialRule, 'name' | 'originalToBeChecked' | 'mayFollowLater'>[];
}

/** What was handed in, for a case or for several at once. */
interface HandedIn {
  readonly document: Pick<CaseFile['document'], 'materials'>;
}

/** Something that the formal review misses. */
interface Missing {
  /** Name of the material. */
  readonly name: string;
  readonly code: 'REQUIRED' | 'ORIGINAL';
}

/** P2: what is missing, or was not compared with its original where it must be. */
export function missingMaterials({ document }: HandedIn, { materials }: ReviewedItem): Missing[] {
  return materials.flatMap(({ name, mayFollowLater, originalToBeChecked }): Missing[] => {
    const handedIn = document.materials.filter((material) => material.name === name);
    if (handedIn.length === 0) return mayFollowLater ? [] : [{ name, code: 'REQUIRED' }];
    const isChecked = handedIn.some(({ grade }) => grade === 'A' || grade === 'B');
    return originalToBeChecked && !isChecked ? [{ name, code: 'ORIGINAL' }] : [];
  });
}

const WORDS = {
  REQUIRED: 'the item demands this material',
  ORIGINAL: 'compare it with the original first (原件核验)',
} as const;

/**
 * P2: every material that the item demands is there, and originals were compared where they must be. Everything that
 * is missing is named at once, so that one notice (一次性告知) can say it all.
 *
 * @throws CodedError ITEM_UNKNOWN, VALIDATION_FAILED with every missing material
 */
export function demandComplete(file: CaseFile, item: ReviewedItem | undefined): void {
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  const problems: Problem[] = missingMaterials(file, item).map(({ name, code }) => ({
    pointer: `/materials/${name}`,
    code,
    message: WORDS[code],
  }));
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the case is not complete', problems);
}

/**
 * P1: the form is filled in as the item asks.
 *
 * @throws CodedError VALIDATION_FAILED with every field that is missing, wrong or not asked for
 */
export function demandForm(
  form: Readonly<Record<string, string>>,
  { formSchema }: { readonly formSchema: string },
): void {
  const problems = checkForm(formSchema, form, '/form');
  if (problems.length > 0)
    throw new CodedError('VALIDATION_FAILED', 'the form is not filled in as the item asks', problems);
}
