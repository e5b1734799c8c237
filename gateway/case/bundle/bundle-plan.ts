import { CodedError, checkForm, type Problem } from '#proto';
import { within } from '../../catalogue/bundles/bundle-document.ts';
import type { WholeBundle } from '../../catalogue/bundles/bundles.ts';
import type { BundledItem } from '../../catalogue/bundles/judge-bundle.ts';
import { mergedSchema } from '../../catalogue/bundles/merge-forms.ts';
import { type CaseInput, readCaseInput } from '../case-input.ts';
import type { JointInput } from '../joint/joint-input.ts';
import type { Plan } from '../joint/plan.ts';

const OUTDATED = 'the bundle does not fit its items any more: change it, and import it again';

/** Members that the bundle knows, and nobody sends. */
const DEFINED = ['handlingRegion', 'item', 'mode'] as const;

/**
 * B1 to B6: what a bundle (一件事) says of the whole, with its items as they hold now.
 *
 * @param us our region, which leads every bundle of its own
 */
export function bundlePlan({ bundle, parts, fields, materials, problems }: WholeBundle, us: string): Plan {
  const { name, workingDays, ifPartFails } = bundle;
  return {
    name,
    parts: parts.map(({ key, region, item, after, offered }) => ({
      ...{ id: key, region, item, after },
      department: offered?.department ?? '',
      workingDays: offered?.promisedWorkingDays ?? 0,
    })),
    workingDays,
    handover: 'one-window',
    isInForce: true,
    fallsWhole: ifPartFails === 'whole-falls',
    ...(problems.length > 0 && {
      obstacle: new CodedError('VALIDATION_FAILED', OUTDATED, within('/bundle', problems)),
    }),
    read: (input) => readWhole(input, { parts, fields }, us),
    inputOf: (whole, key) => partInput(whole, parts.find((part) => part.key === key)!, fields, us),
    materialIn: (key, material) => {
      const merged = materials.find((one) => one.name === material);
      return merged?.askedBy.find(({ part }) => part === key)?.name;
    },
    missingAt: (key, material) => {
      const isIt = (one: { part: string; name: string }) => one.part === key && one.name === material;
      return `/materials/${materials.find(({ askedBy }) => askedBy.some(isIt))?.name ?? material}`;
    },
  };
}

/** B2: one form, held against what all parts ask for; beside it only what parts ask that take any form. */
function readWhole(
  input: Readonly<Record<string, unknown>>,
  { parts, fields }: Pick<WholeBundle, 'parts' | 'fields'>,
  us: string,
): JointInput {
  const { bundle: _, forms = {}, ...common } = input;
  const problems: Problem[] = DEFINED.filter((name) => name in common).map((name) => {
    return { pointer: `/${name}`, code: 'UNKNOWN_FIELD', message: 'stands in the bundle' };
  });
  problems.push(...formsProblems(forms, parts));
  const { form = {} } = common;
  if (isTexts(form)) problems.push(...checkForm(JSON.stringify(mergedSchema(fields)), form, '/form'));
  const [{ item }] = parts as [BundledItem];
  let read: CaseInput | undefined;
  try {
    read = readCaseInput({ ...without(common), handlingRegion: us, item, mode: 'direct' });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    problems.push(...error.problems);
  }
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', `${problems.length} fields are wrong`, problems);
  return { ...read!, forms: forms as JointInput['forms'] };
}

function without(common: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(common).filter(([name]) => !(DEFINED as readonly string[]).includes(name)));
}

function formsProblems(forms: unknown, parts: readonly BundledItem[]): Problem[] {
  if (!isObject(forms)) return [{ pointer: '/forms', code: 'TYPE', message: 'must be an object' }];
  return Object.entries(forms).flatMap(([key, form]): Problem[] => {
    const pointer = `/forms/${key}`;
    const part = parts.find((one) => one.key === key);
    if (!part) return [{ pointer, code: 'NO_SUCH_PART', message: 'must be the key of a part of the bundle' }];
    if (part.offered?.formSchema)
      return [{ pointer, code: 'UNKNOWN_FIELD', message: 'what this part asks for stands in the one form' }];
    return isObject(form) ? [] : [{ pointer, code: 'TYPE', message: 'must be an object' }];
  });
}

function partInput(
  { applicant, form, forms, handler, identityCheck, legalBasis }: JointInput,
  { key, region, item, contact }: BundledItem,
  fields: WholeBundle['fields'],
  us: string,
): CaseInput {
  const filled = fields.flatMap(({ name, askedBy }): [string, string][] => {
    const asked = askedBy.find(({ part }) => part === key);
    const value = form[name];
    return asked && value !== undefined ? [[asked.name, value]] : [];
  });
  const isTold = region === us || contact;
  return {
    handlingRegion: region,
    item,
    mode: region === us ? 'direct' : 'agency',
    applicant: isTold ? applicant : { ...applicant, mobile: '', address: '' },
    form: { ...Object.fromEntries(filled), ...forms[key] },
    handler,
    ...(identityCheck && { identityCheck }),
    ...(legalBasis && { legalBasis }),
  };
}

/** What is no form at all is said of the application. */
function isTexts(form: unknown): form is Record<string, string> {
  return isObject(form) && Object.values(form).every((value) => typeof value === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
