import type { PlatformEvent } from '../adapter.ts';
import { Breaks } from './breaks.ts';
import type { Compiler } from './compiler.ts';
import type { Work } from './expressions/sandbox.ts';
import { MappingTimeout } from './fault.ts';
import { type Field, type Source, shown } from './fields/field.ts';
import type { MappedAnswer, MappedIn, MappedOut, Mapping } from './mapping.ts';
import type { InRule } from './rules/compile-in.ts';
import { type AnswerRule, mapAnswer, unreadable } from './rules/map-answer.ts';
import { mapIn, type Understood } from './rules/map-in.ts';
import { mapOut, type OutRule } from './rules/map-out.ts';

interface Rules {
  readonly in: readonly InRule[];
  readonly out: readonly OutRule[];
  readonly answer: AnswerRule | undefined;
}

/** What a record means and by which rule, for whoever writes the mapping. */
export interface Explanation {
  /** The rule, counted from 0, and its name; undefined when none is about the record. */
  readonly rule: { readonly index: number; readonly name: string | undefined } | undefined;
  /** Why the record means nothing to us, where a rule says so. */
  readonly ignored: string | undefined;
  /** As far as they can be made. */
  readonly wishes: Understood['wishes'][number]['wish'][];
  /** By their pointers within `{wishes: […]}`. */
  readonly problems: Understood['problems'];
  /** The expression that fills a place within the body or the data of a wish; undefined when none does. */
  sourceOf(wish: number, pointer: string): string | undefined;
}

/** A mapping that was read from a file. */
export class FileMapping implements Mapping {
  readonly answer: ((response: unknown) => Promise<MappedAnswer>) | undefined;
  readonly #compiler: Compiler;
  readonly #rules: Rules;
  readonly #breaks: Breaks;

  /** @param tired is called when its expressions run out of time again and again */
  constructor(compiler: Compiler, rules: Rules, tired: () => void) {
    this.#compiler = compiler;
    this.#breaks = new Breaks(compiler.clock, tired);
    this.#rules = rules;
    const { answer } = rules;
    this.answer = answer && (async (response) => this.#judge(answer, response));
  }

  async in(document: unknown): Promise<MappedIn> {
    const { wishes, problems } = this.#understand(document);
    return problems.length > 0 ? { ok: false, problems } : { ok: true, wishes: wishes.map(({ wish }) => wish) };
  }

  /** What a record means, with everything that is wrong and where it comes from. */
  async explain(document: unknown): Promise<Explanation> {
    const { rule, ignored, wishes, problems } = this.#understand(document);
    return {
      rule: rule === undefined ? undefined : { index: rule, name: this.#rules.in[rule]!.name },
      ignored,
      wishes: wishes.map(({ wish }) => wish),
      problems,
      sourceOf: (wish, pointer) => sourceIn(wishes[wish]?.plan.body ?? [], pointer.split('/').slice(1)),
    };
  }

  wants(eventType: string): 'no' | 'event' | 'case' {
    const about = this.#rules.out.filter(({ on }) => on.test(eventType));
    if (about.length === 0) return 'no';
    return about.some(({ readsCase }) => readsCase) ? 'case' : 'event';
  }

  async out(event: PlatformEvent, found: Readonly<Record<string, unknown>> | undefined): Promise<MappedOut> {
    const input = { event, ...(found && { case: found }) };
    const told = this.#run(mapOut(this.#rules.out, event.type, this.#source(input, 'out')));
    if (told instanceof MappingTimeout) return { ok: false, problems: [problemOf(told)] };
    const { documents, files, problems } = told;
    if (problems.length > 0) return { ok: false, problems };
    return { ok: true, documents, ...(files.some(({ length }) => length > 0) && { files }) };
  }

  #understand(document: unknown): Understood {
    const understood = this.#run(mapIn(this.#rules.in, this.#source(document, 'in')));
    if (!(understood instanceof MappingTimeout)) return understood;
    return { rule: undefined, ignored: undefined, wishes: [], problems: [problemOf(understood)] };
  }

  #judge(rule: AnswerRule, response: unknown): MappedAnswer {
    const judged = this.#run(mapAnswer(rule, this.#source(response, 'in')));
    return judged instanceof MappingTimeout ? unreadable() : judged;
  }

  #source(input: unknown, direction: Source['direction']): Source {
    return { input, record: input, direction, now: this.#compiler.clock.now() };
  }

  #run<T>(work: Work<T>): T | MappingTimeout {
    return this.#breaks.run(() => this.#compiler.sandbox.run(work));
  }
}

function problemOf({ code, message }: MappingTimeout) {
  return { pointer: '', code, message };
}

/** The field that fills a place, or the nearest place around it or within it. */
function sourceIn(fields: readonly Field[], place: readonly string[]): string | undefined {
  const near = fields.filter(({ target }) =>
    target.every((part, at) => place[at] === undefined || place[at] === String(part)),
  );
  const [field] = near.toSorted((one, other) => other.target.length - one.target.length);
  if (!field) return undefined;
  const inner = field.each && place.length > field.target.length + 1;
  const deeper = inner ? sourceIn(field.each!, place.slice(field.target.length + 1)) : undefined;
  return deeper ?? (field.expression && shown(field.expression.text));
}
