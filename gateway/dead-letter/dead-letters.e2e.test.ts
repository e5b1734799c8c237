import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpBench } from '../platform/testing/platform-bench.ts';
import type { Transaction } from '../store/store.ts';
import { authorize, BACK_OFFICE, caseInput, NO_MATERIALS, WINDOW } from '../testing/agency-case.ts';
import { apiOf } from '../testing/api-region.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const UXIN = '150626';

/** Milliseconds that the regions' clocks are ahead of the machine's. */
let ahead = 0;
const clock = { now: () => Date.now() + ahead };
const folders: string[] = [];
let nantong: LiveRegion;
let uxin: LiveRegion;
let api: Awaited<ReturnType<typeof apiOf>>;
let platform: Awaited<ReturnType<typeof httpBench>>;

beforeAll(async () => {
  folders.push(await makeRegionFolder('320600'), await makeRegionFolder(UXIN));
  [nantong, uxin] = await Promise.all([openLiveRegion(folders[0]!, clock), openLiveRegion(folders[1]!, clock)]);
  platform = await httpBench();
  await nantong.services.platforms.start([platform.config]);
  await pinEachOther(nantong, uxin);
  await authorize(nantong, uxin);
  api = await apiOf(nantong);
});

afterEach(async () => {
  await until('quiet', () => nantong.core.outbox.pending(UXIN) === 0);
});

afterAll(async () => {
  await api?.close(0);
  await nantong?.services.platforms.stop();
  await Promise.all([nantong, uxin].map((live) => live?.stop()));
  await platform?.close();
  await removeFolders(...folders);
});

async function ask(method: 'GET' | 'POST', url: string, role: 'operator' | 'auditor' | 'sysadmin', body?: object) {
  const headers = { authorization: await api.bearer(role) };
  const answer = await api.app.inject({ method, url, headers, ...(body && { payload: body }) });
  return { status: answer.statusCode, json: answer.json() };
}

function ping(conversation: string) {
  const outgoing = { peer: UXIN, conversation, name: 'Ping', payload: { note: '' } } as const;
  return nantong.core.store.write((tx) => nantong.core.outbox.enqueue(tx, outgoing));
}

interface Poisoned {
  readonly id: string;
  /** Gives it back the payload that its header was made for. */
  mend(): Promise<unknown>;
}

/** A Ping with another payload than its header was made for, until it is a dead letter; and a good one behind it. */
async function poison(conversation: string): Promise<Poisoned> {
  const { store, outbox } = nantong.core;
  const poisoned = await store.write(async (tx) => {
    const outgoing = { peer: UXIN, conversation, name: 'Ping', payload: { note: 'good' } } as const;
    const { id } = await outbox.enqueue(tx, outgoing);
    const row = await tx.get<{ payload: Buffer }>('SELECT payload FROM outbox WHERE id = ?', id);
    const put = (payload: Buffer) => (at: Transaction) =>
      at.run('UPDATE outbox SET payload = ? WHERE id = ?', payload, id);
    await put(Buffer.from('bad'))(tx);
    return { id, mend: () => store.write(put(row!.payload)) };
  });
  const { id } = poisoned;
  await ping(conversation);
  const troubled = () => store.read.get('SELECT 1 FROM outbox WHERE id = ? AND troubled_at > 0', id);
  await until('the first refusal', async () => (await troubled()) !== undefined);
  ahead += HOUR_MS + 1000;
  await until('the dead letter', async () => (await ask('GET', `/v1/dead-letters/${id}`, 'auditor')).status === 200);
  return poisoned;
}

async function arrived(conversation: string): Promise<string[]> {
  const rows = await uxin.core.store.read.all<{ sequence: number; type: string }>(
    "SELECT sequence, type FROM inbox WHERE conversation = ? AND code = '' ORDER BY position",
    conversation,
  );
  return rows.map(({ sequence, type }) => `${sequence} ${type.split('.').at(-1)}`);
}

async function metric(name: string): Promise<string | undefined> {
  return (await nantong.core.metrics.text()).split('\n').find((line) => line.startsWith(name));
}

