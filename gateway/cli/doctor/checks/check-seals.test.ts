import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ReferenceSeal } from '../../../../trust/testing/reference-seal/reference-seal.ts';
import type { SealConfig } from '../../../config/seal-config.ts';
import { checkSeals } from './check-seals.ts';

let folder: string;
let service: ReferenceSeal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-seals-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  service = await ReferenceSeal.start();
  await writeFile(join(folder, 'market.pem'), service.addSeal('market').signer.pem);
});
afterEach(() => service.close());

const check = ({ code = 'market', file = 'market.pem', url = service.url } = {}) => {
  const seal = { name: 'market', code, signatory: 'seal', authorities: undefined, place: undefined } as const;
  const settings = { url, auth: { type: 'none' }, timeout_ms: 2000 };
  const config: SealConfig = {
    kind: 'http-seal',
    seals: [{ ...seal, certificateFiles: [join(folder, file)] }],
    settings,
  };
  return checkSeals(config, '150626', { now: Date.now });
};

it('is fine when the service answers and has every seal, and sets none', async () => {
  expect(await check()).toMatchObject([{ level: 'fine', zh: expect.stringContaining('1 枚印章都在') }]);
  expect(service.calls).toEqual([]);
});

it('is fine when the service has no list', async () => {
  service.failNext(1, 404);
  expect(await check()).toMatchObject([{ level: 'fine', zh: expect.stringContaining('未提供') }]);
});

const expectWords = (found: unknown, level: string, words: string) =>
  expect(found).toMatchObject([
    { what: 'seal service', level, zh: expect.stringContaining(words), page: 'docs/runbooks/seal-service.md' },
  ]);

it('warns of a seal that the service does not have', async () => {
  expectWords(await check({ code: 'police' }), 'warning', 'market');
});

it('says that the service fails or refuses', async () => {
  service.failNext(1);
  expectWords(await check(), 'wrong', 'SEAL_UNAVAILABLE');
  service.failNext(1, 401);
  expectWords(await check(), 'wrong', 'SEAL_REFUSED');
});

it('says that the service is away', async () => {
  const { url } = service;
  await service.close();
  expectWords(await check({ url }), 'wrong', 'SEAL_UNAVAILABLE');
});

it('says that a certificate of a seal is missing', async () => {
  expectWords(await check({ file: 'none.pem' }), 'wrong', 'CONFIG_INVALID');
});
