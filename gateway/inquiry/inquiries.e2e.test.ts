import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '#trust';
import { APPLICANT, authorize, BACK_OFFICE, ENTRUSTED, FOOD_LICENCE, WINDOW } from '../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../testing/api-region.ts';
import { pinEachOther, until } from '../testing/live-region.ts';
import { inquiryTable } from './inquiry-table.ts';

const { name, documentType, documentNumber } = APPLICANT;
const QUESTION = '该企业的登记住所是否仍为申请书所填地址';
const ANSWER = '登记住所未变更';
/** What may stand nowhere but in the inquiry. */
const PERSONAL = new RegExp([name, documentNumber, QUESTION, ANSWER].join('|'));

let nantong: ApiRegion;
let uxin: ApiRegion;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live, Date.now(), { fields: ['applicant.name', 'applicant.documentNumber'] });
  for (const { live, folder } of [nantong, uxin]) {
    const out = join(folder, 'hall');
    await mkdir(out);
    await live.services.platforms.start([{ kind: 'directory', name: 'hall', settings: { out } }]);
  }
  await quiet();
});

afterAll(async () => {
  for (const region of [nantong, uxin]) {
    await region?.live.services.platforms.stop();
    await region?.close();
  }
});

const verification = (changes: object = {}) => ({
  region: '150626',
  kind: 'verification',
  item: FOOD_LICENCE,
  subject: { name, documentType, documentNumber },
  question: QUESTION,
  legalBasis: '行政许可法第三十四条',
  handler: WINDOW,
  ...changes,
});
const consultation = { region: '150626', kind: 'consultation', question: '周六是否收件', handler: WINDOW };

async function quiet(): Promise<void> {
  await until('nothing under way', () =>
    [nantong, uxin].every(({ live: { core } }) => core.outbox.pending('150626') + core.outbox.pending('320600') === 0),
  );
}

async function ask(body: object): Promise<string> {
  const { status, json } = await nantong.ask('POST', '/v1/inquiries', { body });
  expect([status, json.state, json.masked]).toEqual([201, 'open', true]);
  await until('the question', async () => (await uxin.ask('GET', `/v1/inquiries/${json.conversation}`)).status === 200);
  return json.conversation;
}

async function show({ ask: asking }: ApiRegion, key: string) {
  return (await asking('GET', `/v1/inquiries/${key}?purpose=${encodeURIComponent('核对协查')}`)).json;
}

async function arrives(region: ApiRegion, key: string, state: string) {
  await until(`it is ${state}`, async () => (await show(region, key)).state === state);
  return show(region, key);
}

async function events({ live: { core } }: ApiRegion, conversation: string): Promise<string[]> {
  const rows = await core.store.read.all<{ type: string; data: string }>(
    'SELECT type, data FROM platform_event WHERE subject = ? ORDER BY position',
    conversation,
  );
  expect(JSON.stringify(rows)).not.toMatch(PERSONAL);
  return rows.map(({ type }) => type);
}

/** Refused with a code, and neither region has another row than before. */
async function refused(body: object, code: string) {
  await quiet();
  const before = [await nantong.counts(), await uxin.counts()];
  const { status, json } = await nantong.ask('POST', '/v1/inquiries', { body });
  expect([status >= 400, json.code]).toEqual([true, code]);
  expect([await nantong.counts(), await uxin.counts()]).toEqual(before);
}

/** Payloads that either region still has of an inquiry. */
async function payloads(conversation: string): Promise<number> {
  let count = 0;
  for (const { live } of [nantong, uxin])
    for (const table of ['outbox', 'inbox']) {
      const text = `SELECT count(*) AS n FROM ${table} WHERE conversation = ? AND type NOT LIKE '%InquiryWithdrawn' AND payload IS NOT NULL`;
      count += (await live.core.store.read.get<{ n: number }>(text, conversation))!.n;
    }
  return count;
}

