import type { Mode } from '#proto';
import type { CatalogueLists } from '../catalogue-list.ts';
import type { AgreementContent } from '../content.ts';
import type { Grant } from '../grant.ts';
import { RIGHTS, type Right } from '../rights.ts';
import { counted, joined, modeWords, organisationWords, regionWords, rightWords, type Words } from './words.ts';

/** What can be different about the items that are granted. */
export type GrantChangeKind = 'items-added' | 'items-removed' | 'rights-added' | 'rights-removed' | 'grant-terms';

/** A difference that holds for a number of items of one direction. */
export interface GrantChange extends Words {
  readonly kind: GrantChangeKind;
}

interface Finding extends Words {
  readonly kind: GrantChangeKind;
}

/** The grants of an item in both versions, by their places. */
interface Places {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** What stands beside a right: each distinct set of these is a way in which the right is granted. */
const FACETS: readonly (Words & { readonly of: (grant: Grant) => string })[] = [
  { zh: '事权部门', en: 'department', of: ({ department }) => organisationWords(department) },
  { zh: '受托窗口', en: 'window', of: ({ window }) => (window ? organisationWords(window) : '不限 any') },
  { zh: '材料最低可信等级', en: 'lowest grade of materials', of: ({ grade }) => grade ?? '不限 any' },
  { zh: '授权依据', en: 'basis', of: ({ basis }) => basis ?? '未写明 not named' },
  { zh: '事项出处', en: 'source of the items', of: ({ catalogue }) => catalogue?.scope ?? '逐项列明 listed' },
];

/** What is different in the grants, one sentence for all items that it holds for. */
export function grantChanges(
  before: AgreementContent,
  after: AgreementContent,
  lists: CatalogueLists,
): readonly GrantChange[] {
  const changes: GrantChange[] = [];
  for (const [direction, items] of placesByDirection(before, after, lists)) {
    const [grantor, grantee] = direction.split(' ') as [string, string];
    const parties = `${regionWords(grantor)} → ${regionWords(grantee)}`;
    for (const [finding, codes] of findings(items, before.grants, after.grants)) {
      const list = counted(codes);
      changes.push({
        kind: finding.kind,
        zh: `${parties} ${finding.zh}。${list.zh}`,
        en: `${parties} ${finding.en}; ${list.en}`,
      });
    }
  }
  return changes;
}

/** For each direction, the items with the places of their grants in both versions. */
function placesByDirection(
  before: AgreementContent,
  after: AgreementContent,
  lists: CatalogueLists,
): Map<string, Map<string, { before: number[]; after: number[] }>> {
  const directions = new Map<string, Map<string, { before: number[]; after: number[] }>>();
  for (const [version, { grants }] of [
    ['before', before],
    ['after', after],
  ] as const) {
    for (const [place, grant] of grants.entries()) {
      const direction = `${grant.grantor} ${grant.grantee}`;
      const items = directions.get(direction) ?? new Map<string, { before: number[]; after: number[] }>();
      directions.set(direction, items);
      for (const item of itemsOf(grant, lists)) {
        const places = items.get(item) ?? { before: [], after: [] };
        items.set(item, places);
        places[version].push(place);
      }
    }
  }
  return directions;
}

/** Without its list a catalogue stands for itself. */
function itemsOf({ items, catalogue }: Grant, lists: CatalogueLists): ReadonlySet<string> {
  if (!catalogue) return new Set(items);
  const unknown = [`通办清单 catalogue “${catalogue.scope}” ${catalogue.digest.slice(0, 8)}`];
  return new Set([...items, ...(lists.get(catalogue.digest) ?? unknown)]);
}

/** Items under the same grants are looked at once, and what is said of several groups of items is said once. */
function findings(
  items: ReadonlyMap<string, Places>,
  before: readonly Grant[],
  after: readonly Grant[],
): Iterable<readonly [Finding, readonly string[]]> {
  const groups = new Map<string, { places: Places; codes: string[] }>();
  for (const [code, places] of items) {
    const key = `${places.before.join()}|${places.after.join()}`;
    const group = groups.get(key) ?? { places, codes: [] };
    groups.set(key, group);
    group.codes.push(code);
  }
  const said = new Map<string, readonly [Finding, string[]]>();
  for (const { places, codes } of groups.values()) {
    const [older, newer] = [places.before.map((place) => before[place]!), places.after.map((place) => after[place]!)];
    for (const finding of difference(older, newer)) {
      const known = said.get(`${finding.kind} ${finding.zh}`);
      if (known) known[1].push(...codes);
      else said.set(`${finding.kind} ${finding.zh}`, [finding, [...codes]]);
    }
  }
  return said.values();
}

function difference(before: readonly Grant[], after: readonly Grant[]): Finding[] {
  if (before.length === 0) return [{ kind: 'items-added', ...summary('新增事项', 'items added', after) }];
  if (after.length === 0) return [{ kind: 'items-removed', zh: '取消事项', en: 'items removed' }];
  const found: Finding[] = [];
  const modes = new Set([...before, ...after].flatMap((grant) => grant.modes));
  for (const mode of modes) {
    const [older, newer] = [rightsIn(before, mode), rightsIn(after, mode)];
    const added = newer.filter((right) => !older.includes(right));
    const removed = older.filter((right) => !newer.includes(right));
    if (added.length > 0) found.push({ kind: 'rights-added', ...moved('新增权限', 'rights added', mode, added) });
    if (removed.length > 0)
      found.push({ kind: 'rights-removed', ...moved('取消权限', 'rights removed', mode, removed) });
  }
  return [...found, ...facetChanges(before, after)];
}

/** What stands beside the rights that both versions grant. */
function facetChanges(before: readonly Grant[], after: readonly Grant[]): Finding[] {
  const found: Finding[] = [];
  for (const { zh, en, of } of FACETS) {
    const [older, newer] = [distinct(before.map(of)), distinct(after.map(of))];
    if (older === newer) continue;
    const change = `${older} → ${newer}`;
    found.push({ kind: 'grant-terms', zh: `${zh}变更:${change}`, en: `another ${en}: ${change}` });
  }
  const [older, newer] = [distinct(before.flatMap(ways)), distinct(after.flatMap(ways))];
  if (found.length === 0 && older !== newer && sameRights(before, after)) {
    const zh = '权限与部门、窗口、等级的搭配变更';
    found.push({ kind: 'grant-terms', zh, en: 'rights go with other departments, windows or grades' });
  }
  return found;
}

/** Every right in every mode with everything that stands beside it. */
function ways(grant: Grant): string[] {
  const beside = FACETS.map(({ of }) => of(grant)).join(' ');
  return grant.modes.flatMap((mode) => grant.rights.map((right) => `${mode} ${right} ${beside}`));
}

function sameRights(before: readonly Grant[], after: readonly Grant[]): boolean {
  const pairs = (grants: readonly Grant[]) =>
    distinct(grants.flatMap(({ modes, rights }) => modes.flatMap((mode) => rights.map((right) => `${mode} ${right}`))));
  return pairs(before) === pairs(after);
}

function rightsIn(grants: readonly Grant[], mode: Mode): Right[] {
  const granted = new Set(grants.filter(({ modes }) => modes.includes(mode)).flatMap(({ rights }) => rights));
  return RIGHTS.filter((right) => granted.has(right));
}

function moved(zh: string, en: string, mode: Mode, rights: readonly Right[]): Words {
  const [how, which] = [modeWords(mode), rightWords(rights)];
  return { zh: `${zh}(${how.zh}):${which.zh}`, en: `${en} (${how.en}): ${which.en}` };
}

function summary(zh: string, en: string, grants: readonly Grant[]): Words {
  const each = grants.map((grant) => {
    const [modes, rights] = [joined(grant.modes.map(modeWords)), rightWords(grant.rights)];
    const by = organisationWords(grant.department);
    const facets = FACETS.slice(1)
      .map((facet) => ({ ...facet, value: facet.of(grant) }))
      .filter(({ value }) => !/[ ](?:any|not named|listed)$/.test(value));
    return {
      zh: [by, modes.zh, rights.zh, ...facets.map((facet) => `${facet.zh} ${facet.value}`)].join(';'),
      en: [by, modes.en, rights.en, ...facets.map((facet) => `${facet.en} ${facet.value}`)].join('; '),
    };
  });
  return {
    zh: `${zh}(${each.map((one) => one.zh).join(' | ')})`,
    en: `${en} (${each.map((one) => one.en).join(' | ')})`,
  };
}

function distinct(values: readonly string[]): string {
  return [...new Set(values)].sort().join('、');
}
