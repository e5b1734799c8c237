import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeFolder, temporaryFolder } from '../testing/folders.ts';
import { bodyOf } from '../testing/ledger.ts';
import { Unreadable } from '../unreadable.ts';
import { localFiles } from './local-files.ts';
import { readSubmission } from './read-submission.ts';

const { signal } = new AbortController();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe('the key of a submission', () => {
  const document = JSON.stringify({ files: [{ name: 'A', path: 'a.pdf' }] });

  it('is the same whenever the same thing is read', async () => {
    await placeFolder(folder.path, 'case', { 'case.json': document, 'a.pdf': 'one' });
    const first = await key('case');
    await rm(join(folder.path, 'case'), { recursive: true });
    await placeFolder(folder.path, 'case', { 'case.json': document, 'a.pdf': 'one', 'unnamed.txt': '' });
    expect(await key('case')).toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  it('changes with the name, the document and every byte of every file', async () => {
    await placeFolder(folder.path, 'case', { 'case.json': document, 'a.pdf': 'one' });
    const keys = [await key('case')];
    await writeFile(join(folder.path, 'case', 'a.pdf'), 'onf');
    keys.push(await key('case'));
    await writeFile(join(folder.path, 'case', 'case.json'), `${document} `);
    keys.push(await key('case'));
    await rename(join(folder.path, 'case'), join(folder.path, 'case2'));
    keys.push(await key('case2'));
    expect(new Set(keys).size).toBe(4);
  });

  async function key(name: string): Promise<string> {
    return (await readSubmission(localFiles, folder.path, name, signal)).key;
  }
});

it('takes UTF-8 with a byte order mark, as editors on Windows write it', async () => {
  await writeFile(join(folder.path, 'a.json'), '\uFEFF{"name": "生僻字𠮷"}');
  expect(bodyOf(await readSubmission(localFiles, folder.path, 'a.json', signal))).toEqual({ name: '生僻字𠮷' });
});

describe('refuses a document', () => {
  it.each([
    ['that was cut off', '{"a": ', 'FORMAT'],
    ['that is empty', '', 'FORMAT'],
    ['that is a list', '[]', 'TYPE'],
    ['that is null', 'null', 'TYPE'],
    ['in GBK', Buffer.from([0x22, 0xc4, 0xe3, 0x22]), 'ENCODING'],
    ['above 1 MiB', `{"a": "${'x'.repeat(1024 * 1024)}"}`, 'FILE'],
  ])('%s', async (_, content, code) => {
    await writeFile(join(folder.path, 'a.json'), content);
    expect(await problems('a.json')).toEqual([` ${code}`]);
  });

  it('that is a symbolic link, a pipe or a folder', async () => {
    await writeFile(join(folder.path, 'real'), '{}');
    await symlink(join(folder.path, 'real'), join(folder.path, 'a.json'));
    expect(await problems('a.json')).toEqual([' FILE']);
    execFileSync('mkfifo', [join(folder.path, 'b.json')]);
    expect(await problems('b.json')).toEqual([' FILE']);
    await mkdir(join(folder.path, 'c', 'case.json'), { recursive: true });
    expect(await problems('c')).toEqual([' FILE']);
  });

  it('that a folder does not have', async () => {
    await mkdir(join(folder.path, 'a'));
    expect(await problems('a')).toEqual([' REQUIRED']);
  });
});

describe('refuses files', () => {
  it('outside the folder, behind links, missing or odd, and names each', async () => {
    const paths = [
      '../secret',
      'sub/../../secret',
      join(folder.path, 'secret'),
      'link',
      'linked/secret',
      'C:\\secret',
      './ok.pdf',
      'sub//x',
      'missing.pdf',
      'ok.pdf/deeper',
      'loop',
      'sub',
      'pipe',
      'x'.repeat(300),
    ];
    const entries = [{ name: 'ok', path: 'ok.pdf' }, ...paths.map((path) => ({ name: 'f', path }))];
    await writeFile(join(folder.path, 'secret'), 's');
    await placeFolder(folder.path, 'a', {
      'case.json': JSON.stringify({ files: entries }),
      'ok.pdf': 'o',
      'sub/x': '',
    });
    await symlink(join(folder.path, 'secret'), join(folder.path, 'a', 'link'));
    await symlink(folder.path, join(folder.path, 'a', 'linked'));
    await symlink('loop', join(folder.path, 'a', 'loop'));
    execFileSync('mkfifo', [join(folder.path, 'a', 'pipe')]);
    expect(await problems('a')).toEqual(paths.map((_, index) => `/files/${index + 1}/path FILE`));
  });

  it('above 200 MiB, without reading them', async () => {
    await placeFolder(folder.path, 'a', {
      'case.json': JSON.stringify({ files: [{ name: 'big', path: 'big.pdf' }] }),
      'big.pdf': '',
    });
    await truncate(join(folder.path, 'a', 'big.pdf'), 200 * 1024 * 1024 + 1);
    expect(await problems('a')).toEqual(['/files/0/path FILE']);
  });

  it('beside a single document', async () => {
    await writeFile(join(folder.path, 'x.pdf'), '');
    await writeFile(join(folder.path, 'a.json'), JSON.stringify({ files: [{ name: 'x', path: 'x.pdf' }] }));
    expect(await problems('a.json')).toEqual(['/files/0/path FILE']);
  });

  it.each([
    ['a list that is none', { files: 'a.pdf' }, ['/files TYPE']],
    [
      'entries that are wrong',
      { files: ['a.pdf', { name: '', path: 'a\u0000', x: 1 }] },
      ['/files/0 REQUIRED', '/files/1/name REQUIRED', '/files/1/path CHARACTERS', '/files/1/x UNKNOWN_FIELD'],
    ],
    ['more than 100', { files: Array(101).fill({ name: 'a', path: 'a' }) }, ['/files TOO_MANY']],
  ])('given as %s', async (_, document, expected) => {
    await placeFolder(folder.path, 'a', { 'case.json': JSON.stringify(document) });
    expect(await problems('a')).toEqual(expected);
  });
});

it('stops reading large files when it is told to', async () => {
  await placeFolder(folder.path, 'a', {
    'case.json': JSON.stringify({ files: [{ name: 'big', path: 'big.pdf' }] }),
    'big.pdf': Buffer.alloc(1024 * 1024),
  });
  await expect(readSubmission(localFiles, folder.path, 'a', AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
});

async function problems(name: string): Promise<string[]> {
  const error = await readSubmission(localFiles, folder.path, name, signal).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Unreadable);
  return (error as Unreadable).problems.map(({ pointer, code }) => `${pointer} ${code}`);
}
