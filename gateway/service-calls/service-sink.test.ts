import { beforeEach, describe, expect, it } from 'vitest';
import { type Adapter, type CaseDesk, PlatformError } from '#adapters';
import { testEvent } from '../../adapters/testing/context.ts';
import { type ServicesSection, servicesOf } from '../config/services-config.ts';
import { endOfQuiet } from './quiet-hours.ts';
import { serviceSink } from './service-sink.ts';

const NOON = Date.parse('2026-11-22T12:00:00+08:00');
const HOUR = 3_600_000;
const CONVERSATION = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
const NUMBER = '15062620261122000001';
const { signal } = new AbortController();

let found: Record<string, unknown> | undefined;
let requests: object[];
let now: number;
let isInLocker: boolean;

const cases = { read: async () => found } as unknown as CaseDesk;
const take = async (request: object) => void requests.push(request);

beforeEach(() => {
  requests = [];
  now = NOON;
  isInLocker = false;
  found = {
    number: NUMBER,
    item: 'EX018',
    role: 'receiving',
    queryCode: 'ABCDEFGH23',
    applicant: { mobile: '13800000000', name: '测试人' },
    handler: { organisation: '测试大厅' },
    steps: { deliver: { way: 'locker' }, 'request-supplement': { deadline: NOON + 24 * HOUR } },
  };
});

function sinkOf(adapter: object, section: ServicesSection = {}, desk = cases) {
  const config = servicesOf(section);
  const context = { region: '150626', config, clock: { now: () => now }, isInLocker: async () => isInLocker };
  return serviceSink(adapter as Adapter, desk, context)!;
}

/** An event of a case of the region, or of the other one. */
function caseEvent(event: string, changes: object = {}) {
  const data = {
    conversation: CONVERSATION,
    number: NUMBER,
    peer: '320600',
    event,
    actor: '150626',
    state: 'x',
    at: NOON,
  };
  return testEvent(1, { type: `cn.tongban.case.${event}.v1`, time: NOON, data: { ...data, ...changes } });
}

describe('text messages', () => {
  const templates = { templates: { accept: 'SMS_1', 'request-supplement': 'SMS_2' } };
  const sms = (section: NonNullable<ServicesSection['sms']> = {}, desk = cases) =>
    sinkOf({ sms: { send: take } }, { sms: { ...templates, ...section } }, desk);

  it('say by template, number and day how far a case is', async () => {
    await sms().deliver(caseEvent('accept'), signal);
    await sms().deliver(caseEvent('request-supplement'), signal);
    const parameters = { number: NUMBER, item: 'EX018', day: '2026-11-22', queryCode: 'ABCDEFGH23' };
    const { id } = testEvent(1);
    expect(requests).toEqual([
      { id, mobile: '13800000000', template: 'SMS_1', parameters },
      { id, mobile: '13800000000', template: 'SMS_2', parameters: { ...parameters, until: '2026-11-23' } },
    ]);
  });

  it('take the template of the item, and none where the item has none', async () => {
    await sms({ items: { EX018: { accept: 'SMS_9', 'request-supplement': '' } } }).deliver(caseEvent('accept'), signal);
    await sms({ items: { EX018: { 'request-supplement': '' } } }).deliver(caseEvent('request-supplement'), signal);
    expect(requests).toEqual([expect.objectContaining({ template: 'SMS_9' })]);
  });

  it('look at no case for a step without a template, or for what is no case', async () => {
    const desk = { read: () => Promise.reject(new Error('nobody may look')) } as unknown as CaseDesk;
    await sms({}, desk).deliver(caseEvent('transfer'), signal);
    await sms({}, desk).deliver(testEvent(1, { type: 'cn.tongban.catalogue.received.v1' }), signal);
    expect(requests).toEqual([]);
  });

  it.each([
    ['without a mobile number', { applicant: { mobile: '' } }],
    ['in the part of the other region', { role: 'handling' }],
  ])('are not sent for a case %s', async (_what, changes) => {
    found = { ...found, ...changes };
    await sms().deliver(caseEvent('accept'), signal);
    expect(requests).toEqual([]);
  });

  it('are not sent for a case that is gone, or a step of long ago', async () => {
    const [known, steps] = [found, sms()];
    found = undefined;
    await steps.deliver(caseEvent('accept'), signal);
    found = known;
    now = NOON + 73 * HOUR;
    await steps.deliver(caseEvent('accept'), signal);
    expect(requests).toEqual([]);
  });

  it('go to the applicants of both parts where the region says so', async () => {
    found = { ...found, role: 'handling' };
    await sms({ parts: ['handling', 'receiving'] }).deliver(caseEvent('accept'), signal);
    expect(requests).toHaveLength(1);
  });

  it('wait until a case can be read', async () => {
    const desk = { read: () => Promise.reject(new Error('the store is away')) } as unknown as CaseDesk;
    const error = await sms({}, desk)
      .deliver(caseEvent('accept'), signal)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({ retryable: true });
  });

  it('wait for the morning', () => {
    const at = (text: string) => Date.parse(`2026-11-${text}:00+08:00`);
    const opensAt = (text: string) => sms().opensAt!(at(text));
    expect(opensAt('22T20:59')).toBe(at('22T20:59'));
    expect(opensAt('22T21:00')).toBe(at('23T08:00'));
    expect(opensAt('23T00:00')).toBe(at('23T08:00'));
    expect(opensAt('23T07:59')).toBe(at('23T08:00'));
    expect(opensAt('23T08:00')).toBe(at('23T08:00'));
    expect(sms({ quiet_hours: 'none' }).opensAt!(at('23T03:00'))).toBe(at('23T03:00'));
    expect(endOfQuiet({ from: 12 * 60, to: 14 * 60 }, at('22T13:00'))).toBe(at('22T14:00'));
    expect(endOfQuiet({ from: 12 * 60, to: 14 * 60 }, at('22T14:00'))).toBe(at('22T14:00'));
  });
});

