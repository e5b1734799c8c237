import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PaperKind } from '#proto';
import type { Role } from '../../api/roles.ts';
import type { TestApi } from '../../api/testing/api.ts';
import { verifyDocumentFile } from '../../cli/verify-document.ts';
import { NO_PDFSIG, NO_PDFTOTEXT, PDFSIG, PDFTOTEXT, pdfsigSays, textOf } from '../../rendition/testing/tools.ts';
import { APPLICANT, authorize, BACK_OFFICE, CODES, ENTRUSTED, ITEMS, NO_MATERIALS } from '../../testing/agency-case.ts';
import { apiOf } from '../../testing/api-region.ts';
import { makeRegionFolder, openLiveRegion, pinEachOther, removeFolders, until } from '../../testing/live-region.ts';
import { SharedCase, type Sides } from '../../testing/shared-case.ts';
import { accessBook } from '../personal/access-book.ts';
import type { ListedPaper, PaperForm } from './case-papers.ts';
import { openPaper } from './open-paper.ts';

const LICENCE = 'EX930';
/** Bound to no place. */
const ANYWHERE = 'EX931';
const PLAN = '平面布局图';
const FORM = '申请表';
const HEALTH = '健康证明';
const AUTHORITY = { name: '乌审旗市场监督管理局', code: CODES.uxinMarket };
const DAY_MS = 24 * 60 * 60 * 1000;
const ORIGINAL: PaperForm = { gloss: false, masked: false };
const READ = PDFTOTEXT ? '' : `: ${NO_PDFTOTEXT}`;

let sides: Sides;

beforeAll(async () => {
  const receiving = await openLiveRegion(await makeRegionFolder('320600'));
  const handling = await openLiveRegion(await makeRegionFolder('150626'));
  sides = { receiving, handling };
  await pinEachOther(receiving, handling);
  const grant = { grantor: '150626', grantee: '320600', department: AUTHORITY, modes: ['agency'] as const };
  await authorize(receiving, handling, Date.now(), {
    grants: [
      { ...grant, rights: ['R1a', 'R2', 'R5'], items: [NO_MATERIALS, LICENCE] },
      { ...grant, rights: ['R1a', 'R1b', 'R5'], items: [ENTRUSTED] },
    ],
  });
  const materials = [PLAN, FORM, HEALTH].map((name) => {
    return { name, original_to_be_checked: false, may_follow_later: name === HEALTH };
  });
  const licence = { ...ITEMS.items[1]!, code: LICENCE, name: '食品经营许可', result: '食品经营许可证', materials };
  await handling.services.catalogue.importItems({
    items: [...ITEMS.items, licence, { ...ITEMS.items[1]!, code: ENTRUSTED, name: '委托受理事项' }],
  });
  await receiving.services.catalogue.importItems({
    items: [{ ...ITEMS.items[1]!, code: ANYWHERE, modes: ['direct'] }],
  });
  await handling.services.catalogue.publish('320600', '跨省通办');
  await until('the new catalogue', async () => (await receiving.services.catalogue.list('150626')).length === 4);
}, 60_000);

afterAll(async () => {
  const { receiving, handling } = sides;
  await Promise.all([receiving.stop(), handling.stop()]);
  await removeFolders(receiving.folder, handling.folder);
});

const other = { receiving: 'handling', handling: 'receiving' } as const;
const listed = async (shared: SharedCase, side: keyof Sides): Promise<ListedPaper[]> =>
  sides[side].services.papers.list(await shared.at(side));

/** The notice of a kind that is here last. */
async function found(shared: SharedCase, side: keyof Sides, kind: PaperKind): Promise<ListedPaper> {
  const all = (await listed(shared, side)).filter((paper) => paper.kind === kind);
  expect(all.length).toBeGreaterThan(0);
  return all.at(-1)!;
}

