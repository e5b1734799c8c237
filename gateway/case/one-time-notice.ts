import { CodedError, type Problem } from '#proto';
import type { CaseDocument, CaseFile, GivenNotice } from './case-file.ts';
import { missingMaterials, type ReviewedItem } from './formal-review.ts';
import type { Event } from './transitions.ts';

/** Acts that name what is missing: at the window, and by whoever decides on acceptance. */
const NOTICES: readonly Event[] = ['one-time-notice', 'request-supplement'];

/** One thing that a notice names. */
interface Named {
  readonly material: string;
}

/**
 * P3 一次性告知: a notice names everything that the formal review finds missing, so that nobody is sent away twice.
 *
 * @throws CodedError VALIDATION_FAILED with every missing material that the notice leaves out
 */
export function demandEverythingNamed(file: CaseFile, item: ReviewedItem | undefined, items: readonly Named[]): void {
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  const named = new Set(items.map(({ material }) => material));
  const problems: Problem[] = missingMaterials(file, item)
    .filter(({ name }) => !named.has(name))
    .map(({ name }) => ({
      pointer: '/items',
      code: 'REQUIRED',
      message: `must name everything that is missing: ${name}`,
    }));
  if (problems.length > 0)
    throw new CodedError(
      'VALIDATION_FAILED',
      'the notice does not name everything that is missing (一次性告知)',
      problems,
    );
}

/**
 * Takes a notice into the document of a case, whoever gave it. A second one that names what the first could have named is
 * a violation (违反一次性告知): what was missing then already, or lay there then already. It stands, and is counted.
 *
 * @param items what it names
 * @param at milliseconds
 */
export function withNotice(
  document: CaseDocument,
  event: Event,
  { items = [], at }: { readonly items?: readonly Named[] | undefined; readonly at: number },
): Pick<CaseDocument, 'notices'> {
  if (!NOTICES.includes(event)) return {};
  const before = (document.notices ?? []).filter((notice) => notice.event === event);
  const names = items.map(({ material }) => material);
  const seen = document.materials.map(({ digest }) => digest);
  const violations = before.length === 0 ? [] : names.filter((name) => couldHaveNamed(document, before, name));
  return { notices: [...(document.notices ?? []), { event, names, seen, violations, at }] };
}

function couldHaveNamed({ materials }: CaseDocument, before: readonly GivenNotice[], name: string): boolean {
  if (before.some(({ names }) => names.includes(name))) return false;
  const lastSeen = new Set(before.at(-1)!.seen);
  const handedInSince = materials.some((material) => material.name === name && !lastSeen.has(material.digest));
  return !handedInSince;
}
