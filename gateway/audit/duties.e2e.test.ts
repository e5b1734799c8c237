import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../api/roles.ts';
import type { TestApi } from '../api/testing/api.ts';
import { ADMINISTRATORS } from '../duty/administrator.ts';
import { stepAt, totpCode } from '../duty/totp.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import { caseInput, NO_MATERIALS } from '../testing/agency-case.ts';
import { apiOf } from '../testing/api-region.ts';
import { type LiveRegion, makeRegionFolder, openLiveRegion, removeFolders } from '../testing/live-region.ts';
import type { AuditRecord } from './audit-record.ts';
import { auditTable } from './audit-table.ts';
import { type AuditExport, verifyAuditExport } from './verify-export.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KEEP_MS = 180 * DAY_MS;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

let aheadMs = 0;
const clock = { now: () => Date.now() + aheadMs };
let folder: string;
let live: LiveRegion;
let api: TestApi;

beforeAll(async () => {
  folder = await makeRegionFolder('320600');
  live = await openLiveRegion(folder, clock);
  api = await apiOf(live, { duties: live.services.administrators, audit: live.services.audit, clock });
});

afterAll(async () => {
  await api?.close(0);
  await live?.services.audit.stop();
  await live?.stop();
  await removeFolders(folder);
});

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, authorization?: string, body?: object) {
  const answer = await api.app.inject({
    method,
    url,
    ...(authorization !== undefined && { headers: { authorization } }),
    ...(body && { payload: body }),
  });
  return { status: answer.statusCode, json: answer.body === '' ? undefined : answer.json(), body: answer.body };
}

const as = (role: Role, subject?: string, more: { breakGlass?: string } = {}) =>
  api.bearer(role, { now: clock.now(), ttlSeconds: 900, ...(subject !== undefined && { subject }), ...more });

/** The code that a telephone shows now. */
function codeOf(secret: string): string {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return totpCode({ algorithm: 'SHA1', secret: Buffer.from(bytes) }, stepAt(clock.now()));
}

/** Opens a session, some minutes later than the one before. */
async function session(role: Role, subject: string, secret: string): Promise<string> {
  aheadMs += 2 * MINUTE_MS;
  const opened = await ask('POST', '/v1/sessions', await as(role, subject), { code: codeOf(secret) });
  expect(opened).toMatchObject({ status: 201, json: { amr: ['otp'] } });
  return `Bearer ${opened.json.token}`;
}

async function enrol(subject: string, role: Role, by: string): Promise<string> {
  const made = await ask('POST', '/v1/administrators', by, { subject, role });
  expect(made).toMatchObject({ status: 201, json: { administrator: { subject, role } } });
  expect(made.json.uri).toContain(`secret=${made.json.secret}`);
  return made.json.secret;
}

async function audited(query = ''): Promise<(AuditRecord & { subject?: string })[]> {
  const token = await as('auditor', secrets.li === undefined ? undefined : 'li');
  const { status, json } = await ask('GET', `/v1/audit?limit=200${query}`, token);
  expect(status).toBe(200);
  return json.records;
}

const sessions = () =>
  live.core.store.read.all<{ opened_at: number }>('SELECT id, opened_at FROM administrator_session ORDER BY id');
const withCode = async (code: string) => ask('POST', '/v1/sessions', await as('secadmin', 'zhang'), { code });

const secrets: { zhang?: string; li?: string } = {};
/** A code of Zhang's that opened a session. */
let spent: string;
const NOBODY = { reason: '原因' };
const ACT = '/v1/dead-letters/0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5/drop';

