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

it('gives any names such that all of them can lie in one folder of any system', () => {
  fc.assert(
    fc.property(names, (given) => {
      const files = safeFileNames(given);
      expect(files).toHaveLength(given.length);
      expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(files.length);
      for (const file of files) {
        expect(file).not.toMatch(/^\.|[\p{Cc}/\\:*?"<>|\u202A-\u202E]|[. ]$/u);
        expect(file).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i);
        expect(file.isWellFormed()).toBe(true);
        expect(file.length).toBeGreaterThan(0);
        expect(Buffer.byteLength(file)).toBeLessThanOrEqual(FILE_NAME_BYTES + 4);
      }
    }),
  );
});
