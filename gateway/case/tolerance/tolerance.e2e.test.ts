import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Mode } from '#proto';
import { PlatformServer } from '../../../adapters/testing/platform-server.ts';
import {
  APPLICANT,
  authorize,
  CODES,
  caseInput,
  fileOf,
  ITEMS,
  NO_MATERIALS,
  WINDOW,
} from '../../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../../testing/live-region.ts';
import { SharedCase, type Sides } from '../../testing/shared-case.ts';
import { LimitWatch } from '../limits/limit-watch.ts';
import type { Event } from '../transitions.ts';

/** What of it may follow later: PLAN and LEASE. */
const TOLERANT = 'EX910';
/** Silence accepts it. */
const SILENT = 'EX911';
/** As both, decided where it is taken in. */
const ANYWHERE = 'EX912';
const FORM = '申请表';
const PLAN = '平面布局图';
const LEASE = '场所使用证明';
const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY = { name: '乌审旗市场监督管理局', code: CODES.uxinMarket };
const CERTIFICATE = {
  authority: AUTHORITY,
  validUntil: Date.now() + 5 * 365 * DAY_MS,
  fields: {
    legal_representative: '测试人',
    residence: '测试路1号',
    business_premises: '测试路1号',
    business_form: '食品销售经营者',
    business_items: '预包装食品销售',
  },
};
const REVOCATION = { reason: '以欺骗手段取得', legalBasis: '行政许可法第六十九条' };

/** Both regions go by it. */
const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
const credit = { says: 'good', asked: 0 };
let platform: PlatformServer;
let sides: Sides;

beforeAll(async () => {
  platform = await new PlatformServer().listen();
  platform.handler = ({ path }, response) => {
    if (path !== '/credit') return response.writeHead(204).end();
    credit.asked += 1;
    if (credit.says === 'dead') return response.writeHead(503).end();
    return response.writeHead(200).end(JSON.stringify({ result: credit.says, code: 'C1' }));
  };
  const receiving = await openLiveRegion(await makeRegionFolder('320600'), clock);
  const handling = await openLiveRegion(await makeRegionFolder('150626'), clock);
  sides = { receiving, handling };
  await startPlatforms(handling);
  await pinEachOther(receiving, handling);
  await authorize(receiving, handling, Date.now(), {
    grants: [
      {
        grantor: '150626',
        grantee: '320600',
        department: AUTHORITY,
        rights: ['R1a', 'R1b', 'R2', 'R5'],
        items: [NO_MATERIALS, TOLERANT, SILENT],
        modes: ['agency'],
      },
    ],
  });
  const plain = { ...ITEMS.items[1]!, result: '食品经营许可证', promised_working_days: 60 };
  const material = (name: string, mayFollow: boolean) => ({
    name,
    original_to_be_checked: false,
    may_follow_later: mayFollow,
  });
  const materials = [material(FORM, false), material(PLAN, true), material(LEASE, true)];
  const silence = { silence_accepts: true, acceptance_working_days: 1 };
  await handling.services.catalogue.importItems({
    items: [...ITEMS.items, { ...plain, code: TOLERANT, materials }, { ...plain, code: SILENT, ...silence }],
  });
  await receiving.services.catalogue.importItems({
    items: [{ ...plain, code: ANYWHERE, modes: ['direct'], materials: [material(PLAN, true)], ...silence }],
  });
  await handling.services.catalogue.publish('320600', '跨省通办');
  await until('the new catalogue', async () => (await receiving.services.catalogue.list('150626')).length === 4);
}, 60_000);

afterAll(async () => {
  const { receiving, handling } = sides;
  await handling.services.platforms.stop();
  await Promise.all([receiving.stop(), handling.stop()]);
  await removeFolders(receiving.folder, handling.folder);
  await platform.close();
});

beforeEach(() => {
  credit.says = 'good';
  credit.asked = 0;
});

