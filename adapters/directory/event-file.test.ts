import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testEvent } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { directorySink } from './directory-sink.ts';
import { eventFileName } from './event-file.ts';
import { localFiles } from './local-files.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

it('names a file after sequence, subject and id', () => {
  const name = eventFileName(testEvent(12, { subject: 'c0ffee', id: 'e-1' }));
  expect(name).toBe('0000000000000012-c0ffee-e-1.json');
});

it('gives every event a safe name of its own', () => {
  const odd = fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.constantFrom('a.b', 'a/b', 'a_b', '..', ''));
  fc.assert(
    fc.property(odd, odd, (one, other) => {
      const [first, second] = [one, other].map((id) => eventFileName(testEvent(1, { id, subject: id })));
      expect(first).toMatch(/^[\w~-]+\.json$/);
      expect(Buffer.byteLength(first ?? '')).toBeLessThanOrEqual(200);
      expect(first === second).toBe(one === other);
    }),
  );
});

it('replaces what a crash left half written, and leaves no temporary file', async () => {
  const name = eventFileName(testEvent(1));
  await writeFile(join(folder.path, `.${name}.tmp`), '{"half":');
  await directorySink(localFiles, folder.path).deliver(testEvent(1), new AbortController().signal);
  expect(await readdir(folder.path)).toEqual([name]);
  expect(JSON.parse(await readFile(join(folder.path, name), 'utf8'))).toMatchObject({ id: testEvent(1).id });
});

it('leaves a file with other content as it is', async () => {
  const path = join(folder.path, eventFileName(testEvent(1)));
  await directorySink(localFiles, folder.path).deliver(testEvent(1), new AbortController().signal);
  const before = await readFile(path);
  const other = directorySink(localFiles, folder.path).deliver(
    testEvent(1, { data: {} }),
    new AbortController().signal,
  );
  await expect(other).rejects.toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
  expect(await readFile(path)).toEqual(before);
});

it('tries again when the folder is a file or the name is taken by a folder', async () => {
  const { signal } = new AbortController();
  await writeFile(join(folder.path, 'file'), '');
  await mkdir(join(folder.path, eventFileName(testEvent(1))));
  for (const path of [join(folder.path, 'file'), folder.path])
    await expect(directorySink(localFiles, path).deliver(testEvent(1), signal)).rejects.toMatchObject({
      retryable: true,
    });
});
