import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from '#proto';
import { verifyBundle } from '#trust';
import { authorize, BACK_OFFICE, CODES, fileOf, ITEMS, NO_MATERIALS, WINDOW } from '../../testing/agency-case.ts';
import { apiOf } from '../../testing/api-region.ts';
import { makeRegionFolder, openLiveRegion, pinEachOther, removeFolders, until } from '../../testing/live-region.ts';
import { SharedCase, type Sides } from '../../testing/shared-case.ts';

type Api = Awaited<ReturnType<typeof apiOf>>;

const FORM = '申请表';
const WITH_FORM = 'EX906';
const DAY_MS = 24 * 60 * 60 * 1000;

/** Nobody else in these tests has this name, number or file. */
const PERSON = {
  kind: 'person',
  name: '阿卜杜热合曼·麦麦提依明𠮷',
  documentType: 'passport',
  documentNumber: 'EX7054321',
  mobile: '13977554433',
  address: '',
};
const CHANGES = { applicant: PERSON, form: { 经营项目: '特大项目' } };
const SECRETS = [PERSON.name, '麦麦提依明', PERSON.documentNumber, PERSON.mobile, '特大项目', '机密附件'];
/** The one of whom nothing is to be left. */
const OTHER = { ...PERSON, name: '孛儿只斤·乌兰图雅𡋾', documentNumber: 'EY8165432', mobile: '13988664422' };

let sides: Sides;
let apis: Record<keyof Sides, Api>;
let stranger: Sides['receiving'];

beforeAll(async () => {
  // What is sealed could not be found before it was erased either.
  const isSealed = false;
  const folders = [
    await makeRegionFolder('320600', { isSealed }),
    await makeRegionFolder('150626', { isSealed }),
  ] as const;
  await writeFile(join(folders[1], 'gateway.yaml'), '\nretention:\n  honour_requests: true\n', { flag: 'a' });
  const [receiving, handling] = [await openLiveRegion(folders[0]), await openLiveRegion(folders[1])];
  sides = { receiving, handling };
  stranger = await openLiveRegion(await makeRegionFolder('350500'));
  await pinEachOther(receiving, handling);
  await pinEachOther(stranger, handling);
  const grants = (grantee: string) => [
    {
      grantor: '150626',
      grantee,
      department: { name: '乌审旗市场监督管理局', code: CODES.uxinMarket },
      rights: ['R1a', 'R2', 'R5'] as const,
      items: [NO_MATERIALS, WITH_FORM],
      modes: ['agency'] as const,
    },
  ];
  await authorize(stranger, handling, Date.now(), { grants: grants('350500') });
  const fields = ['applicant.name', 'applicant.documentNumber', 'applicant.mobile', 'form.*'];
  await authorize(receiving, handling, Date.now(), { grants: grants('320600'), fields });
  const rule = { original_to_be_checked: false, may_follow_later: false };
  const item = { ...ITEMS.items[1]!, code: WITH_FORM, materials: [{ ...rule, name: FORM }] };
  await handling.services.catalogue.importItems({ items: [...ITEMS.items, item] });
  await handling.services.catalogue.publish('320600', '跨省通办');
  await until('the new catalogue', async () => (await receiving.services.catalogue.list('150626')).length === 3);
  apis = { receiving: await apiOf(receiving), handling: await apiOf(handling) };
});

afterAll(async () => {
  const { receiving, handling } = sides;
  await Promise.all([apis.receiving.close(0), apis.handling.close(0)]);
  await Promise.all([receiving.stop(), handling.stop(), stranger.stop()]);
  await removeFolders(receiving.folder, handling.folder, stranger.folder);
});

type Role = 'platform' | 'operator' | 'auditor' | 'secadmin';