/** The evidence of an inquiry verifies against nothing but the statements of the two regions. */
async function proved({ ask: asking }: ApiRegion, key: string) {
  const { status, bytes } = await asking('GET', `/v1/inquiries/${key}/evidence?purpose=${encodeURIComponent('举证')}`);
  expect(status).toBe(200);
  const statements = [nantong, uxin].map(({ live }) => live.core.own);
  const report = await verifyBundle(bytes.toString(), statements, { now: Date.now() });
  expect(report).toMatchObject({ verified: true, faults: [], case: key, exportedBy: '320600' });
  return report;
}

describe('P15 协查确认 outside any case', () => {
  it('P15: one region asks, the other answers in time; both keep the same, and nobody is named where he need not be', async () => {
    const key = await ask(verification({ replyWorkingDays: 3 }));
    const asked = await show(uxin, key);
    expect(asked).toMatchObject({
      ...{ role: 'asked', peer: '320600', kind: 'verification', item: FOOD_LICENCE, state: 'open', masked: false },
      ...{ subject: { name, documentNumber }, question: QUESTION, handler: WINDOW, isLate: false },
    });
    expect(asked.replyBy).toBe(nantong.live.core.config.office.after(asked.askedAt, 3));
    for (const url of [`/v1/inquiries/${key}`, '/v1/inquiries?role=asked&state=open&kind=verification&peer=320600']) {
      const masked = (await uxin.ask('GET', url)).json;
      expect(JSON.stringify(masked)).not.toMatch(PERSONAL);
      expect(JSON.stringify(masked)).toContain(asked.number);
    }
    const answer = { outcome: 'confirmed', answer: ANSWER, handler: BACK_OFFICE };
    expect((await uxin.ask('POST', `/v1/inquiries/${asked.number}/answer`, { body: answer })).status).toBe(200);
    const answered = await arrives(nantong, key, 'answered');
    expect(answered).toMatchObject({ role: 'asking', answer, isLate: false });
    const there = await show(uxin, key);
    for (const member of ['number', 'subject', 'question', 'replyBy', 'answer', 'state', 'closedAt'])
      expect(there[member], member).toEqual(answered[member]);
    const both = ['cn.tongban.inquiry.asked.v1', 'cn.tongban.inquiry.answered.v1'];
    expect([await events(nantong, key), await events(uxin, key)]).toEqual([both, both]);
    const looks = (await uxin.ask('GET', `/v1/personal-access?case=${key}`, { role: 'auditor' })).json.accesses;
    expect(looks[0]).toMatchObject({ what: 'inquiry', purpose: '核对协查', role: 'operator', conversation: key });
    expect([...nantong.api.logged, ...uxin.api.logged].join('\n')).not.toMatch(PERSONAL);
    await quiet();
    expect(await proved(nantong, key)).toMatchObject({ envelopes: 2, receipts: 2 });
    const again = await uxin.ask('POST', `/v1/inquiries/${key}/answer`, { body: answer });
    expect(again).toMatchObject({ status: 409, json: { code: 'ILLEGAL_TRANSITION' } });
  });

  it('P15: needs R3 for the item, and lets only permitted fields travel', async () => {
    await refused(verification({ item: ENTRUSTED }), 'RIGHT_MISSING');
    await refused(verification({ item: 'EX099' }), 'ITEM_NOT_COVERED');
    await refused(verification({ region: '350500' }), 'PEER_NOT_PINNED');
    await refused(verification({ subject: undefined, legalBasis: '' }), 'VALIDATION_FAILED');
    await refused({ ...consultation, subject: verification().subject }, 'VALIDATION_FAILED');
  });

  it('P15: the region with power over the item asks about it without any right', async () => {
    const { status, json } = await uxin.ask('POST', '/v1/inquiries', {
      body: verification({ region: '320600', handler: BACK_OFFICE }),
    });
    expect([status, json.role]).toEqual([201, 'asking']);
    await arrives(nantong, json.conversation, 'open');
  });

  it('P15: is taken back; both regions erase whom it was about, and an answer is kept no more', async () => {
    const key = await ask(verification());
    await uxin.ask('POST', `/v1/inquiries/${key}/answer`, {
      body: { outcome: 'refuted', answer: ANSWER, handler: BACK_OFFICE },
    });
    await arrives(nantong, key, 'answered');
    const named = await nantong.ask('POST', `/v1/inquiries/${key}/withdraw`, {
      body: { reason: `${name}已注销`, handler: WINDOW },
    });
    expect(named).toMatchObject({ status: 422, json: { errors: [{ pointer: '/reason', code: 'PERSONAL' }] } });
    const back = { reason: '误发', handler: WINDOW };
    expect((await uxin.ask('POST', `/v1/inquiries/${key}/withdraw`, { body: back })).json.code).toBe(
      'ILLEGAL_TRANSITION',
    );
    expect((await nantong.ask('POST', `/v1/inquiries/${key}/withdraw`, { body: back })).status).toBe(200);
    for (const region of [nantong, uxin]) {
      const left = await arrives(region, key, 'withdrawn');
      expect(left).toMatchObject({ withdrawal: { reason: '误发' }, subject: { name: '', documentNumber: '' } });
      expect(left.erasedAt).toBeGreaterThan(0);
      expect(JSON.stringify(left)).not.toMatch(PERSONAL);
    }
    await until('the payloads are gone', async () => (await payloads(key)) === 0);
    const owed = 'SELECT owes_erasure FROM inquiry WHERE conversation = ?';
    for (const { live } of [nantong, uxin]) {
      await live.services.inquiryWatch.look();
      expect(await live.core.store.read.get(owed, key)).toEqual({ owes_erasure: 0 });
    }
    expect(await proved(nantong, key)).toMatchObject({ envelopes: 3, receipts: 3 });
  });
});

