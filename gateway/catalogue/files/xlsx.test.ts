import { describe, expect, it } from 'vitest';
import { xlsxFile, zipFile } from '../testing/xlsx-file.ts';
import { readXlsx } from './xlsx.ts';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('a workbook', () => {
  it('is read sheet by sheet: texts, numbers, truth, formulas and gaps', () => {
    const workbook = xlsxFile({
      事项: [
        ['事项编码', '期限', '说明'],
        [],
        ['EX1', 5, '一\n<二> & "三"', { type: 'b', xml: '<v>1</v>' }, { type: 'str', xml: '<f>A1</f><v>算出</v>' }],
        ['', 3.5, '', { type: 'inlineStr', xml: '<is><t>写在</t><rPh sb="0" eb="1"><t>x</t></rPh><t>格中</t></is>' }],
      ],
      材料: [['名称']],
    });
    expect(readXlsx(workbook)).toEqual([
      {
        name: '事项',
        rows: [
          ['事项编码', '期限', '说明'],
          [],
          ['EX1', '5', '一\n<二> & "三"', '是', '算出'],
          ['', '3.5', '', '写在格中'],
        ],
        faults: [],
      },
      { name: '材料', rows: [['名称']], faults: [] },
    ]);
  });

  it('names every cell that lost digits or shows an error, and reads the others', () => {
    const [sheet] = readXlsx(
      xlsxFile({
        表: [
          ['a', { type: 'n', xml: '<v>1.1370800MB</v>' }],
          [1e30, { type: 'e', xml: '<v>#REF!</v>' }, 7],
        ],
      }),
    );
    expect(sheet?.rows).toEqual([['a'], ['', '', '7']]);
    expect(sheet?.faults).toMatchObject([
      { code: 'NUMBER', place: { sheet: '表', row: 1, column: 'B' } },
      { code: 'NUMBER', place: { sheet: '表', row: 2, column: 'A' } },
      { code: 'CELL_ERROR', place: { sheet: '表', row: 2, column: 'B' } },
    ]);
  });

  it('is refused when it is no workbook, damaged, or protected', () => {
    const good = xlsxFile({ 表: [['a']] });
    expect(() => readXlsx(Buffer.from('PK\u0003\u0004 no'))).toThrow(code('ZIP'));
    expect(() => readXlsx(zipFile([['word/document.xml', '<document/>']]))).toThrow(code('ZIP'));
    expect(() => readXlsx(good.subarray(0, good.length - 30))).toThrow(code('ZIP'));
    const damaged = Buffer.from(good);
    damaged[60] = damaged[60]! ^ 0xff;
    expect(() => readXlsx(damaged)).toThrow(code('ZIP'));
    const locked = Buffer.from(good);
    locked[good.indexOf('PK\u0001\u0002') + 8]! |= 1;
    expect(() => readXlsx(locked)).toThrow(/password/);
  });

  it('is refused when it unpacks to more than it says, or says more than is read', () => {
    const bomb = Buffer.alloc(10_000_000, 0x20);
    expect(() => readXlsx(zipFile([['xl/workbook.xml', bomb]], 1000))).toThrow(code('ZIP'));
    expect(() => readXlsx(zipFile([['xl/workbook.xml', 'x']], 200_000_000))).toThrow(code('TOO_LARGE'));
    const many = Array.from({ length: 1001 }, (_, n) => [`f${n}`, ''] as const);
    expect(() => readXlsx(zipFile(many))).toThrow(code('TOO_LARGE'));
  });

  it('is refused with text of its own making, or cells out of bounds', () => {
    const evil = '<!DOCTYPE a [<!ENTITY x "y">]><workbook/>';
    expect(() => readXlsx(zipFile([['xl/workbook.xml', evil]]))).toThrow(code('XML'));
    expect(() => readXlsx(xlsxFile({ 表: [[{ type: 'str', xml: '<v>&x;</v>' }]] }))).toThrow(code('XML'));
    for (const [row, cell] of [
      ['1', 'ZZZ1'],
      ['1', '7'],
      ['99999999', 'A99999999'],
    ])
      expect(() => readXlsx(workbookOf(`<row r="${row}"><c r="${cell}" t="str"><v>x</v></c></row>`))).toThrow(
        code('TOO_MANY'),
      );
  });
});

/** A workbook of one sheet with these rows. */
function workbookOf(rows: string): Buffer {
  return zipFile([
    ['xl/workbook.xml', '<workbook><sheets><sheet name="表" r:id="r1"/></sheets></workbook>'],
    ['xl/_rels/workbook.xml.rels', '<Relationships><Relationship Id="r1" Target="/xl/s.xml"/></Relationships>'],
    ['xl/s.xml', `<worksheet><sheetData>${rows}</sheetData></worksheet>`],
  ]);
}
