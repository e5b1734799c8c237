import { createHash } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyWebhook } from '#adapters';
import { PlatformServer } from '../../../adapters/testing/platform-server.ts';
import { purgeEvents } from '../../platform/purge.ts';
import { APPLICANT, authorize, caseInput, FOOD_LICENCE, fileOf, NO_MATERIALS } from '../../testing/agency-case.ts';
import { type ApiRegion, apiOf, apiRegion, type Told } from '../../testing/api-region.ts';
import { openLiveRegion, pinEachOther, removeFolders, until } from '../../testing/live-region.ts';
import { SqlIdempotencyStore } from '../helpers/idempotency-store.ts';
import { REPEATABLE } from '../helpers/repeatable-routes.ts';
import { LOOKS } from '../roles.ts';
import { ROUTE_ACCESS } from '../route-access.ts';
import type { TestApi } from '../testing/api.ts';
import { ROUTE_INPUTS } from '../testing/route-inputs.ts';

const PART = 'application/offset+octet-stream';
const TUS = { 'tus-resumable': '1.0.0' };

let hall: PlatformServer;
let nantong: ApiRegion;
let uxin: ApiRegion;
let url: string;
/** The last test goes on in another gateway on the same folder. */
let isStopped = false;

beforeAll(async () => {
  hall = await new PlatformServer().listen();
  const listed = (folder: string) =>
    appendFile(join(folder, 'gateway.yaml'), `webhooks: { targets: ["http://${hall.host}"] }\n`);
  [nantong, uxin] = await Promise.all([apiRegion('320600', listed), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
  const { port } = await nantong.api.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  if (isStopped) await nantong.api.close(0).then(() => removeFolders(nantong.folder));
  else await nantong?.close();
  await uxin?.close();
  await hall?.close();
});

const as = (role: 'platform' | 'sysadmin', subject?: string) => ({
  ask: async (method: Parameters<ApiRegion['ask']>[0], path: string, body?: unknown, headers = {}) => {
    const authorization = await nantong.api.bearer(role, subject ? { subject } : {});
    return nantong.ask(method, path, { role, headers: { authorization, ...headers }, ...(body ? { body } : {}) });
  },
});
const platform = as('platform');
const submit = async () =>
  (await platform.ask('POST', '/v1/cases/submit', caseInput('150626', NO_MATERIALS))).json.conversation as string;

/** What a stream says, until it has said enough or ended. */
async function listen(query: string, enough: (text: string) => boolean, headers = {}): Promise<string> {
  const ended = new AbortController();
  const authorization = await nantong.api.bearer('platform');
  const answer = await fetch(`${url}/v1/events/stream${query}`, {
    headers: { authorization, ...headers },
    signal: ended.signal,
  });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (enough(text)) break;
  }
  ended.abort();
  return text;
}

describe('events', () => {
  it('are read page by page, from any position on', async () => {
    const conversation = await submit();
    const all = (await platform.ask('GET', '/v1/events')).json;
    const mine = all.events.filter(({ event }: { event: { subject: string } }) => event.subject === conversation);
    expect(mine[0].event).toMatchObject({ specversion: '1.0', type: 'cn.tongban.case.receive.v1' });
    const first = (await platform.ask('GET', '/v1/events?limit=1')).json;
    expect([first.events, first.more]).toEqual([all.events.slice(0, 1), true]);
    const second = (await platform.ask('GET', `/v1/events?limit=1&after=${first.after}`)).json;
    expect(second.events).toEqual(all.events.slice(1, 2));
    expect((await platform.ask('GET', `/v1/events?after=${all.after}`)).json.events).not.toContainEqual(mine[0]);
  });

  it('come as a stream as they happen, and again behind the last id', async () => {
    const { after } = (await platform.ask('GET', '/v1/events?limit=200')).json;
    const listening = listen(`?after=${after}`, (text) => text.includes('case.transfer.v1'));
    const conversation = await submit();
    const text = await listening;
    expect(text).toContain(conversation);
    const [, id] = /id: (\d+)\ndata: .*case\.receive\.v1/.exec(text)!;
    const again = await listen('', (said) => said.includes('case.transfer.v1'), { 'last-event-id': id });
    expect(again).not.toContain('case.receive.v1');
  });

  it('are gone after their time, which is said with what to do; a position of the future is none', async () => {
    const { after } = (await platform.ask('GET', '/v1/events?limit=200')).json;
    await purgeEvents(nantong.live.core.store, Number(after), Date.now() + 60_000);
    for (const path of ['/v1/events?after=0', '/v1/events/stream?after=0', '/v1/events?after=99999999']) {
      const gone = await platform.ask('GET', path);
      expect([gone.status, gone.json.code], path).toEqual([410, 'EVENTS_GONE']);
      expect(gone.json.detail).toContain('after=');
    }
    expect((await platform.ask('GET', '/v1/events')).status).toBe(200);
  });
});

describe('a webhook', () => {
  const target = () => `http://${hall.host}/events`;
  const make = async (changes = {}, from = platform): Promise<Told> =>
    from.ask('POST', '/v1/webhooks', { url: target(), ...changes });
  const received = () => hall.requests.filter(({ path }) => path === '/events');
  const subjects = () => received().map(({ body }) => JSON.parse(body.toString()).subject as string);

  it('brings what is asked for, signed by a secret that is shown once', async () => {
    const made = await make({ types: ['cn.tongban.case.transfer.v1'] });
    expect([made.status, made.json.secret]).toEqual([201, expect.stringMatching(/^whsec_/)]);
    const { id, secret } = made.json;
    const conversation = await submit();
    await until('the webhook', async () => subjects().includes(conversation));
    const one = received().find(({ body }) => body.includes(conversation))!;
    expect(verifyWebhook(one.headers, one.body, secret, Date.now(), 300_000)).toMatchObject({ ok: true });
    expect(JSON.parse(one.body.toString()).type).toBe('cn.tongban.case.transfer.v1');
    expect(received().some(({ body }) => body.includes('case.receive.v1'))).toBe(false);
    const { deliveries } = (await platform.ask('GET', `/v1/webhooks/${id}/deliveries`)).json;
    expect(deliveries[0]).toMatchObject({ status: 204, code: '', type: 'cn.tongban.case.transfer.v1' });
    const shown = await platform.ask('GET', `/v1/webhooks/${id}`);
    expect(shown.json).not.toHaveProperty('secret');
    expect(JSON.stringify(shown.json)).not.toContain(secret);
    const rows = await nantong.live.core.store.read.all<{ secrets: string }>('SELECT secrets FROM webhook');
    expect(JSON.stringify(rows)).not.toContain(secret);
    await platform.ask('DELETE', `/v1/webhooks/${id}`);
  });

  it('changes its secret while both sign, pauses, resumes and replays', async () => {
    const { id, secret: old, position } = (await make()).json;
    const rotated = (await platform.ask('POST', `/v1/webhooks/${id}/secret`, { overlapSeconds: 60 })).json;
    const pinged = (await platform.ask('POST', `/v1/webhooks/${id}/ping`)).json;
    expect(pinged).toMatchObject({ status: 204, code: '' });
    const ping = received().at(-1)!;
    for (const secret of [old, rotated.secret])
      expect(verifyWebhook(ping.headers, ping.body, secret, Date.now(), 300_000).ok).toBe(true);
    const { version } = (await platform.ask('PATCH', `/v1/webhooks/${id}`, { state: 'paused' })).json;
    const during = await submit();
    const stale = await platform.ask('PATCH', `/v1/webhooks/${id}`, { state: 'active' }, { 'if-match': '"v1"' });
    expect([stale.status, stale.json.code]).toEqual([412, 'CONFLICT']);
    expect(subjects()).not.toContain(during);
    await platform.ask('PATCH', `/v1/webhooks/${id}`, { state: 'active' }, { 'if-match': `"v${version}"` });
    await until('what waited', async () => subjects().filter((one) => one === during).length >= 2);
    const before = subjects().filter((one) => one === during).length;
    await platform.ask('POST', `/v1/webhooks/${id}/replay`, { after: position });
    await until('the replay', async () => subjects().filter((one) => one === during).length >= before + 2);
    await platform.ask('DELETE', `/v1/webhooks/${id}`);
    expect((await platform.ask('GET', `/v1/webhooks/${id}`)).status).toBe(404);
  });

  it('goes nowhere that the operator has not listed', async () => {
    const before = await nantong.counts();
    for (const bad of ['http://169.254.169.254/latest', `http://127.0.0.1:1/events`, 'https://hall.example/']) {
      const { status, json } = await make({ url: bad });
      expect([status, json.errors[0]]).toEqual([
        422,
        expect.objectContaining({ pointer: '/url', code: 'NOT_IN_LIST' }),
      ]);
    }
    expect((await nantong.counts())['webhook']).toBe(before['webhook']);
  });

  it('is seen by its own platform and by the system administrator only', async () => {
    const other = as('platform', 'tax');
    const { id } = (await make()).json;
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { state: 'paused' }],
      ['POST', '/secret', {}],
      ['POST', '/replay', { after: '0' }],
      ['POST', '/ping', undefined],
      ['GET', '/deliveries', undefined],
      ['DELETE', '', undefined],
    ] as const)
      expect((await other.ask(method, `/v1/webhooks/${id}${path}`, body)).json.code).toBe('NOT_FOUND');
    expect((await other.ask('GET', '/v1/webhooks')).json.webhooks).toEqual([]);
    expect((await as('sysadmin').ask('GET', '/v1/webhooks')).json.webhooks).toMatchObject([{ id, owner: 'hall' }]);
    await platform.ask('DELETE', `/v1/webhooks/${id}`);
  });

  it('is made once for one Idempotency-Key, and not without end', async () => {
    const headers = { 'idempotency-key': 'hall-webhook' };
    const first = await platform.ask('POST', '/v1/webhooks', { url: target() }, headers);
    const again = await platform.ask('POST', '/v1/webhooks', { url: target() }, headers);
    expect(again.json).toEqual(first.json);
    while ((await make()).status === 201);
    const refused = await make();
    expect([refused.status, refused.json.code]).toEqual([409, 'CONFLICT']);
    const { webhooks } = (await platform.ask('GET', '/v1/webhooks')).json;
    expect(webhooks).toHaveLength(8);
    for (const { id } of webhooks) await platform.ask('DELETE', `/v1/webhooks/${id}`);
  });
});

