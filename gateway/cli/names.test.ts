import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkIdentityDocument,
  checkPayload,
  decode,
  encode,
  type IdentityDocumentType,
  identityDocumentTypes,
  maskName,
  maskNumber,
} from '#proto';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { csvLine } from '../case/statistics/report-csv.ts';
import { nameKey, numberKey } from '../certificate/library-holders.ts';
import { openFont, type RenditionFont } from '../rendition/font.ts';
import { drawable, wrap } from '../rendition/text.ts';
import { plain, table, widthOf } from './format.ts';

/**
 * Names and documents of all kinds, through everything that shows, finds, carries or prints them. Names are made up; rare
 * characters stand where they stand in real ones.
 */
const NAMES: readonly [kind: string, name: string, masked: string, columns: number, missing: readonly string[]][] = [
  ['two characters', '李雷', '李*', 4, []],
  ['a compound surname', '欧阳娜娜', '欧**娜', 8, []],
  ['Uyghur in Chinese', '阿卜杜热合曼·麦麦提依明江', '阿***·***江', 25, []],
  ['Uyghur with another dot', '阿依古丽•买买提', '阿***•**提', 15, []],
  ['Uyghur in its script', 'ئابدۇراخمان مەمەتئىمىن', 'ئ*** ***ن', 22, [...new Set('ئابدۇراخمانمەمەتئىمىن')]],
  ['Mongolian in Chinese', '孛儿只斤·乌兰巴特尔·特木尔', '孛***·***·**尔', 26, []],
  ['Mongolian in its script', 'ᠪᠠᠲᠤᠪᠠᠶᠠᠷ', 'ᠪ***ᠷ', 9, [...new Set('ᠪᠠᠲᠤᠪᠠᠶᠠᠷ')]],
  ['Tibetan in Chinese, four parts', '格桑·次仁·旺堆·扎西', '格*·**·**·*西', 19, []],
  ['a surname beyond the basic plane', '𠮷野明', '𠮷*明', 6, ['𠮷']],
  ['only characters beyond it', '𡋾𪚥', '𡋾*', 4, ['𡋾', '𪚥']],
  ['of an extension that is newer than most fonts', '张\u{31350}', '张*', 4, ['\u{31350}']],
  ['a chosen shape of a character', '葛\u{E0100}洪', '葛\u{E0100}*', 4, ['\u{E0100}']],
  ['Latin letters', 'MUSTERMANN ERIKA', 'M*** ***A', 16, []],
  ['as long as the rule lets it be', '麦'.repeat(200), '麦***麦', 400, []],
];

/** A right number of each kind. */
const NUMBERS: Readonly<Record<IdentityDocumentType, readonly string[]>> = {
  'citizen-number': ['11010519491231002X'],
  passport: ['E00000000', 'EA0000000', 'L898902C3'],
  'hongkong-macao-permit': ['H00000000', 'M0000000001'],
  'taiwan-permit': ['00000000', '0000000001'],
  'foreign-permanent-residence': ['USA110000010101', '911124198108030024'],
  'social-credit-code': ['91350100M000100Y43'],
};

let font: RenditionFont;

beforeAll(async () => {
  font = await openFont();
});

describe.each(NAMES)('a name, %s: %s', (_, name, masked, columns, missing) => {
  it('is masked to what people see as characters', () => {
    expect(maskName(name)).toBe(masked);
    expect(maskName(name).isWellFormed()).toBe(true);
  });

  it('travels and comes out as it went in', () => {
    const sample = payloadSamples.CaseTransfer;
    const payload = { ...sample, applicant: { ...sample.applicant, name } };
    expect(checkPayload('CaseTransfer', payload)).toEqual([]);
    expect(decode('CaseTransfer', encode('CaseTransfer', payload)).applicant!.name).toBe(name);
  });

  it('is found, whichever dot, shape or composition it is typed with', () => {
    for (const dot of '·•‧∙⋅・･．') expect(nameKey(name.replaceAll(/[·•]/gu, dot))).toBe(nameKey(name));
    expect(nameKey(name.normalize('NFD'))).toBe(nameKey(name));
    expect(nameKey(name.replaceAll('\u{E0100}', ''))).toBe(nameKey(name));
    expect(nameKey(`${name}明`)).not.toBe(nameKey(name));
  });

  it('is printed whole: what the font lacks stands there as code points', () => {
    const drawn = drawable(name, font);
    expect(drawn.missing).toEqual(missing);
    expect(namesIn(drawn.text)).toBe(name);
    expect(wrap(drawn.text, 12, () => 1).join('')).toBe(drawn.text);
  });

  it('keeps lists and tables in order', () => {
    expect(widthOf(name)).toBe(columns);
    const [, , first, second] = table(
      ['姓名 Name', 'N'],
      [
        [name, 1],
        ['甲', 1],
      ],
      '',
    ).split('\n');
    expect(widthOf(first!)).toBe(widthOf(second!));
    expect(plain(name)).toBe(name);
    expect(csvLine([['姓名', (row: string) => row]], name)).toBe(`${name}\r\n`);
  });
});

it.each(['王"小"明', '王,小明'])('a name that a table could take for more is quoted: %s', (name) => {
  expect(csvLine([['姓名', (row: string) => row]], name)).toBe(`"${name.replaceAll('"', '""')}"\r\n`);
});

describe.each(identityDocumentTypes)('the number of a %s', (type) => {
  it.each(NUMBERS[type])('%s is right, travels, is found, and is never shown whole', (number) => {
    expect(checkIdentityDocument(type, number)).toEqual({ ok: true });
    const sample = payloadSamples.CaseTransfer;
    const payload = { ...sample, applicant: { ...sample.applicant, documentType: type, documentNumber: number } };
    expect(checkPayload('CaseTransfer', payload)).toEqual([]);
    expect(decode('CaseTransfer', encode('CaseTransfer', payload)).applicant).toMatchObject({ documentNumber: number });
    expect(numberKey(number.toLowerCase())).toBe(number);
    const masked = maskNumber(number);
    expect(masked).toHaveLength(number.length);
    expect([...masked].filter((character) => character === '*').length * 3).toBeGreaterThanOrEqual(number.length);
    expect(drawable(number, font).missing).toEqual([]);
  });
});

/** A printed text with its code points read back. */
function namesIn(printed: string): string {
  return printed.replaceAll(/〔([^〕]*)〕/g, (_, run: string) =>
    run
      .split(' ')
      .map((point) => String.fromCodePoint(Number.parseInt(point.slice(2), 16)))
      .join(''),
  );
}