async function pdfOf(shared: SharedCase, side: keyof Sides, number: string, form = ORIGINAL): Promise<Buffer> {
  const { papers } = sides[side].services;
  const file = await shared.at(side);
  return papers.pdf(file, await papers.demand(file, number), form);
}

/** Makes the notice of a side's act, waits until the other side has it, and makes sure that both have the same bytes. */
async function given(shared: SharedCase, side: keyof Sides, kind: PaperKind): Promise<ListedPaper & { pdf: Buffer }> {
  await sides[side].services.papers.settle(shared.key);
  const paper = await found(shared, side, kind);
  const there = other[side];
  await until(`${kind} at the ${there} region`, async () =>
    (await listed(shared, there)).some(({ number, digest }) => number === paper.number && digest === paper.digest),
  );
  const [ours, theirs] = [await pdfOf(shared, side, paper.number), await pdfOf(shared, there, paper.number)];
  expect(ours.equals(theirs)).toBe(true);
  const opened = await openPaper(ours, [sides[side].core.own], Date.now());
  expect(opened).toMatchObject({ region: sides[side].region, facts: { kind, number: paper.number } });
  return { ...paper, pdf: ours };
}

let seeds = 0;
async function handIn(shared: SharedCase, ...names: string[]): Promise<void> {
  seeds += 1;
  for (const name of names) await shared.handIn(name, `${name} ${seeds}`);
}

async function opened(item: string, names: readonly string[] = [], changes: object = {}): Promise<SharedCase> {
  const shared = await SharedCase.open(sides, item, 'agency', changes);
  await handIn(shared, ...names);
  return shared;
}

const commitment = () => ({
  materials: [{ material: HEALTH, dueAt: Date.now() + 10 * DAY_MS }],
  text: '按期补齐上述材料。\n逾期未补的，同意撤销受理决定。',
  signedAt: Date.now(),
});

async function issued(shared: SharedCase): Promise<string> {
  await shared.act('handling', 'approve', { explanation: '符合条件' });
  const fields = {
    legal_representative: '测试人',
    residence: '测试路1号',
    business_premises: '测试路1号',
    business_form: '食品销售经营者',
    business_items: '预包装食品销售',
  };
  await shared.act('handling', 'issue', { authority: AUTHORITY, validUntil: Date.now() + 365 * DAY_MS, fields });
  await shared.are('issued');
  return (await shared.at('handling')).document.certificate!;
}

