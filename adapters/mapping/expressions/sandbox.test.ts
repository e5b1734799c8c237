import { describe, expect, it } from 'vitest';
import type { Problem } from '#proto';
import { MappingFault, MappingTimeout } from '../fault.ts';
import { Tables } from '../fields/table.ts';
import { type Answer, answersOf, compileExpression, type Question } from './expression.ts';
import { lentFunctions } from './functions.ts';
import { Sandbox } from './sandbox.ts';

const FUNCTIONS = lentFunctions({
  tables: new Tables({ status: { codes: { '3': 'accepted' } } }),
  dateStyle: () => {
    throw new MappingFault('EXPRESSION', 'no pattern');
  },
  clock: { now: () => Date.UTC(2026, 10, 22) },
});
const RECORD = {
  NAME: '王小明·示例',
  LIST: [1, 2],
  S: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',
  NEST: { A: 'x' },
};

const sandbox = new Sandbox(200);

function evaluate(text: string, record: unknown = RECORD): Answer {
  const problems: Problem[] = [];
  const expression = compileExpression(sandbox, FUNCTIONS, text, '', problems);
  if (!expression) throw new Error(problems[0]!.message);
  const question: Question = { expression, input: record, record };
  return sandbox.run(answersOf([question]))[0]!;
}

function faultOf(text: string): MappingFault {
  const answer = evaluate(text);
  if ('value' in answer) throw new Error('it gave a value');
  return answer.fault;
}

describe('a sandbox', () => {
  it('gives plain JSON, without the marks that JSONata leaves on lists', () => {
    const answer = evaluate('$map(LIST, function($x) { $x * 2 })');
    expect(answer).toEqual({ value: [2, 4] });
    expect(Object.keys((answer as { value: object }).value)).toEqual(['0', '1']);
  });

  it.each([
    ['a call of itself at the end', '($f := function($x) { $f($x) }; $f(1))'],
    ['a regular expression that goes back without end', '$match(S, /^(a+)+$/)'],
    ['lists within lists', '$sum([1..10000].($sum([1..10000])))'],
  ])('ends %s, and is as good as before', (_name, text) => {
    expect(() => evaluate(text)).toThrow(MappingTimeout);
    expect(evaluate('$sum(LIST)')).toEqual({ value: 3 });
  });

  it.each([
    ['recursion', '($f := function($x) { 1 + $f($x) }; $f(1))', 'calls itself without end'],
    ['a list of ten million', '$map([1..10000000], function($x) { $x })', 'more than 10,000 entries'],
    [
      'a text that doubles',
      '($f := function($s, $n) { $n > 0 ? $f($s & $s, $n - 1) : $s }; $f("ab", 22))',
      'gives too much',
    ],
    ['a wide result', '[1..200].([1..200])', 'more than 10,000'],
    ['a function', '$uppercase', 'gives a function'],
    ['no number', '1 / 0', 'gives a number that is none'],
  ])('refuses %s', (_name, text, message) => {
    expect(faultOf(text)).toMatchObject({ code: 'EXPRESSION', message: expect.stringContaining(message) });
  });

  it.each([
    '__proto__',
    'constructor',
    '$lookup($, "__proto__")',
    '$lookup($, "constructor")',
    'NEST.__proto__.polluted',
  ])('finds nothing under %s', (text) => {
    expect(evaluate(text)).toEqual({ value: undefined });
  });

  it('keeps a member called __proto__ a member', () => {
    const answer = evaluate('X', JSON.parse('{"X": {"__proto__": {"polluted": true}, "a": "b"}}'));
    expect(JSON.stringify(answer)).toBe('{"value":{"__proto__":{"polluted":true},"a":"b"}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('does not take a record for a function', () => {
    const record = { F: { _jsonata_function: true, implementation: 'x' } };
    expect(evaluate('F', record)).toMatchObject({ fault: { code: 'EXPRESSION' } });
    expect(evaluate('F.implementation', record)).toEqual({ value: undefined });
  });

  it.each(['$eval("1")', '$random()', '$shuffle(LIST)', '$base64encode(NAME)'])('does not lend %s', (text) => {
    expect(faultOf(text).message).toContain('mappings cannot use');
  });

  it('says what is wrong without saying what the record holds', () => {
    for (const text of [
      '$number(NAME)',
      'NAME * 2',
      'NAME > 1',
      '$error(NAME)',
      'NAME()',
      '$toMillis(NAME)',
      '$table("status", NAME)',
    ]) {
      const { message } = faultOf(text);
      expect(message).not.toContain('王');
      expect(message.length).toBeGreaterThan(10);
    }
  });

  it('tells the time of the clock that it was given', () => {
    expect(evaluate('$now() & "/" & $millis()')).toEqual({ value: '2026-11-22T00:00:00.000Z/1795305600000' });
  });

  it('names every mistake in the syntax by its place', () => {
    const problems: Problem[] = [];
    expect(compileExpression(sandbox, FUNCTIONS, 'NAME & (', '/in/0/when', problems)).toBeUndefined();
    expect(problems).toEqual([
      { pointer: '/in/0/when', code: 'EXPRESSION', message: expect.stringMatching(/is no JSONata.*character \d+/) },
    ]);
  });
});
