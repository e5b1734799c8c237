import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { plainPdf } from '../../trust/testing/index.ts';
import { FileDesk } from './file-desk.ts';

const lengthOf = async (bytes: Buffer) => bytes.length;
const BUSY = expect.objectContaining({ code: 'BACK_PRESSURE' });

it('takes few files at once, of each address fewer, and lets go of them', async () => {
  const desk = new FileDesk();
  const coming = ['a', 'a', 'b', 'c'].map((address) => {
    const source = new PassThrough();
    return { source, done: desk.take(address, source, lengthOf) };
  });
  await expect(desk.take('d', Readable.from([Buffer.alloc(1)]), lengthOf)).rejects.toEqual(BUSY);
  coming[2]!.source.end('bytes');
  expect(await coming[2]!.done).toBe(5);
  await expect(desk.take('a', Readable.from([Buffer.alloc(1)]), lengthOf)).rejects.toEqual(BUSY);
  expect(await desk.take('d', Readable.from([Buffer.alloc(3)]), lengthOf)).toBe(3);
  coming[0]!.source.destroy(new Error('the client went away'));
  await expect(coming[0]!.done).rejects.toThrow('went away');
  expect(await desk.take('a', Readable.from([Buffer.alloc(2)]), lengthOf)).toBe(2);
  for (const { source } of coming) source.end();
  await Promise.all(coming.slice(1).map(({ done }) => done));
});

it('examines in a thread, one file after the other, and goes on after one that cannot be', async () => {
  const desk = new FileDesk();
  const task = { bytes: plainPdf(), trust: '', now: 0 };
  const [bad, good] = await Promise.allSettled([
    desk.examine({ ...task, trust: 'no certificate' }),
    desk.examine(task),
  ]);
  expect(bad).toMatchObject({ reason: { code: 'VALIDATION_FAILED' } });
  expect(good).toMatchObject({ value: { report: { format: 'pdf', verdict: 'unsealed' }, signer: undefined } });
});
