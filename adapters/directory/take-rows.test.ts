import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { plainMapping } from '../testing/plain-mapping.ts';
import type { FolderFiles } from './folder-files.ts';
import { takeRows } from './take-rows.ts';

const TABLE = ['no\n', ...Array.from({ length: 5_000 }, (_, n) => `${n}\n`)];
const ACCEPTED = { ok: true, conversation: 'c', caseNumber: '1' } as const;

it('leaves no row under way behind when the table cannot be read to its end', async () => {
  let underWay = 0;
  let taken = () => {};
  const isTaken = new Promise<void>((resolve) => {
    taken = resolve;
  });
  let opened = 0;
  const files: Partial<FolderFiles> = {
    look: async () => ({ kind: 'file', bytes: 30_000 }),
    open: async () => {
      opened += 1;
      return Readable.from(opened === 1 ? TABLE.map((line) => Buffer.from(line)) : broken());
    },
  };
  async function* broken() {
    for (const line of TABLE) yield Buffer.from(line);
    await isTaken;
    throw Object.assign(new Error('gone'), { code: 'EIO' });
  }
  const submit = async () => {
    underWay += 1;
    taken();
    for (let turn = 0; turn < 50; turn += 1) await setImmediate();
    underWay -= 1;
    return ACCEPTED;
  };
  const mapping = plainMapping((document) => document);
  const table = { files: files as FolderFiles, path: '/in/a.csv', mapping, csv: {}, lane: 'no' };
  await expect(takeRows(table, submit, new AbortController().signal, new Set())).rejects.toThrow('gone');
  expect(underWay).toBe(0);
});