/** The handling region has a credit platform, and one that gets events. */
function startPlatforms({ services }: LiveRegion): Promise<void> {
  const auth = { type: 'none' };
  return services.platforms.start([
    { kind: 'http-credit', name: 'credit', settings: { url: `http://${platform.host}/credit`, auth } },
    { kind: 'http', name: 'hall', settings: { url: `http://${platform.host}/events`, mode: 'structured', auth } },
  ]);
}

/** Events of a case that the platform of the handling region got. */
const told = (shared: SharedCase) =>
  platform.requests
    .filter(({ path }) => path === '/events')
    .map(({ body }) => JSON.parse(body.toString()) as { type: string; subject: string; data: object })
    .filter(({ subject }) => subject === shared.key);

const commitmentFor = (names: readonly string[], days = 10, changes: object = {}) => ({
  materials: names.map((material) => ({ material, dueAt: clock.now() + days * DAY_MS })),
  text: '本人承诺按期补齐,逾期愿承担撤销等后果。',
  signedAt: clock.now(),
  ...changes,
});

let seeds = 0;
async function handedIn(...names: string[]): Promise<SharedCase> {
  const shared = await SharedCase.open(sides, TOLERANT);
  seeds += 1;
  for (const name of names) await shared.handIn(name, `${name} ${seeds}`);
  return shared.takenIn();
}

async function acceptedWithout(...names: string[]): Promise<SharedCase> {
  const shared = await handedIn(...[FORM, PLAN, LEASE].filter((name) => !names.includes(name)));
  await shared.act('handling', 'accept', { commitment: commitmentFor(names) });
  return shared.are('accepted');
}

async function issued(shared: SharedCase): Promise<string> {
  await shared.act('handling', 'approve', { explanation: '符合条件' });
  await shared.act('handling', 'issue', CERTIFICATE);
  await shared.are('issued');
  return (await shared.at('receiving')).document.certificate!;
}

/** An act or a note fails and leaves nothing behind. */
async function refused(work: () => Promise<unknown>, shared: SharedCase, error: object): Promise<void> {
  const before = [await shared.at('receiving'), await shared.at('handling')];
  await expect(work()).rejects.toMatchObject(error);
  expect([await shared.at('receiving'), await shared.at('handling')]).toEqual(before);
}

const limitOf = async (shared: SharedCase, side: keyof Sides, name: string) =>
  (await shared.at(side)).document.limits.find((limit) => limit.name === name);

const bothSides = ['receiving', 'handling'] as const;

