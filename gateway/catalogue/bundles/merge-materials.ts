import type { messages, Problem } from '#proto';
import type { Alias } from './bundle.ts';
import type { AskedBy } from './merge-forms.ts';
import { WholeNames } from './whole-names.ts';

/** A material of the merged list, with the strictest that any part demands. */
export interface MergedMaterial {
  readonly name: string;
  readonly originalToBeChecked: boolean;
  /** Whether every part that asks for it may begin without it (可否容缺). */
  readonly mayFollowLater: boolean;
  /** On paper, as many as the part that demands most; where one demands an original, those that want a copy have enough of it. */
  readonly originals: number;
  readonly copies: number;
  /** What the items say of it, each once. */
  readonly specifications: readonly string[];
  readonly askedBy: readonly AskedBy[];
}

interface PartMaterials {
  readonly key: string;
  readonly materials: readonly messages.MaterialRule[];
}

/** B3: the materials of all parts without repeats, and what stands in the way. */
export interface MergedMaterials {
  readonly materials: readonly MergedMaterial[];
  /** With pointers into the bundle. */
  readonly problems: readonly Problem[];
}

interface Demand {
  readonly part: string;
  readonly rule: messages.MaterialRule;
}

/** Merges the materials of the items of a bundle: what has the same name, or the same by an alias, is handed in once. */
export function mergeMaterials(parts: readonly PartMaterials[], aliases: readonly Alias[]): MergedMaterials {
  const names = new WholeNames(aliases);
  const demands = new Map<string, Demand[]>();
  const problems: Problem[] = [];
  for (const [index, { key, materials }] of parts.entries())
    for (const rule of materials) {
      const name = names.of(key, rule.name);
      const before = demands.get(name) ?? [];
      const twice = before.find(({ part }) => part === key);
      if (twice) {
        const message = `the materials "${twice.rule.name}" and "${rule.name}" of one part are both called "${name}" in the whole`;
        problems.push({ pointer: `/parts/${index}/item`, code: 'DUPLICATE', message });
      } else demands.set(name, [...before, { part: key, rule }]);
    }
  return { materials: [...demands].map(([name, those]) => strictest(name, those)), problems };
}

function strictest(name: string, demands: readonly Demand[]): MergedMaterial {
  const rules = demands.map(({ rule }) => rule);
  const wantOriginals = rules.filter(({ originals }) => originals > 0);
  const counted = wantOriginals.length > 0 ? wantOriginals : rules;
  return {
    name,
    originalToBeChecked: rules.some(({ originalToBeChecked }) => originalToBeChecked),
    mayFollowLater: rules.every(({ mayFollowLater }) => mayFollowLater),
    originals: Math.max(...counted.map(({ originals }) => originals)),
    copies: Math.max(...counted.map(({ copies }) => copies)),
    specifications: [...new Set(rules.map(({ specification }) => specification).filter((text) => text !== ''))],
    askedBy: demands.map(({ part, rule }) => ({ part, name: rule.name })),
  };
}
