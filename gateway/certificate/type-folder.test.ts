import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { builtInCertificateTypes, typeNamed } from '#trust';
import { readTypeFolder } from './type-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-types-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const definition = (code: string, name: string, changes: object = {}) => ({
  code,
  name: { zh: name, en: 'Example' },
  defined_by: '示例机关',
  claims: [{ path: ['grade'], label: { zh: '等级', en: 'Grade' }, sd: 'always' }],
  schema: { type: 'object', properties: { grade: { type: 'string' } }, additionalProperties: false },
  ...changes,
});

function put(name: string, ...types: object[]): Promise<void> {
  return writeFile(join(folder, name), JSON.stringify({ note: '', types }));
}

const FIRST = '11100000MB0143028R901';
const SECOND = '11100000MB0143028R902';

test('a region without a folder issues the types of the program', async () => {
  expect(await readTypeFolder(undefined)).toBe(builtInCertificateTypes);
});

test('files are read in the order of their names, and may replace types of those before', async () => {
  await put('20-ours.json', definition(SECOND, '示例证', { replaces: [FIRST] }));
  await put('10-ours.json', definition(FIRST, '示例证'));
  await writeFile(join(folder, 'README.txt'), 'not a type');
  const types = await readTypeFolder(folder);
  expect(types.size).toBe(builtInCertificateTypes.size + 2);
  expect(typeNamed(types, '示例证')?.code).toBe(SECOND);
});

test('the example of the documentation is a good one', async () => {
  const page = await readFile(new URL('../../docs/certificates.md', import.meta.url), 'utf8');
  await writeFile(join(folder, 'example.json'), page.split('```json')[1]?.split('```')[0] ?? '');
  const type = typeNamed(await readTypeFolder(folder), '食品经营许可证');
  expect(type).toMatchObject({ code: FIRST, definedBy: '示例机关' });
});

test('every fault of every file is named by file and pointer, and nothing is taken', async () => {
  await put('a.json', definition(FIRST, '营业执照'));
  await put('b.json', definition('11100000MB0143028R001', '示例证'), definition(SECOND, ''));
  await writeFile(join(folder, 'c.json'), '{"types": [');
  await put('d.json', definition(SECOND, '示例二证'));
  await expect(readTypeFolder(folder)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('a.json#/types/0/name/zh'),
    problems: [
      { pointer: 'a.json#/types/0/name/zh', code: 'REPEATED' },
      { pointer: 'b.json#/types/1/name/zh', code: 'REQUIRED' },
      { pointer: 'c.json#', code: 'JSON' },
    ],
  });
});

test('a folder that is not there, and a file that is too large, are faults of the config', async () => {
  await expect(readTypeFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await writeFile(join(folder, 'large.json'), ' '.repeat(1024 * 1024 + 1));
  await expect(readTypeFolder(folder)).rejects.toMatchObject({
    problems: [{ pointer: 'large.json#', code: 'TOO_LONG' }],
  });
  await rm(join(folder, 'large.json'));
  await mkdir(join(folder, 'folder.json'));
  await expect(readTypeFolder(folder)).rejects.toMatchObject({ problems: [{ pointer: 'folder.json#', code: 'JSON' }] });
});
