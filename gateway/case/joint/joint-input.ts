import { CodedError, type Problem, text } from '#proto';
import type { JointContent } from '#trust';
import { type CaseInput, demandInput, readCaseInput } from '../case-input.ts';
import type { JointCaseDocument, WholeKind } from './joint-case.ts';

/** What a window sends to open a joint case: applicant, common form and handler once, and what single parts ask beyond. */
export type JointInput = Omit<CaseInput, 'handlingRegion' | 'item' | 'mode'> & Pick<JointCaseDocument, 'forms'>;

/** Members that the agreement knows, and nobody sends. */
const AGREED = ['handlingRegion', 'item', 'mode'] as const;

/** The agreement, by its id, or the bundle, by its code, that an input names. @throws CodedError VALIDATION_FAILED */
export function nameIn(input: unknown, kind: WholeKind): string {
  const name = isObject(input) ? input[kind] : undefined;
  return demandInput<string>((value, _, problems) => text(64)(value, `/${kind}`, problems), name);
}

/**
 * Reads what a window sends to open a joint case.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong field
 */
export function readJointInput(
  { agreement: _, forms = {}, ...common }: Readonly<Record<string, unknown>>,
  { lead, parts, fields }: JointContent,
): JointInput {
  const problems: Problem[] = AGREED.filter((name) => name in common).map((name) => ({
    pointer: `/${name}`,
    code: 'UNKNOWN_FIELD',
    message: 'stands in the agreement',
  }));
  if (isObject(forms)) {
    for (const [id, form] of Object.entries(forms)) {
      const pointer = `/forms/${id}`;
      if (!parts.some((part) => part.id === id))
        problems.push({ pointer, code: 'NO_SUCH_PART', message: 'must be the id of a part of the agreement' });
      else if (!isObject(form)) problems.push({ pointer, code: 'TYPE', message: 'must be an object' });
      else
        for (const name of Object.keys(form).filter((field) => !mayHave({ fields }, id, `form.${field}`)))
          problems.push({
            pointer: `${pointer}/${name}`,
            code: 'NOT_AGREED',
            message: 'the agreement lets this field not travel to the part',
          });
    }
  } else problems.push({ pointer: '/forms', code: 'TYPE', message: 'must be an object' });
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', `${problems.length} fields are wrong`, problems);
  const read = readCaseInput({ ...common, handlingRegion: lead, item: parts[0]!.item, mode: 'joint' });
  return { ...read, forms: forms as JointInput['forms'] };
}

/**
 * What a part's case is opened with: of applicant and form only what the agreement lets travel to that part (最小必要).
 *
 * @param us the lead; its own parts it decides by itself
 * @throws CodedError FIELD_NOT_ALLOWED when a name or number is missing, without which no case can be opened
 */
export function partInput(joint: JointInput, id: string, content: JointContent, us: string): CaseInput {
  const { region, item } = content.parts.find((part) => part.id === id)!;
  const { applicant, form, forms, handler, identityCheck, legalBasis } = joint;
  const hidden = (['name', 'documentNumber'] as const).filter((name) => !mayHave(content, id, `applicant.${name}`));
  if (hidden.length > 0) {
    const problems = hidden.map((name) => ({
      pointer: `/applicant/${name}`,
      code: 'FIELD_NOT_ALLOWED',
      message: `the agreement must let applicant.${name} travel to the part`,
    }));
    throw new CodedError('FIELD_NOT_ALLOWED', `part "${id}" cannot be told whom it is about`, problems);
  }
  const agreed = (name: 'mobile' | 'address') => (mayHave(content, id, `applicant.${name}`) ? applicant[name] : '');
  const filled = Object.entries({ ...form, ...forms[id] }).filter(([name]) => mayHave(content, id, `form.${name}`));
  return {
    handlingRegion: region,
    item,
    mode: region === us ? 'direct' : 'joint',
    applicant: { ...applicant, mobile: agreed('mobile'), address: agreed('address') },
    form: Object.fromEntries(filled),
    handler,
    ...(identityCheck && { identityCheck }),
    ...(legalBasis && { legalBasis }),
  };
}

function mayHave({ fields }: Pick<JointContent, 'fields'>, part: string, path: string): boolean {
  const group = `${path.slice(0, path.indexOf('.'))}.*`;
  return fields.some(({ path: allowed, parts }) => parts.includes(part) && (allowed === path || allowed === group));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