describe.skipIf(!PDFTOTEXT)(`every notice is a signed PDF that both regions hold${READ}`, () => {
  it('P3, P4: 一次性告知书 and 收件通知书, which wait at the window until the case is handed over', async () => {
    const shared = await opened(LICENCE, [FORM]);
    const items = [
      { material: PLAN, reason: '未提交', legalBasis: '《食品经营许可管理办法》第十三条' },
      { material: FORM, reason: '法定代表人未签字' },
    ];
    await shared.act('receiving', 'one-time-notice', { items });
    await sides.receiving.services.papers.settle(shared.key);
    const notice = await found(shared, 'receiving', 'one-time-notice');
    const { number } = await shared.at('receiving');
    expect(notice.number).toBe(`告${number}-1`);
    const said = textOf(await pdfOf(shared, 'receiving', notice.number));
    for (const part of ['一次性告知书', notice.number, APPLICANT.name, PLAN, '未提交', '法定代表人未签字', '第十三条'])
      expect(said).toContain(part);
    await shared.act('receiving', 'retake');
    await handIn(shared, PLAN);
    await shared.takenIn();
    const receipt = await given(shared, 'receiving', 'receipt');
    expect(receipt.number).toBe((await shared.at('handling')).document.receiptNotice);
    const text = textOf(receipt.pdf);
    for (const part of ['收件通知书', receipt.number, '食品经营许可', PLAN, FORM, '5个工作日', '南通市政务服务中心'])
      expect(text).toContain(part);
    expect(text).toContain((await shared.at('receiving')).document.queryCode);
    await given(shared, 'receiving', 'one-time-notice');
  });

  it('P6, P10: 材料补正通知书, 受理通知书 and 送达回证 carry the numbers of their messages', async () => {
    const shared = await (await opened(LICENCE, [PLAN, FORM, HEALTH])).takenIn();
    const deadline = Date.now() + 7 * DAY_MS;
    const items = [{ material: PLAN, reason: '比例尺不清' }];
    await shared.act('handling', 'request-supplement', { deadline, way: '由收件窗口上传', items });
    await shared.are('supplementing');
    const supplement = await given(shared, 'handling', 'supplement');
    const { steps } = (await shared.at('receiving')).document;
    expect(supplement.number).toBe((steps['request-supplement'] as { notice: string }).notice);
    const asked = textOf(supplement.pdf);
    for (const part of ['材料补正通知书', supplement.number, PLAN, '比例尺不清', '由收件窗口上传'])
      expect(asked).toContain(part);
    expect(asked).toContain(chinese(deadline));
    await handIn(shared, PLAN);
    await shared.act('receiving', 'submit-supplement');
    await shared.are('transferred');
    await shared.act('handling', 'accept');
    await shared.are('accepted');
    const acceptance = await given(shared, 'handling', 'acceptance');
    const file = await shared.at('receiving');
    expect(acceptance.number).toBe((file.document.steps.accept as { notice: string }).notice);
    const accepted = textOf(acceptance.pdf);
    const due = file.document.limits.find(({ name }) => name === 'promised')!.dueAt!;
    for (const part of ['受理通知书', acceptance.number, file.number, file.peerNumber, AUTHORITY.name, chinese(due)])
      expect(accepted).toContain(part);
    const certificate = await issued(shared);
    await shared.act('receiving', 'deliver', { way: 'window' });
    await shared.are('delivered');
    const delivery = await given(shared, 'receiving', 'delivery');
    const served = textOf(delivery.pdf);
    for (const part of ['送达回证', delivery.number, '食品经营许可证', certificate, '窗口领取', 'NT001'])
      expect(served).toContain(part);
  });

  it('P6: 不予受理通知书 says why and what can be done against it', async () => {
    const shared = await (await opened(NO_MATERIALS)).takenIn();
    await shared.act('handling', 'refuse', { reason: '不属于本机关职权范围', legalBasis: '行政许可法第三十二条' });
    await shared.are('refused');
    const refusal = await given(shared, 'handling', 'refusal');
    const text = textOf(refusal.pdf);
    for (const part of [
      '不予受理通知书',
      refusal.number,
      '不属于本机关职权范围',
      '行政复议',
      '六十日',
      '行政诉讼',
      '六个月',
    ])
      expect(text).toContain(part);
  });

  it('P8: 容缺受理承诺书 stands beside the 受理通知书 that rests on it', async () => {
    const shared = await (await opened(LICENCE, [PLAN, FORM])).takenIn();
    await shared.act('handling', 'accept', { commitment: commitment(), creditWaived: '已人工核查' });
    await shared.are('accepted');
    const promise = await given(shared, 'handling', 'commitment');
    const text = textOf(promise.pdf);
    for (const part of ['容缺受理承诺书', promise.number, HEALTH, '同意撤销受理决定', APPLICANT.name])
      expect(text).toContain(part);
    const acceptance = await given(shared, 'handling', 'acceptance');
    expect(textOf(acceptance.pdf)).toContain('予以容缺受理');
    expect(promise.number).not.toBe(acceptance.number);
  });

  it('R1b: the receiving region gives the 受理通知书 in the name of the department, and says so', async () => {
    const shared = await (await opened(ENTRUSTED)).takenIn();
    await shared.act('receiving', 'accept');
    await shared.are('accepted');
    const { pdf, issuer } = await given(shared, 'receiving', 'acceptance');
    expect(issuer).toBe('320600');
    const text = textOf(pdf);
    for (const part of [AUTHORITY.name, '由南通市政务服务中心代为出具', '江苏省南通市（320600）'])
      expect(text).toContain(part);
  });

  it.skipIf(!PDFSIG)(`is signed for a PDF reader${PDFSIG ? '' : `: ${NO_PDFSIG}`}`, async () => {
    const shared = await (await opened(NO_MATERIALS)).takenIn();
    const { pdf } = await given(shared, 'receiving', 'receipt');
    expect(pdfsigSays(pdf)).toMatch(/Signature is Valid/);
  });
});

