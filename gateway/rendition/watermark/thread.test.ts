import { expect, it } from 'vitest';
import { flateStream, markedPdf, rawPdf } from './testing/samples.ts';
import { copyInThread } from './thread.ts';
import { copyWords } from './words.ts';

const words = copyWords({
  name: '申请书',
  digest: '00'.repeat(32),
  grade: 'D',
  from: '320600',
  checked: undefined,
  sealedBy: [],
  item: '食品经营许可',
  number: '15062620261122000001',
  validUntil: Date.UTC(2026, 11, 31),
});
const LIMIT_MS = 60_000;

it('makes a copy and leaves the bytes of the caller alone', async () => {
  const bytes = await markedPdf();
  const before = Buffer.from(bytes);
  const { pdf, missing } = await copyInThread({ bytes, words }, LIMIT_MS);
  expect(Buffer.from(pdf).subarray(0, 5).toString()).toBe('%PDF-');
  expect(missing).toEqual([]);
  expect(bytes).toEqual(before);
});

it('tells by its code why there is none', async () => {
  await expect(copyInThread({ bytes: Buffer.from('GIF89a'), words }, LIMIT_MS)).rejects.toMatchObject({
    code: 'WATERMARK_UNSUPPORTED',
  });
});

it('is given up after its time', async () => {
  await expect(copyInThread({ bytes: await markedPdf(), words }, 0)).rejects.toMatchObject({
    code: 'WATERMARK_REFUSED',
    message: expect.stringContaining('too much time'),
  });
});

it('does not unpack a bomb among the objects of a PDF', async () => {
  // The library unpacks such a stream when it opens the file; the pages are in it.
  const bomb = flateStream(Buffer.alloc(300 * 1024 * 1024, ' '), '/Type /ObjStm /N 1 /First 4');
  const bytes = rawPdf(['<< /Type /Catalog /Pages 9 0 R >>', bomb]);
  expect(bytes.length).toBeLessThan(400_000);
  await expect(copyInThread({ bytes, words }, LIMIT_MS)).rejects.toMatchObject({ code: 'WATERMARK_REFUSED' });
});
