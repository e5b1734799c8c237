import { CodedError, type messages, type Problem } from '#proto';
import type { CaseFile } from './case-file.ts';

/** What the formal review (形式审查) holds a case against. */
interface ReviewedItem {
  readonly materials: readonly messages.MaterialRule[];
}

/**
 * P2: every material that the item demands is there, and originals were compared where they must be. Everything that
 * is missing is named at once, so that one notice (一次性告知) can say it all.
 *
 * @throws CodedError ITEM_UNKNOWN, VALIDATION_FAILED with every missing material
 */
export function demandComplete(file: CaseFile, item: ReviewedItem | undefined): void {
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  const problems: Problem[] = [];
  for (const rule of item.materials) {
    const pointer = `/materials/${rule.name}`;
    const handedIn = file.document.materials.filter((material) => material.name === rule.name);
    if (handedIn.length === 0) {
      if (!rule.mayFollowLater) problems.push({ pointer, code: 'REQUIRED', message: 'the item demands this material' });
    } else if (rule.originalToBeChecked && !handedIn.some(({ grade }) => grade === 'A' || grade === 'B')) {
      problems.push({ pointer, code: 'ORIGINAL', message: 'compare it with the original first (原件核验)' });
    }
  }
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the case is not complete', problems);
}
