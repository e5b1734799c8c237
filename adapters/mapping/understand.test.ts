import { expect, it } from 'vitest';
import { plainMapping } from '../testing/plain-mapping.ts';
import type { MappedFile } from './mapping.ts';
import { understand } from './understand.ts';

const NONE = 'application/octet-stream';

it.each<[string, MappedFile, string]>([
  ['what the mapping says', { name: 'a.pdf', from: 'a.png', mediaType: 'image/jpeg' }, 'image/jpeg'],
  ['its place', { name: '营业执照.pdf', from: '/scan/1.PNG' }, 'image/png'],
  ['its name, where the place says nothing', { name: '营业执照.pdf', from: '/download?id=1' }, 'application/pdf'],
  ['its name, where the place ends with something else', { name: 'a.ofd', from: '/get.do' }, 'application/ofd'],
  ['nothing', { name: '营业执照', from: '/download?id=1' }, NONE],
])('takes the media type of a file from %s', async (_, file, type) => {
  const wishes = [{ do: 'open', body: {}, files: [file] }] as const;
  const mapping = plainMapping((one) => one, { in: async () => ({ ok: true, wishes }) });
  const { wishes: understood } = await understand('key', {}, mapping, () => Promise.reject(new Error('not opened')));
  expect(understood).toMatchObject([{ files: [{ name: file.name, mediaType: type }] }]);
});
