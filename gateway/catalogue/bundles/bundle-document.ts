import {
  boolean,
  CodedError,
  checkItemCode,
  checkRegionCode,
  checkSocialCreditCode,
  fields,
  identifier,
  integer,
  list,
  oneOf,
  optional,
  optionalText,
  type Problem,
  type Rule,
  text,
} from '#proto';
import { type Alias, type Bundle, type BundlePart, PART_FAILURES } from './bundle.ts';
import { circlesOf } from './order.ts';

/** Bundles in one file, items in one bundle, and aliases of each kind, at most. */
export const BUNDLE_LIMITS = { bundles: 200, parts: 30, aliases: 200 } as const;

const key = text(32, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be a word of small letters, digits and hyphens' });
const keys = list(key, BUNDLE_LIMITS.parts);
const fieldName = text(64, { pattern: /^[\p{L}\p{N}_.-]+$/u, hint: 'must be a field name' });

const part = fields({
  key,
  region: optional(identifier(checkRegionCode)),
  item: identifier(checkItemCode),
  after: optional(keys),
  contact: optional(boolean),
});

const aliases = (name: Rule) =>
  list(fields({ name, of: list(fields({ part: key, name }), BUNDLE_LIMITS.parts, 1) }), BUNDLE_LIMITS.aliases);

const bundle = fields({
  code: text(64, { pattern: /^[\p{L}\p{N}_.-]+$/u, hint: 'must hold letters, digits, "_", "." and "-" alone' }),
  name: text(200),
  lead: fields({ department: text(100), department_code: identifier(checkSocialCreditCode) }),
  parts: list(part, BUNDLE_LIMITS.parts, 2),
  working_days: integer(1, 1000),
  fields: optional(aliases(fieldName)),
  materials: optional(aliases(text(200))),
  if_part_fails: optional(oneOf(...PART_FAILURES)),
});

const file: Rule = fields({
  note: optional(optionalText(2000, { lines: true })),
  bundles: list(bundle, BUNDLE_LIMITS.bundles, 1),
});

/** A file of bundles as far as it could be read. */
export interface ReadBundles {
  /** One for each entry; undefined for one that cannot be understood. */
  readonly bundles: readonly (Bundle | undefined)[];
  /** Everything that is wrong in the file itself. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a file of bundles (一件事): `{note?, bundles: [{code, name, lead, parts, working_days, …}]}`, as docs/bundles.md describes
 * it. Whether its items are there is not looked at.
 *
 * @param us our region: that of the parts that name none
 */
export function readBundles(document: unknown, us: string): ReadBundles {
  const problems: Problem[] = [];
  file(document, '', problems);
  const entries = membersOf(document).bundles;
  if (!Array.isArray(entries) || entries.length > BUNDLE_LIMITS.bundles) return { bundles: [], problems };
  const seen = new Set<unknown>();
  const bundles = entries.map((entry: unknown, index) => {
    const pointer = `/bundles/${index}`;
    const { code } = membersOf(entry);
    if (typeof code === 'string' && seen.has(code))
      problems.push({ pointer: `${pointer}/code`, code: 'DUPLICATE', message: 'is there twice' });
    seen.add(code);
    problems.push(...within(pointer, orderProblems(entry)), ...within(pointer, aliasProblems(entry)));
    const own: Problem[] = [];
    bundle(entry, pointer, own);
    return own.length === 0 ? bundleOf(entry as Written, us) : undefined;
  });
  return { bundles, problems };
}

/** @throws CodedError VALIDATION_FAILED */
export function demandReadable(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the bundles are not valid', [...problems]);
}

/** Problems with pointers that begin further out. */
export function within(pointer: string, problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, pointer: `${pointer}${problem.pointer}` }));
}

