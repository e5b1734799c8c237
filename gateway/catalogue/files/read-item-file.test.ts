import { describe, expect, it } from 'vitest';
import { payloadSamples } from '../../../proto/testing/payload-samples.ts';
import { readItems, writeItem } from '../item-document.ts';
import { wholeItem } from '../item-reader.ts';
import { xlsxFile } from '../testing/xlsx-file.ts';
import { readItemFile } from './read-item-file.ts';
import { csvText, itemsCsv } from './write-csv.ts';

/** An item with every field. */
const FULL = wholeItem(payloadSamples.CataloguePublished.items[0]);
const DOCUMENT = { items: [writeItem(FULL)] };

const HEAD = ['事项编码', '事项名称', '实施部门', '申请人', '通办模式', '承诺办结时限(工作日)', '办理结果'];
const ROW = ['EX1', '失业登记', '人社局', '个人', '全程网办、异地代收代办', '3个工作日', '登记结果'];

/** What is wrong, and where: `事项!B3 REQUIRED`. */
function wrong(content: Buffer | string, name: string): string[] {
  return readItemFile(Buffer.from(content), name).problems.map(
    ({ place, code }) =>
      `${place?.sheet ? `${place.sheet}!` : ''}${place?.column ?? ''}${place ? `@${place.row}` : ''} ${code}`,
  );
}

function read(content: Buffer | string, name: string) {
  const { document, problems, format } = readItemFile(Buffer.from(content), name);
  expect(problems).toEqual([]);
  return { format, items: readItems(document) };
}

describe('a file of items', () => {
  it('says the same in every form', () => {
    const json = JSON.stringify(DOCUMENT);
    const list = JSON.stringify(DOCUMENT.items);
    const csv = itemsCsv([FULL]);
    for (const [content, name, format] of [
      [json, 'items.json', 'json'],
      [list, '', 'json'],
      [`# 事项\nitems:\n  - ${json.slice('{"items":['.length, -2)}\n`, 'items.YAML', 'yaml'],
      [csv, 'items.csv', 'csv'],
      [csv, '', 'csv'],
    ] as const)
      expect(read(content, name)).toEqual({ format, items: [FULL] });
  });

  it('is a table as people fill it in', () => {
    const { items } = read(csvText([HEAD, ROW]), '事项.csv');
    expect(items).toMatchObject([
      {
        code: 'EX1',
        applicant: 'person',
        modes: ['online', 'agency'],
        promisedWorkingDays: 3,
        materials: [],
        fees: [],
      },
    ]);
  });

  it('has its lists, steps, fees, form and materials in cells', () => {
    const columns = [
      '受理条件',
      '申报方式',
      '审核程序',
      '收费标准',
      '缴费渠道',
      '逾期视为受理',
      '申请表单',
      '申请材料',
    ];
    const cells = [
      '1. 年满十六周岁;\n2. 有劳动能力',
      '窗口,网上；拍照上传',
      '受理:1；审查：2;决定',
      '工本费｜每证 10 元｜示例价费〔2026〕1 号',
      '微信、支付宝\n',
      '√',
      '户籍地*：文本\n文化程度:选项:初中/高中\n登记日期:日期',
      '身份证|复印件 2份|核验原件；照片|原件1|可容缺|规格=一寸|空白表格=https://example.gov.cn/a.pdf',
    ];
    const { items } = read(
      csvText([
        [...HEAD, ...columns],
        [...ROW, ...cells],
      ]),
      'a.csv',
    );
    expect(items[0]).toMatchObject({
      conditions: ['1. 年满十六周岁;', '2. 有劳动能力'],
      waysToApply: ['window', 'online', '拍照上传'],
      flow: [
        { name: '受理', workingDays: 1 },
        { name: '审查', workingDays: 2 },
        { name: '决定', workingDays: 0 },
      ],
      fees: [{ name: '工本费', standard: '每证 10 元', basis: '示例价费〔2026〕1 号' }],
      paymentChannels: ['微信、支付宝'],
      silenceAccepts: true,
      materials: [
        { name: '身份证', copies: 2, originals: 0, originalToBeChecked: true, mayFollowLater: false },
        {
          name: '照片',
          originals: 1,
          mayFollowLater: true,
          specification: '一寸',
          blankForm: 'https://example.gov.cn/a.pdf',
        },
      ],
    });
    expect(JSON.parse(items[0]!.formSchema)).toEqual({
      type: 'object',
      properties: {
        户籍地: { type: 'string' },
        文化程度: { type: 'string', enum: ['初中', '高中'] },
        登记日期: { type: 'string', format: 'date' },
      },
      required: ['户籍地'],
      additionalProperties: false,
    });
  });

  it('has its materials on a second sheet of a workbook', () => {
    const workbook = xlsxFile({
      说明: [['填表说明'], ['一行一个事项']],
      事项: [['乌审旗事项清单'].slice(1), HEAD, ROW, ['', ''], ['EX2', ...ROW.slice(1)]],
      材料: [
        ['事项编码', '材料名称', '核验原件', '可否容缺', '原件份数', '复印件份数'],
        ['EX2', '照片', '否', '是', 1, ''],
        ['EX1', '身份证', '是', '', '', 2],
        ['EX2', '学历证书', '', '', '', 1],
      ],
    });
    const { format, items } = read(workbook, '清单.xlsx');
    expect(format).toBe('xlsx');
    expect(items.map(({ code, materials }) => [code, materials.map(({ name }) => name).join(' ')])).toEqual([
      ['EX1', '身份证'],
      ['EX2', '照片 学历证书'],
    ]);
    expect(items[0]!.materials[0]).toMatchObject({ originalToBeChecked: true, copies: 2, originals: 0 });
    expect(readItemFile(workbook, '').ignored).toEqual(['说明']);
  });
});