describe('a bulk submission', () => {
  it('opens one case for one key, however often the line comes', async () => {
    const lines = ['a', 'b', 'a'].map((key) => JSON.stringify({ key, ...caseInput('150626', NO_MATERIALS) }));
    const send = async () => {
      const headers = { 'content-type': 'application/x-ndjson' };
      const { bytes } = await platform.ask('POST', '/v1/cases/bulk', Buffer.from(lines.join('\n')), headers);
      return bytes
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).number as string);
    };
    const count = async () => (await nantong.counts())['case_file'];
    const before = await count();
    const [a, b, again] = await send();
    expect([again, b === a]).toEqual([a, false]);
    expect(await send()).toEqual([a, b, a]);
    expect(await count()).toBe(before! + 2);
    const another = [
      caseInput('150626', FOOD_LICENCE),
      caseInput('150626', NO_MATERIALS, { form: { 经营项目: '散装食品销售' } }),
      caseInput('150626', NO_MATERIALS, { applicant: { ...APPLICANT, mobile: '13900000000' } }),
    ];
    for (const input of another) {
      lines[0] = JSON.stringify({ key: 'a', ...input });
      expect(await send()).toEqual([undefined, b, a]);
    }
    expect(await count()).toBe(before! + 2);
  });
});

describe('an Idempotency-Key', () => {
  /** What needs none: it is known by its digest or a key of its own, may come twice, or changes nothing. */
  const NONE = [
    'POST /v1/cases/bulk',
    'POST /v1/cases/:key/uploads',
    'POST /v1/certificates/check',
    'POST /v1/certificates/checks',
    'POST /v1/data/check',
    'POST /v1/certificates/:identifier/stamped-copies',
    'POST /v1/webhooks/:id/ping',
    'POST /v1/webhooks/:id/replay',
  ];

  it('counts at every route that a platform calls to change something', () => {
    const acts = Object.entries(ROUTE_ACCESS).filter(
      ([route, access]) => route.startsWith('POST') && access.includes('platform') && !LOOKS.has(route),
    );
    const byDigest = (route: string) => route.includes('/materials');
    const left = acts.map(([route]) => route).filter((route) => !REPEATABLE.has(route) && !byDigest(route));
    expect(left.filter((route) => !NONE.includes(route))).toEqual([]);
  });

  it.each([...REPEATABLE])('of another request is refused by %s', async (route) => {
    const { core } = nantong.live;
    const answers = new SqlIdempotencyStore(core.store, core.clock);
    await answers.save('platform hall', route.slice(5), { status: 200, body: {}, requestHash: '00'.repeat(32) });
    const before = await nantong.counts();
    const path = route.slice(5).replaceAll(/:\w+/g, '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5');
    const headers = { 'idempotency-key': route.slice(5) };
    const { status, json } = await platform.ask('POST', path, ROUTE_INPUTS[route]!.good, headers);
    expect([status, json.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(await nantong.counts()).toEqual(before);
  });
});

describe('a material in parts', () => {
  const bytesOf = async (seed: string, size: number) => {
    const chunks: Buffer[] = [];
    for await (const chunk of fileOf(seed, size)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const draft = async () =>
    (await platform.ask('POST', '/v1/cases', caseInput('150626', FOOD_LICENCE))).json.number as string;
  const announce = (number: string, file: Buffer, name = '营业执照') => {
    const digest = createHash('sha256').update(file).digest('hex');
    const pairs = Object.entries({ name, digest }).map(
      ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
    );
    const headers = { ...TUS, 'upload-length': String(file.length), 'upload-metadata': pairs.join(',') };
    return platform.ask('POST', `/v1/cases/${number}/uploads`, undefined, headers);
  };
  const append = (place: string, offset: number, part: Buffer) =>
    platform.ask('PATCH', place, part, { ...TUS, 'content-type': PART, 'upload-offset': String(offset) });
  const materials = async (number: string) => (await platform.ask('GET', `/v1/cases/${number}`)).json.materials;

  it('is refused and forgotten when it is not what was announced', async () => {
    const number = await draft();
    const file = await bytesOf('wrong', 100_000);
    const place = String((await announce(number, file)).headers['location']);
    const refused = await append(place, 0, Buffer.alloc(file.length));
    expect([refused.status, refused.json.code]).toEqual([422, 'MATERIAL_DIGEST']);
    expect((await platform.ask('GET', place)).status).toBe(404);
    expect(await materials(number)).toEqual([]);
  });

  it('needs the protocol, a size within bounds and a case that takes files', async () => {
    const number = await draft();
    const plain = await platform.ask('POST', `/v1/cases/${number}/uploads`);
    expect([plain.status, plain.headers['tus-version']]).toEqual([412, '1.0.0']);
    const headers = { ...TUS, 'upload-length': String(2 ** 40), 'upload-metadata': 'name AA==' };
    const large = await platform.ask('POST', `/v1/cases/${number}/uploads`, undefined, headers);
    expect(large.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toContain('/length');
    const sent = (await platform.ask('POST', '/v1/cases/submit', caseInput('150626', NO_MATERIALS))).json.number;
    expect((await announce(sent, Buffer.from('x'))).json.code).toBe('CONFLICT');
    expect((await nantong.counts())['material_upload']).toBe(0);
  });

  it('is given up when asked, and not begun without end', async () => {
    const number = await draft();
    const places: string[] = [];
    for (let n = 0; n < 16; n += 1)
      places.push(String((await announce(number, Buffer.from(`file ${n}`), `材料${n}`)).headers['location']));
    expect((await announce(number, Buffer.from('one more'))).json.code).toBe('BACK_PRESSURE');
    expect((await platform.ask('DELETE', places[0]!)).status).toBe(204);
    expect((await announce(number, Buffer.from('one more'))).status).toBe(201);
  });

  it('goes on where it was after a restart, and becomes a material of the case', async () => {
    const number = await draft();
    const file = await bytesOf('resumed', 3 * 1024 * 1024);
    const made = await announce(number, file);
    const place = String(made.headers['location']);
    expect([made.status, made.headers['upload-offset']]).toEqual([201, '0']);
    await append(place, 0, file.subarray(0, 2 * 1024 * 1024));
    await nantong.live.stop();
    isStopped = true;
    const live = await openLiveRegion(nantong.folder);
    const api: TestApi = await apiOf(live);
    const authorization = await api.bearer('platform');
    const headers = { authorization, ...TUS };
    const { headers: known } = await api.app.inject({ method: 'HEAD', url: place, headers });
    const offset = Number(known['upload-offset']);
    expect(offset).toBeGreaterThan(0);
    const wrong = { ...headers, 'content-type': PART, 'upload-offset': '1' };
    const refused = await api.app.inject({ method: 'PATCH', url: place, headers: wrong, payload: file.subarray(1) });
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'MATERIAL_OFFSET']);
    const right = { ...wrong, 'upload-offset': String(offset) };
    const last = await api.app.inject({ method: 'PATCH', url: place, headers: right, payload: file.subarray(offset) });
    expect([last.statusCode, last.headers['upload-offset']]).toEqual([204, String(file.length)]);
    const shown = await api.app.inject({ url: `/v1/cases/${number}`, headers });
    const digest = createHash('sha256').update(file).digest('hex');
    expect(shown.json().materials).toMatchObject([{ name: '营业执照', digest, size: file.length, grade: 'C' }]);
    expect((await api.app.inject({ url: place, headers })).json()).toMatchObject({ done: true, offset: file.length });
    await api.close(0);
    await live.stop();
  });
});