it('supervision learns of every step and of every limit, and nothing of whoever applies', async () => {
  const supervision = sinkOf({ supervision: { report: take } });
  await supervision.deliver(caseEvent('accept'), signal);
  await supervision.deliver(caseEvent('limit-overdue', { limit: 'promised', dueAt: NOON - 1 }), signal);
  await supervision.deliver(testEvent(1, { type: 'cn.tongban.certificate.issued.v1' }), signal);
  const about = { conversation: CONVERSATION, number: NUMBER, peer: '320600', actor: '150626', state: 'x', at: NOON };
  const { id } = testEvent(1);
  expect(requests).toEqual([
    { id, ...about, event: 'accept', sequence: 1 },
    { id, ...about, event: 'limit-overdue', sequence: 1, limit: 'promised', dueAt: NOON - 1 },
  ]);
});

it('whoever took a case in invites to rate it once it is delivered, without a name or a number of a telephone', async () => {
  const rating = sinkOf({ rating: { invite: take } });
  await rating.deliver(caseEvent('accept'), signal);
  await rating.deliver(caseEvent('deliver', { actor: '320600' }), signal);
  found = { ...found, role: 'handling' };
  await rating.deliver(caseEvent('deliver'), signal);
  expect(requests).toEqual([
    {
      ...{ id: testEvent(1).id, conversation: CONVERSATION, number: NUMBER, item: 'EX018', queryCode: 'ABCDEFGH23' },
      ...{ organisation: '测试大厅', at: NOON },
    },
  ]);
});

describe('a locker', () => {
  const locker = () =>
    sinkOf({
      locker: {
        order: (order: object) => take({ order }),
        cancel: (cancel: object) => take({ cancel }),
      },
    });
  const about = { id: testEvent(1).id, conversation: CONVERSATION };

  it('is ordered for what we deliver that way, and cancelled while it lies there', async () => {
    await locker().deliver(caseEvent('deliver'), signal);
    isInLocker = true;
    await locker().deliver(caseEvent('revoke', { actor: '320600' }), signal);
    expect(requests).toEqual([{ order: { ...about, number: NUMBER, item: 'EX018' } }, { cancel: about }]);
  });

  it('has no part in what goes another way, what others deliver, and what was taken out', async () => {
    await locker().deliver(caseEvent('deliver', { actor: '320600' }), signal);
    await locker().deliver(caseEvent('revoke'), signal);
    isInLocker = true;
    found = { ...found, steps: { deliver: { way: 'window' } } };
    await locker().deliver(caseEvent('deliver'), signal);
    await locker().deliver(caseEvent('revoke'), signal);
    expect(requests).toEqual([]);
  });
});

it('is for services alone', () => {
  expect(sinkOf({ kind: 'http-query' })).toBeUndefined();
});
