import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  authorize,
  BACK_OFFICE,
  caseInput,
  ENTRUSTED,
  FOOD_LICENCE,
  fileOf,
  ITEMS,
  NO_MATERIALS,
  WINDOW,
} from '../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import type { CaseFile } from './case-file.ts';
import type { LimitName } from './limits/limit-names.ts';
import type { Event, State } from './transitions.ts';

const NOT_COVERED = 'EX901';

let nantong: LiveRegion;
let uxin: LiveRegion;
let key: string;

beforeAll(async () => {
  nantong = await openLiveRegion(await makeRegionFolder('320600'));
  uxin = await openLiveRegion(await makeRegionFolder('150626'));
  await pinEachOther(nantong, uxin);
  await authorize(nantong, uxin);
  const [, plain] = ITEMS.items;
  await uxin.services.catalogue.importItems({
    items: [...ITEMS.items, { ...plain, code: NOT_COVERED }, { ...plain, code: ENTRUSTED }],
  });
  await uxin.services.catalogue.publish('320600', '跨省通办');
  await until('the new catalogue', async () => (await nantong.services.catalogue.list('150626')).length === 4);
});

afterAll(async () => {
  await Promise.all([nantong.stop(), uxin.stop()]);
  await removeFolders(nantong.folder, uxin.folder);
});

function fileAt(side: LiveRegion): Promise<CaseFile> {
  return side.services.cases.demand(key);
}

function stateOf({ document }: CaseFile, limit: LimitName): string | undefined {
  return document.limits.find(({ name }) => name === limit)?.state;
}

function act(side: LiveRegion, event: Event, data: object = {}): Promise<CaseFile> {
  const handler = side === nantong ? WINDOW : BACK_OFFICE;
  return side.services.cases.act(key, event, { handler, ...data });
}

async function are(here: State, there: State): Promise<void> {
  for (const [side, state] of [
    [nantong, here],
    [uxin, there],
  ] as const) {
    await until(`the case is ${state} at ${side.region}`, async () => {
      const file = await fileAt(side).catch(() => undefined);
      return file?.state === state && !file.pending;
    });
  }
}

async function bothAre(state: State): Promise<void> {
  await are(state, state);
}

/** What the handling region does stays there until `tellAgain`. */
async function fallSilent(): Promise<void> {
  await uxin.wire.dispatcher.stop();
}

async function tellAgain(): Promise<void> {
  await uxin.stop();
  uxin = await openLiveRegion(uxin.folder);
}

/** Rows that a refused act could have left on a side. */
async function traces(side: LiveRegion): Promise<unknown> {
  const { read } = side.core.store;
  return [
    await read.all('SELECT state, pending, version, document FROM case_file ORDER BY conversation'),
    await read.get('SELECT count(*) AS n FROM case_event'),
    await read.get('SELECT count(*) AS n FROM outbox'),
    await read.get('SELECT sum(value) AS n FROM counter'),
  ];
}

/** A case that waits for the handling region. */
async function transferred(): Promise<void> {
  key = (await nantong.services.cases.submit(caseInput('150626', NO_MATERIALS))).conversation;
  await bothAre('transferred');
}

describe('a case that may not be opened', () => {
  it.each<[string, string, string, string, object]>([
    ['the authorization does not cover', 'ITEM_NOT_COVERED', '150626', NOT_COVERED, {}],
    ['the handling region has not published', 'ITEM_UNKNOWN', '150626', 'EX999', {}],
    ['has another mode than was agreed', 'MODE_NOT_COVERED', '150626', NO_MATERIALS, { mode: 'online' }],
    ['belongs to a region that is not pinned', 'PEER_NOT_PINNED', '350500', NO_MATERIALS, {}],
    ['has no applicant', 'VALIDATION_FAILED', '150626', NO_MATERIALS, { applicant: {} }],
  ])('because its item %s is refused at the window: %s', async (_, code, handling, item, changes) => {
    const before = await traces(nantong);
    const { cases } = nantong.services;
    await expect(cases.create(caseInput(handling, item, changes))).rejects.toMatchObject({ code });
    await expect(cases.submit(caseInput(handling, item, changes))).rejects.toMatchObject({ code });
    expect(await traces(nantong)).toEqual(before);
  });

  it('is a whole: what its caller adds and fails with undoes it', async () => {
    const before = await traces(nantong);
    const also = async () => {
      throw new Error('the caller failed');
    };
    await expect(nantong.services.cases.submit(caseInput('150626', NO_MATERIALS), { also })).rejects.toThrow('caller');
    expect(await traces(nantong)).toEqual(before);
  });
});

