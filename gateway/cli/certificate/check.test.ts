import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayClient } from '../client.ts';
import { checkOne } from './check.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-checked-'));
  file = join(folder, 'evidence.json');
});

afterEach(() => rm(folder, { recursive: true }));

/** A gateway that answers so, with evidence of which it can say nothing but that it is there. */
function answering(result: object): GatewayClient {
  const client: Partial<GatewayClient> = {
    post: <T>() => Promise.resolve(result as T),
    download: () => Promise.resolve(new Blob(['the evidence']).stream()),
  };
  return client as GatewayClient;
}

const check = (result: object, evidence?: string) =>
  checkOne(answering(result), { region: '150626', identifier: 'x', purpose: '核验' }, evidence);

describe('the evidence of a check', () => {
  it('is saved where somebody was asked', async () => {
    const { notes, text, exit } = await check({ status: 'valid', evidence: 'e-1' }, file);
    expect({ notes, exit }).toEqual({ notes: [], exit: 0 });
    expect(text).toContain(file);
    expect(await readFile(file, 'utf8')).toBe('the evidence');
  });

  it('is not there for a certificate of our own, which a note says without failing the check', async () => {
    const { notes, exit } = await check({ status: 'valid', source: 'library' }, file);
    expect(exit).toBe(0);
    expect(notes).toEqual([expect.stringMatching(/没有存证包.*本地区签发,未询问他人.*nobody was asked/)]);
    expect(await readdir(folder)).toEqual([]);
    expect((await check({ status: 'revoked', source: 'library' }, file)).exit).toBe(1);
  });

  it('is not spoken of when nobody wants it', async () => {
    expect((await check({ status: 'valid', source: 'library' })).notes).toEqual([]);
  });
});