/** Repeated keys, keys of no part, and circles (B4), even where other members are wrong. */
function orderProblems(entry: unknown): Problem[] {
  const parts = partsOf(entry);
  const problems: Problem[] = [];
  const known = new Set(parts.map(({ key: own }) => own));
  const seen = new Set<string>();
  for (const { key: own, after, index } of parts) {
    const pointer = `/parts/${index}`;
    if (seen.has(own))
      problems.push({ pointer: `${pointer}/key`, code: 'DUPLICATE', message: 'is the key of an earlier part' });
    seen.add(own);
    for (const [n, before] of after.entries()) {
      if (!known.has(before))
        problems.push({ pointer: `${pointer}/after/${n}`, code: 'NO_SUCH_PART', message: NO_PART });
      else if (after.indexOf(before) < n)
        problems.push({ pointer: `${pointer}/after/${n}`, code: 'DUPLICATE', message: 'is there twice' });
    }
  }
  for (const circle of circlesOf(parts)) {
    const { index } = parts.find(({ key: own }) => own === circle[0])!;
    const message = `waits for itself: ${circle.join(' → ')}`;
    problems.push({ pointer: `/parts/${index}/after`, code: 'CIRCLE', message });
  }
  return problems;
}

const NO_PART = 'must be the key of a part of this bundle';

/** Parts that there are not, and what is named twice. */
function aliasProblems(entry: unknown): Problem[] {
  const known = new Set(partsOf(entry).map(({ key: own }) => own));
  return (['fields', 'materials'] as const).flatMap((kind) => {
    const problems: Problem[] = [];
    const names = new Set<unknown>();
    const taken = new Set<string>();
    for (const [index, alias] of listOf(membersOf(entry)[kind]).entries()) {
      const pointer = `/${kind}/${index}`;
      const { name, of } = membersOf(alias);
      if (typeof name === 'string' && names.has(name))
        problems.push({ pointer: `${pointer}/name`, code: 'DUPLICATE', message: 'is the name of an earlier one' });
      names.add(name);
      for (const [n, one] of listOf(of).entries()) {
        const { part: of_, name: own } = membersOf(one);
        if (typeof of_ !== 'string' || typeof own !== 'string') continue;
        if (!known.has(of_))
          problems.push({ pointer: `${pointer}/of/${n}/part`, code: 'NO_SUCH_PART', message: NO_PART });
        if (taken.has(`${of_} ${own}`))
          problems.push({
            pointer: `${pointer}/of/${n}`,
            code: 'DUPLICATE',
            message: 'has a name in the whole already',
          });
        taken.add(`${of_} ${own}`);
      }
    }
    return problems;
  });
}

interface FoundPart {
  readonly key: string;
  readonly after: readonly string[];
  readonly index: number;
}

/** The parts that have a key, as far as they can be read. */
function partsOf(entry: unknown): FoundPart[] {
  return listOf(membersOf(entry).parts).flatMap((one, index): FoundPart[] => {
    const { key: own, after } = membersOf(one);
    if (typeof own !== 'string') return [];
    return [{ key: own, after: listOf(after).filter((before) => typeof before === 'string'), index }];
  });
}

/** A bundle as it is written. */
interface Written {
  readonly code: string;
  readonly name: string;
  readonly lead: { readonly department: string; readonly department_code: string };
  readonly parts: readonly (Pick<BundlePart, 'key' | 'item'> & Partial<Record<keyof BundlePart, unknown>>)[];
  readonly working_days: number;
  readonly fields?: readonly Alias[] | null;
  readonly materials?: readonly Alias[] | null;
  readonly if_part_fails?: Bundle['ifPartFails'] | null;
}

function bundleOf({ code, name, lead, parts, working_days, ...rest }: Written, us: string): Bundle {
  return {
    ...{ code, name },
    lead: { department: lead.department, departmentCode: lead.department_code },
    parts: parts.map(
      (one): BundlePart => ({
        key: one.key,
        region: (one.region as string | null | undefined) ?? us,
        item: one.item,
        after: (one.after as string[] | null | undefined) ?? [],
        contact: one.contact === true,
      }),
    ),
    workingDays: working_days,
    fields: rest.fields ?? [],
    materials: rest.materials ?? [],
    ifPartFails: rest.if_part_fails ?? 'others-go-on',
  };
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** A list that is longer than it may be is a fault already, and is not looked through. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) && value.length <= BUNDLE_LIMITS.aliases ? value : [];
}