async function ask(side: keyof Sides, method: 'GET' | 'POST', url: string, options: Asked = {}) {
  const { role = 'operator', headers = {}, body, token } = options;
  const { app, bearer } = apis[side];
  const answer = await app.inject({
    method,
    url,
    headers: {
      authorization: await bearer(role, token),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  });
  const isJson = /\/(problem\+)?json/.test(String(answer.headers['content-type']));
  return { status: answer.statusCode, text: answer.body, json: isJson ? answer.json() : undefined };
}

interface Asked {
  readonly role?: Role;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly token?: { readonly purpose?: string; readonly subject?: string };
}

const accesses = async (side: keyof Sides, key: string) =>
  (await ask(side, 'GET', `/v1/personal-access?case=${key}`, { role: 'auditor' })).json.accesses;

async function opened(person = PERSON): Promise<SharedCase> {
  const shared = await SharedCase.open(sides, WITH_FORM, 'agency', { ...CHANGES, applicant: person });
  const bytes = (async function* () {
    yield Buffer.from(`%PDF 机密附件 ${person.name} ${person.documentNumber}`);
    yield* fileOf(shared.key, 5000);
  })();
  const upload = { name: FORM, mediaType: 'application/pdf', grade: 'C' } as const;
  await sides.receiving.services.cases.addMaterial(shared.key, upload, bytes);
  return shared;
}

async function ended(person = PERSON): Promise<SharedCase> {
  const shared = await (await opened(person)).takenIn();
  await shared.act('handling', 'accept');
  await shared.act('handling', 'deny', { explanation: `${person.name}不符合条件` });
  await shared.act('handling', 'deliver', { way: 'post' });
  await shared.are('delivered');
  await shared.note('receiving', 'delivery-confirmed', { receivedBy: 'applicant' });
  await shared.haveNotes(1);
  return shared;
}

const erase = (side: keyof Sides, key: string, body: object = { reason: '个人申请删除' }) =>
  ask(side, 'POST', `/v1/cases/${key}/erasure`, { role: 'secadmin', body });

const notesOf = async (shared: SharedCase, side: keyof Sides) =>
  ((await shared.at(side)).document.notes ?? []).map(({ kind, by, code }) => [kind, by, ...(code ? [code] : [])]);

const isDone = async (shared: SharedCase, side: keyof Sides) =>
  (
    await sides[side].core.store.read.get<{ done_at: number | null }>(
      'SELECT done_at FROM case_erasure WHERE conversation = ?',
      shared.key,
    )
  )?.done_at != null;

/** What any file of a region still holds of the other person, the write-ahead log included. */
async function leftIn(side: keyof Sides): Promise<string[]> {
  const { folder } = sides[side];
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes('keys')) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const secret of [OTHER.name, '乌兰图雅', OTHER.documentNumber, OTHER.mobile])
      if (bytes.includes(secret)) found.push(`${entry.name}: ${secret}`);
  }
  return found;
}

describe('the legal basis (合法性基础)', () => {
  it('is the duty of the item unless another is given, and travels', async () => {
    const shared = await (await opened()).takenIn();
    const expected = { kind: 'statutory-duty', text: expect.stringMatching(/./) };
    for (const side of ['receiving', 'handling'] as const) {
      expect((await shared.at(side)).document.legalBasis).toEqual(expected);
      expect((await ask(side, 'GET', `/v1/cases/${shared.key}`)).json.legalBasis).toEqual(expected);
    }
  });

  it('says when, how and to what a person consented', async () => {
    const consent = { givenAt: Date.now() - DAY_MS, way: 'paper', version: '告知书2026-1' };
    const legalBasis = { kind: 'consent', text: '同意异地核验', consent };
    const shared = await SharedCase.open(sides, NO_MATERIALS, 'agency', { legalBasis });
    await shared.takenIn();
    for (const side of ['receiving', 'handling'] as const)
      expect((await shared.at(side)).document.legalBasis).toEqual(legalBasis);
    const { services } = sides.receiving;
    const before = await services.cases.list({ limit: 200 });
    for (const wrong of [
      { kind: 'consent', text: '同意' },
      { kind: 'contract', text: '合同', consent },
      { kind: 'interest', text: '利益' },
      { kind: 'consent', text: '同意', consent: { ...consent, givenAt: Date.now() + DAY_MS } },
    ])
      await expect(SharedCase.open(sides, NO_MATERIALS, 'agency', { legalBasis: wrong })).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        problems: [{ pointer: expect.stringMatching(/^\/legalBasis/) }],
      });
    expect(await services.cases.list({ limit: 200 })).toEqual(before);
  });
});

