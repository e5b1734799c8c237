import {
  boolean,
  CodedError,
  checkItemCode,
  checkSocialCreditCode,
  fields,
  identifier,
  integer,
  list,
  MODES,
  type messages,
  oneOf,
  optional,
  optionalText,
  type Problem,
  type Rule,
  text,
} from '#proto';

/** Items of one region, at most: what one catalogue can carry. */
export const MAX_ITEMS = 2000;

/** An item as operators write it down. */
interface ItemDocument {
  readonly code: string;
  readonly name: string;
  readonly department: string;
  readonly applicant: string;
  readonly modes: string[];
  readonly promised_working_days: number;
  readonly statutory_working_days?: number | null;
  readonly materials: readonly {
    readonly name: string;
    readonly original_to_be_checked: boolean;
    readonly may_follow_later: boolean;
  }[];
  readonly result: string;
  readonly department_code?: string | null;
  readonly acceptance_working_days?: number | null;
  readonly paper_originals?: boolean | null;
}

const material = fields({ name: text(200), original_to_be_checked: boolean, may_follow_later: boolean });

/** The limits are those of the message `Item`, so that whatever was imported can be published. */
const item = fields({
  code: identifier(checkItemCode),
  name: text(200),
  department: text(100),
  applicant: oneOf('person', 'legal-person'),
  modes: list(oneOf(...MODES), MODES.length, 1),
  promised_working_days: integer(0, 1000),
  statutory_working_days: optional(integer(0, 1000)),
  materials: list(material, 100),
  result: text(100),
  department_code: optional(identifier(checkSocialCreditCode)),
  acceptance_working_days: optional(integer(0, 1000)),
  paper_originals: optional(boolean),
});

const file: Rule = fields({ note: optional(optionalText(2000, { lines: true })), items: list(item, MAX_ITEMS, 1) });

/**
 * Reads a file of items (事项): `{note?, items: [{code, name, department, applicant, modes, promised_working_days,
 * statutory_working_days?, materials, result, department_code?, acceptance_working_days?, paper_originals?}]}`.
 *
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong field of every item
 */
export function readItems(document: unknown): messages.Item[] {
  const problems: Problem[] = [];
  file(document, '', problems);
  const entries = (document as { items?: unknown } | null)?.items;
  if (Array.isArray(entries) && entries.length <= MAX_ITEMS) problems.push(...twice(entries, 'is there twice'));
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the items are not valid', problems);
  return (entries as ItemDocument[]).map(itemOf);
}

/** The entries of a list of items whose code stood in the list before. */
export function twice(entries: readonly unknown[], message: string): Problem[] {
  const seen = new Set<unknown>();
  return entries.flatMap((entry, index) => {
    const code = (entry as { code?: unknown } | null)?.code;
    const known = seen.has(code);
    seen.add(code);
    return known && typeof code === 'string' ? [{ pointer: `/items/${index}/code`, code: 'DUPLICATE', message }] : [];
  });
}

function itemOf(document: ItemDocument): messages.Item {
  return {
    code: document.code,
    name: document.name,
    department: document.department,
    applicant: document.applicant,
    modes: document.modes,
    promisedWorkingDays: document.promised_working_days,
    statutoryWorkingDays: document.statutory_working_days ?? 0,
    materials: document.materials.map(({ name, original_to_be_checked, may_follow_later }) => {
      return { name, originalToBeChecked: original_to_be_checked, mayFollowLater: may_follow_later };
    }),
    result: document.result,
    departmentCode: document.department_code ?? '',
    acceptanceWorkingDays: document.acceptance_working_days ?? 0,
    paperOriginals: document.paper_originals ?? false,
  };
}
