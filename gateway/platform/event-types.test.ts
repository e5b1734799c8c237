import { expect, it } from 'vitest';
import { EVENTS } from '../case/transitions.ts';
import { type CaseEventData, caseNews, EVENT_TYPES, inquiryNews, jointNews } from './event-types.ts';

const DATA: CaseEventData = {
  conversation: '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11',
  number: '15062620261122000001',
  peer: '320600',
  event: 'accept',
  actor: '320600',
  state: 'accepted',
  at: 1,
};

it('has a type for every event of a case, with its meaning in both languages', () => {
  for (const event of [...Object.keys(EVENTS), 'rejected']) {
    const news = caseNews({ ...DATA, event });
    expect(news.type).toBe(`cn.tongban.case.${event}.v1`);
    expect(news.subject).toBe(DATA.conversation);
  }
  for (const [type, { zh, en }] of EVENT_TYPES) {
    expect(type).toMatch(/^cn\.tongban\.[a-z-]+\.[a-z-]+\.v1$/);
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(en).toMatch(/^[a-z -]+$/);
  }
});

it('hands on nothing but what a platform needs', () => {
  const all = { ...DATA, event: 'rejected', code: 'ILLEGAL_TRANSITION', applicant: { name: '张三' }, form: {} };
  expect(caseNews(all).data).toEqual({ ...DATA, event: 'rejected', code: 'ILLEGAL_TRANSITION' });
  expect(caseNews(DATA).data).toEqual(DATA);
});

it('says why a result was taken back', () => {
  const news = { ...DATA, event: 'false-materials', ground: 'false-materials' };
  expect(caseNews(news)).toMatchObject({ type: 'cn.tongban.case.false-materials.v1', data: news });
});

it('tells of a joint case under its own conversation', () => {
  const { conversation, number, at } = DATA;
  const data = { conversation, number, agreement: 'a', event: 'complete', state: 'complete', at } as const;
  expect(jointNews(data)).toEqual({ type: 'cn.tongban.joint-case.complete.v1', subject: conversation, data });
  expect(EVENT_TYPES.has('cn.tongban.joint-case.part.v1')).toBe(true);
});

it('does not invent types', () => {
  expect(() => caseNews({ ...DATA, event: 'celebrate' })).toThrow(TypeError);
});

it('P15: tells of an inquiry under its own conversation', () => {
  const { conversation, number, peer, at } = DATA;
  const inquiry = {
    conversation,
    number,
    peer,
    kind: 'verification',
    role: 'asked',
    state: 'open',
    replyBy: 2,
    at,
  } as const;
  const data = { ...inquiry, event: 'reply-overdue' } as const;
  expect(inquiryNews(data)).toEqual({ type: 'cn.tongban.inquiry.reply-overdue.v1', subject: conversation, data });
  expect(EVENT_TYPES.has('cn.tongban.inquiry.asked.v1')).toBe(true);
});