describe('by the API', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await apiOf(sides.receiving);
  });
  afterAll(() => api.close(0));

  const ask = async (url: string, role: Role = 'operator', headers: Record<string, string> = {}) =>
    api.app.inject({ url, headers: { authorization: await api.bearer(role), ...headers } });

  it('notices are listed, and handed out as they were signed to whoever says what for', async () => {
    const shared = await (await opened(NO_MATERIALS)).takenIn();
    const { number, digest, pdf } = await given(shared, 'receiving', 'receipt');
    const list = await ask(`/v1/cases/${shared.key}/papers`, 'auditor');
    expect(list.json().papers).toMatchObject([
      { kind: 'receipt', number, title: { zh: '收件通知书' }, issuer: '320600', isAvailable: true, digest },
    ]);
    const url = `/v1/cases/${shared.key}/papers/${encodeURIComponent(number)}`;
    const original = await ask(`${url}?purpose=${encodeURIComponent('交申请人')}`);
    expect(original.statusCode).toBe(200);
    expect(original.rawPayload.equals(pdf)).toBe(true);
    expect(original.headers).toMatchObject({ 'content-type': 'application/pdf', etag: `"${digest}"` });
    const again = await ask(`${url}?purpose=${encodeURIComponent('交申请人')}`, 'operator', {
      'if-none-match': `"${digest}"`,
    });
    expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
    const looks = await accessBook.list(sides.receiving.core.store.read, 10, shared.key);
    expect(looks).toMatchObject([
      { what: 'paper', subject: number, purpose: '交申请人' },
      { what: 'paper', subject: number },
    ]);
  });

  it('nobody is shown a name without saying what for, and an auditor never', async () => {
    const shared = await (await opened(NO_MATERIALS)).takenIn();
    const { number } = await given(shared, 'receiving', 'receipt');
    const { queryCode } = (await shared.at('receiving')).document;
    const url = `/v1/cases/${shared.key}/papers/${encodeURIComponent(number)}`;
    const masked = [await ask(url), await ask(`${url}?purpose=${encodeURIComponent('审计')}`, 'auditor')];
    for (const { statusCode, rawPayload } of masked) {
      expect(statusCode).toBe(200);
      expect(rawPayload.equals(masked[0]!.rawPayload)).toBe(true);
      expect(rawPayload.includes('/ByteRange')).toBe(false);
      if (!PDFTOTEXT) continue;
      const text = textOf(rawPayload);
      for (const secret of [APPLICANT.name, APPLICANT.documentNumber, queryCode]) expect(text).not.toContain(secret);
      expect(text).toContain(number);
    }
    const english = await ask(`${url}?gloss=en&purpose=${encodeURIComponent('交申请人')}`);
    expect(english.headers.etag).not.toBe(masked[0]!.headers.etag);
    if (PDFTOTEXT) expect(textOf(english.rawPayload)).toMatch(/NoticeofReceipt[\s\S]*测试食品有限公司/);
  });

  it.each([
    ['no such notice', '收0', 404, 'NOT_FOUND'],
    ['another gloss', '收0?gloss=fr', 422, 'VALIDATION_FAILED'],
    ['another parameter', '收0?form=x', 422, 'VALIDATION_FAILED'],
  ])('refuses %s', async (_, rest, status, code) => {
    const shared = await opened(NO_MATERIALS);
    const refused = await ask(`/v1/cases/${shared.key}/papers/${encodeURI(rest)}`);
    expect([refused.statusCode, refused.json().code]).toEqual([status, code]);
  });
});