describe('P8 容缺受理', () => {
  it.each<[string, string[], (string | undefined)[]]>([
    ['a commitment names nothing', [], [undefined, undefined]],
    ['it leaves one out', [PLAN], [undefined]],
    ['it names what must be there', [PLAN, LEASE, FORM], ['/commitment/materials/2/material']],
    ['it names one twice', [PLAN, LEASE, PLAN], ['/commitment/materials/2/material']],
  ])('P8: nothing is accepted when %s', async (_, names, pointers) => {
    const shared = await handedIn(FORM);
    const missing = [PLAN, LEASE].filter((name) => !names.includes(name)).map((name) => `/materials/${name}`);
    const act = { commitment: commitmentFor(names) };
    const problems = pointers.map((pointer, index) => ({ pointer: pointer ?? missing[index] }));
    const accept = () => shared.act('handling', 'accept', names.length > 0 ? act : {});
    await refused(accept, shared, { code: 'VALIDATION_FAILED', problems });
    expect(credit.asked).toBe(0);
  });

  it('P8: a commitment names a day to come and a document of the case, or none', async () => {
    const shared = await handedIn(FORM);
    const late = { commitment: commitmentFor([PLAN, LEASE], -1, { document: 'ab'.repeat(32) }) };
    await refused(() => shared.act('handling', 'accept', late), shared, {
      code: 'VALIDATION_FAILED',
      problems: [
        { pointer: '/commitment/materials/0/dueAt' },
        { pointer: '/commitment/materials/1/dueAt' },
        { pointer: '/commitment/document' },
      ],
    });
  });

  it('P8: the result is handed over by neither region until the rest is in, which both then have', async () => {
    const shared = await acceptedWithout(PLAN, LEASE);
    for (const side of bothSides) {
      const { document } = await shared.at(side);
      expect(document.commitment).toMatchObject({ materials: [{ material: PLAN }, { material: LEASE }] });
      expect(document.limits).toContainEqual(
        expect.objectContaining({
          name: 'commitment',
          state: 'running',
          dueAt: document.commitment!.materials[0]!.dueAt,
        }),
      );
    }
    await issued(shared);
    for (const side of bothSides)
      await refused(() => shared.act(side, 'deliver', { way: 'window' }), shared, {
        code: 'ILLEGAL_TRANSITION',
        message: expect.stringContaining(`${PLAN}、${LEASE}`),
      });
    await refused(() => shared.note('receiving', 'rest-handed-in', {}), shared, { code: 'ILLEGAL_TRANSITION' });
    await expect(shared.handIn(FORM, 'another form')).rejects.toMatchObject({ code: 'CONFLICT' });

    await shared.handIn(PLAN, `rest ${shared.key}`);
    await shared.note('receiving', 'rest-handed-in', {});
    await handedInIs(shared, [PLAN]);
    await refused(() => shared.act('receiving', 'deliver', { way: 'window' }), shared, { code: 'ILLEGAL_TRANSITION' });
    await shared.handIn(LEASE, `lease ${shared.key}`);
    await shared.note('receiving', 'rest-handed-in', {});
    await handedInIs(shared, [PLAN, LEASE]);
    for (const side of bothSides) expect(await limitOf(shared, side, 'commitment')).toMatchObject({ state: 'ended' });
    const [here, there] = await Promise.all(bothSides.map((side) => shared.at(side)));
    const files = ({ document }: NonNullable<typeof here>) =>
      document.materials.map(({ name, digest }) => [name, digest]);
    expect(files(there!)).toEqual(files(here!));
    const plan = there!.document.materials.find(({ name }) => name === PLAN)!;
    const { size } = await sides.handling.core.materials.open(shared.key, Buffer.from(plan.digest, 'hex'));
    expect(size).toBe(5000);
    await shared.act('receiving', 'deliver', { way: 'window' });
    await shared.are('delivered');
  });

  it('P8: a result that is handed over all the same is refused on arrival, from either region', async () => {
    const shared = await acceptedWithout(PLAN);
    await issued(shared);
    const payload = { way: 'window', deliveredAt: clock.now(), handler: WINDOW };
    for (const side of bothSides) {
      expect(await sendAnyway(side, shared, 'ResultDelivered', payload)).toBe('ILLEGAL_TRANSITION');
      await shared.are('issued');
    }
  });

  it('P8: a supplement that brings what was promised counts', async () => {
    const shared = await acceptedWithout(PLAN);
    const items = [{ material: PLAN, reason: '请一并提交' }];
    await shared.act('handling', 'request-supplement', { items, deadline: clock.now() + DAY_MS, way: '窗口' });
    await shared.are('supplementing-accepted');
    await shared.handIn(PLAN, `supplement ${shared.key}`);
    await shared.act('receiving', 'submit-supplement');
    await shared.are('accepted');
    await handedInIs(shared, [PLAN]);
  });

  it('P8: a refusal is told without waiting, and ends the time for the rest', async () => {
    const shared = await acceptedWithout(PLAN);
    await shared.act('handling', 'deny', { explanation: '不符合条件' });
    await shared.act('handling', 'deliver', { way: 'post' });
    await shared.are('delivered');
    for (const side of bothSides) expect(await limitOf(shared, side, 'commitment')).toMatchObject({ state: 'ended' });
  });

  it('P8: a promise that is broken is told to both, and the result may be taken back for it', async () => {
    const shared = await acceptedWithout(PLAN);
    await issued(shared);
    const broken = { ground: 'commitment-broken', ...REVOCATION };
    await refused(() => shared.act('handling', 'revoke', broken), shared, { code: 'ILLEGAL_TRANSITION' });
    clock.ahead += 11 * DAY_MS;
    await Promise.all(bothSides.map((side) => sides[side].services.limits.look()));
    for (const side of bothSides) {
      const events = await sides[side].services.cases.events(shared.key);
      expect(events.filter(({ event }) => event === 'limit-overdue')).toContainEqual(
        expect.objectContaining({ data: expect.objectContaining({ limit: 'commitment', holder: 'receiving' }) }),
      );
    }
    await shared.act('handling', 'revoke', broken);
    await shared.are('revoked');
    const [last] = (await sides.receiving.services.cases.events(shared.key)).slice(-1);
    expect(last).toMatchObject({ event: 'revoke', data: { ground: 'commitment-broken' } });
    await until('the news', () => told(shared).some(({ type }) => type === 'cn.tongban.case.revoke.v1'));
    expect(told(shared)).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ event: 'revoke', ground: 'commitment-broken' }) }),
    );
  });
});