describe('P15 业务咨询 outside any case', () => {
  it('P15: names nobody and needs nothing but an agreement in force', async () => {
    const key = await ask(consultation);
    const wrong = { outcome: 'confirmed', answer: '收', handler: BACK_OFFICE };
    const refusedAnswer = await uxin.ask('POST', `/v1/inquiries/${key}/answer`, { body: wrong });
    expect(refusedAnswer).toMatchObject({ status: 422, json: { errors: [{ pointer: '/outcome' }] } });
    await uxin.ask('POST', `/v1/inquiries/${key}/answer`, { body: { ...wrong, outcome: 'answered' } });
    expect((await arrives(nantong, key, 'answered')).answer.answer).toBe('收');
  });

  it('P15: a question that the other region did not take is closed with the code, and the platform learns it', async () => {
    const { live } = nantong;
    const { conversation } = await live.services.inquiries.ask(consultation);
    const lost = { peer: '150626', id: 'x', conversation, name: 'InquiryAsked', sentAt: 0 } as const;
    await live.core.store.write((tx) =>
      live.services.inquiries.settled(tx, { ...lost, payload: Buffer.alloc(0), code: 'AUTHORIZATION_INACTIVE' }),
    );
    const kept = (await inquiryTable.find(live.core.store.read, conversation))!;
    expect(kept).toMatchObject({ state: 'rejected', code: 'AUTHORIZATION_INACTIVE' });
    expect((await events(nantong, conversation)).at(-1)).toBe('cn.tongban.inquiry.rejected.v1');
  });

  it('lists page by page and finds by number', async () => {
    const first = (await nantong.ask('GET', '/v1/inquiries?limit=2')).json;
    expect(first.inquiries).toHaveLength(2);
    const rest = (await nantong.ask('GET', `/v1/inquiries?limit=200&cursor=${first.next}`)).json.inquiries;
    const all = (await nantong.ask('GET', '/v1/inquiries?limit=200')).json.inquiries;
    expect([...first.inquiries, ...rest]).toEqual(all);
    expect((await nantong.ask('GET', `/v1/inquiries/${all[0].number}`)).json.conversation).toBe(all[0].conversation);
    expect((await nantong.ask('GET', '/v1/inquiries/nothing')).json.code).toBe('NOT_FOUND');
  });
});