describe('only fields on the allow-list leave', () => {
  it('and the transfer holds nothing of the case beside them', async () => {
    const shared = await (await opened()).takenIn();
    const row = await sides.handling.core.store.read.get<{ payload: Buffer }>(
      "SELECT payload FROM inbox WHERE conversation = ? AND type LIKE '%CaseTransfer'",
      shared.key,
    );
    const payload = decode('CaseTransfer', row!.payload);
    expect(payload.applicant).toEqual(PERSON);
    expect(payload.form).toEqual(CHANGES.form);
    const { size, digest } = (await shared.at('receiving')).document.materials[0]!;
    expect(payload.materials).toEqual([
      {
        name: FORM,
        digest: Buffer.from(digest, 'hex'),
        size,
        mediaType: 'application/pdf',
        grade: 'C',
        checkedBy: null,
        checkedAt: 0,
      },
    ]);
    // What is left of it once those are taken away names an office and a staff id, and no person.
    const rest = JSON.stringify({ ...payload, applicant: null, form: null, materials: null });
    for (const secret of SECRETS) expect(rest).not.toContain(secret);
    expect(payload.handler).toEqual(WINDOW);
  });

  it('a field that is not on it keeps the case here', async () => {
    const { cases } = sides.receiving.services;
    const before = await cases.list({ limit: 200 });
    const applicant = { ...PERSON, address: '新疆喀什市测试路1号' };
    await expect(SharedCase.open(sides, WITH_FORM, 'agency', { applicant })).rejects.toMatchObject({
      code: 'FIELD_NOT_ALLOWED',
      problems: [{ pointer: '/applicant/address' }],
    });
    expect(await cases.list({ limit: 200 })).toEqual(before);
  });
});