describe('P8 by a window with R1b', () => {
  it('P8: the receiving region accepts against a commitment, whose document is with the case', async () => {
    const shared = await SharedCase.open(sides, TOLERANT);
    for (const name of [FORM, LEASE, '告知承诺书']) await shared.handIn(name, `${name} ${shared.key}`);
    await shared.takenIn();
    const signed = (await shared.at('receiving')).document.materials.find(({ name }) => name === '告知承诺书')!;
    const commitment = commitmentFor([PLAN], 10, { document: signed.digest });
    // This region has no credit platform: nobody can say that the applicant is in good credit.
    await refused(() => shared.act('receiving', 'accept', { commitment }), shared, { code: 'CREDIT_UNKNOWN' });
    await shared.act('receiving', 'accept', { commitment, creditWaived: '已在信用中国网站人工核查' });
    await shared.are('accepted');
    for (const side of bothSides) {
      const { document } = await shared.at(side);
      expect(document.commitment).toEqual({ ...commitment, creditWaived: '已在信用中国网站人工核查' });
      expect(await limitOf(shared, side, 'commitment')).toMatchObject({ state: 'running' });
    }
  });

  it('P8: an acceptance without a commitment, or by silence, is refused on arrival', async () => {
    const shared = await handedIn(FORM, LEASE);
    const { number } = await shared.at('receiving');
    const facts = { caseNumber: number, notice: '受1', handler: WINDOW, promisedWorkingDays: 1, commitment: null };
    for (const deemed of [false, true]) {
      expect(await sendAnyway('receiving', shared, 'CaseAccepted', { ...facts, deemed })).toBe('PAYLOAD_INVALID');
      expect((await shared.at('handling')).state).toBe('transferred');
    }
  });
});