describe('a poisoned envelope', () => {
  it('stops its own conversation with an alarm, and goes on in order when a system administrator retries it', async () => {
    const [conversation, other] = [nantong.core.newId(), nantong.core.newId()];
    const { id, mend } = await poison(conversation);
    await ping(other);
    await until('the other conversation', async () => (await arrived(other)).length === 1);
    expect(await arrived(conversation)).toEqual([]);
    expect(await metric('tongban_dead_letters{queue="peer",name="150626"}')).toMatch(/ 1$/);
    expect(await metric('tongban_dead_letters_total{queue="peer",reason="refused"}')).toMatch(/ 1$/);
    const told = async () => (await platform.received()).filter(({ subject }) => subject === conversation);
    await until('the platform event', async () => (await told()).length === 1);
    const { data } = (await told())[0] as unknown as { data: Record<string, unknown> };
    expect(data).toMatchObject({
      envelope: id,
      peer: UXIN,
      payload: 'Ping',
      reason: 'refused',
      code: 'PAYLOAD_MISMATCH',
    });

    const listed = await ask('GET', '/v1/dead-letters?queue=peer', 'auditor');
    expect(listed.json.letters).toMatchObject([{ id, reason: 'refused', code: 'PAYLOAD_MISMATCH', sequence: 1 }]);
    expect((await ask('GET', '/v1/dead-letters/counts', 'operator')).json).toEqual({
      counts: [{ queue: 'peer', name: UXIN, count: 1 }],
    });
    expect(JSON.stringify(listed.json)).not.toMatch(/payload|header|note/);
    expect((await ask('GET', `/v1/dead-letters/${id}`, 'auditor')).json.detail).toMatchObject({ waiting: 1 });

    const url = `/v1/dead-letters/${id}/retry`;
    expect(await ask('POST', url, 'operator', { reason: 'mended' })).toMatchObject({ status: 403 });
    expect(await ask('POST', url, 'sysadmin', {})).toMatchObject({ status: 422 });
    await mend();
    expect(await ask('POST', url, 'sysadmin', { reason: '数据已修复' })).toMatchObject({
      status: 200,
      json: { id, closing: { outcome: 'retried', by: 'local-sysadmin', role: 'sysadmin', reason: '数据已修复' } },
    });
    await until('both', async () => (await arrived(conversation)).length === 2);
    expect(await arrived(conversation)).toEqual(['1 Ping', '2 Ping']);
    expect((await ask('GET', '/v1/dead-letters', 'auditor')).json.letters).toEqual([]);
    expect(await ask('POST', url, 'sysadmin', { reason: 'again' })).toMatchObject({ status: 409 });
  });

  it('makes way for what is behind it when a system administrator drops it, and the book keeps who and why', async () => {
    const conversation = nantong.core.newId();
    const { id } = await poison(conversation);
    const url = `/v1/dead-letters/${id}/drop`;
    expect(await ask('POST', url, 'sysadmin', { reason: '' })).toMatchObject({ status: 422 });
    expect(await arrived(conversation)).toEqual([]);
    expect((await ask('POST', url, 'sysadmin', { reason: '申请人已撤回' })).status).toBe(200);
    await until('the rest', async () => (await arrived(conversation)).length === 2);
    expect([...(await arrived(conversation))].sort()).toEqual(['1 Skip', '2 Ping']);
    const closed = await ask('GET', '/v1/dead-letters?state=closed&limit=1', 'auditor');
    expect(closed.json).toMatchObject({
      letters: [{ id, closing: { outcome: 'dropped', by: 'local-sysadmin', reason: '申请人已撤回' } }],
      next: expect.any(String),
    });
    const sent = await nantong.core.store.read.get('SELECT state, code FROM outbox WHERE id = ?', id);
    expect(sent).toEqual({ state: 'dropped', code: 'GIVEN_UP' });
  });
});

describe('a message of a case that expired', () => {
  /** A case that the handling region has, while the receiving one is away. */
  async function handedOver(): Promise<string> {
    const { cases } = nantong.services;
    const { conversation } = await cases.create(caseInput(UXIN, NO_MATERIALS));
    await cases.act(conversation, 'receive', { handler: WINDOW });
    await cases.act(conversation, 'transfer', { handler: WINDOW });
    await until(
      'the transfer',
      async () => (await nantong.services.cases.demand(conversation)).state === 'transferred',
    );
    return conversation;
  }

  it('is said anew by the handling region, whose word stands', async () => {
    const conversation = await handedOver();
    await nantong.core.peers.remove(UXIN);
    await uxin.services.cases.act(conversation, 'accept', { handler: BACK_OFFICE });
    ahead += 31 * DAY_MS;
    await pinEachOther(nantong, uxin);
    const open = () => uxin.services.deadLetters.list({}, 10);
    await until('the letter', async () => (await open()).length === 1);
    const [letter] = await open();
    expect(letter).toMatchObject({ type: 'CaseAccepted', reason: 'expired', subject: conversation });
    expect((await nantong.services.cases.demand(conversation)).state).toBe('transferred');
    const act = { by: 'li', role: 'sysadmin', reason: '补发' };
    const { closing } = await uxin.services.deadLetters.retry(letter!.id, act);
    await until('the word', async () => (await nantong.services.cases.demand(conversation)).state === 'accepted');
    expect(closing?.successor).not.toBe('');
    expect((await uxin.services.cases.demand(conversation)).state).toBe('accepted');
  });

  it('is not said anew by the receiving region, whose request was taken back', async () => {
    const conversation = await handedOver();
    await uxin.core.peers.remove('320600');
    await nantong.services.cases.act(conversation, 'withdraw', { handler: WINDOW, reason: '申请人撤回' });
    ahead += 31 * DAY_MS;
    await pinEachOther(nantong, uxin);
    const open = async () => (await ask('GET', '/v1/dead-letters', 'operator')).json.letters;
    await until('the letter', async () => (await open()).length === 1);
    const [{ id, type }] = await open();
    expect(type).toBe('WithdrawalRequested');
    const retried = await ask('POST', `/v1/dead-letters/${id}/retry`, 'sysadmin', { reason: 'again' });
    expect(retried).toMatchObject({
      status: 409,
      json: { code: 'CONFLICT', detail: expect.stringMatching(/again on the case/) },
    });
    expect(await open()).toHaveLength(1);
    expect((await ask('POST', `/v1/dead-letters/${id}/drop`, 'sysadmin', { reason: '已重新办理' })).status).toBe(200);
    expect(await open()).toEqual([]);
  });
});
