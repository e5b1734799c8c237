import type { messages, Problem } from '#proto';
import type { Alias, Bundle, BundlePart } from './bundle.ts';
import { type MergedField, mergeForms } from './merge-forms.ts';
import { type MergedMaterial, mergeMaterials } from './merge-materials.ts';

/** Fields that the form of one application may have. */
const MAX_FIELDS = 200;
/** Materials that one application may bring along. */
const MAX_MATERIALS = 100;

/** A part of a bundle with its item as it holds now; undefined where its region does not offer it (any more). */
export interface BundledItem extends BundlePart {
  readonly offered: messages.Item | undefined;
}

/** A bundle held against its items. */
export interface JudgedBundle {
  /** B2 一表申请. */
  readonly fields: readonly MergedField[];
  /** B3 一套材料. */
  readonly materials: readonly MergedMaterial[];
  /** With pointers into the bundle: it cannot be applied for. */
  readonly problems: readonly Problem[];
  /** What somebody should look at, and that stops nothing. */
  readonly warnings: readonly Problem[];
}

/**
 * Merges what the items of a bundle ask for, and names everything that does not fit.
 *
 * @param us our region, whose items may have any mode: we decide them ourselves
 */
export function judgeBundle(bundle: Bundle, parts: readonly BundledItem[], us: string): JudgedBundle {
  const problems: Problem[] = [];
  for (const [index, { region, item, offered }] of parts.entries()) {
    const pointer = `/parts/${index}/item`;
    if (!offered) {
      const message =
        region === us ? `we offer no item ${item}` : `region ${region} has published no item ${item} to us`;
      problems.push({ pointer, code: 'ITEM_UNKNOWN', message });
    } else if (region !== us && !offered.modes.includes('agency'))
      problems.push({
        pointer,
        code: 'MODE_NOT_COVERED',
        message: 'the item is not taken in elsewhere (异地代收代办)',
      });
  }
  const forms = parts.map(({ key, offered }) => ({ key, formSchema: offered?.formSchema ?? '' }));
  const lists = parts.map(({ key, offered }) => ({ key, materials: offered?.materials ?? [] }));
  const form = mergeForms(forms, bundle.fields);
  const list = mergeMaterials(lists, bundle.materials);
  problems.push(...form.problems, ...list.problems);
  problems.push(...unknownNames('fields', bundle.fields, parts, form.fields));
  problems.push(...unknownNames('materials', bundle.materials, parts, list.materials));
  if (form.fields.length > MAX_FIELDS)
    problems.push({ pointer: '/parts', code: 'TOO_MANY', message: `their forms have more than ${MAX_FIELDS} fields` });
  if (list.materials.length > MAX_MATERIALS)
    problems.push({
      pointer: '/parts',
      code: 'TOO_MANY',
      message: `they ask for more than ${MAX_MATERIALS} materials`,
    });
  return { fields: form.fields, materials: list.materials, problems, warnings: warningsOf(bundle, parts) };
}

/** Aliases of what no item asks for. Of items that are not known nothing is said twice. */
function unknownNames(
  kind: 'fields' | 'materials',
  aliases: readonly Alias[],
  parts: readonly BundledItem[],
  merged: readonly Pick<MergedField, 'askedBy'>[],
): Problem[] {
  const known = new Set(merged.flatMap(({ askedBy }) => askedBy.map(({ part, name }) => `${part} ${name}`)));
  const judged = new Set(parts.filter(({ offered }) => offered).map(({ key }) => key));
  return aliases.flatMap(({ of }, index) =>
    of.flatMap(({ part, name }, n): Problem[] => {
      if (!judged.has(part) || known.has(`${part} ${name}`)) return [];
      const what = kind === 'fields' ? 'field in its form' : 'material';
      const message = `the item of part "${part}" has no such ${what}`;
      return [{ pointer: `/${kind}/${index}/of/${n}/name`, code: 'NOT_IN_LIST', message }];
    }),
  );
}

function warningsOf({ workingDays }: Bundle, parts: readonly BundledItem[]): Problem[] {
  const items = parts.flatMap(({ offered }) => (offered ? [offered] : []));
  const longest = Math.max(0, ...items.map(({ promisedWorkingDays }) => promisedWorkingDays));
  const warnings: Problem[] = [];
  if (items.length === parts.length && workingDays > longest) {
    const message = `the whole takes longer than its longest item, which promises ${longest} (原则上不超过)`;
    warnings.push({ pointer: '/working_days', code: 'LONGER_THAN_ITEMS', message });
  }
  if (new Set(items.map(({ applicant }) => applicant)).size > 1)
    warnings.push({
      pointer: '/parts',
      code: 'APPLICANTS_DIFFER',
      message: 'some items are for persons and others for legal persons, and one applicant applies for all',
    });
  return warnings;
}
