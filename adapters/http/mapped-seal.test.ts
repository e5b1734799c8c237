import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEAL_LIMITS, SealError, type SealRequest, type SealService } from '../seal.ts';
import { testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { PlatformServer, type ReceivedRequest } from '../testing/platform-server.ts';
import { createHttpSeal } from './http-seal.ts';

const { signal } = new AbortController();
const SECRET = 'a-secret-of-thirty-two-characters';
/** Longer than what a mapping sees of a text. */
const DOCUMENT = randomBytes(100_000);
const SEALED = Buffer.concat([DOCUMENT, randomBytes(1_000)]);
const REQUEST: SealRequest = {
  requestId: 'a'.repeat(64),
  signatory: 'seal',
  seal: '市场监管-01',
  document: DOCUMENT,
  mediaType: 'application/pdf',
  place: { page: 1, x: 400, y: 200 },
  reason: '电子证照：食品经营许可证',
  authority: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
};
const SAYS = `
mapping: 1
out:
  - on: cn.tongban.service.seal-request.v1
    document:
      path: { value: /sign }
      body.no: event.data.id
      body.digest: event.data.sha256
      body.size: event.data.bytes
      body.page: event.data.place.page
      body.file: PLACED
  - { on: cn.tongban.service.seal-list.v1, document: { method: { value: GET }, path: { value: /seals } } }
in:
  - { when: call = 'seal-list', case: request.id, note: seals, data: { seals: { from: answer.list, type: list } } }
  - { when: answer.none, ignore: 没有说什么 }
  - { case: request.id, note: sealed, data: { document: answer.data.file, file: answer.data.url } }
answer: { taken: code = 0, retry: code = 503, reason: $string(code) }
`;

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

async function open(placed = 'event.data.document', says = SAYS, changes: object = {}): Promise<SealService> {
  const [mapping, secret] = [join(folder.path, 'words.yaml'), join(folder.path, 'secret')];
  await writeFile(mapping, says.replace('PLACED', placed));
  await writeFile(secret, SECRET);
  const auth = { type: 'api-key', secret_file: secret };
  const settings = { url: `http://${platform.host}/api`, auth, mapping, timeout_ms: 3_000, ...changes };
  const service = await createHttpSeal(settings, testContext());
  services.push(service);
  return service;
}

const answering = (answer: object, files: Readonly<Record<string, Buffer>> = {}) => {
  platform.handler = ({ path }, response) => {
    const file = files[path ?? ''];
    if (file) return void response.end(file);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };
};
const said = (request: ReceivedRequest | undefined) => JSON.parse(request!.body.toString()) as Record<string, unknown>;

async function failure(work: Promise<unknown>): Promise<SealError> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SealError);
  return error as SealError;
}

describe('a request by mapping', () => {
  it('carries the document where the mapping wants it, with the proof that the platform wants', async () => {
    answering({ code: 0, data: { file: SEALED.toString('base64') } });
    expect((await (await open()).seal(REQUEST, signal)).document.equals(SEALED)).toBe(true);
    const [request] = platform.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/api/sign' });
    expect(request!.headers).toMatchObject({ 'x-api-key': SECRET, 'idempotency-key': REQUEST.requestId });
    expect(said(request)).toEqual({
      no: REQUEST.requestId,
      digest: createHash('sha256').update(DOCUMENT).digest('hex'),
      size: DOCUMENT.length,
      page: 1,
      file: DOCUMENT.toString('base64'),
    });
  });

  it('puts words of the platform before the document, and takes them off again', async () => {
    answering({ code: 0, data: { file: `data:application/pdf;base64,${SEALED.toString('base64')}` } });
    const service = await open(`"'data:application/pdf;base64,' & event.data.document"`);
    expect((await service.seal(REQUEST, signal)).document.equals(SEALED)).toBe(true);
    expect(said(platform.requests[0])['file']).toBe(`data:application/pdf;base64,${DOCUMENT.toString('base64')}`);
  });

  it('is a form where the mapping says so', async () => {
    answering({ code: 0, data: { file: SEALED.toString('base64') } });
    const service = await open(undefined, SAYS.replaceAll('body.', 'form.'));
    expect((await service.seal(REQUEST, signal)).document.equals(SEALED)).toBe(true);
    const form = new URLSearchParams(platform.requests[0]!.body.toString());
    expect(Buffer.from(form.get('file')!, 'base64').equals(DOCUMENT)).toBe(true);
  });

  it.each([
    ['twice', 'event.data.document & event.data.document'],
    ['nowhere', "'none'"],
    ['changed', '$lowercase(event.data.document)'],
  ])('that has the document %s is not sent', async (_, placed) => {
    expect(await failure((await open(`"${placed}"`)).seal(REQUEST, signal))).toMatchObject({ fault: 'refused' });
    expect(platform.requests).toEqual([]);
  });

  it('that has the document in its address is not sent', async () => {
    const service = await open(
      undefined,
      `${SAYS}`.replace('body.size: event.data.bytes', 'query.f: event.data.document'),
    );
    expect(await failure(service.seal(REQUEST, signal))).toMatchObject({ fault: 'refused' });
    expect(platform.requests).toEqual([]);
  });
});

