import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../adapters/examples/a07-rating/simulator.ts';
import type { HotlineOrder } from '../../../adapters/examples/a08-hotline/simulator.ts';
import type { UrgingOrder } from '../../../adapters/examples/a09-supervision/simulator.ts';
import type { PlatformServer } from '../../../adapters/testing/platform-server.ts';
import type { Event, State } from '../../case/transitions.ts';
import {
  APPLICANT,
  authorize,
  BACK_OFFICE,
  CODES,
  caseInput,
  FOOD_LICENCE,
  fileOf,
  WINDOW,
} from '../../testing/agency-case.ts';
import { until } from '../../testing/live-region.ts';
import { type ExampleRegion, exampleRecords } from '../testing/example-region.ts';
import { openServicePlatforms, SEAL_CODE, type ServicePlatforms } from '../testing/service-platforms.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TRACKING = '1234567890123';
const AUTHORITY = { name: '乌审旗市场监督管理局', code: CODES.uxinMarket };
const CONTENT = {
  legal_representative: '测试人',
  residence: '测试路1号',
  business_premises: '测试路1号',
  business_form: '食品销售经营者',
  business_items: '预包装食品销售',
};
const FIELDS = ['applicant.*', 'form.*', 'certificate.*', 'data.real-estate.owner_code', 'data.real-estate.address'];

const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
let regions: ServicePlatforms;
let { nantong, uxin, here, there, hotline } = {} as ServicePlatforms;
let key: string;
let number: string;

beforeAll(async () => {
  regions = await openServicePlatforms(clock);
  ({ nantong, uxin, here, there, hotline } = regions);
  await authorize(nantong.live, uxin.live, clock.now(), { fields: FIELDS });
}, 60_000);

afterAll(() => regions?.close());

/** Acts, and waits until both regions see the new state. */
async function act(side: ExampleRegion, event: Event, data: object, state: State): Promise<void> {
  const handler = side === nantong ? WINDOW : BACK_OFFICE;
  await side.live.services.cases.act(key, event, { handler, ...data });
  await bothAre(state);
}

async function bothAre(state: State): Promise<void> {
  for (const { live } of [nantong, uxin])
    await until(`the case is ${state} at ${live.region}`, async () => {
      const file = await live.services.cases.demand(key).catch(() => undefined);
      return file?.state === state && !file.pending;
    });
}

function upload(name: string) {
  const kept = { name, mediaType: 'application/pdf', grade: 'D' } as const;
  return nantong.live.services.cases.addMaterial(key, kept, fileOf(name, 2_000));
}

async function notesOf({ live }: ExampleRegion, kind: string): Promise<object[]> {
  const { document } = await live.services.cases.demand(key);
  return (document.notes ?? []).filter((note) => note.kind === kind).map(({ data }) => data);
}

async function parked({ live }: ExampleRegion, name: string): Promise<{ code: string }[]> {
  const sql = 'SELECT code FROM dead_letter WHERE name = ?';
  return live.core.store.read.all<{ code: string }>(sql, name);
}

/** Two hours later the gateway looks again. */
async function look(): Promise<void> {
  clock.ahead += 2 * HOUR_MS + 60_000;
  await nantong.live.services.serviceWatch.look();
}

