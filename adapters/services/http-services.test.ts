import { afterEach, expect, it } from 'vitest';
import { PlatformError } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import { NOW, testContext } from '../testing/context.ts';
import { httpServiceBench } from '../testing/http-service-bench.ts';
import { orderContract, PERSONAL, questionContract } from '../testing/service-contract.ts';

const CONVERSATION = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
const NUMBER = '15062620261122000001';
const PARCEL = { id: 'q', carrier: 'EMS', trackingNumber: '1234567890123' };
const { signal } = new AbortController();

const sms = (id: string) => ({ id, mobile: PERSONAL, template: 'SMS_1001', parameters: { number: NUMBER } });
const order = (id: string) => ({ id, conversation: CONVERSATION, number: NUMBER, item: 'EX018' });

orderContract('http-sms', async () => {
  const bench = await httpServiceBench('http-sms');
  return { ...bench, order: (id, given) => bench.adapter.sms!.send(sms(id), given) };
});

orderContract('http-rating', async () => {
  const bench = await httpServiceBench('http-rating');
  const invitation = (id: string) => ({ ...order(id), queryCode: 'ABCDEFGH23', organisation: '测试大厅', at: NOW });
  return { ...bench, order: (id, given) => bench.adapter.rating!.invite(invitation(id), given) };
});

orderContract('http-supervision', async () => {
  const bench = await httpServiceBench('http-supervision');
  const report = (id: string) => ({
    ...{ id, conversation: CONVERSATION, number: NUMBER, peer: '320600', event: 'accept', actor: '150626' },
    ...{ state: 'accepted', at: NOW, sequence: 3 },
  });
  return { ...bench, order: (id, given) => bench.adapter.supervision!.report(report(id), given) };
});

orderContract('http-locker', async () => {
  const bench = await httpServiceBench('http-locker');
  return { ...bench, order: (id, given) => bench.adapter.locker!.order(order(id), given) };
});

questionContract('http-parcel', async () => {
  const says = [
    { state: 'accepted', at: NOW },
    { state: 'signed', at: NOW + 1 },
  ];
  const bench = await httpServiceBench('http-parcel', {}, () => ({ findings: says }));
  return { ...bench, says, ask: (given) => bench.adapter.parcels!.track(PARCEL, given) };
});

questionContract('http-locker', async () => {
  const states = [
    { state: 'deposited', at: NOW },
    { state: 'collected', at: NOW + 1 },
    { state: 'ordered', at: NOW - 1 },
  ];
  const bench = await httpServiceBench('http-locker', {}, () => ({ findings: states }));
  return { ...bench, says: states[1], ask: (given) => bench.adapter.locker!.state(CONVERSATION, given) };
});

const benches: Awaited<ReturnType<typeof httpServiceBench>>[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
});

async function bench(...given: Parameters<typeof httpServiceBench>) {
  const opened = await httpServiceBench(...given);
  benches.push(opened);
  return opened;
}

it('says in plain words what is asked for', async () => {
  const { adapter, server } = await bench('http-parcel', {}, () => ({ findings: [] }));
  expect(await adapter.parcels!.track(PARCEL, signal)).toEqual([]);
  const [{ headers, body }] = server.requests as [(typeof server.requests)[0]];
  expect(JSON.parse(body.toString())).toEqual({ id: 'q', carrier: 'EMS', tracking_number: PARCEL.trackingNumber });
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'q' });
});

it('leaves a service alone for as long as it asks', async () => {
  const { adapter, breakDown } = await bench('http-sms');
  breakDown();
  await expect(adapter.sms!.send(sms('a'), signal)).rejects.toMatchObject({ retryAfterMs: 7_000 });
});

it('takes an order for done whatever a service without a mapping says to it', async () => {
  const { adapter, babble } = await bench('http-sms');
  babble();
  await adapter.sms!.send(sms('a'), signal);
});

it('finds the ways of a locker at the paths of the settings', async () => {
  const settings = { cancel_path: '/orders/cancel', state_path: '/orders/state' };
  const { adapter, server } = await bench('http-locker', settings, () => ({ findings: [] }));
  await adapter.locker!.order(order('a'), signal);
  await adapter.locker!.cancel({ id: 'b', conversation: CONVERSATION }, signal);
  expect(await adapter.locker!.state(CONVERSATION, signal)).toBeUndefined();
  expect(server.requests.map(({ path }) => path)).toEqual(['/service', '/orders/cancel', '/orders/state']);
});

it.each([
  ['no list', {}],
  ['a word that is none', { findings: [{ state: 'lost', at: NOW }] }],
  ['no time', { findings: [{ state: 'signed', at: '今天' }] }],
  ['a member too many', { findings: [{ state: 'signed', at: NOW, by: PERSONAL }] }],
  ['more than anybody needs', { findings: Array.from({ length: 501 }, () => ({ state: 'signed', at: NOW })) }],
  ['null', null],
])('%s is no answer of the post', async (_what, said) => {
  const { adapter } = await bench('http-parcel', {}, () => said);
  const error = await adapter.parcels!.track(PARCEL, signal).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlatformError);
  expect(error).toMatchObject({ retryable: false });
  expect((error as Error).message).not.toMatch(/lost|今天|13800000000/);
});

it.each(['//elsewhere.example/x', 'orders', '/a b', '/a?x=1', '/\\elsewhere.example'])(
  'refuses the path %s',
  async (path) => {
    const settings = { name: 'locker', url: 'http://127.0.0.1:9/', auth: { type: 'none' }, cancel_path: path };
    await expect(createAdapter('http-locker', settings, testContext())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/cancel_path' }],
    });
  },
);