describe('an answer by mapping', () => {
  it('may have line breaks in its base64', async () => {
    answering({ code: 0, data: { file: SEALED.toString('base64').replace(/.{76}/g, '$&\r\n') } });
    expect((await (await open()).seal(REQUEST, signal)).document.equals(SEALED)).toBe(true);
  });

  it('may say where the document is, at the same host alone', async () => {
    answering({ code: 0, data: { url: '/files/7?v=1' } }, { '/files/7?v=1': SEALED });
    expect((await (await open()).seal(REQUEST, signal)).document.equals(SEALED)).toBe(true);
    expect(platform.requests[1]!.headers['x-api-key']).toBe(SECRET);
    answering({ code: 0, data: { url: 'http://127.0.0.1:9/files/7' } });
    expect(await failure((await open()).seal(REQUEST, signal))).toMatchObject({ fault: 'malformed' });
  });

  it('may say it by an address that is long, as signed ones are', async () => {
    const long = `/files/7?sign=${'a'.repeat(1_500)}`;
    answering({ code: 0, data: { url: long } }, { [long]: SEALED });
    expect((await (await open()).seal(REQUEST, signal)).document.equals(SEALED)).toBe(true);
    answering({ code: 0, data: { url: `/files/7?sign=${'a'.repeat(2_100)}` } });
    expect(await failure((await open()).seal(REQUEST, signal))).toMatchObject({ fault: 'malformed' });
  });

  it('may have quotes and backslashes in its texts', async () => {
    answering({ code: 0, said: '\\"\\\\"'.repeat(20_000), data: { file: SEALED.toString('base64') } });
    expect((await (await open()).seal(REQUEST, signal)).document.equals(SEALED)).toBe(true);
  });

  it('with millions of small values is refused before it is read', async () => {
    const many = Buffer.from(`{"code":0,"x":[${'{},'.repeat(1_500_000)}1]}`);
    platform.handler = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(many);
    const service = await open();
    const before = performance.eventLoopUtilization();
    expect(await failure(service.seal(REQUEST, signal))).toMatchObject({ fault: 'malformed' });
    // To read them would take most of a second.
    expect(performance.eventLoopUtilization(before).active).toBeLessThan(300);
  });

  it('that sends us elsewhere is none', async () => {
    platform.handler = (_, response) => void response.writeHead(302, { location: 'https://example.org/' }).end();
    expect(await failure((await open()).seal(REQUEST, signal))).toMatchObject({ fault: 'malformed' });
    expect(platform.requests).toHaveLength(1);
  });

  it('whose file is longer than a sealed document can be is not read to its end', async () => {
    const large = Buffer.alloc(SEAL_LIMITS.documentBytes + SEAL_LIMITS.addedBytes + 1);
    answering({ code: 0, data: { url: '/f' } }, { '/f': large });
    expect(await failure((await open()).seal(REQUEST, signal))).toMatchObject({ fault: 'malformed' });
  });

  it.each([
    ['a refusal of its own', { code: 2004, msg: '印章已停用' }, 'refused'],
    ['a wish to be asked again', { code: 503 }, 'unavailable'],
    ['nothing', { code: 0, none: true }, 'malformed'],
    ['neither document nor file', { code: 0, data: {} }, 'malformed'],
    ['both', { code: 0, data: { file: 'QUJD', url: '/f' } }, 'malformed'],
    ['base64 of URLs', { code: 0, data: { file: '_-__'.repeat(1000) } }, 'malformed'],
    ['more than its document', { code: 0, data: { file: 'QUJD' }, rest: Array(70_000).fill(1) }, 'malformed'],
  ])('with %s is none', async (_, answer, fault) => {
    answering(answer);
    const error = await failure((await open()).seal(REQUEST, signal));
    expect(error).toMatchObject({ fault });
    expect(error.message).not.toMatch(/印章已停用|食品/);
  });

  it('never lets a text of the platform stand for another document', async () => {
    answering({
      code: 0,
      data: { file: 'DOCUMENT00000000000000000000000000000000-0' },
      other: SEALED.toString('base64'),
    });
    expect(await failure((await open()).seal(REQUEST, signal))).toMatchObject({ fault: 'malformed' });
  });
});

describe('the list of seals', () => {
  it('is asked as the mapping says', async () => {
    answering({ code: 0, list: ['一', '二'] });
    expect(await (await open()).seals(signal)).toEqual(['一', '二']);
    expect(platform.requests).toMatchObject([{ method: 'GET', path: '/api/seals' }]);
  });

  it('is not asked for where the mapping has no words for it', async () => {
    const service = await open(undefined, SAYS.replace(/^ {2}- \{ on: .*\n/m, ''));
    expect(await service.seals(signal)).toBeUndefined();
    expect(platform.requests).toEqual([]);
  });
});

it.each([
  ['/mapping', { mapping: '/does/not/exist.yaml' }],
  ['/fields', { fields: { seal: 'sealCode' } }],
  ['/answer', { answer: 'data.file' }],
  ['/headers/0', { headers: ['authorization'] }],
  ['/headers', { headers: ['x-item'], mapping: undefined }],
])('wrong settings are named: %s', async (pointer, changes) => {
  await expect(open(undefined, SAYS, changes)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: expect.arrayContaining([expect.objectContaining({ pointer })]),
  });
});
