import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examineInThread } from '#trust';
import { plainPdf, sealingCast } from '../../trust/testing/index.ts';
import { parseConfig } from '../config/config.ts';
import type { MaterialStore } from '../material/material-store.ts';
import { Documents, readTrustText } from './documents.ts';

const { authority } = sealingCast();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-trust-'));
});

afterAll(() => rm(folder, { recursive: true }));

it('is told the trust list by the config', () => {
  const smallest = 'region: "320600"\nname: 南通市\npeer: { endpoint: "gw.nantong.example:7443" }\n';
  const fileOf = (section: string) => parseConfig(smallest + section, '/etc/tongban/gateway.yaml').documents.trustFile;
  expect(fileOf('')).toBeUndefined();
  expect(fileOf('documents: { trust_file: trust.pem }\n')).toBe('/etc/tongban/trust.pem');
  expect(() => fileOf('documents: { trust_files: trust.pem }\n')).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      problems: [expect.objectContaining({ pointer: '/documents/trust_files' })],
    }),
  );
});

it('reads a trust list, none without a file, and nothing that is not one', async () => {
  const file = join(folder, 'trust.pem');
  await writeFile(file, authority.pem);
  expect(await readTrustText(file)).toBe(authority.pem);
  expect(await readTrustText(undefined)).toBe('');
  await writeFile(file, 'no certificate');
  const refusal = expect.objectContaining({ code: 'CONFIG_INVALID' });
  await expect(readTrustText(file)).rejects.toEqual(refusal);
  await expect(readTrustText(join(folder, 'missing.pem'))).rejects.toEqual(refusal);
});

it('says of a PDF without signatures at once what a thread would say', async () => {
  const now = Date.now();
  const documents = new Documents({ clock: { now: () => now }, materials: {} as MaterialStore, trust: authority.pem });
  for (const bytes of [plainPdf(), Buffer.from('%PDF-1.7 with no end')]) {
    const source = (async function* () {
      yield bytes;
    })();
    const inThread = await examineInThread({ bytes, trust: authority.pem, now }, 30_000);
    expect(await documents.examine(source)).toEqual(inThread);
  }
});
