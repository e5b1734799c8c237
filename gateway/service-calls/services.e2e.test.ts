import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PlatformServer, type ReceivedRequest } from '../../adapters/testing/platform-server.ts';
import type { CaseFile } from '../case/case-file.ts';
import type { Event, State } from '../case/transitions.ts';
import { APPLICANT, authorize, BACK_OFFICE, caseInput, NO_MATERIALS, WINDOW } from '../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

/** Most that a service may take here. If anybody waited for a dead one, each step would take as long. */
const TIMEOUT_MS = 3_000;
const HOUR_MS = 3_600_000;
const TRACKING = '1234567890123';

const SERVICES = ['sms', 'supervision', 'rating', 'parcel', 'locker', 'credit'] as const;
type Service = (typeof SERVICES)[number];

const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
const servers = new Map<Service, PlatformServer>();
/** What each service took, by idempotency key. */
const taken = new Map<Service, Map<string, Record<string, unknown>[]>>(SERVICES.map((name) => [name, new Map()]));
let nantong: LiveRegion;
let uxin: LiveRegion;

beforeAll(async () => {
  const folder = await makeRegionFolder('320600');
  for (const name of SERVICES) servers.set(name, await new PlatformServer().listen());
  revive();
  const platforms = SERVICES.map((name) => {
    const url = `http://${servers.get(name)!.host}/`;
    return `  - { kind: http-${name}, name: ${name}, url: "${url}", auth: { type: none }, timeout_ms: ${TIMEOUT_MS} }\n`;
  });
  const sms =
    'services: { sms: { quiet_hours: none, templates: { receive: SMS_1, accept: SMS_2, deliver: SMS_3 } } }\n';
  await appendFile(join(folder, 'gateway.yaml'), `\nplatforms:\n${platforms.join('')}${sms}`);
  nantong = await open(folder);
  uxin = await openLiveRegion(await makeRegionFolder('150626'), clock);
  await pinEachOther(nantong, uxin);
  await authorize(nantong, uxin, clock.now());
});

afterAll(async () => {
  await close(nantong);
  await uxin.stop();
  await Promise.all([...servers.values()].map((server) => server.close()));
  await removeFolders(nantong.folder, uxin.folder);
});

async function open(folder: string): Promise<LiveRegion> {
  const region = await openLiveRegion(folder, clock);
  await region.services.platforms.start(region.core.config.platforms);
  return region;
}

async function close(region: LiveRegion): Promise<void> {
  await region.services.serviceWatch.stop();
  await region.services.platforms.stop();
  await region.stop();
}

/** Each service dies its own death. */
function kill(): void {
  const deaths: Record<Service, PlatformServer['handler']> = {
    sms: () => {},
    supervision: (_, response) => response.writeHead(503).end(),
    rating: () => {},
    parcel: (_, response) => response.destroy(),
    locker: (_, response) => response.writeHead(302, { location: '/login' }).end(),
    credit: (_, response) => response.writeHead(200).end('<html>'),
  };
  for (const name of SERVICES) servers.get(name)!.handler = deaths[name];
}

function revive(findings: object = { findings: [] }): void {
  for (const name of SERVICES) {
    servers.get(name)!.handler = (request, response) => {
      keep(name, request);
      response.writeHead(200).end(JSON.stringify(findings));
    };
  }
}

function keep(name: Service, { headers, body }: ReceivedRequest): void {
  const id = String(headers['idempotency-key']);
  taken.get(name)!.set(id, [...(taken.get(name)!.get(id) ?? []), JSON.parse(body.toString())]);
}

/** What a service took about a case, in its order. */
function about(name: Service, { conversation, number }: CaseFile): Record<string, unknown>[] {
  const all = [...taken.get(name)!.values()].flat();
  return all.filter((request) => request['conversation'] === conversation || JSON.stringify(request).includes(number));
}