describe('separation of duties', () => {
  it('no role may do what is kept for another one', async () => {
    for (const role of ['platform', 'operator', 'secadmin', 'auditor'] as const)
      expect(await ask('POST', ACT, await as(role), NOBODY)).toMatchObject({
        status: 403,
        json: { code: 'FORBIDDEN' },
      });
    for (const role of ['platform', 'operator', 'sysadmin', 'secadmin'] as const)
      expect((await ask('GET', '/v1/audit', await as(role))).status).toBe(403);
    for (const role of ['platform', 'operator', 'sysadmin', 'auditor'] as const)
      expect((await ask('DELETE', '/v1/peers/150626', await as(role))).status).toBe(403);
  });

  it('the key of the machine stands in until somebody is enrolled and has shown his second factor', async () => {
    const machine = await as('secadmin');
    expect((await ask('DELETE', '/v1/peers/150626', machine)).status).toBe(404);
    secrets.zhang = await enrol('zhang', 'secadmin', machine);
    expect((await ask('DELETE', '/v1/peers/150626', machine)).status).toBe(404);
    await session('secadmin', 'zhang', secrets.zhang);
    for (const [method, url] of [
      ['DELETE', '/v1/peers/150626'],
      ['GET', '/v1/administrators'],
    ] as const)
      expect(await ask(method, url, machine)).toMatchObject({ status: 403, json: { code: 'SECOND_FACTOR_REQUIRED' } });
  });

  it('an administrator reads with his token, acts with a session alone, and it ends', async () => {
    const zhang = await as('secadmin', 'zhang');
    expect((await ask('GET', '/v1/administrators', zhang)).json.administrators).toMatchObject([{ subject: 'zhang' }]);
    const whose = async (token: string) => (await ask('GET', '/v1/sessions/current', token)).json;
    expect(await whose(zhang)).toMatchObject({ subject: 'zhang', role: 'secadmin', acts: false });
    expect(await ask('DELETE', '/v1/peers/150626', zhang)).toMatchObject({
      status: 403,
      json: { code: 'SECOND_FACTOR_REQUIRED' },
    });
    const token = await session('secadmin', 'zhang', secrets.zhang!);
    expect(await whose(token)).toMatchObject({ subject: 'zhang', factor: 'otp', acts: true });
    expect((await ask('DELETE', '/v1/peers/150626', token)).status).toBe(404);
    expect((await ask('DELETE', '/v1/sessions/current', token)).status).toBe(204);
    expect((await ask('DELETE', '/v1/peers/150626', token)).status).toBe(401);
    const next = await session('secadmin', 'zhang', secrets.zhang!);
    aheadMs += 15 * MINUTE_MS;
    expect((await ask('DELETE', '/v1/peers/150626', next)).status).toBe(401);
  });

  it('one person has one role: whatever his token says, and whoever would enrol him', async () => {
    const token = await session('secadmin', 'zhang', secrets.zhang!);
    for (const role of ['sysadmin', 'auditor'] as const) {
      expect(await ask('POST', '/v1/administrators', token, { subject: 'zhang', role })).toMatchObject({
        status: 403,
        json: { code: 'ROLE_CONFLICT' },
      });
      expect(await ask('GET', '/v1/statement', await as(role, 'zhang'))).toMatchObject({
        status: 403,
        json: { code: 'ROLE_CONFLICT' },
      });
    }
    for (const role of ADMINISTRATORS)
      expect(await ask('GET', '/v1/statement', await as(role, 'nobody'))).toMatchObject({
        status: 403,
        json: { code: 'FORBIDDEN' },
      });
    expect((await ask('DELETE', '/v1/administrators/zhang', token)).status).toBe(409);
    secrets.li = await enrol('li', 'auditor', token);
    await session('auditor', 'li', secrets.li);
  });

  it('the right code opens one session', async () => {
    aheadMs += 2 * MINUTE_MS;
    spent = codeOf(secrets.zhang!);
    const openedNow = async () => (await sessions()).filter(({ opened_at }) => opened_at >= beganAt).length;
    const beganAt = clock.now();
    expect(await openedNow()).toBe(0);
    expect((await withCode(spent)).status).toBe(201);
    expect(await openedNow()).toBe(1);
  });

  it('a wrong code opens nothing, and says no more', async () => {
    const before = await sessions();
    expect(before.length).toBeGreaterThan(0);
    const [wrong, again] = [await withCode('000000'), await withCode(spent)];
    expect(wrong).toMatchObject({ status: 403, json: { code: 'SECOND_FACTOR_WRONG', errors: [] } });
    // A code that was right once is told from no other.
    const { instance: _, ...said } = wrong.json;
    expect(again).toMatchObject({ status: 403, json: said });
    expect(Object.keys(again.json).toSorted()).toEqual(Object.keys(wrong.json).toSorted());
    expect((await withCode('12345')).status).toBe(422);
    expect(await sessions()).toEqual(before);
  });

  it('in an emergency the key of the machine acts with a reason, for a quarter of an hour', async () => {
    const token = await as('secadmin', undefined, { breakGlass: '管理员失联' });
    expect((await ask('DELETE', '/v1/peers/150626', token)).status).toBe(404);
    const [latest] = await audited('&route=DELETE%20%2Fv1%2Fpeers%2F%3Aregion');
    expect(latest).toMatchObject({ factor: 'break-glass', reason: '管理员失联', subject: 'local-secadmin' });
    await expect(api.bearer('secadmin', { breakGlass: '管理员失联', ttlSeconds: 901 })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});

describe('the audit record', () => {
  it('has who did what, with which factor, and how it ended', async () => {
    const records = await audited('&subject=zhang');
    expect(records.every(({ subject, role }) => subject === 'zhang' && role === 'secadmin')).toBe(true);
    const told = records.map(({ route, factor, outcome }) => `${route} ${factor} ${outcome}`);
    for (const line of [
      'POST /v1/sessions token done',
      'DELETE /v1/peers/:region token SECOND_FACTOR_REQUIRED',
      'DELETE /v1/peers/:region otp NOT_FOUND',
      'POST /v1/administrators otp ROLE_CONFLICT',
      'POST /v1/administrators otp done',
      'DELETE /v1/administrators/:subject otp CONFLICT',
    ])
      expect(told).toContain(line);
    expect(records.find(({ route }) => route === 'DELETE /v1/peers/:region')).toMatchObject({ target: '150626' });
  });

  it('has nothing personal of a case that a platform opens, nor what only looks', async () => {
    const input = caseInput('150626', NO_MATERIALS);
    await ask('POST', '/v1/cases', await as('platform'), input);
    await ask('POST', '/v1/cases/search', await as('operator'), { applicant: { name: '某人' }, purpose: '窗口查询' });
    const records = await audited();
    expect(records[0]).toMatchObject({ route: 'POST /v1/cases', role: 'platform', factor: 'token' });
    expect(records[0]!.body).toMatch(/^[0-9a-f]{32}$/);
    expect(records[0]).not.toHaveProperty('subject');
    for (const word of [input.applicant.name, input.applicant.documentNumber, '某人', 'hall'])
      expect(JSON.stringify(records)).not.toContain(word);
  });

  it('counts what a flood of refusals was, and what came without a token', async () => {
    await live.services.audit.stop();
    for (let n = 0; n < 50; n += 1) expect((await ask('POST', '/v1/peers', undefined, {})).status).toBe(401);
    expect((await ask('DELETE', '/v1/peers/150626')).status).toBe(401);
    await live.services.audit.stop();
    const records = (await audited()).slice(0, 2);
    expect(records.map(({ route, outcome, factor, count }) => [route, outcome, factor, count])).toEqual([
      ['*', 'UNAUTHORIZED', 'none', 50],
      ['POST /v1/peers', 'UNAUTHORIZED', 'none', 1],
    ]);
  });

  it('has what a crash cut off, as of unknown outcome', async () => {
    const act = { at: clock.now(), request: 'r', route: 'POST /v1/cut-off', target: '', role: 'operator' } as const;
    await live.services.audit.begin({ ...act, actor: 'a', factor: 'token', reason: '', body: '' });
    expect(await live.services.audit.settleLost()).toBe(0);
    aheadMs += 16 * MINUTE_MS;
    expect(await live.services.audit.settleLost()).toBe(1);
    expect(await audited('&route=POST%20%2Fv1%2Fcut-off')).toMatchObject([{ outcome: 'unknown', status: 0 }]);
  });

  it('comes in pages, by time, and proves itself against the statement of the region alone', async () => {
    const token = await as('auditor', 'li');
    const pages: AuditExport[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await ask('GET', `/v1/audit/export?limit=7${cursor}`, token);
      pages.push(json);
      if (json.next === undefined) break;
      cursor = `&cursor=${json.next}`;
    }
    const statement = live.core.own;
    const all = pages.flatMap(({ records }) => records);
    expect(all.length).toBe((await audited()).length);
    for (const { checkpoint, records } of pages)
      expect(verifyAuditExport({ checkpoint, records }, statement)).toBe(records.length);
    const [first] = pages;
    const altered = structuredClone({ checkpoint: first!.checkpoint, records: first!.records }) as AuditExport;
    Object.assign(altered.records[0]!, { record: altered.records[0]!.record.replace('FORBIDDEN', 'done') });
    expect(() => verifyAuditExport(altered, statement)).toThrow(expect.objectContaining({ code: 'LOG_PROOF_INVALID' }));
    expect((await ask('GET', `/v1/audit?since=${clock.now() + DAY_MS}`, token)).json).toEqual({ records: [] });
  });

  it('is rechecked with the log: what was altered or removed is found, what retention removed is not missed', async () => {
    const { store, own, evidence } = live.core;
    await evidence.integrate();
    const faults = async () =>
      (await verifyLog(store.read, own, [], undefined, clock.now())).faults.map(({ where }) => where);
    expect(await faults()).toEqual([]);
    const { position, record } = (await live.services.audit.after({}, 0, 1))[0]!;
    const put = (text: string) =>
      store.write((tx) => tx.run('UPDATE audit_entry SET record = ? WHERE position = ?', text, position));
    await put(record.replace('FORBIDDEN', 'done'));
    expect(await faults()).toEqual([`audit_entry/${position}`]);
    await put(record);
    await store.write((tx) => tx.run('UPDATE audit_entry SET actor = ? WHERE position = ?', 'b', position));
    expect(await faults()).toEqual([`audit_entry/${position}`]);
    await store.write((tx) => tx.run('DELETE FROM audit_entry WHERE position = ?', position));
    expect(await faults()).toEqual([expect.stringMatching(/^log_entry\//)]);
    const { audit } = live.services;
    const counter = () => store.read.get("SELECT value FROM counter WHERE name = 'audit/purged-before'");
    expect(await audit.purge(KEEP_MS, Number.MAX_SAFE_INTEGER)).toBe(0);
    // A clock that is wrong by decades removes nothing while the log knows better.
    aheadMs += 20 * 366 * DAY_MS;
    expect(await audit.purge(KEEP_MS, Number.MAX_SAFE_INTEGER)).toBe(0);
    aheadMs -= 20 * 366 * DAY_MS;
    expect(await counter()).toBeUndefined();
    // Half a year later, something is done.
    aheadMs += 181 * DAY_MS;
    await ask('POST', '/v1/cases', await as('platform'), caseInput('150626', NO_MATERIALS));
    await evidence.integrate();
    expect(await audit.purge(KEEP_MS, Number.MAX_SAFE_INTEGER)).toBeGreaterThan(5);
    expect(await audit.list({}, 10)).toHaveLength(1);
    expect(await faults()).toEqual([]);
  });

  it('is missed where the database says that retention removed what is too young for it', async () => {
    const { store, own } = live.core;
    const [{ log_position } = { log_position: 0 }] = await live.services.audit.list({}, 1);
    const faults = async (now?: number) =>
      (await verifyLog(store.read, own, [], undefined, now)).faults.map(({ where }) => where);
    await store.write(async (tx) => {
      await tx.run('DELETE FROM audit_entry');
      await tx.run("UPDATE counter SET value = ? WHERE name = 'audit/purged-before'", clock.now() + DAY_MS);
    });
    const both = ['counter/audit', `log_entry/${log_position}`];
    expect(await faults(clock.now())).toEqual(both);
    // Nor does a clock of the verifier that is ahead, or none at all, help.
    for (const now of [clock.now() + 20 * 366 * DAY_MS, undefined]) expect(await faults(now)).toEqual(both);
  });

  it('is tended whole, however much there is', async () => {
    const { audit } = live.services;
    const act = { at: clock.now(), request: 'r', route: 'POST /v1/cut-off', target: '', role: 'operator' } as const;
    const record = JSON.stringify({ ...act, actor: 'a', factor: 'token', reason: '', body: '' });
    await live.core.store.write(async (tx) => {
      for (let n = 0; n < 1_200; n += 1) await auditTable.begin(tx, `cut-off-${n}`, act.at, record);
    });
    aheadMs += 16 * MINUTE_MS;
    expect(await audit.settleLost()).toBe(1_200);
    aheadMs += 181 * DAY_MS;
    await ask('POST', '/v1/cases', await as('platform'), caseInput('150626', NO_MATERIALS));
    expect(await audit.purge(KEEP_MS, Number.MAX_SAFE_INTEGER)).toBe(1_200);
    expect(await audit.list({}, 10)).toHaveLength(1);
  });
});
