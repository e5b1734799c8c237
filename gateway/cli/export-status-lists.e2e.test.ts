import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localUrl } from '../config/address.ts';
import { type ApiRegion, apiRegion } from '../testing/api-region.ts';
import { licence } from '../testing/check-region.ts';
import { verifyPresented } from './certificate/verify.ts';
import { GatewayClient } from './client.ts';
import { exportStatusLists } from './export-status-lists.ts';

let uxin: ApiRegion;
let client: GatewayClient;
let folder: string;

beforeAll(async () => {
  uxin = await apiRegion('150626');
  const http = await uxin.api.listen({ host: '127.0.0.1', port: 0 });
  const token = (await uxin.api.bearer('operator')).replace('Bearer ', '');
  client = new GatewayClient(localUrl(http), async () => token);
  folder = await mkdtemp(join(tmpdir(), 'tongban-lists-'));
});

afterAll(async () => {
  await uxin.close();
  await rm(folder, { recursive: true });
});

test('a region without certificates exports an empty index', async () => {
  const out = join(folder, 'empty');
  expect(await exportStatusLists(client, out)).toMatchObject({ json: { lists: [] } });
  expect(JSON.parse(await readFile(join(out, 'index.json'), 'utf8'))).toEqual({ status_lists: [] });
});

test('what was exported proves offline how a certificate stands, and the next export what became of it', async () => {
  const out = join(folder, 'www', 'status-lists');
  const issued = await uxin.ask('POST', '/v1/certificates', { body: licence(Date.now() - 1000) });
  const { identifier, text, certificate } = issued.json;
  const statement = join(folder, '150626.jwt');
  await writeFile(statement, uxin.live.core.own.jwt);
  const verify = () =>
    verifyPresented(
      { kind: 'certificate', text },
      { statements: [statement], now: Date.now(), cached: { path: out, maxAgeMs: 60_000 } },
    );

  const answer = await exportStatusLists(client, out);
  expect(answer).toMatchObject({ json: { lists: [{ uri: certificate.statusList.uri, file: join(out, '1') }] } });
  expect((await readdir(out)).sort()).toEqual(['1', 'index.json']);
  expect(await verify()).toMatchObject({ exit: 0, json: { verified: true, status: 'valid' } });

  const body = { status: 'revoked', reason: '以欺骗手段取得' };
  await uxin.ask('POST', `/v1/certificates/${identifier}/status`, { body });
  const end = Date.now() + 10_000;
  do await exportStatusLists(client, out);
  while ((await verify()).exit === 0 && Date.now() < end);
  expect(await verify()).toMatchObject({ exit: 1, json: { verified: false, status: 'revoked' } });
});
