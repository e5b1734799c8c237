import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from './expression.ts';
import { plain } from './plain.ts';
import { type Evaluation, type Outcome, Sandbox, type Work } from './sandbox.ts';
import { ASK_JSONATA } from './shortcut.ts';

const sandbox = new Sandbox();

const name = fc.constantFrom('A', 'B', '`a b`', '姓名', '`__proto__`', '`constructor`');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('.'));
const literal = fc.constantFrom("'1'", '"x"', "''", '1', '0', '-1', 'true', 'false', 'null');
const expression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    path,
    literal,
    fc
      .tuple(tie('any'), fc.constantFrom('=', '!=', 'and', 'or', '&'), tie('any'))
      .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc.tuple(tie('any'), fc.array(literal, { maxLength: 3 })).map(([a, words]) => `(${a} in [${words.join(', ')}])`),
    fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    tie('any').map((a) => `$exists(${a})`),
  ),
})).any;

const member = fc.constantFrom('A', 'B', 'a b', '姓名', 'constructor');
const record = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>('1', 'x', '', 1, 0, true, false, null),
    fc.dictionary(member, tie('value'), { maxKeys: 4 }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
})).value;

/** What JSONata itself gives, or that it throws. */
function byJsonata(evaluation: Evaluation): unknown {
  function* work(): Work<Outcome> {
    const [outcome] = yield [evaluation];
    return outcome!;
  }
  const outcome = sandbox.run(work());
  return 'value' in outcome ? outcome : 'thrown';
}

describe('a shortcut', () => {
  it('gives what JSONata gives, whenever it gives something', () => {
    let short = 0;
    fc.assert(
      fc.property(expression, record, (text, input) => {
        const { shortcut, evaluator } = compileExpression(sandbox, {}, text, '', [])!;
        const value = shortcut ? shortcut(input) : ASK_JSONATA;
        if (value === ASK_JSONATA) return;
        short += 1;
        expect({ value: plain(value) }).toEqual(byJsonata({ evaluator, input, bindings: {} }));
      }),
      { numRuns: 1_500 },
    );
    expect(short).toBeGreaterThan(500);
  });

  it.each([
    'A',
    'A.B',
    "A = '1'",
    "A = '1' and $exists(B)",
    "A in ['1', '2']",
    "A = '1' ? 'x' : B",
    'A & B',
    "'fixed'",
  ])('is taken by %s', (text) => {
    const { shortcut } = compileExpression(sandbox, {}, text, '', [])!;
    expect(shortcut?.({ A: '1' })).not.toBe(ASK_JSONATA);
  });

  it.each([
    'A[0]',
    'A[]',
    '*.B',
    '**',
    '$uppercase(A)',
    'A.$string()',
    'A{B: C}',
    'A^(B)',
    'A + 1',
    '$record.A',
    'A#$i.B',
  ])('is none for %s', (text) => {
    expect(compileExpression(sandbox, {}, text, '', [])?.shortcut).toBeUndefined();
  });

  it('leaves lists to JSONata', () => {
    const { shortcut } = compileExpression(sandbox, {}, 'A.B', '', [])!;
    expect(shortcut!({ A: [{ B: 1 }, { B: 2 }] })).toBe(ASK_JSONATA);
  });
});
