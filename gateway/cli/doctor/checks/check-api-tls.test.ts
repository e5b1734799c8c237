import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEST_NOW, testSigner } from '../../../../trust/testing/index.ts';
import { checkApiTls } from './check-api-tls.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const server = testSigner('api', { kind: 'ec', notAfter: TEST_NOW + 100 * DAY_MS });

let folder: string;
let tls: { certificateFile: string; keyFile: string; clientCaFile: undefined };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-check-tls-'));
  tls = { certificateFile: join(folder, 'api.pem'), keyFile: join(folder, 'api.key'), clientCaFile: undefined };
  await writeFile(tls.certificateFile, server.pem);
  await writeFile(tls.keyFile, server.keyPem, { mode: 0o600 });
});

afterAll(() => rm(folder, { recursive: true }));

const levels = async (now: number) => (await checkApiTls(tls, now)).map(({ level }) => level);

test('nothing is said of an API without TLS', async () => {
  expect(await checkApiTls(undefined, TEST_NOW)).toEqual([]);
});

test('the end of the certificate is told thirty days before, and once it has come', async () => {
  expect(await levels(TEST_NOW)).toEqual(['fine']);
  expect(await levels(TEST_NOW + 71 * DAY_MS)).toEqual(['warning']);
  expect(await levels(TEST_NOW + 101 * DAY_MS)).toEqual(['wrong']);
});

test('a key that others can read, and one that is not there, are faults', async () => {
  await chmod(tls.keyFile, 0o644);
  expect(await levels(TEST_NOW)).toEqual(['fine', 'wrong']);
  await rm(tls.keyFile);
  expect(await checkApiTls(tls, TEST_NOW)).toMatchObject([
    { level: 'wrong', en: expect.stringContaining('/http/tls/key_file') },
  ]);
});