describe('a case to which every platform of both regions does its part', () => {
  it('A5: what the other region holds is asked, not demanded on paper', async () => {
    const response = await fetch(`${nantong.url}/v1/data/check`, {
      method: 'POST',
      headers: { authorization: await nantong.api.bearer('platform'), 'content-type': 'application/json' },
      body: JSON.stringify({
        region: '150626',
        item: FOOD_LICENCE,
        kind: 'real-estate',
        parameters: [{ name: 'owner_code', type: 'social-credit-code', value: APPLICANT.documentNumber }],
        fields: ['address', 'owner_name'],
        purpose: '核验经营场所',
        legalBasis: '国务院关于在线政务服务的若干规定第八条',
      }),
    });
    expect(await response.json()).toMatchObject({ status: 'found', fields: { address: '乌审旗嘎鲁图镇示例街2号' } });
    expect(there.sharing.book).toMatchObject([{ region: '320600', purpose: '核验经营场所', told: ['ZL'] }]);
  });

  it('A11: the applicant is told by text message that something is missing, and until when', async () => {
    const { cases } = nantong.live.services;
    ({ conversation: key, number } = await cases.create(caseInput('150626', FOOD_LICENCE)));
    const licence = await upload('营业执照');
    await upload('食品经营许可申请书');
    await cases.checkOriginal(key, licence.digest, WINDOW);
    here.sms.limited = 1;
    await cases.act(key, 'receive', { handler: WINDOW });
    await act(nantong, 'transfer', {}, 'transferred');
    const items = [{ material: '食品经营许可申请书', reason: '缺少签字' }];
    const deadline = Date.parse('2027-06-30T17:00:00+08:00');
    await act(uxin, 'request-supplement', { items, deadline, way: '由收件窗口上传' }, 'supplementing');
    await until('the messages', () => here.sms.sent.length === 2);
    expect(here.sms.sent).toMatchObject([
      { to: APPLICANT.mobile, template: 'SMS_260001', text: expect.stringContaining(number) },
      { to: APPLICANT.mobile, template: 'SMS_260002', text: expect.stringContaining('请于2027-06-30前') },
    ]);
    await upload('签字的申请书');
    await act(nantong, 'submit-supplement', {}, 'transferred');
  });

  it('A10: the parcel with the originals is followed until it is signed for, and what was in it is signed in', async () => {
    const parcels = [{ material: '食品经营许可申请书', copies: 1 }];
    const sent = { handler: WINDOW, carrier: 'EMS', trackingNumber: TRACKING, parcels };
    await nantong.live.services.cases.note(key, 'paper-sent', sent);
    await look();
    expect([here.post.asked.get(TRACKING), await notesOf(nantong, 'parcel-moved')]).toEqual([1, []]);
    here.post.handle(TRACKING, '203', '已收寄', '南通市');
    here.post.handle(TRACKING, '389', '离开处理中心', '南通市');
    await look();
    here.post.handle(TRACKING, '704', '妥投', '鄂尔多斯市');
    await look();
    await look();
    const moved = await notesOf(nantong, 'parcel-moved');
    expect(moved).toMatchObject(
      ['accepted', 'in-transit', 'signed'].map((state) => ({ trackingNumber: TRACKING, state })),
    );
    expect(here.post.asked.get(TRACKING)).toBe(3);
    const contents = [{ material: '食品经营许可申请书', isComplete: true, remark: '' }];
    await uxin.live.services.cases.note(key, 'paper-signed-in', {
      ...{ handler: BACK_OFFICE, trackingNumber: TRACKING, parcels: contents },
    });
    await until('it is signed in', async () => (await notesOf(nantong, 'paper-signed-in')).length === 1);
  });

  it('A9: supervision urges, once', async () => {
    const [order] = await exampleRecords<UrgingOrder>('a09-supervision', 'orders.json');
    const urging = { ...order!, bjbh: number };
    for (let times = 0; times < 2; times += 1)
      expect(await here.supervision.urge(urging)).toMatchObject({ status: 200, answer: { caseNumber: number } });
    expect(await notesOf(nantong, 'urged')).toMatchObject([{ number: urging.dbdh, reason: order!['dbyy'] }]);
  });

  it('A13: before a commitment is believed, credit is asked', async () => {
    expect(there.credit.asked).toEqual([]);
    const materials = [{ material: '平面布局图', dueAt: clock.now() + 10 * DAY_MS }];
    const commitment = { materials, text: '按期补齐。', signedAt: clock.now() };
    await act(uxin, 'accept', { commitment }, 'accepted');
    expect(there.credit.asked).toEqual([APPLICANT.documentNumber]);
    expect(await notesOf(uxin, 'credit-checked')).toMatchObject([{ result: 'good', source: 'credit' }]);
    expect(await notesOf(nantong, 'credit-checked')).toEqual([]);
  });

  it('A3: the certificate lies in the library of both regions, once, as the library says it', async () => {
    there.library.busy = 1;
    await act(uxin, 'approve', { explanation: '符合条件' }, 'approved');
    const issue = { authority: AUTHORITY, validUntil: clock.now() + 365 * DAY_MS, fields: CONTENT };
    await act(uxin, 'issue', issue, 'issued');
    const { document } = await nantong.live.services.cases.demand(key);
    for (const { library } of [here, there]) {
      await until('the certificate is in the library', () => library.licenses.size > 0);
      expect([...library.licenses.keys()]).toEqual([document.certificate]);
      expect([...library.licenses.values()]).toMatchObject([
        {
          license: {
            license_status: 'ISSUED',
            holder_name: APPLICANT.name,
            holder_identity_type: '10',
            holder_identity_num: APPLICANT.documentNumber,
            issue_org_code: AUTHORITY.code,
            data_fields: { business_items: '预包装食品销售' },
          },
          states: ['ISSUED'],
        },
      ]);
    }
    expect([here, there].map(({ library }) => library.licenses.get(document.certificate!)!.origin)).toEqual(['2', '1']);
  });

  it('A4: the seal of the authority is on its PDF, and in the register of the service', async () => {
    const { document } = await uxin.live.services.cases.demand(key);
    const url = `${uxin.url}/v1/certificates/${document.certificate}/pdf?purpose=test`;
    const response = await fetch(url, { headers: { authorization: await uxin.api.bearer('operator') } });
    expect(response.status).toBe(200);
    const pdf = Buffer.from(await response.arrayBuffer());
    expect(pdf.toString('latin1').match(/\/ByteRange/g)).toHaveLength(2);
    expect(there.seals.register).toMatchObject([
      { sealCode: SEAL_CODE, reason: '电子证照：食品经营许可证', orgCode: AUTHORITY.code },
    ]);
  });

  it('A12: the result lies in a box until the applicant takes it out; then it is in his hands', async () => {
    await upload('平面布局图');
    await nantong.live.services.cases.note(key, 'rest-handed-in', { handler: WINDOW });
    await act(nantong, 'deliver', { way: 'locker' }, 'delivered');
    await until('the order', () => here.cabinet.orders.has(key));
    expect([...here.cabinet.orders.values()]).toMatchObject([{ docNo: number, logs: [{ cellState: '0' }] }]);
    const code = here.cabinet.deposit(key);
    await look();
    expect(await notesOf(nantong, 'delivery-confirmed')).toEqual([]);
    expect([here.cabinet.collect(key, '000000'), here.cabinet.collect(key, code)]).toEqual([false, true]);
    await look();
    await look();
    for (const region of [nantong, uxin]) {
      await until('it is confirmed', async () => (await notesOf(region, 'delivery-confirmed')).length > 0);
      expect(await notesOf(region, 'delivery-confirmed')).toMatchObject([{ receivedBy: 'applicant' }]);
    }
  });

  it('A7: the applicant is invited to rate, and his rating comes back as an act', async () => {
    await until('the invitation', () => here.rating.invitations.has(number));
    const { queryCode } = (await nantong.live.services.cases.demand(key)).document;
    expect(here.rating.invitations.get(number)).toMatchObject({ queryCode, deptName: WINDOW.organisation });
    const said = { satisfaction: '4', writingEvaluation: '比预计的快' };
    expect(here.rating.rate(number, 'WRONGCODE2', said)).toBe(false);
    expect(here.rating.rate(number, queryCode!, said)).toBe(true);
    await bothAre('rated');
    await until('the acknowledgement', () => here.rating.synced.length === 1);
    expect(here.rating.synced).toMatchObject([{ evaluateId: `PJ-${number}`, syncState: '1' }]);
    const { steps } = (await uxin.live.services.cases.demand(key)).document;
    expect(steps.rate).toMatchObject({ score: 4, comment: '比预计的快' });
  });

  it('A8: a complaint at the hotline is linked with the case, without whoever called', async () => {
    const [order] = await exampleRecords<HotlineOrder>('a08-hotline', 'orders.json');
    const complaint = { ...order!, bizNo: number };
    for (let times = 0; times < 2; times += 1) expect(await hotline.push(complaint)).toMatchObject({ status: 200 });
    for (const region of [nantong, uxin]) {
      await until('it is linked', async () => (await notesOf(region, 'complaint-linked')).length > 0);
      expect(await notesOf(region, 'complaint-linked')).toEqual([{ number: order!.orderNo, channel: '12345' }]);
      expect(JSON.stringify(await region.live.services.cases.demand(key))).not.toMatch(/测试来电人|13900000000/);
    }
  });

  it('A9: supervision has every step, once, in its order', async () => {
    const acts = [
      'receive',
      'transfer',
      'request-supplement',
      'submit-supplement',
      'accept',
      'approve',
      'issue',
      'deliver',
    ];
    const codes = ['01', '02', '05', '06', '03', '09', '11', '12', '13'];
    const told = () => here.supervision.stepsOf(number).filter(({ hj }) => hj !== '99');
    await until('the last step', () => told().length >= codes.length);
    expect(told().map(({ hj }) => hj)).toEqual(codes);
    expect(told().map(({ hjmc }) => hjmc)).toEqual([...acts, 'rate']);
    const others = here.supervision.stepsOf(number).filter(({ hj }) => hj === '99');
    expect(others.map(({ hjmc }) => hjmc)).toEqual(
      expect.arrayContaining(['paper-sent', 'urged', 'delivery-confirmed', 'complaint-linked']),
    );
  });

  it('nobody was told anything twice, but who was too busy the first time', async () => {
    await until('the last message', () => here.sms.sent.length === 5);
    expect(here.sms.sent.map(({ template }) => template)).toEqual([1, 2, 3, 4, 5].map((n) => `SMS_26000${n}`));
    const times = (platform: { readonly server: PlatformServer }, path: string, id = 'idempotency-key') => {
      const told = platform.server.requests.filter((request) =>
        (request.path ?? '').replace(/\?.*$/, '').endsWith(path),
      );
      return [told.length, new Set(told.map(({ headers }) => headers[id])).size];
    };
    expect(times(here.sms, '/send')).toEqual([6, 5]);
    expect(times(here.rating, '/invite')).toEqual([1, 1]);
    expect(times(here.cabinet, '/order')).toEqual([1, 1]);
    const [reports, ids] = times(here.supervision, '/sbgc');
    expect([reports, here.supervision.stepsOf(number).length]).toEqual([ids, ids]);
    expect(times(here.library, '/licenses', 'x-serial-no')).toEqual([1, 1]);
    expect(times(there.library, '/licenses', 'x-serial-no')).toEqual([2, 1]);
    expect(there.seals.register).toHaveLength(1);
  });

  it('nothing personal went where it does not belong', () => {
    const { library, sms, ...others } = here;
    for (const { server } of Object.values(others)) {
      const said = server.requests.map(({ body }) => body.toString()).join('\n');
      expect(said).toContain(others.post.server === server ? TRACKING : number);
      expect(said).not.toMatch(personal(APPLICANT.name, APPLICANT.documentNumber, APPLICANT.mobile, APPLICANT.address));
    }
    const texts = sms.server.requests.map(({ body }) => body.toString()).join('\n');
    expect(texts).not.toMatch(personal(APPLICANT.name, APPLICANT.documentNumber, APPLICANT.address));
    for (const { server } of [library, there.library, there.sharing, there.credit])
      expect(server.requests.map(({ body }) => body.toString()).join('\n')).not.toContain(APPLICANT.mobile);
  });
});

