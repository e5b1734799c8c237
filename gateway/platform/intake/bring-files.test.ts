import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { CaseService } from '../../case/case-service.ts';
import { bringFiles } from './bring-files.ts';

const HANDLER = { organisation: '通办中心', window: '1', staff: 'A1' };

it('leaves no file open that the store could not take', async () => {
  const file = Readable.from(['%PDF-'], { objectMode: false });
  const cases = {
    takeFile: async () => {
      throw new Error('the disk is full');
    },
  } as unknown as Pick<CaseService, 'takeFile'>;
  const files = [{ name: '营业执照', mediaType: 'application/pdf', open: async () => file }];
  const bring = bringFiles(files, new AbortController().signal, { cases, clock: { now: () => 0 } })!;
  await expect(bring('c', HANDLER)).rejects.toThrow('full');
  expect(file.destroyed).toBe(true);
});
