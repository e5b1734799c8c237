import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from './csv.ts';
import { csvText } from './write-csv.ts';

const rowsOf = (text: string) => readCsv(Buffer.from(text)).rows;

describe('comma-separated values', () => {
  it('are read with quotes, line breaks in cells and either end of a line', () => {
    expect(rowsOf('编码,名称\r\n"EX,1","一""二\n三"\nEX2,')).toEqual([
      ['编码', '名称'],
      ['EX,1', '一"二\n三'],
      ['EX2', ''],
    ]);
    expect(rowsOf('a\tb\n1,5\t2\n')).toEqual([
      ['a', 'b'],
      ['1,5', '2'],
    ]);
  });

  it('come back as they were written', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '证', '"', ',', '\n', '；', ' '), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 }), (rows) => {
        expect(rowsOf(csvText(rows))).toEqual(rows);
      }),
    );
  });

  it('are read as Excel in China saves them: GB 18030, or UTF-8 with a mark', () => {
    // 事项名称,㐀 as `iconv -t gb18030` writes it; the last character is beyond GBK.
    const gb18030 = Buffer.from('cac2cfeec3fbb3c62c8139ee39', 'hex');
    expect(readCsv(gb18030).rows).toEqual([['事项名称', '㐀']]);
    expect(rowsOf('\ufeff事项名称,㐀')).toEqual([['事项名称', '㐀']]);
  });

  it('never run as a formula and keep the digits of long codes', () => {
    expect(csvText([['=1+1', '370117002011', '@x', '5']])).toBe('\ufeff"\t=1+1","\t370117002011","\t@x",5\r\n');
  });

  it.each([
    ['an open quote', 'a,b\n1,"2', 'QUOTE', { row: 2, column: 'B' }],
    ['text behind a quote', '"a"b', 'QUOTE', { row: 1, column: 'B' }],
    ['too many columns', ','.repeat(300), 'TOO_MANY', { row: 1, column: 'GS' }],
    ['an endless cell', 'x'.repeat(40_000), 'TOO_LONG', { row: 1, column: 'A' }],
  ])('are refused with %s, and where', (_, text, code, place) => {
    expect(() => rowsOf(text)).toThrow(expect.objectContaining({ code, place }));
  });

  it('are refused in another encoding', () => {
    expect(() => readCsv(Buffer.from('ff41ff', 'hex'))).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  });
});
