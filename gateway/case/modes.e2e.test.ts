import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  APPLICANT,
  agreementDraft,
  authorize,
  caseInput,
  ITEMS,
  NO_MATERIALS,
  WINDOW,
} from '../testing/agency-case.ts';
import { makeRegionFolder, openLiveRegion, pinEachOther, removeFolders, until } from '../testing/live-region.ts';
import { SharedCase, type Sides } from '../testing/shared-case.ts';
import type { NoteName } from './notes/notes.ts';
import type { Event } from './transitions.ts';

const BOTH_MODES = 'EX903';
/** Bound to no place: whoever takes it in decides it. */
const ANYWHERE = 'EX904';
const PLAN = '平面布局图';
const PARCEL = 'EA123456789CN';

/** What the allow-list of the authorization lets travel. */
const PERMITTED = { ...APPLICANT, address: '' };

let sides: Sides;

beforeAll(async () => {
  const nantong = await openLiveRegion(await makeRegionFolder('320600'));
  const uxin = await openLiveRegion(await makeRegionFolder('150626'));
  sides = { receiving: nantong, handling: uxin };
  await pinEachOther(nantong, uxin);
  const [grant] = agreementDraft('320600', '150626').grants;
  const report = { ...grant!, items: [ANYWHERE], modes: ['direct'] as const, rights: ['R1a'] as const };
  const all = {
    ...grant!,
    items: [BOTH_MODES],
    modes: ['agency', 'online'] as const,
    rights: ['R1a', 'R1b', 'R5'] as const,
  };
  await authorize(nantong, uxin, Date.now(), {
    grants: [grant!, all, report],
    fields: ['applicant.name', 'applicant.mobile', 'applicant.documentNumber', 'form.*'],
  });
  const [, plain] = ITEMS.items;
  const materials = [{ name: PLAN, original_to_be_checked: false, may_follow_later: false }];
  const item = { ...plain!, code: BOTH_MODES, modes: ['agency', 'online'], materials };
  await uxin.services.catalogue.importItems({ items: [...ITEMS.items, item] });
  const anywhere = { ...plain!, modes: ['direct'], promised_working_days: 1 };
  await nantong.services.catalogue.importItems({
    items: [
      { ...anywhere, code: ANYWHERE },
      { ...anywhere, code: 'EX905' },
    ],
  });
  await uxin.services.catalogue.publish('320600', '跨省通办');
  await until('the new catalogue', async () => (await nantong.services.catalogue.list('150626')).length === 3);
});

afterAll(async () => {
  const { receiving, handling } = sides;
  await Promise.all([receiving.stop(), handling.stop()]);
  await removeFolders(receiving.folder, handling.folder);
});

