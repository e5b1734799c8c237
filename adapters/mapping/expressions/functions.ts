import { maskName, maskNumber } from '#proto';
import { MappingFault } from '../fault.ts';
import type { DateStyle } from '../fields/date-style.ts';
import type { Tables } from '../fields/table.ts';
import type { LentFunction } from './sandbox.ts';

interface Lent {
  readonly tables: Tables;
  /** @throws MappingFault when there is no such pattern */
  readonly dateStyle: (pattern: string) => DateStyle;
  readonly clock: { now(): number };
}

/** What is taken from JSONata's own: it runs data as code, gives chance, or spoils Chinese text. */
const TAKEN = ['eval', 'random', 'shuffle', 'base64encode', 'base64decode'] as const;

/** Functions that expressions may call beside JSONata's own. */
export function lentFunctions({ tables, dateStyle, clock }: Lent): Readonly<Record<string, LentFunction>> {
  return {
    table: lend('<s(snb)?:s>', (name: string, code: unknown) => tables.named(name).wordOf(code)),
    code: lend('<s(snb)?:s>', (name: string, word: unknown) => tables.named(name).codeOf(word)),
    date: lend('<(sn)s:n>', (value: string | number, pattern: string) => dateStyle(pattern).read(value)),
    dateText: lend('<ns:s>', (ms: number, pattern: string) => String(dateStyle(pattern).write(ms))),
    maskName: lend('<s:s>', (name: string) => maskName(name)),
    maskNumber: lend('<s:s>', (number: string) => maskNumber(number)),
    now: lend('<:s>', () => new Date(clock.now()).toISOString()),
    millis: lend('<:n>', () => clock.now()),
    ...Object.fromEntries(TAKEN.map((name) => [name, taken(name)])),
  };
}

/** A function of what is not there gives nothing, as JSONata's own do. */
function lend(signature: string, call: (...args: never[]) => unknown): LentFunction {
  return {
    signature,
    call: (...args) => (args.slice(0, call.length).some((one) => one === undefined) ? undefined : call(...args)),
  };
}

function taken(name: string): LentFunction {
  const call = () => {
    throw new MappingFault('EXPRESSION', `calls $${name}, which mappings cannot use`);
  };
  return { signature: '<x?x?:x>', call };
}