describe('the full view needs a role and a purpose', () => {
  it('a platform without a purpose sees a masked case, and nothing is recorded', async () => {
    const shared = await (await opened()).takenIn();
    for (const role of ['platform', 'operator', 'secadmin', 'auditor'] as const) {
      const { text, json } = await ask('handling', 'GET', `/v1/cases/${shared.key}`, { role });
      for (const secret of SECRETS) expect(text).not.toContain(secret);
      expect(json).toMatchObject({ masked: true, applicant: { name: '阿***·***𠮷', documentNumber: 'EX*****21' } });
    }
    expect(await accesses('handling', shared.key)).toEqual([]);
  });

  it('with a purpose it is shown, and who saw what and why is written down before', async () => {
    const shared = await (await opened()).takenIn();
    const headers = { 'x-purpose': encodeURIComponent('受理审查') };
    const full = await ask('handling', 'GET', `/v1/cases/${shared.key}`, { role: 'platform', headers });
    expect(full.json).toMatchObject({ masked: false, applicant: PERSON, form: CHANGES.form });
    await ask('handling', 'GET', `/v1/cases/${shared.key}/events?purpose=${encodeURIComponent('查历史')}`);
    expect(await accesses('handling', shared.key)).toMatchObject([
      { by: 'hall', role: 'operator', conversation: shared.key, what: 'history', subject: '', purpose: '查历史' },
      { by: 'hall', role: 'platform', conversation: shared.key, what: 'case', subject: '', purpose: '受理审查' },
    ]);
    for (const role of ['platform', 'operator'] as const)
      expect((await ask('handling', 'GET', '/v1/personal-access', { role })).status).toBe(403);
  });

  it('an auditor sees nobody, whatever he says', async () => {
    const shared = await (await opened()).takenIn();
    const { text } = await ask('handling', 'GET', `/v1/cases/${shared.key}?purpose=audit-2026`, { role: 'auditor' });
    for (const secret of SECRETS) expect(text).not.toContain(secret);
    const url = `/v1/cases/${shared.key}/evidence?purpose=audit-2026`;
    const evidence = await ask('handling', 'GET', url, { role: 'auditor' });
    const bundle = JSON.parse(evidence.text);
    expect(bundle.envelopes.every((one: object) => !('payload' in one))).toBe(true);
    const statements = [sides.receiving, sides.handling].map(({ core }) => core.own);
    expect(await verifyBundle(evidence.text, statements)).toMatchObject({ verified: true });
    expect(await accesses('handling', shared.key)).toEqual([]);
  });

  it.each([1, 201])('a purpose is 2 to 200 characters, and not %i', async (length) => {
    const shared = await opened();
    const answer = await ask('receiving', 'GET', `/v1/cases/${shared.key}?purpose=${'x'.repeat(length)}`);
    expect(answer).toMatchObject({ status: 422, json: { code: 'VALIDATION_FAILED' } });
    expect(await accesses('receiving', shared.key)).toEqual([]);
  });

  it('a token with a standing purpose is recorded once a day and case', async () => {
    const shared = await opened();
    const token = { purpose: '本地区业务系统对接', subject: 'platform-a' };
    for (let n = 0; n < 3; n += 1) {
      const { json } = await ask('receiving', 'GET', `/v1/cases/${shared.key}`, { role: 'platform', token });
      expect(json.applicant).toEqual(PERSON);
    }
    const once = { by: 'platform-a', role: 'platform', what: 'case', purpose: token.purpose };
    expect(await accesses('receiving', shared.key)).toMatchObject([once]);
  });

  it('a file cannot be masked: without a purpose it is not given', async () => {
    const shared = await (await opened()).takenIn();
    const { digest } = (await shared.at('handling')).document.materials[0]!;
    const url = `/v1/cases/${shared.key}/materials/${digest}`;
    for (const query of ['', '?copy=watermarked'])
      expect(await ask('handling', 'GET', url + query, { role: 'platform' })).toMatchObject({
        status: 403,
        json: { code: 'PURPOSE_REQUIRED' },
      });
    expect(await accesses('handling', shared.key)).toEqual([]);
    const given = await ask('handling', 'GET', `${url}?purpose=review`, { role: 'platform' });
    expect(given.text).toContain('机密附件');
    expect(await accesses('handling', shared.key)).toMatchObject([{ what: 'material', subject: digest }]);
  });

  it('answers that are kept for repeated requests hold nothing personal', async () => {
    const body = { handlingRegion: '150626', item: NO_MATERIALS, mode: 'agency', handler: WINDOW, ...CHANGES };
    const headers = { 'idempotency-key': 'personal' };
    const { json } = await ask('receiving', 'POST', '/v1/cases', { body, headers });
    expect(json.queryCode).toMatch(/^\w{10}$/);
    const rows = await sides.receiving.core.store.read.all<{ body: string }>('SELECT body FROM idempotency');
    for (const secret of SECRETS) expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

describe('recall of a case sent by mistake (误发撤回)', () => {
  it('withdraws it, has the other region erase it, and brings the confirmation', async () => {
    const shared = await (await opened()).takenIn();
    const url = `/v1/cases/${shared.key}/recall`;
    const named = await ask('receiving', 'POST', url, { body: { reason: `误发${PERSON.name}的件` } });
    expect(named).toMatchObject({ status: 422, json: { errors: [{ pointer: '/reason' }] } });
    expect((await shared.at('receiving')).pending).toBeUndefined();
    const { status } = await ask('receiving', 'POST', url, { body: { reason: '选错办理地' } });
    expect(status).toBe(200);
    await shared.are('withdrawn');
    await until('the confirmation', async () => (await notesOf(shared, 'receiving')).length === 2);
    for (const side of ['receiving', 'handling'] as const)
      expect(await notesOf(shared, side)).toEqual([
        ['erasure-requested', 'receiving'],
        ['erasure-done', 'handling'],
      ]);
    const theirs = await shared.at('handling');
    expect(theirs.document).toMatchObject({ applicant: { name: '', documentNumber: '' }, form: {}, materials: [] });
    expect(theirs.document.notes![0]!.data).toEqual({ ground: 'sent-by-mistake', reason: '选错办理地' });
    await expect(shared.note('handling', 'followed-up', { satisfied: true })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    // Ours goes on to the region that it is for, and keeps its own term.
    expect((await shared.at('receiving')).document.applicant).toEqual(PERSON);
  });

  it('is refused once the case was accepted, and for who did not send it', async () => {
    const shared = await (await opened()).takenIn();
    await shared.act('handling', 'accept');
    await shared.are('accepted');
    for (const side of ['receiving', 'handling'] as const) {
      const before = await shared.at(side);
      const answer = await ask(side, 'POST', `/v1/cases/${shared.key}/recall`, { body: { reason: '选错办理地' } });
      expect(answer).toMatchObject({ status: 409, json: { code: 'ILLEGAL_TRANSITION' } });
      expect(await shared.at(side)).toEqual(before);
    }
  });

  it('is refused by a region that has not seen a withdrawal, however it is asked', async () => {
    const shared = await (await opened()).takenIn();
    const { core, services } = sides.receiving;
    const { authorizationId, conversation } = await shared.at('receiving');
    const { digest } = await services.authorizations.get(authorizationId);
    const erasureRequested = { ground: 'sent-by-mistake', reason: '未经撤回' };
    const payload = { handler: WINDOW, notedAt: Date.now(), note: 'erasureRequested', erasureRequested };
    const authorization = { id: authorizationId, digest: Buffer.from(digest, 'hex') };
    const { id } = await core.store.write((tx) =>
      core.outbox.enqueue(tx, { peer: '150626', conversation, name: 'CaseNote', payload, authorization }),
    );
    expect(await verdictOf('receiving', id)).toBe('ILLEGAL_TRANSITION');
    expect((await shared.at('handling')).document.applicant).toEqual(PERSON);
    expect(await notesOf(shared, 'handling')).toEqual([]);
  });
});

async function verdictOf(side: keyof Sides | Sides['receiving'], id: string): Promise<string> {
  const { core } = typeof side === 'string' ? sides[side] : side;
  let code = '';
  await until('the verdict', async () => {
    const row = await core.store.read.get<{ state: string; code: string }>(
      'SELECT state, code FROM outbox WHERE id = ?',
      id,
    );
    code = row?.code ?? '';
    return row !== undefined && row.state !== 'pending';
  });
  return code;
}

describe('erasure', () => {
  it('of an open case is refused and changes nothing', async () => {
    const shared = await (await opened()).takenIn();
    const before = await shared.at('handling');
    expect(await erase('handling', shared.key)).toMatchObject({ status: 409, json: { code: 'CONFLICT' } });
    expect(await shared.at('handling')).toEqual(before);
    for (const role of ['platform', 'operator', 'auditor'] as const) {
      const body = { reason: '个人申请删除' };
      expect((await ask('handling', 'POST', `/v1/cases/${shared.key}/erasure`, { role, body })).status).toBe(403);
    }
    // Nobody says that it is done without doing it.
    const note = { note: 'erasure-done', data: { handler: BACK_OFFICE, ground: 'unlawful', erasedAt: Date.now() } };
    expect((await ask('handling', 'POST', `/v1/cases/${shared.key}/notes`, { body: note })).status).toBe(422);
  });

  it('is not done while the case is on hold', async () => {
    const shared = await ended();
    const hold = (held: boolean) =>
      ask('receiving', 'POST', `/v1/cases/${shared.key}/hold`, {
        role: 'secadmin',
        body: { held, reason: '行政复议' },
      });
    expect((await hold(true)).json.isHeld).toBe(true);
    expect((await hold(true)).status).toBe(409);
    const answer = await erase('receiving', shared.key);
    expect(answer).toMatchObject({ status: 409, json: { detail: expect.stringContaining('暂停删除') } });
    expect((await shared.at('receiving')).document.applicant).toEqual(PERSON);
    expect((await hold(false)).json.isHeld).toBe(false);
    expect(await notesOf(shared, 'handling')).toEqual([['delivery-confirmed', 'receiving']]);
  });

  it('by a region that has no part in the case is refused', async () => {
    const shared = await ended();
    const { core, services } = stranger;
    const [agreement] = await services.authorizations.list();
    const erasureRequested = { ground: 'applicant-request', reason: '请删除' };
    const payload = { handler: WINDOW, notedAt: Date.now(), note: 'erasureRequested', erasureRequested };
    const authorization = { id: agreement!.id, digest: Buffer.from(agreement!.digest, 'hex') };
    const { id } = await core.store.write((tx) =>
      core.outbox.enqueue(tx, { peer: '150626', conversation: shared.key, name: 'CaseNote', payload, authorization }),
    );
    expect(await verdictOf(stranger, id)).toBe('CASE_UNKNOWN');
    expect((await shared.at('handling')).document.applicant).toEqual(PERSON);
    expect(await isDone(shared, 'handling')).toBe(false);
  });

  it('goes to both regions, leaves nothing in any file, and the evidence still verifies', async () => {
    const shared = await ended(OTHER);
    const { state, item, number, createdAt } = await shared.at('receiving');
    for (const side of ['receiving', 'handling'] as const)
      expect((await leftIn(side)).map((found) => found.split(': ')[1])).toEqual(expect.arrayContaining([OTHER.name]));
    const { json } = await erase('receiving', shared.key);
    expect(json).toMatchObject({ applicant: { name: '' }, form: {}, materials: [], erasedAt: expect.any(Number) });
    for (const side of ['receiving', 'handling'] as const)
      await until(`${side} has erased it`, () => isDone(shared, side));
    await shared.haveNotes(4);
    for (const side of ['receiving', 'handling'] as const) {
      const notes = await notesOf(shared, side);
      expect(notes.slice(0, 2)).toEqual([
        ['delivery-confirmed', 'receiving'],
        ['erasure-requested', 'receiving'],
      ]);
      expect(notes.slice(2).toSorted()).toEqual([
        ['erasure-done', 'handling'],
        ['erasure-done', 'receiving'],
      ]);
      expect(await shared.history(side)).toEqual(expect.arrayContaining(['transfer', 'deny', 'erasure-done']));
      await until('the log of the database is written back', () => sides[side].core.store.purge());
      expect(await leftIn(side)).toEqual([]);
    }
    expect(await shared.at('receiving')).toMatchObject({ state, item, number, createdAt });
    for (const side of ['receiving', 'handling'] as const) await verifiesStill(side, shared.key);
  });

  it('waits for an operator where the configuration does not honour requests, and scrubs what comes later', async () => {
    const shared = await ended();
    await erase('handling', shared.key, { reason: '目的已实现', ground: 'purpose-over' });
    const asked = ([kind]: readonly (string | undefined)[]) => kind === 'erasure-requested';
    await until('the request', async () => (await notesOf(shared, 'receiving')).some(asked));
    expect((await shared.at('receiving')).document.applicant).toEqual(PERSON);
    await until('it is erased there', () => isDone(shared, 'handling'));
    await shared.note('receiving', 'followed-up', { satisfied: false, remark: `${PERSON.name}来电` });
    await until('the late note is scrubbed', async () => {
      const notes = (await shared.at('handling')).document.notes ?? [];
      const late = notes.find(({ kind }) => kind === 'followed-up');
      return (late?.data as { remark?: string } | undefined)?.remark === '' && (await isDone(shared, 'handling'));
    });
    await erase('receiving', shared.key, { reason: '同意删除' });
    await until('it is done', () => isDone(shared, 'receiving'));
    expect((await notesOf(shared, 'receiving')).filter(asked)).toHaveLength(1);
    await until('both confirmed', async () => {
      const told = await Promise.all((['receiving', 'handling'] as const).map((side) => notesOf(shared, side)));
      return told.every((notes) => notes.filter(([kind]) => kind === 'erasure-done').length === 2);
    });
  });
});

/** Both verifiers accept what a region exports of an erased case, and say that payloads are gone. */
async function verifiesStill(side: keyof Sides, key: string): Promise<void> {
  const { text } = await ask(side, 'GET', `/v1/cases/${key}/evidence?purpose=check`);
  const both = [sides.receiving, sides.handling];
  const report = await verifyBundle(
    text,
    both.map(({ core }) => core.own),
  );
  expect(report.faults).toEqual([]);
  expect(report.verified).toBe(true);
  expect(report.notes.filter(({ what }) => what === 'payload-erased').length).toBeGreaterThan(4);
  const files = ['bundle.json', 'one.jwt', 'two.jwt'].map((name) => join(sides[side].folder, name));
  await Promise.all([text, ...both.map(({ core }) => core.own.jwt)].map((content, n) => writeFile(files[n]!, content)));
  const reference = join(import.meta.dirname, '../../../conformance/reference/verify.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [reference, ...files]);
  expect(stdout).toContain('验证通过');
  expect(stdout).toContain('payload erased');
}
