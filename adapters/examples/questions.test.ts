import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Adapter, DataQuery } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import type { CreditQuery } from '../credit.ts';
import { createHttpSeal } from '../http/http-seal.ts';
import type { SealRequest } from '../seal.ts';
import { NOW, testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { SealPlatform } from './a04-e-seal/simulator.ts';
import { SharingPlatform } from './a05-data-sharing/simulator.ts';
import { CreditPlatform } from './a13-credit/simulator.ts';
import type { VendorPlatform } from './testing/vendor-platform.ts';

const SECRET = Buffer.alloc(32, 5).toString('base64');
const VENDOR = { secret: SECRET, now: () => NOW };
const { signal } = new AbortController();

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const opened: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await folder.remove();
});

async function sample(example: string, name: string) {
  return JSON.parse(await readFile(new URL(`${example}/samples/${name}`, import.meta.url), 'utf8'));
}

/** What the example says in its `platform.yaml`, with the address of its simulator and a secret of ours. */
async function settingsOf(example: string, platform: VendorPlatform, secret = SECRET) {
  opened.push(await platform.listen());
  await writeFile(join(folder.path, 'secret'), secret);
  const text = await readFile(new URL(`${example}/platform.yaml`, import.meta.url), 'utf8');
  const { platforms, seal } = parse(
    text
      .replace(/\/etc\/tongban\/[\w-]+\.secret/, join(folder.path, 'secret'))
      .replace(/\/etc\/tongban\/[\w-]+\.mapping\.yaml/, join(import.meta.dirname, example, 'mapping.yaml'))
      .replace(/https:\/\/[a-z-]+\.example\.gov\.cn/, platform.url),
  );
  return seal ?? platforms[0];
}

async function adapterFor(example: string, platform: VendorPlatform, secret?: string): Promise<Adapter> {
  const { kind, ...settings } = await settingsOf(example, platform, secret);
  const adapter = await createAdapter(kind, settings, testContext());
  opened.push(adapter);
  return adapter;
}

const saidTo = (platform: VendorPlatform) => platform.server.requests.map(({ body }) => JSON.parse(body.toString()));

describe('A5 data sharing', () => {
  const open = async () => new SharingPlatform({ ...VENDOR, rows: await sample('a05-data-sharing', 'rows.json') });
  const query = (): Promise<DataQuery> => sample('a05-data-sharing', 'out/question.data.json');

  it('is asked in its own words and answers from the row that is in force', async () => {
    const platform = await open();
    const { data } = await adapterFor('a05-data-sharing', platform);
    const found = { found: true, fields: { address: '乌审旗嘎鲁图镇示例街2号' } };
    expect(await data!.answer(await query(), signal)).toEqual(found);
    expect(saidTo(platform)).toEqual([(await sample('a05-data-sharing', 'out/question.document.json')).body]);
    const parameters = [{ name: 'owner_code', type: 'social-credit-code', value: '11150626MB00000014' }];
    expect(await data!.answer({ ...(await query()), parameters }, signal)).toEqual({ found: false });
  });

  it('tells nothing to a stranger', async () => {
    const platform = await open();
    const { data } = await adapterFor('a05-data-sharing', platform, Buffer.alloc(32, 6).toString('base64'));
    await expect(data!.answer(await query(), signal)).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' });
    expect(platform.book).toEqual([]);
  });
});

describe('A13 credit', () => {
  it('is asked in its own words and answers: good, restricted, or not in the file', async () => {
    const platform = new CreditPlatform({ ...VENDOR, rows: await sample('a13-credit', 'rows.json') });
    const { credit } = await adapterFor('a13-credit', platform);
    const query: CreditQuery = await sample('a13-credit', 'out/question.data.json');
    expect(await credit!.check(query, signal)).toMatchObject({ result: 'good' });
    expect(saidTo(platform)).toEqual([(await sample('a13-credit', 'out/question.document.json')).body]);
    const other = { documentType: 'citizen-number', documentNumber: '11010519491231002X', name: '测试失信人' };
    expect(await credit!.check({ ...query, ...other }, signal)).toEqual({ result: 'restricted', code: 'YZSX-03' });
    expect(await credit!.check({ ...query, name: '另一人' }, signal)).toMatchObject({ result: 'unknown' });
  });
});

describe('A4 e-seal', () => {
  const open = async () => {
    const {
      document,
      id,
      bytes: _bytes,
      sha256: _sha256,
      ...said
    } = await sample('a04-e-seal', 'out/request.data.json');
    const platform = new SealPlatform({ ...VENDOR, devices: { [said.seal]: (pdf) => pdf } });
    const { kind: _kind, seals: _seals, ...settings } = await settingsOf('a04-e-seal', platform);
    const service = await createHttpSeal(settings, testContext());
    opened.push(service);
    const request: SealRequest = { ...said, requestId: id, document: Buffer.from(document, 'base64') };
    return { platform, service, request };
  };

  it('is asked in its own words, sets each seal once, and knows its seals', async () => {
    const { platform, service, request } = await open();
    for (let times = 0; times < 2; times += 1)
      expect((await service.seal(request, signal)).document.equals(request.document)).toBe(true);
    const { body } = await sample('a04-e-seal', 'out/request.document.json');
    expect(saidTo(platform)).toEqual([body, body]);
    expect(platform.register).toHaveLength(1);
    expect(await service.seals(signal)).toEqual([request.seal]);
  });

  it('refuses another file under the same number, and a seal that it does not have', async () => {
    const { platform, service, request } = await open();
    await service.seal(request, signal);
    for (const changes of [{ document: Buffer.from('%PDF-2.0') }, { seal: '9', requestId: 'b'.repeat(64) }])
      await expect(service.seal({ ...request, ...changes }, signal)).rejects.toMatchObject({ code: 'SEAL_REFUSED' });
    expect(platform.register).toHaveLength(1);
  });

  it('rests, and says so', async () => {
    const { platform, service, request } = await open();
    platform.resting = true;
    await expect(service.seal(request, signal)).rejects.toMatchObject({ code: 'SEAL_UNAVAILABLE' });
    platform.resting = false;
    expect((await service.seal(request, signal)).document.equals(request.document)).toBe(true);
  });
});