describe('every fault of a file is named with its place', () => {
  it('in a workbook: sheet, column and row', () => {
    const workbook = xlsxFile({
      事项: [
        [...HEAD, '备注'],
        ['EX1', '', '人社局', '大家', '网上', '三天', '登记结果'],
        [1.137e30, '失业登记', '人社局', '个人', '全程网办', 3, ''],
        [...ROW, '', '散落'],
      ],
      材料: [
        ['事项编码', '材料名称', '核验原件'],
        ['EX1', '', '有'],
        ['EX9', '照片', '是'],
      ],
    });
    expect(wrong(workbook, 'a.xlsx')).toEqual([
      '事项!H@1 UNKNOWN_FIELD',
      '事项!B@2 REQUIRED',
      '事项!D@2 NOT_IN_LIST',
      '事项!E@2 NOT_IN_LIST',
      '事项!F@2 TYPE',
      '事项!A@3 NUMBER',
      '事项!G@3 REQUIRED',
      '事项!A@4 DUPLICATE',
      '事项!I@4 UNKNOWN_FIELD',
      '材料!B@2 REQUIRED',
      '材料!C@2 TYPE',
      '材料!A@3 ITEM_UNKNOWN',
    ]);
  });

  it('in CSV: column and row, also inside a cell', () => {
    const rows = [
      [...HEAD, '申请材料'],
      [...ROW, '照片|彩色'],
      ['1.13E+30', ...ROW.slice(1), '|原件1'],
    ];
    expect(wrong(csvText(rows), 'a.csv')).toEqual(['H@2 UNKNOWN_FIELD', 'A@3 NUMBER', 'H@3 REQUIRED']);
    expect(wrong(csvText([['事项编码', '事项名称']]), 'a.csv')).toContain('@1 REQUIRED');
    expect(wrong('a,b\n1,2\n', 'a.csv')).toEqual([' HEADER']);
    expect(wrong('"a', 'a.csv')).toEqual(['A@1 QUOTE']);
  });

  it('in JSON and YAML: line and character', () => {
    const json = '{\n "items": [\n  {"code": "EX 1",\n   "name": "甲", "page": 1}\n ]\n}';
    expect(wrong(json, 'a.json').slice(0, 2)).toEqual(['3@3 TYPE', '3@3 NOT_IN_LIST']);
    expect(wrong(json, 'a.json')).toContain('12@3 IDENTIFIER');
    expect(wrong(json, 'a.json')).toContain('25@4 UNKNOWN_FIELD');
    expect(wrong('items:\n  - code: [\n', 'a.yaml')).toEqual([expect.stringMatching(/^\d+@\d SYNTAX$/)]);
    expect(wrong('{"items": [}', 'a.json')).toEqual([expect.stringMatching(/^\d+@1 SYNTAX$/)]);
    expect(wrong('- code: EX1\n  materials: 无\n', 'a.yml')).toContain('14@2 TYPE');
  });

  it('and what cannot be read at all is refused', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const laughs = names.map(
      (name, n) =>
        `${name}: &${name} [${Array(9)
          .fill(n ? `*${names[n - 1]}` : 'x')
          .join(',')}]`,
    );
    expect(wrong(laughs.join('\n'), 'a.yaml')).toEqual([' SYNTAX']);
    expect(() => readItemFile(Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'a.xls')).toThrow(/save it as \.xlsx/);
    expect(() => readItemFile(Buffer.alloc(17 * 1024 * 1024), 'a.csv')).toThrow(/larger than/);
    expect(wrong(Buffer.from('ff41ff', 'hex'), 'a.csv')).toEqual([' ENCODING']);
    expect(wrong('', 'a.csv')).toEqual([' HEADER']);
  });
});
