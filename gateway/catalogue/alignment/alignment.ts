import type { messages } from '#proto';
import { COMPARED_FIELDS, COMPARED_MARKS } from './compared-fields.ts';
import { type Difference, differencesOf } from './differences.ts';
import { type MatchedBy, matchItems } from './match.ts';

export interface ItemName {
  readonly code: string;
  readonly name: string;
}

/** One item of both regions, side by side. */
export interface AlignedPair {
  readonly ours: ItemName;
  readonly theirs: ItemName;
  readonly matchedBy: MatchedBy;
  /** None where the two are aligned. */
  readonly differences: readonly Difference[];
}

/** What would have to change before windows of both regions need one list only (一张清单). */
export interface AlignmentSummary {
  readonly pairs: number;
  /** Pairs without any difference. */
  readonly aligned: number;
  /** Pairs that one list serves already: conditions, materials and form are the same. */
  readonly oneList: number;
  /** How many pairs differ in a property, in the order of the report; only those in which some differ. */
  readonly fields: readonly {
    readonly field: string;
    readonly zh: string;
    readonly en: string;
    readonly pairs: number;
  }[];
  /** What stands between the two and one list, item by item. */
  readonly changes: readonly {
    readonly code: string;
    readonly name: string;
    readonly by: Difference['by'];
    readonly zh: string;
    readonly en: string;
  }[];
}

/** 对标报告: the items of two regions held against each other. */
export interface Alignment {
  readonly pairs: readonly AlignedPair[];
  readonly onlyOurs: readonly ItemName[];
  readonly onlyTheirs: readonly ItemName[];
  readonly summary: AlignmentSummary;
}

/**
 * Compares what two regions offer. The same items give the same report, whatever their order.
 *
 * @param only code of an item of either side: its pair alone
 */
export function alignItems(ours: readonly messages.Item[], theirs: readonly messages.Item[], only?: string): Alignment {
  const matching = matchItems(ours, theirs);
  const isMeant = ({ code }: ItemName) => only === undefined || code === only;
  const pairs = matching.pairs
    .filter((pair) => isMeant(pair.ours) || isMeant(pair.theirs))
    .map((pair) => ({
      ours: nameOf(pair.ours),
      theirs: nameOf(pair.theirs),
      matchedBy: pair.matchedBy,
      differences: differencesOf(pair.ours, pair.theirs),
    }));
  return {
    pairs,
    onlyOurs: matching.onlyOurs.filter(isMeant).map(nameOf),
    onlyTheirs: matching.onlyTheirs.filter(isMeant).map(nameOf),
    summary: summaryOf(pairs),
  };
}

function summaryOf(pairs: readonly AlignedPair[]): AlignmentSummary {
  const order = [
    ...COMPARED_FIELDS.map(({ field }) => field),
    'materials',
    ...COMPARED_MARKS.map(({ field }) => `materials.${field}`),
  ];
  const counted = order.flatMap((field) => {
    const found = pairs.flatMap(({ differences }) => differences.find((one) => one.field === field) ?? []);
    return found.slice(0, 1).map(({ zh, en }) => ({ field, zh, en, pairs: found.length }));
  });
  const inList = pairs.map(({ ours, differences }) => ({ ours, open: differences.filter((one) => one.isInList) }));
  return {
    pairs: pairs.length,
    aligned: pairs.filter(({ differences }) => differences.length === 0).length,
    oneList: inList.filter(({ open }) => open.length === 0).length,
    fields: counted,
    changes: inList.flatMap(({ ours, open }) => open.map(({ by, change }) => ({ ...ours, by, ...change }))),
  };
}

function nameOf({ code, name }: messages.Item): ItemName {
  return { code, name };
}
