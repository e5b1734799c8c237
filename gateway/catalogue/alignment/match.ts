import type { messages } from '#proto';
import { normalized } from './normalize.ts';

/** How two regions' items were found to be the same. */
export type MatchedBy = 'code' | 'other-code' | 'name';

export interface MatchedItems {
  readonly ours: messages.Item;
  readonly theirs: messages.Item;
  readonly matchedBy: MatchedBy;
}

export interface Matching {
  /** In the order of our codes. */
  readonly pairs: readonly MatchedItems[];
  /** In the order of their codes. */
  readonly onlyOurs: readonly messages.Item[];
  readonly onlyTheirs: readonly messages.Item[];
}

type KeysOf = (item: messages.Item) => readonly string[];

/**
 * What makes two items the same, the surest first. A region's own code begins with the number of its department, so that
 * the codes by which the item is known elsewhere say more, and often only the name is left.
 */
const WAYS: readonly (readonly [MatchedBy, KeysOf])[] = [
  ['code', ({ code }) => [code]],
  ['other-code', ({ code, otherCodes }) => [code, ...otherCodes]],
  ['name', ({ name, applicant }) => [`${normalized(name)} ${applicant}`]],
  ['name', ({ name }) => [normalized(name)]],
];

/**
 * Finds the items that two regions both offer. Each item has one partner at most; where a key fits several, none is
 * guessed.
 */
export function matchItems(ours: readonly messages.Item[], theirs: readonly messages.Item[]): Matching {
  const pairs: MatchedItems[] = [];
  let [left, right] = [[...ours].sort(byCode), [...theirs].sort(byCode)];
  for (const [matchedBy, keysOf] of WAYS) {
    const [mine, other] = [byKey(left, keysOf), byKey(right, keysOf)];
    const taken = new Set<messages.Item>();
    for (const one of left) {
      const found = new Set(keysOf(one).flatMap((key) => (mine.get(key)?.length === 1 ? (other.get(key) ?? []) : [])));
      const [partner] = found;
      if (found.size !== 1 || !partner || taken.has(partner)) continue;
      pairs.push({ ours: one, theirs: partner, matchedBy });
      taken.add(one).add(partner);
    }
    left = left.filter((item) => !taken.has(item));
    right = right.filter((item) => !taken.has(item));
  }
  pairs.sort((a, b) => byCode(a.ours, b.ours));
  return { pairs, onlyOurs: left, onlyTheirs: right };
}

function byKey(items: readonly messages.Item[], keysOf: KeysOf): Map<string, messages.Item[]> {
  const found = new Map<string, messages.Item[]>();
  for (const item of items)
    for (const key of new Set(keysOf(item))) {
      const same = found.get(key);
      if (same) same.push(item);
      else found.set(key, [item]);
    }
  return found;
}

function byCode(a: messages.Item, b: messages.Item): number {
  return a.code < b.code ? -1 : a.code > b.code ? 1 : 0;
}