/** From the window to the hands of the applicant. @returns the case, and how long its own steps took, in ms */
async function run(way: string): Promise<{ readonly file: CaseFile; readonly took: number }> {
  let took = 0;
  const timed = async <T>(step: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await step();
    took += performance.now() - begun;
    return result;
  };
  const { conversation: key } = await timed(() => nantong.services.cases.create(caseInput('150626', NO_MATERIALS)));
  const act = async (side: LiveRegion, event: Event, data: object, state: State) => {
    await timed(() => side.services.cases.act(key, event, data));
    for (const region of [nantong, uxin])
      await until(`the case is ${state} at ${region.region}`, async () => {
        const file = await region.services.cases.demand(key).catch(() => undefined);
        return file?.state === state && !file.pending;
      });
  };
  await timed(() => nantong.services.cases.act(key, 'receive', { handler: WINDOW }));
  await act(nantong, 'transfer', { handler: WINDOW }, 'transferred');
  const parcels = [{ material: '申请书', copies: 1 }];
  const sent = { handler: WINDOW, carrier: 'EMS', trackingNumber: TRACKING, parcels };
  await timed(() => nantong.services.cases.note(key, 'paper-sent', sent));
  await act(uxin, 'accept', { handler: BACK_OFFICE }, 'accepted');
  await act(uxin, 'deny', { handler: BACK_OFFICE, explanation: '不符合条件' }, 'denied');
  await act(nantong, 'deliver', { handler: WINDOW, way }, 'delivered');
  return { file: await nantong.services.cases.demand(key), took };
}

async function notesOf(region: LiveRegion, key: string, kind: string): Promise<object[]> {
  const { document } = await region.services.cases.demand(key);
  return (document.notes ?? []).filter((note) => note.kind === kind).map(({ data }) => data);
}

it('a case goes its way as fast while every service is dead, and all calls arrive once when they are back', async () => {
  const well = await run('window');
  kill();
  const tried = new Map(SERVICES.map((name) => [name, servers.get(name)!.requests.length]));
  const dead = await run('locker');
  expect(dead.took).toBeLessThan(well.took * 4 + 1_000);
  expect(dead.took).toBeLessThan(TIMEOUT_MS);
  for (const name of ['sms', 'supervision', 'rating', 'locker'] as const)
    await until(`${name} was tried`, () => servers.get(name)!.requests.length > tried.get(name)!, 30_000);
  expect(about('supervision', dead.file)).toEqual([]);

  revive();
  clock.ahead += HOUR_MS / 2;
  // Something new wakes those that wait.
  await nantong.services.cases.act(dead.file.conversation, 'rate', { score: 5 });
  const steps = ['receive', 'transfer', 'paper-sent', 'accept', 'deny', 'deliver', 'rate'];
  await until('the reports', () => about('supervision', dead.file).length >= steps.length, 60_000);
  expect(about('supervision', dead.file).map(({ event }) => event)).toEqual(steps);
  await until('the messages', () => about('sms', dead.file).length === 3, 60_000);
  expect(about('sms', dead.file).map(({ template }) => template)).toEqual(['SMS_1', 'SMS_2', 'SMS_3']);
  await until('the invitation', () => about('rating', dead.file).length === 1, 60_000);
  await until('the order of a locker', () => about('locker', dead.file).length === 1, 60_000);
  expect(about('locker', well.file)).toEqual([]);
  for (const [name, requests] of taken)
    for (const [id, times] of requests) expect(times, `${name} ${id}`).toHaveLength(1);
});

it('nothing personal reaches a service but the number for text messages', () => {
  for (const name of SERVICES) {
    const said = JSON.stringify([...taken.get(name)!.values()]);
    expect(said).not.toMatch(new RegExp(`${APPLICANT.name}|${APPLICANT.documentNumber}|${APPLICANT.address}`));
    expect(said.includes(APPLICANT.mobile), name).toBe(name === 'sms');
  }
});

