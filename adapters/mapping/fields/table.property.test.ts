import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MappingFault } from '../fault.ts';
import { Table, Tables } from './table.ts';

const word = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' });
const codes = fc.dictionary(word, word, { maxKeys: 12 });

describe('a table', () => {
  it('read forwards and then backwards gives a code of the same word; the same code where the word has one', () => {
    fc.assert(
      fc.property(codes, (spec) => {
        const table = new Table('t', { codes: spec });
        for (const [code, its] of Object.entries(spec)) {
          expect(table.wordOf(code)).toBe(its);
          if (table.ambiguous.has(its)) expect(() => table.codeOf(its)).toThrow(MappingFault);
          else expect(table.codeOf(its)).toBe(code);
        }
      }),
    );
  });

  it('is unambiguous once every doubtful word has its code', () => {
    fc.assert(
      fc.property(codes, (spec) => {
        const { ambiguous } = new Table('t', { codes: spec });
        const reverse = Object.fromEntries(
          [...ambiguous].map((its) => [its, Object.keys(spec).find((code) => spec[code] === its)!]),
        );
        const table = new Table('t', { codes: spec, reverse });
        expect(table.ambiguous.size).toBe(0);
        for (const its of Object.values(spec)) expect(table.wordOf(table.codeOf(its))).toBe(its);
      }),
    );
  });

  it('gives nothing for what it does not have, and does not repeat it', () => {
    fc.assert(
      fc.property(codes, fc.string({ minLength: 20 }), (spec, unknown) => {
        const table = new Table('t', { codes: spec });
        for (const look of [() => table.wordOf(unknown), () => table.codeOf(unknown)])
          expect(look).toThrow(expect.objectContaining({ message: expect.not.stringContaining(unknown) }));
      }),
    );
  });

  it('has no codes that nobody wrote, such as the members of every object', () => {
    const table = new Table('t', { codes: { '1': 'one' } });
    for (const name of ['__proto__', 'constructor', 'toString']) expect(() => table.wordOf(name)).toThrow(MappingFault);
  });

  it('takes its default for everything unknown, both ways', () => {
    const table = new Table('t', { codes: { '1': 'one' }, default: 'other', default_code: '9' });
    expect([table.wordOf('5'), table.wordOf(1), table.codeOf('two'), table.codeOf('one')]).toEqual([
      'other',
      'one',
      '9',
      '1',
    ]);
  });

  it('reads numbers and booleans as they are written, and no lists', () => {
    const table = new Table('t', { codes: { '1': 'one', true: 'yes' } });
    expect([table.wordOf(1), table.wordOf(true)]).toEqual(['one', 'yes']);
    expect(() => table.wordOf(['1'])).toThrow(expect.objectContaining({ code: 'TYPE' }));
  });

  it('is found by its name only', () => {
    const tables = new Tables({ one: { codes: {} } });
    expect(tables.find('one')).toBeDefined();
    expect(tables.find('constructor')).toBeUndefined();
    expect(() => tables.named('two')).toThrow(expect.objectContaining({ code: 'EXPRESSION' }));
  });
});
