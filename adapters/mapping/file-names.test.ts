import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FILE_NAME_BYTES, safeFileNames } from './file-names.ts';

it.each([
  ['营业执照.pdf', '营业执照.pdf'],
  ['𠮷野 ᠮᠣᠩᠭᠣᠯ.jpg', '𠮷野 ᠮᠣᠩᠭᠣᠯ.jpg'],
  ['../../etc/passwd', '__.._etc_passwd'],
  ['..\\..\\boot.ini', '__.._boot.ini'],
  ['C:\\a|b?.pdf', 'C__a_b_.pdf'],
  ['.bashrc', '_bashrc'],
  ['..', 'file'],
  ['', 'file'],
  ['\u0000\r\n', 'file'],
  ['scan\u202Efdp.exe', 'scan_fdp.exe'],
  ['scan\u061Cfdp.exe', 'scan_fdp.exe'],
  ['con', '_con'],
  ['NUL.tar.gz', '_NUL.tar.gz'],
  ['LPT1 .txt', '_LPT1.txt'],
  ['console.txt', 'console.txt'],
  ['申请表. . ', '申请表'],
  [`${'长'.repeat(300)}.pdf`, `${'长'.repeat(65)}.pdf`],
  ['\uD800.pdf', '\uFFFD.pdf'],
])('%j is written as %j', (name, file) => {
  expect(safeFileNames([name])).toEqual([file]);
});

it('numbers those that would be the same file, whatever their case', () => {
  const names = ['a.pdf', 'A.PDF', 'a-2.pdf', 'a.pdf', 'é', 'e\u0301'];
  expect(safeFileNames(names)).toEqual(['a.pdf', 'A-2.PDF', 'a-2-2.pdf', 'a-3.pdf', 'é', 'é-2']);
});

it.each([
  ['ΟΔΟΣ', 'οδος', 'οδοσ'],
  ['straße', 'STRASSE', 'STRAẞE'],
  ['ab', 'a\u200Bb', 'a\u00ADB'],
  ['e\u0301', '\u00E9', 'e\u200D\u0301'],
  ['ΐ', '\u03AA\u0301', '\u1FD3'],
])('numbers %j, %j and %j, which some system takes for one name', (...names) => {
  const [first, second, third] = safeFileNames(names.map((name) => `${name}.pdf`));
  expect(first).toMatch(/^[^-]+\.pdf$/);
  expect([second, third]).toEqual([expect.stringMatching(/-2\.pdf$/), expect.stringMatching(/-3\.pdf$/)]);
});

const nasty = fc.constantFrom(
  '..',
  '/',
  '\\',
  '\0',
  ' ',
  '.',
  'con',
  'aux.',
  'COM¹',
  ':',
  '\u202E',
  '𠮷',
  '\uDC00',
  'ß',
  'İ',
  'ẞ',
  'SS',
  'ς',
  'Σ',
  '\u200B',
  '\u061C',
);
const names = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(nasty, { maxLength: 400 }).map((all) => all.join('')),
  ),
  {
    maxLength: 30,
  },
);

/** How systems compare names. */
const SAME: readonly ((name: string) => string)[] = [
  (name) => name.toLowerCase(),
  (name) => name.toUpperCase(),
  (name) => name.normalize('NFD').toUpperCase(),
  (name) => name.normalize('NFKD').toLowerCase().toUpperCase(),
  (name) =>
    name
      .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
      .normalize('NFD')
      .toLowerCase(),
];

it('gives any names such that all of them can lie in one folder of any system', () => {
  fc.assert(
    fc.property(names, (given) => {
      const files = safeFileNames(given);
      expect(files).toHaveLength(given.length);
      for (const same of SAME) expect(new Set(files.map(same)).size).toBe(files.length);
      for (const file of files) {
        expect(file).not.toMatch(/^\.|[\p{Cc}/\\:*?"<>|\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]|[. ]$/u);
        expect(file).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i);
        expect(file.isWellFormed()).toBe(true);
        expect(file.length).toBeGreaterThan(0);
        expect(Buffer.byteLength(file)).toBeLessThanOrEqual(FILE_NAME_BYTES + 4);
      }
    }),
  );
});