it('what the post and the locker say is noted once, over a restart', async () => {
  kill();
  const { file } = await run('locker');
  const key = file.conversation;
  clock.ahead += 3 * HOUR_MS;
  await nantong.services.serviceWatch.look();
  expect(await notesOf(nantong, key, 'parcel-moved')).toEqual([]);
  expect(await notesOf(nantong, key, 'delivery-confirmed')).toEqual([]);

  const at = clock.now() - HOUR_MS;
  revive({ findings: [{ state: 'in-transit', at }] });
  servers.get('locker')!.handler = (_, response) =>
    response.writeHead(200).end(JSON.stringify({ findings: [{ state: 'collected', at }] }));
  clock.ahead += 3 * HOUR_MS;
  await nantong.services.serviceWatch.look();
  expect(await notesOf(nantong, key, 'parcel-moved')).toEqual([{ trackingNumber: TRACKING, state: 'in-transit', at }]);
  expect(await notesOf(nantong, key, 'delivery-confirmed')).toMatchObject([
    { receivedBy: 'applicant', receivedAt: at },
  ]);
  await until('the other region knows', async () => (await notesOf(uxin, key, 'delivery-confirmed')).length === 1);

  await close(nantong);
  nantong = await open(nantong.folder);
  revive({
    findings: [
      { state: 'in-transit', at },
      { state: 'signed', at: at + 1 },
    ],
  });
  for (let times = 0; times < 3; times += 1) {
    clock.ahead += 3 * HOUR_MS;
    await nantong.services.serviceWatch.look();
  }
  expect(await notesOf(nantong, key, 'parcel-moved')).toEqual([
    { trackingNumber: TRACKING, state: 'in-transit', at },
    { trackingNumber: TRACKING, state: 'signed', at: at + 1 },
  ]);
  const asked = servers.get('parcel')!.requests.length;
  clock.ahead += 3 * HOUR_MS;
  await nantong.services.serviceWatch.look();
  expect(servers.get('parcel')!.requests.length).toBe(asked);
});

it('a word about a parcel counts once, and only about a parcel of the case; supervision may urge', async () => {
  const { file } = await run('window');
  const key = file.conversation;
  const { cases } = nantong.services;
  const moved = { handler: WINDOW, trackingNumber: TRACKING, state: 'signed', at: clock.now() };
  const other = { ...moved, trackingNumber: '9999999999999' };
  await cases.note(key, 'parcel-moved', moved);
  await expect(cases.note(key, 'parcel-moved', moved)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  await expect(cases.note(key, 'parcel-moved', other)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  expect(await notesOf(nantong, key, 'parcel-moved')).toHaveLength(1);
  expect(await notesOf(uxin, key, 'parcel-moved')).toEqual([]);

  const urgent = await nantong.services.cases.create(caseInput('150626', NO_MATERIALS));
  await cases.act(urgent.conversation, 'receive', { handler: WINDOW });
  const order = { handler: BACK_OFFICE, number: 'DB-1', reason: '请尽快转办' };
  await cases.note(urgent.conversation, 'urged', order);
  expect(await notesOf(nantong, urgent.conversation, 'urged')).toEqual([{ number: 'DB-1', reason: '请尽快转办' }]);
  await expect(cases.note(key, 'urged', order)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
});

it('a credit platform that is dead is asked no more, and whoever asks learns at once that nothing is known', async () => {
  servers.get('credit')!.handler = (_, response) => response.writeHead(503).end();
  const { platforms } = nantong.services;
  const query = { id: 'q', documentType: 'passport', documentNumber: 'E12345678', name: '测试人' };
  const before = servers.get('credit')!.requests.length;
  for (let n = 0; n < 20; n += 1)
    expect(await platforms.credit(query, AbortSignal.timeout(10_000))).toMatchObject({ result: 'unknown' });
  expect(servers.get('credit')!.requests.length).toBe(before + 5);
  const metrics = await nantong.core.metrics.text();
  expect(metrics).toContain('tongban_platform_breaker{adapter="credit"} 2');
});