describe('A13 信用核查', () => {
  const accept = (shared: SharedCase, changes: object = {}) =>
    shared.act('handling', 'accept', { commitment: commitmentFor([PLAN]), ...changes });
  const checks = async (shared: SharedCase, side: keyof Sides = 'handling') =>
    ((await shared.at(side)).document.notes ?? []).map(({ kind, data }) => ({ kind, ...data }));

  it.each([
    ['restricted', 'restricted', 'C1', 'CREDIT_RESTRICTED'],
    ['unknown', 'unknown', 'C1', 'CREDIT_UNKNOWN'],
    ['dead', 'unknown', 'PLATFORM_UNREACHABLE', 'CREDIT_UNKNOWN'],
  ])(
    'refuses a commitment when the platform is %s, and keeps what was learned',
    async (says, result, code, refusal) => {
      credit.says = says;
      const shared = await handedIn(FORM, LEASE);
      const sent = await sides.handling.core.store.read.get('SELECT count(*) AS n FROM outbox');
      await expect(accept(shared)).rejects.toMatchObject({ code: refusal });
      expect(await shared.at('handling')).toMatchObject({ state: 'transferred' });
      expect(await sides.handling.core.store.read.get('SELECT count(*) AS n FROM outbox')).toEqual(sent);
      expect(await checks(shared)).toEqual([{ kind: 'credit-checked', result, code, source: 'credit' }]);
      expect(await checks(shared, 'receiving')).toEqual([]);
      // Bad credit is not waived; that nobody knows may be.
      const waived = accept(shared, { creditWaived: '企业出具守信证明' });
      if (says === 'restricted') await expect(waived).rejects.toMatchObject({ code: refusal });
      else {
        await waived;
        await shared.are('accepted');
        const { document } = await shared.at('receiving');
        expect(document.commitment).toMatchObject({ creditWaived: '企业出具守信证明' });
      }
    },
  );

  it('never asks, and never blocks, where nothing is promised', async () => {
    credit.says = 'dead';
    const shared = await handedIn(FORM, PLAN, LEASE);
    await refused(() => shared.act('handling', 'accept', { creditWaived: '无' }), shared, {
      code: 'VALIDATION_FAILED',
    });
    await shared.act('handling', 'accept');
    await shared.are('accepted');
    expect(credit.asked).toBe(0);
  });

  it('keeps a good answer with the acceptance, and says nothing of it to the other region', async () => {
    const shared = await acceptedWithout(PLAN);
    expect(await checks(shared)).toEqual([{ kind: 'credit-checked', result: 'good', code: 'C1', source: 'credit' }]);
    expect(await shared.history('handling')).toEqual(['transfer', 'credit-checked', 'accept']);
    expect(await shared.history('receiving')).not.toContain('credit-checked');
    expect((await shared.at('receiving')).document.commitment).toMatchObject({ creditWaived: '' });
    const asked = platform.requests.findLast(({ path }) => path === '/credit')!;
    expect(JSON.parse(asked.body.toString())).toMatchObject({
      document_type: 'social-credit-code',
      document_number: APPLICANT.documentNumber,
      name: APPLICANT.name,
    });
  });

  it('is asked by a window at any time, and noted by nobody else', async () => {
    const shared = await handedIn(FORM, PLAN, LEASE);
    const { cases } = sides.handling.services;
    credit.says = 'restricted';
    await cases.checkCredit(shared.key, { handler: WINDOW });
    expect(await checks(shared)).toMatchObject([{ result: 'restricted' }]);
    await refused(() => shared.note('handling', 'credit-checked', {}), shared, { code: 'ILLEGAL_TRANSITION' });
    const here = sides.receiving.services.cases.checkCredit(shared.key, { handler: WINDOW });
    await expect(here).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('P13 撤销', () => {
  it('P13: false materials take result and certificate back, for all who have them, and are reported once', async () => {
    const shared = await handedIn(FORM, PLAN, LEASE);
    await shared.act('handling', 'accept');
    const certificate = await issued(shared);
    await shared.act('receiving', 'deliver', { way: 'window' });
    await shared.are('delivered');
    await refused(() => shared.act('receiving', 'revoke', { ground: 'false-materials', ...REVOCATION }), shared, {
      code: 'ILLEGAL_TRANSITION',
    });
    await shared.act('handling', 'revoke', { ground: 'false-materials', ...REVOCATION });
    await shared.are('revoked');
    expect((await sides.handling.services.certificates.get(certificate)).status).toBe('revoked');
    await until('the notice', async () => {
      const { services } = sides.receiving;
      const [notice] = await services.incomingNotices.received(certificate);
      return notice?.status === 'revoked' && notice.ground === 'false-materials';
    });
    const reports = () => told(shared).filter(({ type }) => type === 'cn.tongban.case.false-materials.v1');
    await until('the report', () => reports().length > 0);
    expect(reports()).toMatchObject([{ data: { state: 'revoked', ground: 'false-materials', peer: '320600' } }]);
    expect(JSON.stringify(reports())).not.toContain(APPLICANT.name);
    const step = (await shared.at('receiving')).document.steps.revoke;
    expect(step).toMatchObject({ ground: 'false-materials', ...REVOCATION });
  });

  it('P13: crosses a delivery of the other region, and both agree', async () => {
    const shared = await handedIn(FORM, PLAN, LEASE);
    await shared.act('handling', 'accept');
    await issued(shared);
    await sides.handling.wire.dispatcher.stop();
    await shared.act('receiving', 'deliver', { way: 'window' });
    await until('the delivery', async () => (await shared.at('handling')).state === 'delivered');
    await shared.act('handling', 'revoke', { ground: 'issued-in-error', ...REVOCATION });
    await reopenHandling();
    await shared.are('revoked');
  });

  it('P13: only what was granted is taken back', async () => {
    const shared = await handedIn(FORM, PLAN, LEASE);
    await shared.act('handling', 'accept');
    await shared.act('handling', 'deny', { explanation: '不符合条件' });
    await shared.act('handling', 'deliver', { way: 'post' });
    await shared.are('delivered');
    const revoke = () => shared.act('handling', 'revoke', { ground: 'other', ...REVOCATION });
    await refused(revoke, shared, { code: 'ILLEGAL_TRANSITION' });
  });

  it('P13: a certificate that has ended already stays as it is', async () => {
    const shared = await handedIn(FORM, PLAN, LEASE);
    await shared.act('handling', 'accept');
    const certificate = await issued(shared);
    await sides.handling.services.certificates.setStatus(
      certificate,
      'cancelled',
      '持证人申请',
      'test',
      'holder-request',
    );
    await shared.act('handling', 'revoke', { ground: 'issued-in-error', ...REVOCATION });
    await shared.are('revoked');
    expect((await sides.handling.services.certificates.get(certificate)).status).toBe('cancelled');
  });
});

describe('P6 逾期视为受理', () => {
  const silent = async () => (await SharedCase.open(sides, SILENT)).takenIn();
  const pass = (days: number) => {
    clock.ahead += days * DAY_MS;
  };

  it('P6: the region that decides accepts by its silence, once, however many watch and whatever restarts', async () => {
    const shared = await silent();
    pass(10);
    const { services, core } = sides.handling;
    const second = new LimitWatch({
      region: core.region,
      store: core.store,
      now: clock.now,
      emit: async () => {},
      acceptBySilence: (tx, file) => services.cases.acceptBySilence(tx, file),
      tellWhole: async () => {},
      onOverdue: () => {},
      onError: (error) => expect.unreachable(String(error)),
    });
    await Promise.all([services.limits.look(), second.look()]);
    await shared.are('accepted');
    await reopenHandling();
    await sides.handling.services.limits.look();
    await sides.receiving.services.limits.look();
    for (const side of bothSides) {
      const events = await sides[side].services.cases.events(shared.key);
      const accepted = events.filter(({ event }) => event === 'accept');
      expect(accepted).toMatchObject([
        { actor: '150626', data: { deemed: true, handler: { organisation: '逾期视为受理', staff: 'gateway' } } },
      ]);
      expect(await limitOf(shared, side, 'acceptance')).toMatchObject({ state: 'ended', isLate: true });
      expect(await limitOf(shared, side, 'promised')).toMatchObject({ state: 'running' });
    }
    expect(await shared.history('handling')).toEqual(['transfer', 'limit-overdue', 'accept']);
  });

  it('P6: not while a supplement is awaited, nor where the item does not say so', async () => {
    const shared = await silent();
    const items = [{ material: FORM, reason: '缺少' }];
    await shared.act('handling', 'request-supplement', { items, deadline: clock.now() + 60 * DAY_MS, way: '窗口' });
    await shared.are('supplementing');
    const strict = await handedIn(FORM, PLAN, LEASE);
    pass(20);
    for (const side of bothSides) await sides[side].services.limits.look();
    expect(await shared.at('handling')).toMatchObject({ state: 'supplementing' });
    expect(await strict.at('handling')).toMatchObject({ state: 'transferred' });
    expect(await strict.history('handling')).toContain('limit-overdue');
  });

  it('P6, M4: a case that we decide ourselves is accepted by our own silence, without what may follow later', async () => {
    const { cases, limits } = sides.receiving.services;
    const mode: Mode = 'direct';
    const { conversation } = await cases.create(caseInput('150626', ANYWHERE, { mode }));
    await cases.act(conversation, 'receive', { handler: WINDOW });
    pass(10);
    await limits.look();
    const { state, document } = await cases.demand(conversation);
    expect([state, document.commitment]).toEqual(['accepted', undefined]);
  });
});

describe('M4 直接通办', () => {
  const step = (key: string, event: Event, data: object = {}) =>
    sides.receiving.services.cases.act(key, event, { handler: WINDOW, ...data });

  it('P8, P13: accepts against a commitment, waits for the rest, and takes back', async () => {
    const { cases } = sides.receiving.services;
    const { conversation } = await cases.create(caseInput('150626', ANYWHERE, { mode: 'direct' }));
    await step(conversation, 'receive');
    const commitment = commitmentFor([PLAN]);
    await step(conversation, 'accept', { commitment, creditWaived: '已人工核查' });
    await step(conversation, 'approve', { explanation: '符合条件' });
    await step(conversation, 'issue', CERTIFICATE);
    await expect(step(conversation, 'deliver', { way: 'window' })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    const upload = { name: PLAN, mediaType: 'application/pdf', grade: 'C' } as const;
    await cases.addMaterial(conversation, upload, fileOf(`direct ${conversation}`, 100));
    await cases.note(conversation, 'rest-handed-in', { handler: WINDOW });
    await step(conversation, 'deliver', { way: 'window' });
    const { state, document } = await step(conversation, 'revoke', { ground: 'other', ...REVOCATION });
    expect(state).toBe('revoked');
    expect((await sides.receiving.services.certificates.get(document.certificate!)).status).toBe('revoked');
  });
});

/** Waits until both regions know that these were handed in, and nothing else. */
async function handedInIs(shared: SharedCase, names: readonly string[]): Promise<void> {
  for (const side of bothSides)
    await until(`the rest at the ${side} region`, async () => {
      const { materials } = (await shared.at(side)).document.commitment!;
      const there = materials.filter(({ handedInAt }) => handedInAt !== undefined);
      return there.map(({ material }) => material).join() === names.join();
    });
}

/** Sends a message that the own rules would not let go. @returns the code of the receipt */
async function sendAnyway(
  side: keyof Sides,
  shared: SharedCase,
  name: 'ResultDelivered' | 'CaseAccepted',
  payload: object,
): Promise<string> {
  const { core, services, region } = sides[side];
  const { peer, item, mode, authorizationId, conversation } = await shared.at(side);
  const use = { name, payload, sender: region, item, mode, receiving: '320600', handling: '150626', at: clock.now() };
  const authorization = services.authorizations.permit(peer, use, authorizationId);
  const { id } = await core.store.write((tx) =>
    core.outbox.enqueue(tx, { peer, conversation, name, payload, authorization }),
  );
  const row = () =>
    core.store.read.get<{ state: string; code: string }>('SELECT state, code FROM outbox WHERE id = ?', id);
  await until('the receipt', async () => (await row())?.state !== 'pending');
  return (await row())!.code;
}

async function reopenHandling(): Promise<void> {
  await sides.handling.services.platforms.stop();
  await sides.handling.stop();
  sides.handling = await openLiveRegion(sides.handling.folder, clock);
  await startPlatforms(sides.handling);
}