describe('whoever has the file', () => {
  it('learns from a statement alone which region signed it, and from the public page', async () => {
    const shared = await (await opened(NO_MATERIALS)).takenIn();
    const { number, pdf } = await given(shared, 'receiving', 'receipt');
    const { folder, core } = sides.handling;
    const [file, statement] = [join(folder, 'notice.pdf'), join(folder, 'nantong.jwt')];
    await writeFile(file, pdf);
    await writeFile(statement, sides.receiving.core.own.jwt);
    const answer = await verifyDocumentFile(file, [], Date.now(), [], [statement]);
    expect(answer).toMatchObject({
      exit: 0,
      json: { region: { region: '320600', notice: { kind: 'receipt', number } } },
    });
    expect(answer.text).toMatch(/由 320600 签署,此后未改动[\s\S]*收件通知书/);
    await writeFile(statement, core.own.jwt);
    expect(await verifyDocumentFile(file, [], Date.now(), [], [statement])).toMatchObject({
      exit: 1,
      json: { region: { code: 'KEY_UNKNOWN' } },
    });
    const verdict = await sides.handling.services.verification.file('192.0.2.1', Readable.from([pdf]));
    expect(verdict).toMatchObject({ kind: 'notice', tone: 'good', conclusion: { zh: '文书真实：收件通知书' } });
    expect(verdict.rows).toContainEqual(expect.objectContaining({ zh: '文号', value: number }));
    const altered = Buffer.from(pdf);
    altered[altered.indexOf('stream\n') + 40]! ^= 1;
    await expect(
      sides.handling.services.verification.file('192.0.2.1', Readable.from([altered])),
    ).rejects.toMatchObject({ code: 'RENDITION_ALTERED' });
  });

  it('who came with a passport has English on the signed original', async () => {
    const applicant = {
      ...APPLICANT,
      kind: 'person',
      name: 'TEST, EXAMPLE·ALEX',
      documentType: 'passport',
      documentNumber: 'E12345678',
      address: '',
    };
    const shared = await (await opened(NO_MATERIALS, [], { applicant })).takenIn();
    const { pdf } = await given(shared, 'receiving', 'receipt');
    if (!PDFTOTEXT) return;
    const text = textOf(pdf);
    expect(text).toMatch(/收件通知书NoticeofReceipt/);
    expect(text).not.toContain('E12345678');
  });
});

it.each([
  ['a kind that its side does not give', { kind: 'receipt', number: '收1' }],
  ['a number that the case has already', { kind: 'acceptance' }],
])('the other region cannot bring in %s', async (_, changes) => {
  const shared = await (await opened(NO_MATERIALS)).takenIn();
  await shared.act('handling', 'accept');
  await shared.are('accepted');
  const { number, digest, pdf } = await given(shared, 'handling', 'acceptance');
  const paperIssued = {
    number,
    digest: Buffer.from(digest!, 'hex'),
    size: pdf.length,
    mediaType: 'application/pdf',
    issuedAt: Date.now(),
    ...changes,
  };
  const { region: sender, core, services } = sides.handling;
  const { authorizationId, item, mode, peer } = await shared.at('handling');
  const payload = { handler: BACK_OFFICE, notedAt: Date.now(), note: 'paperIssued', paperIssued };
  const use = {
    name: 'CaseNote',
    payload,
    sender,
    item,
    mode,
    receiving: peer,
    handling: sender,
    at: Date.now(),
  } as const;
  const authorization = services.authorizations.permit(peer, use, authorizationId);
  const { id } = await core.store.write((tx) =>
    core.outbox.enqueue(tx, {
      peer,
      conversation: shared.key,
      name: 'CaseNote',
      payload,
      authorization,
      materials: [digest!],
    }),
  );
  const before = await listed(shared, 'receiving');
  const fate = () =>
    core.store.read.get<{ state: string; code: string }>('SELECT state, code FROM outbox WHERE id = ?', id);
  await until('its receipt', async () => (await fate())?.state !== 'pending');
  expect(await fate()).toMatchObject({ state: 'rejected', code: 'PAYLOAD_INVALID' });
  expect(await listed(shared, 'receiving')).toEqual(before);
});