const personal = (...words: string[]) => new RegExp(words.join('|'));

describe('a bad record is parked with its reason, and nothing else happens', () => {
  it('A8 and A9: the platform that pushes learns it at once', async () => {
    const notes = async () => (await nantong.live.services.cases.demand(key)).document.notes?.length;
    const before = await notes();
    const order = await exampleRecord<HotlineOrder>('a08-hotline', 'bad.json');
    const { status, answer } = await hotline.push({ ...order, bizNo: number });
    expect([status, answer['code']]).toEqual([422, 'MAPPING_FAILED']);
    const urging = await exampleRecord<UrgingOrder>('a09-supervision', 'bad.json');
    const urged = await here.supervision.urge({ ...urging, bjbh: number });
    expect([urged.status, urged.answer['code']]).toEqual([422, 'MAPPING_FAILED']);
    const unknown = await hotline.push({
      ...order,
      orderNo: 'RX-0',
      operatorNo: 'RX0912',
      bizNo: '32060020200101000001',
    });
    expect([unknown.status, unknown.answer['code']]).toEqual([404, 'NOT_FOUND']);
    expect(await parked(nantong, 'hotline')).toEqual([{ code: 'MAPPING_FAILED' }, { code: 'NOT_FOUND' }]);
    expect(await parked(nantong, 'supervision-orders')).toEqual([{ code: 'MAPPING_FAILED' }]);
    expect(await notes()).toBe(before);
  });

  it('A7: the list that we read goes on behind it', async () => {
    const bad = await exampleRecord<Evaluation>('a07-rating', 'bad.json');
    const before = here.rating.synced.length;
    here.rating.offer({ ...bad, projectNo: number });
    await until('the refusal', () => here.rating.synced.length > before);
    expect(here.rating.synced.at(-1)).toMatchObject({
      evaluateId: bad.evaluateId,
      syncState: '2',
      reason: 'MAPPING_FAILED',
    });
    expect(await parked(nantong, 'rating-results')).toEqual([{ code: 'MAPPING_FAILED' }]);
    here.rating.offer({ ...bad, evaluateId: 'PJ-test', projectNo: '0', channel: '0' });
    await until('the next one', () => here.rating.synced.length > before + 1);
    expect(here.rating.synced.at(-1)).toMatchObject({ evaluateId: 'PJ-test', syncState: '1' });
  });
});

async function exampleRecord<T>(example: string, sample: string): Promise<T> {
  return (await exampleRecords<T>(example, sample)) as unknown as T;
}
