import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEAL_LIMITS, SealError, type SealRequest, type SealService } from '../seal.ts';
import { NOW, testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { PlatformServer } from '../testing/platform-server.ts';
import { createHttpSeal } from './http-seal.ts';
import { verifyWebhook } from './webhook-signature.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const DOCUMENT = Buffer.from('%PDF-1.7 示例甲');
const SEALED = Buffer.from('%PDF-1.7 示例甲 sealed');
const { signal } = new AbortController();
const REQUEST: SealRequest = {
  requestId: 'a'.repeat(64),
  signatory: 'signature',
  seal: '市场监管-01',
  document: DOCUMENT,
  mediaType: 'application/pdf',
  place: { page: 1, x: 400, y: 200 },
  reason: '电子证照：食品经营许可证',
  authority: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
};

let platform: PlatformServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const services: SealService[] = [];
beforeEach(async () => {
  platform = await new PlatformServer().listen();
  folder = await temporaryFolder();
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
  await platform.close();
  await folder.remove();
});

async function open(changes: object = {}): Promise<SealService> {
  const settings = { url: `http://${platform.host}/v1/seals`, auth: { type: 'none' }, timeout_ms: 300, ...changes };
  const service = await createHttpSeal(settings, testContext());
  services.push(service);
  return service;
}

const answering = (status: number, body = '') => {
  platform.handler = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end(body);
};
const seal = async (changes: object = {}) => (await open(changes)).seal(REQUEST, signal);

async function failure(work: Promise<unknown>): Promise<SealError> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SealError);
  return error as SealError;
}

describe('a request', () => {
  it('is one POST of JSON with the document in base64, and proves who asks', async () => {
    await writeFile(join(folder.path, 'secret'), SECRET);
    answering(200, JSON.stringify({ document: SEALED.toString('base64'), more: 1 }));
    const auth = { type: 'hmac', secret_file: join(folder.path, 'secret') };
    expect((await seal({ auth })).document).toEqual(SEALED);
    expect(platform.requests).toMatchObject([{ method: 'POST', path: '/v1/seals' }]);
    const { headers, body } = platform.requests[0]!;
    expect(verifyWebhook(headers, body, SECRET, NOW, 0)).toEqual({ ok: true, id: REQUEST.requestId });
    expect(JSON.parse(body.toString())).toEqual({
      request_id: REQUEST.requestId,
      signatory: 'signature',
      seal: '市场监管-01',
      document: DOCUMENT.toString('base64'),
      media_type: 'application/pdf',
      place: { page: 1, x: 400, y: 200 },
      reason: REQUEST.reason,
      authority: REQUEST.authority,
    });
  });

  it('takes the names of the service, and finds the document where it puts it', async () => {
    answering(200, JSON.stringify({ code: 0, data: { file: { base64: SEALED.toString('base64') } } }));
    const names = { request_id: 'bizNo', seal: 'sealCode', document: 'fileData' };
    expect((await seal({ fields: names, answer: 'data.file.base64' })).document).toEqual(SEALED);
    const body = JSON.parse(platform.requests[0]!.body.toString()) as Record<string, unknown>;
    expect(body).toMatchObject({ bizNo: REQUEST.requestId, sealCode: REQUEST.seal, signatory: 'signature' });
    expect(body).not.toHaveProperty('request_id');
  });
});

it.each([
  [400, 'refused'],
  [401, 'refused'],
  [404, 'refused'],
  [409, 'refused'],
  [422, 'refused'],
  [408, 'unavailable'],
  [429, 'unavailable'],
  [500, 'unavailable'],
  [503, 'unavailable'],
  [204, 'malformed'],
  [202, 'malformed'],
  [302, 'malformed'],
])('%i means %s, and nothing is asked again by itself', async (status, fault) => {
  answering(status, JSON.stringify({ document: SEALED.toString('base64') }));
  expect(await failure(seal())).toMatchObject({ fault });
  expect(platform.requests).toHaveLength(1);
});

it.each([
  ['no JSON', '<html>'],
  ['without a document', '{"seal":"x"}'],
  ['with a document that is no text', '{"document":{}}'],
  ['with an empty document', '{"document":""}'],
  ['with base64 that could be read in two ways', '{"document":"QUJD RA=="}'],
  ['with base64 of URLs', '{"document":"_-__"}'],
  ['that inherits its document', '{"__proto__":{"document":"QUJD"}}'],
])('an answer %s is none', async (_, text) => {
  answering(200, text);
  expect(await failure(seal())).toMatchObject({ fault: 'malformed', code: 'SEAL_WRONG' });
});

it('an answer that is longer than a sealed document can be is not read to its end', async () => {
  let written = 0;
  platform.handler = (_, response) => {
    const chunk = 'A'.repeat(1024 * 1024);
    const more = () => {
      if (response.destroyed || written > 40) return response.end();
      written += 1;
      return response.write(chunk) ? setImmediate(more) : response.once('drain', more);
    };
    response.writeHead(200);
    more();
  };
  expect(await failure(seal({ timeout_ms: 20_000 }))).toMatchObject({ fault: 'malformed' });
  expect(written).toBeLessThan((2 * SEAL_LIMITS.addedBytes) / 1024 / 1024 + 8);
});

it.each([
  ['that says nothing', () => {}],
  ['that breaks off', (_: unknown, response: { destroy(): unknown }) => void response.destroy()],
])('a service %s is unavailable, and nothing of the document is named', async (_, handler) => {
  platform.handler = handler;
  const error = await failure(seal());
  expect(error).toMatchObject({ fault: 'unavailable', code: 'SEAL_UNAVAILABLE' });
  expect(error.message).not.toMatch(/示例甲|食品/);
});

it('is unavailable when the secret has gone', async () => {
  const file = join(folder.path, 'secret');
  await writeFile(file, SECRET);
  const service = await open({ auth: { type: 'hmac', secret_file: file } });
  await folder.remove();
  expect(await failure(service.seal(REQUEST, signal))).toMatchObject({ fault: 'unavailable' });
  expect(platform.requests).toEqual([]);
});

describe('the list of seals', () => {
  it('is what a GET of the same address tells', async () => {
    answering(200, '{"seals":["市场监管-01","公安-02"]}');
    expect(await (await open()).seals(signal)).toEqual(['市场监管-01', '公安-02']);
    expect(platform.requests[0]).toMatchObject({ method: 'GET', path: '/v1/seals' });
  });

  it.each([
    [404, '', undefined],
    [405, '', undefined],
    [200, '{"version":"1"}', undefined],
    [401, '', 'refused'],
    [503, '', 'unavailable'],
  ])('with %i %s is %s', async (status, body, fault) => {
    answering(status, body);
    const told = (await open()).seals(signal);
    if (fault) expect(await failure(told)).toMatchObject({ fault });
    else expect(await told).toBeUndefined();
  });
});

it.each([
  ['/url', { url: 'ftp://x' }],
  ['/url', { url: 'https://name:password@x' }],
  ['/auth/secret_file', { auth: { type: 'hmac', secret_file: '/does/not/exist' } }],
  ['/auth/type', { auth: { type: 'basic', secret_file: '/x' } }],
  ['/timeout_ms', { timeout_ms: 1 }],
  ['/fields/documents', { fields: { documents: 'x' } }],
  ['/fields/document', { fields: { document: 'a b' } }],
  ['/answer', { answer: 'data[0]' }],
  ['/colour', { colour: 'red' }],
])('wrong settings are named: %s', async (pointer, changes) => {
  await expect(open(changes)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: expect.arrayContaining([expect.objectContaining({ pointer })]),
  });
});
