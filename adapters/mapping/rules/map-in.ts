import type { Problem } from '#proto';
import { fileFromBase64 } from '../../base64.ts';
import type { Work } from '../expressions/sandbox.ts';
import { type Field, fill, type Source, shown } from '../fields/field.ts';
import type { MappedFile, MappedWish } from '../mapping.ts';
import type { InRule, WishPlan } from './compile-in.ts';
import { holding } from './conditions.ts';
import { entriesOf, FILES_MOST } from './file-entries.ts';

/** What a record means, and how that was found. */
export interface Understood {
  /** The rule, counted from 0; undefined when none is about the record. */
  readonly rule: number | undefined;
  /** Why the record means nothing to us, where a rule says so. */
  readonly ignored: string | undefined;
  /** As far as they can be made, also when there are problems. */
  readonly wishes: readonly { readonly plan: WishPlan; readonly wish: MappedWish }[];
  /** By their pointers within `{wishes: […]}`. */
  readonly problems: readonly Problem[];
}

const NO_RULE = {
  pointer: '',
  code: 'NO_RULE',
  message: 'no rule under in is about this record; add one, or one with ignore for records that mean nothing to us',
};

/** Understands one record by the first rule that is about it. */
export function* mapIn(rules: readonly InRule[], source: Source): Work<Understood> {
  const problems: Problem[] = [];
  const pointers = rules.map((_rule, index) => `/in/${index}/when`);
  const [index] = yield* holding(
    rules.map(({ when }) => when),
    source,
    pointers,
    problems,
    'first',
  );
  if (index === undefined && problems.length === 0) problems.push(NO_RULE);
  if (index === undefined) return { rule: undefined, ignored: undefined, wishes: [], problems };
  const { ignore: ignored, wishes: plans } = rules[index]!;
  const asked = plans.map((_plan, at) => `/in/${index}/do/${at}/when`);
  const chosen = yield* holding(
    plans.map(({ when }) => when),
    source,
    asked,
    problems,
    'all',
  );
  const wishes: { plan: WishPlan; wish: MappedWish }[] = [];
  for (const at of chosen) {
    const plan = plans[at]!;
    wishes.push({ plan, wish: yield* wishOf(plan, source, `/wishes/${wishes.length}`, problems) });
  }
  return { rule: index, ignored, wishes, problems };
}

function* wishOf(plan: WishPlan, source: Source, pointer: string, problems: Problem[]): Work<MappedWish> {
  const reference = yield* lone(plan.reference, source, `${pointer}/reference`, problems);
  const named = { ...(reference !== undefined && { reference }) };
  if (plan.do === 'open') {
    const body = yield* fill(plan.body, source, `${pointer}/body`, problems);
    return { do: 'open', ...named, body, files: yield* filesOf(plan, source, pointer, problems) };
  }
  const about = { case: yield* caseOf(plan, source, `${pointer}/case`, problems), ...named };
  const name = (yield* lone(plan.named, source, `${pointer}/${plan.do}`, problems)) ?? '';
  const data = yield* fill(plan.body, source, `${pointer}/data`, problems);
  if (plan.do === 'note') return { do: 'note', ...about, note: name, data };
  return { do: 'act', ...about, act: name, data, files: yield* filesOf(plan, source, pointer, problems) };
}

/** The value of a field that stands alone. */
function* lone(
  field: Field | undefined,
  source: Source,
  pointer: string,
  problems: Problem[],
): Work<string | undefined> {
  if (!field) return undefined;
  const found: Problem[] = [];
  const made = yield* fill([{ ...field, target: ['value'] }], source, '', found);
  problems.push(...found.map((problem) => ({ ...problem, pointer })));
  return (made as { value?: string }).value;
}

function* caseOf(plan: WishPlan, source: Source, pointer: string, problems: Problem[]): Work<MappedWish['case']> {
  const before = problems.length;
  for (const { by, field } of plan.case) {
    const value = yield* lone(field, source, pointer, problems);
    if (value !== undefined) return { [by]: value } as MappedWish['case'];
  }
  if (problems.length === before) {
    const names = plan.case.map(({ field }) => shown(field.expression?.text ?? '')).join(', ');
    problems.push({ pointer, code: 'REQUIRED', message: `is required, but ${names} is absent or empty` });
  }
  return undefined;
}

/** What a mapping says of one file. */
type FilledFile = Partial<Readonly<Record<'name' | 'from' | 'content' | 'mediaType', string>>>;

/** The files of a wish; one without a place or content is not there. */
function* filesOf(plan: WishPlan, source: Source, pointer: string, problems: Problem[]): Work<readonly MappedFile[]> {
  const files: MappedFile[] = [];
  for (const [index, { each, fields }] of plan.files.entries()) {
    for (const input of each ? yield* entriesOf(each, source, `${pointer}/files/${index}`, problems) : [source.input]) {
      const at = `${pointer}/files/${files.length}`;
      const { content, ...file } = (yield* fill(fields, { ...source, input }, at, problems)) as FilledFile;
      if (file.from === undefined && content === undefined) continue;
      if (file.name === undefined)
        problems.push({ pointer: `${at}/name`, code: 'REQUIRED', message: 'is required where there is a file' });
      const read = content === undefined ? undefined : fileFromBase64(content);
      if (content !== undefined && !read)
        problems.push({ pointer: `${at}/content`, code: 'FORMAT', message: 'must be base64, or a data URI with it' });
      const said = { ...(read?.mediaType !== undefined && { mediaType: read.mediaType }), ...file };
      files.push((read ? { ...said, content: read.bytes } : said) as MappedFile);
    }
  }
  if (files.length <= FILES_MOST) return files;
  problems.push({ pointer: `${pointer}/files`, code: 'TOO_MANY', message: `has more than ${FILES_MOST} entries` });
  return files.slice(0, FILES_MOST);
}
