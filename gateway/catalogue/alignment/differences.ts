import type { messages } from '#proto';
import { COMPARED_FIELDS, COMPARED_MARKS, type ComparedField, type Lighter } from './compared-fields.ts';
import { normalized } from './normalize.ts';

/** Something in which two regions' items differ. */
export interface Difference {
  /** As files of items name it; `materials.copies` and the like for one material. */
  readonly field: string;
  readonly zh: string;
  readonly en: string;
  /** Name of the material, where it is about one. */
  readonly material?: string;
  /** What stands on each side; of lists only what the other side has not. */
  readonly ours: string;
  readonly theirs: string;
  /** Who would have to change it so that applicants have it easier; `both` where only the two together can say. */
  readonly by: 'ours' | 'theirs' | 'both';
  /** What would have to change. */
  readonly change: { readonly zh: string; readonly en: string };
  /** Whether a window cannot take both regions' applications by one list while it stands. */
  readonly isInList: boolean;
}

const NONE = '无 / none';

/** Every difference between two items, in the order of the item's properties. */
export function differencesOf(ours: messages.Item, theirs: messages.Item): Difference[] {
  return [
    ...COMPARED_FIELDS.flatMap((field) => compareField(field, ours, theirs) ?? []),
    ...compareMaterials(ours.materials, theirs.materials),
  ];
}

function compareField(field: ComparedField, ours: messages.Item, theirs: messages.Item): Difference | undefined {
  if (field.kind === 'list') return compareLists(field, field.value(ours), field.value(theirs));
  const [left, right] = [field.value(ours), field.value(theirs)];
  const isSame = field.kind === 'text' ? normalized(String(left)) === normalized(String(right)) : left === right;
  if (isSame) return undefined;
  return made(field, left, right, sideOf(field.lighter, Number(left), Number(right)));
}

/** Entries that one side has and the other has not, whatever their order. */
function compareLists(
  field: ComparedField,
  ours: readonly string[],
  theirs: readonly string[],
): Difference | undefined {
  const [left, right] = [missingIn(theirs, ours), missingIn(ours, theirs)];
  if (left.length === 0 && right.length === 0) return undefined;
  const one = left.length === 0 || right.length === 0;
  // Who has what the other has not is ahead where more is easier.
  const by = one ? sideOf(field.lighter, left.length, right.length) : 'both';
  return made(field, left.join('；'), right.join('；'), by);
}

function missingIn(others: readonly string[], entries: readonly string[]): string[] {
  const same = new Set(others);
  const left = entries.filter((entry) => !same.has(entry));
  if (left.length === 0) return left;
  const alike = new Set(others.map(normalized));
  return left.filter((entry) => !alike.has(normalized(entry)));
}

/** Materials are the same when their names are; each is then compared mark by mark. */
function compareMaterials(
  ours: readonly messages.MaterialRule[],
  theirs: readonly messages.MaterialRule[],
): Difference[] {
  const [left, right] = [byName(ours), byName(theirs)];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  return names.flatMap((name): Difference[] => {
    const [mine, other] = [left.get(name), right.get(name)];
    if (mine && other) return compareMarks(mine, other);
    const by = mine ? 'ours' : 'theirs';
    const material = (mine ?? other)!.name;
    return [
      {
        field: 'materials',
        zh: '申请材料',
        en: 'materials',
        material,
        ours: mine ? '要求 / demanded' : NONE,
        theirs: other ? '要求 / demanded' : NONE,
        by,
        change: { zh: `不再要求材料「${material}」`, en: `demand the material ${material} no longer` },
        isInList: true,
      },
    ];
  });
}

function compareMarks(ours: messages.MaterialRule, theirs: messages.MaterialRule): Difference[] {
  return COMPARED_MARKS.flatMap(({ value, lighter, ...mark }) => {
    const [left, right] = [value(ours), value(theirs)];
    const isSame = typeof left === 'string' ? normalized(left) === normalized(String(right)) : left === right;
    if (isSame) return [];
    const by = sideOf(lighter, Number(left), Number(right));
    const difference = made({ ...mark, field: `materials.${mark.field}`, isInList: true }, left, right, by);
    const { zh, en } = difference.change;
    const change = { zh: `材料「${ours.name}」${zh}`, en: `material ${ours.name}: ${en}` };
    return [{ ...difference, material: ours.name, change }];
  });
}

/** By normalized name; a name that stands twice counts once more. */
function byName(rules: readonly messages.MaterialRule[]): Map<string, messages.MaterialRule> {
  const found = new Map<string, messages.MaterialRule>();
  for (const rule of rules) {
    let key = normalized(rule.name);
    while (found.has(key)) key += ' ';
    found.set(key, rule);
  }
  return found;
}

/** Who follows the other: the side that is harder for applicants. */
function sideOf(lighter: Lighter, ours: number, theirs: number): Difference['by'] {
  if (lighter === 'agree' || ours === theirs) return 'both';
  return ours < theirs === (lighter === 'fewer') ? 'theirs' : 'ours';
}

function made(
  { field, zh, en, isInList = false }: Pick<ComparedField, 'field' | 'zh' | 'en' | 'isInList'>,
  left: string | number | boolean,
  right: string | number | boolean,
  by: Difference['by'],
): Difference {
  const [ours, theirs] = [shown(left), shown(right)];
  const target = by === 'ours' ? theirs : ours;
  const change =
    by === 'both'
      ? { zh: `${zh}由两地商定统一`, en: `agree on the ${en}` }
      : { zh: `${zh}改为或增加:${target}`, en: `${en}: change to, or add, ${target}` };
  return { field, zh, en, ours, theirs, by, change, isInList };
}

function shown(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? '是 / yes' : '否 / no';
  return value === '' ? NONE : String(value);
}
