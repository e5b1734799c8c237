import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayClient } from '../client.ts';
import { checkOne, demandReference } from './check.ts';

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

it('says in Chinese first how the certificate stands, and as JSON in the word of the API', async () => {
  const { text, json } = await check({ status: 'revoked' });
  expect(text).toContain('已撤销 revoked');
  expect(json).toEqual({ status: 'revoked' });
});

describe('a QR code', () => {
  const qr = 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI';
  const scan = (more: object, status = 'valid') =>
    checkOne(answering({ status }), { qr, purpose: '核验', ...more }, undefined);

  it('that alone is good says nothing of the sheet that it is printed on', async () => {
    const note = expect.stringMatching(/只核查了查验码.*--field.*only the reference was checked.*--certificate/);
    for (const fields of [undefined, []]) expect(await scan({ fields })).toMatchObject({ exit: 0, notes: [note] });
  });

  it('needs no such warning where something is compared, or nothing is good', async () => {
    for (const more of [{ fields: ['number'] }, { certificate: 'x~' }]) expect((await scan(more)).notes).toEqual([]);
    expect(await scan({}, 'revoked')).toMatchObject({ exit: 1, notes: [] });
  });

  it('that holds the certificate itself is verified, not asked about', () => {
    expect(() => demandReference(qr)).not.toThrow();
    expect(() => demandReference('TONGBAN-C:BB8\n')).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_FAILED',
        message: expect.stringMatching(/离线核验码.*tongban certificate verify --qr/),
      }),
    );
  });
});

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