describe('an act that the case does not allow', () => {
  beforeEach(transferred);

  it.each<[string, 'here' | 'there', Event, object, string]>([
    ['a rating before the end', 'here', 'rate', { score: 5 }, 'VALIDATION_FAILED'],
    ['a delivery before a result', 'here', 'deliver', { way: 'window' }, 'ILLEGAL_TRANSITION'],
    ['a supplement that nobody asked for', 'here', 'submit-supplement', {}, 'ILLEGAL_TRANSITION'],
    ['an acceptance without the right to it', 'here', 'accept', {}, 'RIGHT_MISSING'],
    ['a decision of the receiving region', 'here', 'approve', { explanation: '可' }, 'ILLEGAL_TRANSITION'],
    ['a decision before acceptance', 'there', 'approve', { explanation: '可' }, 'ILLEGAL_TRANSITION'],
    ['the end of a procedure that did not begin', 'there', 'end-special', { result: '无' }, 'ILLEGAL_TRANSITION'],
    ['a withdrawal by the handling region', 'there', 'withdraw', { reason: '撤' }, 'ILLEGAL_TRANSITION'],
    ['a refusal without a reason', 'there', 'refuse', {}, 'VALIDATION_FAILED'],
  ])('is refused where it is tried, and nothing is sent: %s', async (_, where, event, data, code) => {
    const side = where === 'here' ? nantong : uxin;
    const before = await traces(side);
    await expect(act(side, event, data)).rejects.toMatchObject({ code });
    expect(await traces(side)).toEqual(before);
  });

  it('is refused when the case has changed since its caller looked', async () => {
    const { version } = await fileAt(uxin);
    await act(uxin, 'accept');
    const late = uxin.services.cases.act(key, 'approve', { handler: BACK_OFFICE, explanation: '可' }, version);
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
    await bothAre('accepted');
  });

  it('is refused for a case that is not there', async () => {
    await expect(
      nantong.services.cases.act(randomUUID(), 'withdraw', { handler: WINDOW, reason: '撤' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('acts that cross', () => {
  beforeEach(transferred);

  it('a withdrawal after the decision is rejected, and both regions keep the decision', async () => {
    await act(uxin, 'accept');
    await bothAre('accepted');
    await fallSilent();
    await act(uxin, 'approve', { explanation: '符合条件' });
    await act(nantong, 'withdraw', { reason: '不再需要' });
    await until('the rejection', async () => !(await fileAt(nantong)).pending);
    expect(await fileAt(nantong)).toMatchObject({
      state: 'accepted',
      document: { rejected: { event: 'withdraw', code: 'ILLEGAL_TRANSITION' } },
    });
    await tellAgain();
    await bothAre('approved');
  });

  it('a withdrawal before the decision withdraws, and what was on its way is only recorded', async () => {
    await fallSilent();
    await act(uxin, 'accept');
    await act(nantong, 'withdraw', { reason: '不再需要' });
    await bothAre('withdrawn');
    await tellAgain();
    await until('the late message', async () => {
      const events = await nantong.services.cases.events(key);
      return events.at(-1)?.event === 'accept';
    });
    await bothAre('withdrawn');
    expect(stateOf(await fileAt(nantong), 'acceptance')).toBe('ended');
    await expect(act(uxin, 'approve', { explanation: '可' })).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });

  it('a pending act has to be answered before the next', async () => {
    await uxin.stop();
    await act(nantong, 'withdraw', { reason: '不再需要' });
    await expect(act(nantong, 'withdraw', { reason: '又' })).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect((await fileAt(nantong)).pending).toEqual({ event: 'withdraw', settled: false });
    uxin = await openLiveRegion(uxin.folder);
    await bothAre('withdrawn');
  });

  it('the receipt of a Skip is no answer to a pending act', async () => {
    await uxin.stop();
    await act(nantong, 'withdraw', { reason: '不再需要' });
    const skip = {
      peer: '150626',
      id: randomUUID(),
      conversation: key,
      name: 'Skip',
      payload: Buffer.alloc(0),
      sentAt: 0,
    } as const;
    await nantong.core.store.write((tx) => nantong.services.cases.settled(tx, { ...skip, code: '' }));
    expect(await fileAt(nantong)).toMatchObject({ state: 'transferred', pending: { event: 'withdraw' } });
    uxin = await openLiveRegion(uxin.folder);
    await bothAre('withdrawn');
  });
});

describe('the ways a case may end early', () => {
  beforeEach(transferred);

  it.each<[Event, object, State]>([
    ['refuse', { reason: '不属于职权范围', legalBasis: '行政许可法' }, 'refused'],
    ['return', { reason: '应由其他旗县办理' }, 'sent-back'],
  ])('%s ends it on both sides', async (event, data, state) => {
    await act(uxin, event, data);
    await bothAre(state);
    await expect(act(nantong, 'withdraw', { reason: '撤' })).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await expect(act(uxin, 'accept')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });

  it('a denial is delivered and rated like any result', async () => {
    await act(uxin, 'accept');
    await act(uxin, 'deny', { explanation: '不符合条件' });
    await bothAre('denied');
    await act(nantong, 'deliver', { way: 'window' });
    await bothAre('delivered');
    await nantong.services.cases.act(key, 'rate', { score: 1 });
    await bothAre('rated');
  });
});

describe('a supplement', () => {
  it('is asked for once at a time, before and after acceptance, and stops the clock', async () => {
    await transferred();
    const wanted = {
      items: [{ material: '平面布局图', reason: '缺少' }],
      deadline: Date.now() + 86_400_000,
      way: '窗口',
    };
    const add = (seed: string) =>
      nantong.services.cases.addMaterial(
        key,
        { name: '平面布局图', mediaType: 'image/png', grade: 'D' },
        fileOf(seed, 100),
      );
    await expect(add('too early')).rejects.toMatchObject({ code: 'CONFLICT' });
    await act(uxin, 'request-supplement', wanted);
    await bothAre('supplementing');
    await expect(act(uxin, 'request-supplement', wanted)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    const first = await add(`first of ${key}`);
    await act(nantong, 'submit-supplement');
    await bothAre('transferred');
    await act(uxin, 'accept');
    await bothAre('accepted');
    await act(uxin, 'request-supplement', wanted);
    await bothAre('supplementing-accepted');
    expect(stateOf(await fileAt(uxin), 'promised')).toBe('stopped');
    const second = await add(`second of ${key}`);
    await act(nantong, 'submit-supplement');
    await bothAre('accepted');
    const file = await fileAt(uxin);
    const { document } = file;
    expect(stateOf(file, 'promised')).toBe('running');
    expect(document.materials.map(({ digest }) => digest)).toEqual([first.digest, second.digest]);
    expect(document.steps['submit-supplement']).toMatchObject({ materials: [second.digest] });
  });
});

describe('the files of a draft', () => {
  it('are demanded by the item before the case is taken in, and changed only at the window', async () => {
    const { cases } = nantong.services;
    key = (await cases.create(caseInput('150626', FOOD_LICENCE))).conversation;
    await expect(act(nantong, 'receive')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(cases.checkOriginal(key, '00'.repeat(32), WINDOW)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const licence = { material: '营业执照', reason: '缺少' };
    await expect(act(nantong, 'one-time-notice', { items: [licence] })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/items', message: expect.stringContaining('食品经营许可申请书') }],
    });
    expect((await fileAt(nantong)).state).toBe('draft');
    await act(nantong, 'one-time-notice', { items: [licence, { material: '食品经营许可申请书', reason: '缺少' }] });
    expect((await fileAt(nantong)).state).toBe('returned');
    await act(nantong, 'retake');
    const { document } = await fileAt(nantong);
    expect(document.materials).toEqual([]);
    await expect(
      uxin.services.cases.addMaterial(key, { name: 'x', mediaType: 'image/png', grade: 'D' }, fileOf('x', 1)),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an entrusted acceptance (R1b)', () => {
  async function opened(item: string): Promise<void> {
    key = (await nantong.services.cases.create(caseInput('150626', item))).conversation;
  }

  it('R1b: is made by the receiving region, and both regions see it', async () => {
    await opened(ENTRUSTED);
    await act(nantong, 'receive');
    await act(nantong, 'transfer');
    await bothAre('transferred');
    await act(nantong, 'accept');
    await bothAre('accepted');
    expect(stateOf(await fileAt(uxin), 'promised')).toBe('running');
    await act(uxin, 'approve', { explanation: '符合条件' });
    await bothAre('approved');
  });

  it('R1b: is not made by a region without the right', async () => {
    await opened(NO_MATERIALS);
    await act(nantong, 'receive');
    await act(nantong, 'transfer');
    await bothAre('transferred');
    await expect(act(nantong, 'accept')).rejects.toMatchObject({ code: 'RIGHT_MISSING' });
    await bothAre('transferred');
  });

  it('R2: does not bring the right to give a one-time notice', async () => {
    const items = [{ material: '营业执照', reason: '缺少' }];
    await opened(ENTRUSTED);
    await expect(act(nantong, 'one-time-notice', { items })).rejects.toMatchObject({ code: 'RIGHT_MISSING' });
    expect((await fileAt(nantong)).state).toBe('draft');
    await opened(NO_MATERIALS);
    expect((await act(nantong, 'one-time-notice', { items })).state).toBe('returned');
    expect((await act(nantong, 'retake')).state).toBe('draft');
  });
});