it('M4: of what a region decides itself it keeps the notices, and tells nobody', async () => {
  const shared = await SharedCase.open(sides, ANYWHERE, 'direct');
  await shared.act('receiving', 'receive');
  await shared.act('receiving', 'accept');
  await sides.receiving.services.papers.settle(shared.key);
  const { number } = await shared.at('receiving');
  const all = await listed(shared, 'receiving');
  expect(all).toMatchObject([
    { kind: 'receipt', number: `收${number}`, issuer: '320600', isAvailable: true },
    { kind: 'acceptance', number: `受${number}-2`, issuer: '320600', isAvailable: true },
  ]);
  const opened = await openPaper(
    await pdfOf(shared, 'receiving', all[1]!.number),
    [sides.receiving.core.own],
    Date.now(),
  );
  expect(opened!.facts).toMatchObject({
    handling: '320600',
    authority: { name: '南通市政务服务中心' },
    handlingNumber: number,
  });
  const sent = await sides.receiving.core.store.read.all('SELECT id FROM outbox WHERE conversation = ?', shared.key);
  expect(sent).toEqual([]);
});

it('notices are erased with what is personal in their case, and none is made afterwards', async () => {
  const shared = await (await opened(NO_MATERIALS)).takenIn();
  const { number, digest } = await given(shared, 'receiving', 'receipt');
  await shared.act('handling', 'refuse', { reason: '不属于本机关职权范围', legalBasis: '行政许可法第三十二条' });
  await shared.are('refused');
  const { services, core } = sides.handling;
  await services.erasures.ask(shared.key, { handler: BACK_OFFICE, ground: 'purpose-over', reason: '保存期满' });
  const isGone = () =>
    core.materials.open(shared.key, Buffer.from(digest!, 'hex')).then(
      () => false,
      () => true,
    );
  await until('the file is gone', isGone);
  await services.papers.settle(shared.key);
  const left = await listed(shared, 'handling');
  expect(left.map(({ kind, isAvailable }) => [kind, isAvailable])).toEqual(
    expect.arrayContaining([['receipt', false]]),
  );
  expect(left.some(({ isAvailable }) => isAvailable)).toBe(false);
  await expect(services.papers.demand(await shared.at('handling'), number)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

it('what is owed is made after a restart between the act and its notice', async () => {
  const shared = await (await opened(NO_MATERIALS)).takenIn();
  await shared.act('handling', 'accept');
  await shared.are('accepted');
  const { folder } = sides.handling;
  await sides.handling.stop();
  sides.handling = await openLiveRegion(folder);
  expect(await listed(shared, 'receiving')).toMatchObject([
    { kind: 'receipt' },
    { kind: 'acceptance', isAvailable: false },
  ]);
  sides.handling.services.paperWork.start();
  await until('the notice', async () => (await found(shared, 'receiving', 'acceptance')).isAvailable, 60_000);
  const { number } = await found(shared, 'receiving', 'acceptance');
  expect((await pdfOf(shared, 'receiving', number)).equals(await pdfOf(shared, 'handling', number))).toBe(true);
  const owed = () => sides.handling.core.store.read.all('SELECT * FROM paper_due WHERE conversation = ?', shared.key);
  await until('nothing is owed any more', async () => (await owed()).length === 0);
}, 90_000);

function chinese(ms: number): string {
  const [year, month, day] = new Date(ms + 8 * 60 * 60 * 1000).toISOString().slice(0, 10).split('-').map(Number);
  return `${year}年${month}月${day}日`;
}
