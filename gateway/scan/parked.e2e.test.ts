import { createHash, randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authorize, caseInput, FOOD_LICENCE, WINDOW } from '../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../testing/api-region.ts';
import { pinEachOther, until } from '../testing/live-region.ts';
import { EICAR, type LittleClamd, startClamd } from './testing/little-clamd.ts';

const NAMES = ['营业执照', '食品经营许可申请书', '平面布局图'];

let clamd: LittleClamd;
let nantong: ApiRegion;
let uxin: ApiRegion;
let conversation: string;
const digests: string[] = [];

beforeAll(async () => {
  clamd = await startClamd();
  const scanned = (folder: string) =>
    appendFile(join(folder, 'gateway.yaml'), `\nmaterials: { scan: { clamd: 'tcp://127.0.0.1:${clamd.port}' } }\n`);
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626', scanned)]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
  conversation = (await nantong.ask('POST', '/v1/cases', { body: caseInput('150626', FOOD_LICENCE) })).json
    .conversation;
  for (const [at, name] of NAMES.entries()) {
    const bytes = Buffer.from(at === 0 ? `text ${EICAR}` : `text ${name}`);
    const url = `/v1/cases/${conversation}/materials?${new URLSearchParams({ name, grade: 'C' })}`;
    const added = await nantong.ask('POST', url, { body: bytes, headers: { 'x-media-type': 'text/plain' } });
    expect(added.status).toBe(201);
    digests.push(createHash('sha256').update(bytes).digest('hex'));
  }
  for (const digest of digests.slice(0, 2))
    await nantong.ask('POST', `/v1/cases/${conversation}/materials/${digest}/check`, { body: { handler: WINDOW } });
  for (const act of ['receive', 'transfer'])
    await nantong.ask('POST', `/v1/cases/${conversation}/acts`, { body: { act, data: { handler: WINDOW } } });
  await until(
    'the transfer',
    async () => (await uxin.ask('GET', `/v1/cases/${conversation}`)).json?.state === 'transferred',
  );
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((region) => region?.close()));
  await clamd?.stop();
});

const materials = async () => (await uxin.ask('GET', `/v1/cases/${conversation}`)).json.materials;
const get = (digest: string, query = '') =>
  uxin.ask('GET', `/v1/cases/${conversation}/materials/${digest}?purpose=test${query}`);

test('a flagged material of another region is set aside, shown, and released by a security administrator alone', async () => {
  await until('the scans', async () => (await materials()).every((one: { scan?: object }) => one.scan));
  expect((await materials()).map(({ scan }: { scan: { state: string } }) => scan.state)).toEqual([
    'parked',
    'clean',
    'clean',
  ]);
  const [flagged, clean] = digests as [string, string];
  const looks = async () => (await uxin.ask('GET', '/v1/personal-access')).json.accesses.length;
  const before = await looks();
  for (const query of ['', '&copy=watermarked'])
    expect(await get(flagged, query)).toMatchObject({ status: 409, json: { code: 'MATERIAL_PARKED' } });
  expect(await looks()).toBe(before);
  expect((await get(clean)).status).toBe(200);
  for (const role of ['operator', 'secadmin', 'auditor'] as const) {
    const { json } = await uxin.ask('GET', '/v1/parked-materials', { role });
    expect(json.materials).toMatchObject([
      { conversation, digest: flagged, peer: '320600', scan: { signature: 'Eicar-Test-Signature' } },
    ]);
  }
  const url = `/v1/cases/${conversation}/materials/${flagged}/release`;
  const body = { reason: '误报,已人工核查' };
  for (const role of ['platform', 'operator', 'sysadmin', 'auditor'] as const)
    expect((await uxin.ask('POST', url, { role, body })).status).toBe(403);
  expect((await get(flagged)).status).toBe(409);
  expect(await uxin.ask('POST', url, { role: 'secadmin', body })).toMatchObject({
    status: 200,
    json: { state: 'released', signature: 'Eicar-Test-Signature', released: { reason: body.reason } },
  });
  expect((await get(flagged)).bytes.toString()).toContain(EICAR);
  expect((await uxin.ask('GET', '/v1/parked-materials')).json).toEqual({ materials: [] });
});

test('a notice of another region, and a file of a joint case, are released by what the list shows', async () => {
  clamd.say = (file) => (file.includes('%PDF-') || file.includes('joint') ? 'stream: Test-Sign FOUND\0' : undefined);
  const joint = randomUUID();
  await uxin.live.core.materials.take(joint, Readable.from([Buffer.from('joint')]));
  await nantong.live.services.papers.settle(conversation);
  const parked = async () => {
    uxin.live.services.scans.wake();
    return (await uxin.ask('GET', '/v1/parked-materials')).json.materials as { conversation: string; digest: string }[];
  };
  await until('both are set aside', async () => (await parked()).length === 2);
  const { papers } = (await uxin.ask('GET', `/v1/cases/${conversation}/papers`)).json;
  const notice = `/v1/cases/${conversation}/papers/${encodeURIComponent(papers[0].number)}`;
  expect(await uxin.ask('GET', notice)).toMatchObject({ status: 409, json: { code: 'MATERIAL_PARKED' } });
  const listed = await parked();
  expect(listed.map((one) => one.conversation).toSorted()).toEqual([joint, conversation].toSorted());
  const release = (key: string, digest: string) =>
    uxin.ask('POST', `/v1/cases/${key}/materials/${digest}/release`, { role: 'secadmin', body: { reason: '误报' } });
  const [one, other] = listed as [(typeof listed)[0], (typeof listed)[0]];
  for (const [key, digest] of [
    [one.conversation, other.digest],
    [randomUUID(), one.digest],
  ] as const)
    expect(await release(key, digest)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
  expect(await parked()).toHaveLength(2);
  for (const found of listed)
    expect(await release(found.conversation, found.digest)).toMatchObject({ status: 200, json: { state: 'released' } });
  expect(await parked()).toEqual([]);
  expect((await uxin.ask('GET', notice)).status).toBe(200);
});
