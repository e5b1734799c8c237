import { createHash } from 'node:crypto';
import { answerProblems, type Explanation, type FileMapping, type FoundRecord, isServiceAnswer } from '#adapters';
import { CodedError, type Problem } from '#proto';
import { readActInput, readCaseInput } from '../../case/case-input.ts';
import { readNoteInput } from '../../case/notes/case-notes.ts';
import { FREE_NOTES, type NoteName } from '../../case/notes/notes.ts';
import { EVENTS, type Event } from '../../case/transitions.ts';

/** A problem, and which expression of the mapping filled the place. */
interface TracedProblem extends Problem {
  readonly from?: string;
}

/** What a record of a sample comes to. */
export interface CheckedRecord {
  /** Counted from 1. */
  readonly record: number;
  /** Of a table; the names of the columns are row 1. */
  readonly row?: number;
  /** Counted from 1; absent when none is about the record. */
  readonly rule?: number;
  readonly name?: string;
  readonly ignored?: string;
  /** As the mapping words them; of a file within the record its size and SHA-256 in place of the bytes. */
  readonly wishes: readonly object[];
  readonly problems: readonly TracedProblem[];
}

/** Maps one record and holds what it wishes against the rules by which the gateway would take it. */
export async function checkRecord(mapping: FileMapping, found: FoundRecord, record: number): Promise<CheckedRecord> {
  const explained = await mapping.explain(found.document);
  const { rule, ignored, wishes } = explained;
  const mapped = [...found.problems, ...explained.problems];
  const canonical = wishes.flatMap((wish, index) => problemsOf(wish, explained, index, found.document));
  return {
    record,
    ...(found.row !== undefined && { row: found.row }),
    ...(rule && { rule: rule.index + 1 }),
    ...(rule?.name !== undefined && { name: rule.name }),
    ...(ignored !== undefined && { ignored }),
    wishes: wishes.map(shown),
    problems: [
      ...mapped.map((problem) => traced(problem, explained)),
      ...canonical.filter((problem) => !isKnown(problem, mapped)),
    ],
  };
}

function shown(wish: Explanation['wishes'][number]): object {
  if (!wish.files?.some((file) => 'content' in file)) return wish;
  const files = wish.files.map((file) => {
    if (!('content' in file)) return file;
    const sha256 = createHash('sha256').update(file.content).digest('hex');
    return { ...file, content: { size: file.content.length, sha256 } };
  });
  return { ...wish, files };
}

function traced(problem: Problem, explained: Explanation): TracedProblem {
  const place = /^\/wishes\/(\d+)\/(?:body|data)(.*)$/.exec(problem.pointer);
  const from = place ? explained.sourceOf(Number(place[1]), place[2]!) : undefined;
  return from === undefined ? problem : { ...problem, from };
}

/** What the mapping could not fill is missing to the rules too. */
function isKnown({ pointer }: Problem, mapped: readonly Problem[]): boolean {
  return mapped.some((known) => `${known.pointer}/`.startsWith(`${pointer}/`));
}

function problemsOf(
  wish: Explanation['wishes'][number],
  explained: Explanation,
  index: number,
  document: unknown,
): TracedProblem[] {
  const at = `/wishes/${index}`;
  // Of what answers a question only the data count, and those of the first wish alone.
  if (isServiceAnswer(document)) {
    const problems = index === 0 && wish.do !== 'open' ? answerProblems(wish.data, document.call) : [];
    return problems.map((problem) => ({ ...problem, pointer: `${at}/data${problem.pointer}` }));
  }
  if (wish.do === 'act' && !Object.hasOwn(EVENTS, wish.act ?? '')) return [unknown(`${at}/act`, Object.keys(EVENTS))];
  if (wish.do === 'note' && !FREE_NOTES.includes(wish.note as NoteName)) return [unknown(`${at}/note`, FREE_NOTES)];
  try {
    if (wish.do === 'open') readCaseInput(wish.body);
    else if (wish.do === 'act') readActInput(wish.act as Event, wish.data);
    else readNoteInput(wish.note as NoteName, wish.data);
    return [];
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { problems } = error;
    const part = wish.do === 'open' ? 'body' : 'data';
    return problems.map(({ pointer, code, message }) => {
      const from = explained.sourceOf(index, pointer);
      return { pointer: `${at}/${part}${pointer}`, code, message, ...(from !== undefined && { from }) };
    });
  }
}

function unknown(pointer: string, names: readonly string[]): TracedProblem {
  return { pointer, code: 'NOT_IN_LIST', message: `must be one of: ${names.join(', ')}` };
}