describe('M1 全程网办 online', () => {
  it('P0: materials are previewed, mended and handed in; the department decides and delivers', async () => {
    const online = await SharedCase.open(sides, BOTH_MODES, 'online');
    await online.handIn(PLAN, 'first');
    await online.act('receiving', 'request-preview');
    await online.are('previewing');
    const seen = await online.at('handling');
    expect(seen.document.materials.map(({ name }) => name)).toEqual([PLAN]);
    expect(seen.document.limits).toEqual([]);

    const opinions = [{ material: PLAN, verdict: 'wrong', reason: '比例尺不清' }];
    await online.act('handling', 'give-preview', { opinions, summary: '请重新绘制' });
    await online.are('previewed');
    expect((await online.at('receiving')).document.steps['give-preview']).toMatchObject({
      opinions,
      summary: '请重新绘制',
    });

    await online.handIn(PLAN, 'mended');
    await online.takenIn();
    expect((await online.at('handling')).document.materials).toHaveLength(2);
    expect((await online.at('handling')).number).toBe(seen.number);
    await online.act('handling', 'accept');
    await online.act('handling', 'approve', { explanation: '准予许可' });
    await online.are('approved');
  });

  it('leaves acceptance and delivery to the department, whatever rights were granted', async () => {
    const online = await SharedCase.open(sides, BOTH_MODES, 'online');
    await online.handIn(PLAN, 'own');
    await online.takenIn();
    const before = await online.at('receiving');
    await expect(online.act('receiving', 'accept')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(await online.at('receiving')).toEqual(before);

    const agency = await SharedCase.open(sides, BOTH_MODES);
    await agency.handIn(PLAN, 'own');
    await agency.takenIn();
    await agency.act('receiving', 'accept');
    await agency.are('accepted');
  });

  it('knows no one-time notice at a window', async () => {
    const online = await SharedCase.open(sides, BOTH_MODES, 'online');
    const items = [{ material: PLAN, reason: '缺少' }];
    await expect(online.act('receiving', 'one-time-notice', { items })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    expect((await online.at('receiving')).state).toBe('draft');
  });

  it('refuses a case in a mode that was not agreed', async () => {
    await expect(SharedCase.open(sides, NO_MATERIALS, 'online')).rejects.toMatchObject({ code: 'MODE_NOT_COVERED' });
  });
});

describe('M4 直接通办 direct', () => {
  const direct = async (item: string) => {
    const input = caseInput('150626', item, { mode: 'direct' });
    return sides.receiving.services.cases.create(input);
  };
  const step = (key: string, event: Event, data: object = {}) =>
    sides.receiving.services.cases.act(key, event, { handler: WINDOW, ...data });
  const decided = async (key: string) => {
    for (const event of ['receive', 'accept'] as const) await step(key, event);
    return step(key, 'deny', { explanation: '不符合条件' });
  };
  const envelopes = async () => (await sides.receiving.core.store.read.get('SELECT count(*) AS n FROM outbox'))!.n;

  it('is decided where it was taken in, with clocks of its own, and the home region learns the outcome alone', async () => {
    const before = await envelopes();
    const { conversation, number } = await direct(ANYWHERE);
    await step(conversation, 'receive');
    expect((await step(conversation, 'accept')).document.limits).toMatchObject([
      { name: 'acceptance', state: 'ended' },
      { name: 'promised', state: 'running', days: 1 },
    ]);
    expect(await envelopes()).toBe(before);
    await step(conversation, 'deny', { explanation: '不符合条件' });
    const told = () => sides.handling.services.cases.directOutcomes(10);
    await until('the outcome', async () => (await told()).length === 1);
    expect(await told()).toMatchObject([
      { conversation, peer: '320600', number, item: ANYWHERE, decision: 'denied', certificate: '' },
    ]);
    // Name, number and telephone are on the allow-list, the address is not.
    expect((await told()).map(({ applicant }) => applicant)).toEqual([PERMITTED]);
    await expect(sides.handling.services.cases.demand(conversation)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const holdings = await sides.receiving.services.cases.holdings(conversation);
    expect(new Set(holdings.map(({ region }) => region))).toEqual(new Set(['320600']));
    expect((await step(conversation, 'deliver', { way: 'window' })).state).toBe('delivered');
  });

  it('tells nobody where no authorization says so', async () => {
    const before = await envelopes();
    const { conversation } = await direct('EX905');
    expect((await decided(conversation)).state).toBe('denied');
    expect(await envelopes()).toBe(before);
    expect((await sides.receiving.services.cases.events(conversation)).at(-1)).toMatchObject({
      event: 'home-not-told',
    });
  });

  it.each<[string, string, object]>([
    ['an item that is bound to a place', 'ITEM_UNKNOWN', { item: BOTH_MODES }],
    ['somebody of our own', 'VALIDATION_FAILED', { handlingRegion: '320600' }],
  ])('is not for %s: %s', async (_, code, changes) => {
    const before = await sides.receiving.core.store.read.get('SELECT count(*) AS n FROM case_file');
    const input = caseInput('150626', ANYWHERE, { mode: 'direct', ...changes });
    await expect(sides.receiving.services.cases.create(input)).rejects.toMatchObject({ code });
    await expect(sides.receiving.services.cases.submit(input)).rejects.toMatchObject({ code });
    expect(await sides.receiving.core.store.read.get('SELECT count(*) AS n FROM case_file')).toEqual(before);
  });

  it('is not handed over', async () => {
    const { conversation } = await direct(ANYWHERE);
    await step(conversation, 'receive');
    await expect(step(conversation, 'transfer')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await expect(
      sides.receiving.services.cases.submit(caseInput('150626', ANYWHERE, { mode: 'direct' })),
    ).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});

describe('paper originals', () => {
  const parcels = [{ material: PLAN, copies: 2 }];

  it('P5, P5a: are announced with their number and signed in; the state stays, both regions keep it', async () => {
    const agency = await SharedCase.open(sides, BOTH_MODES);
    await agency.handIn(PLAN, 'paper');
    await agency.takenIn();
    await agency.note('receiving', 'paper-sent', { carrier: 'EMS', trackingNumber: PARCEL, parcels });
    await until('the news of the parcel', async () => (await agency.at('handling')).document.notes?.length === 1);
    const received = [{ material: PLAN, isComplete: false, remark: '缺第 3 页' }];
    await agency.note('handling', 'paper-signed-in', { trackingNumber: PARCEL, parcels: received });
    await until('the news of its arrival', async () => (await agency.at('receiving')).document.notes?.length === 2);
    await agency.are('transferred');

    const views = await Promise.all(
      (['receiving', 'handling'] as const).map(async (side) => (await agency.at(side)).document.notes),
    );
    const facts = views.map((notes) =>
      notes!.map(({ kind, region, handler, at, data }) => ({ kind, region, handler, at, data })),
    );
    expect(facts[0]).toEqual(facts[1]);
    expect(facts[0]).toMatchObject([
      { kind: 'paper-sent', region: '320600', data: { trackingNumber: PARCEL, parcels } },
      { kind: 'paper-signed-in', region: '150626', data: { parcels: received } },
    ]);
    const events = await sides.handling.services.cases.events(agency.key);
    expect(events.map(({ event }) => event)).toEqual(['transfer', 'paper-sent', 'paper-signed-in']);
  });

  it('can be noted while an act waits for its receipt, and wait for nothing themselves', async () => {
    const agency = await SharedCase.open(sides, BOTH_MODES);
    await agency.handIn(PLAN, 'crossing');
    await agency.takenIn();
    await sides.handling.stop();
    await agency.act('receiving', 'withdraw', { reason: '不再需要' });
    const noted = await agency.note('receiving', 'paper-sent', { carrier: 'EMS', trackingNumber: PARCEL, parcels });
    expect(noted).toMatchObject({ state: 'transferred', pending: { event: 'withdraw' } });
    sides.handling = await openLiveRegion(sides.handling.folder);
    await agency.are('withdrawn');
    await until('the note', async () => (await agency.at('handling')).document.notes?.length === 1);
  });

  it.each<[string, keyof Sides, NoteName, object]>([
    [
      'signed in that nobody sent',
      'handling',
      'paper-signed-in',
      { trackingNumber: 'EA000', parcels: [{ material: PLAN, isComplete: true, remark: '' }] },
    ],
    ['sent by the department', 'handling', 'paper-sent', { carrier: 'EMS', trackingNumber: PARCEL, parcels }],
  ])('are refused when %s, and nothing is told', async (_, side, kind, data) => {
    const agency = await SharedCase.open(sides, BOTH_MODES);
    await agency.handIn(PLAN, 'refused');
    await agency.takenIn();
    const before = await agency.at(side);
    await expect(agency.note(side, kind, data)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(await agency.at(side)).toEqual(before);
  });
});
