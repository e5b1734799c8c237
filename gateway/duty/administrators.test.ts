import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { createLog } from '../telemetry/log.ts';
import { ADMINISTRATORS } from './administrator.ts';
import { Administrators } from './administrators.ts';
import { stepAt, type TotpFactor, totpCode } from './totp.ts';

const START = 1_793_000_000_000;
const MINUTE_MS = 60_000;

let folder: string;
let store: Store;
let now: number;
let administrators: Administrators;
const logged: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-duty-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  now = START;
  administrators = open(7);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

function open(key: number): Administrators {
  const clock = { now: () => now };
  const log = createLog({ level: 'warn', region: '320600', clock }, { write: (line) => void logged.push(line) });
  return new Administrators({ store, clock, log, apiKey: Buffer.alloc(32, key) });
}

const codeOf = (factor: TotpFactor) => totpCode(factor, stepAt(now));
const enrol = async (subject: string, role: (typeof ADMINISTRATORS)[number]) =>
  (await administrators.enrol({ subject, role, algorithm: 'SHA1' }, 'local-secadmin'))!;

async function enrolled(subject: string, role: (typeof ADMINISTRATORS)[number]): Promise<TotpFactor> {
  const factor = await enrol(subject, role);
  await administrators.openSession({ sub: subject, role }, codeOf(factor));
  now += MINUTE_MS;
  return factor;
}

describe('a role', () => {
  it('is one a person: neither a second one nor use in another one', async () => {
    await enrolled('zhang', 'secadmin');
    for (const role of ['sysadmin', 'auditor'] as const)
      await expect(enrol('zhang', role)).rejects.toMatchObject({ code: 'ROLE_CONFLICT' });
    for (const role of ['sysadmin', 'auditor', 'operator', 'platform'])
      await expect(administrators.demand({ sub: 'zhang', role }, false)).rejects.toMatchObject({
        code: 'ROLE_CONFLICT',
      });
    await expect(enrol('zhang', 'secadmin')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await administrators.list()).toMatchObject([{ subject: 'zhang', role: 'secadmin' }]);
  });

  it('is taken away with the sessions, by another one', async () => {
    const factor = await enrol('li', 'auditor');
    const { token } = await administrators.openSession({ sub: 'li', role: 'auditor' }, codeOf(factor));
    expect(await administrators.callerOf(token)).toEqual({ sub: 'li', role: 'auditor', factor: 'otp' });
    await expect(administrators.remove('li', 'li')).rejects.toMatchObject({ code: 'CONFLICT' });
    await administrators.remove('li', 'zhang');
    expect(await administrators.callerOf(token)).toBeUndefined();
    expect(await administrators.list()).toEqual([]);
    await expect(administrators.remove('li', 'zhang')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is counted: no more than a hundred people administer', async () => {
    for (let n = 0; n < 100; n += 1) await enrol(`a${n}`, 'auditor');
    await expect(enrol('one more', 'auditor')).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('an act', () => {
  it('needs a session, a look only the role', async () => {
    const factor = await enrolled('zhang', 'secadmin');
    const zhang = { sub: 'zhang', role: 'secadmin' };
    await administrators.demand(zhang, false);
    await expect(administrators.demand(zhang, true)).rejects.toMatchObject({ code: 'SECOND_FACTOR_REQUIRED' });
    const { token, expiresAt } = await administrators.openSession(zhang, codeOf(factor));
    await administrators.demand((await administrators.callerOf(token))!, true);
    expect(expiresAt - now).toBe(15 * MINUTE_MS);
    now = expiresAt;
    expect(await administrators.callerOf(token)).toBeUndefined();
  });

  it('of somebody who is not enrolled is refused, and so is a look', async () => {
    for (const role of ADMINISTRATORS)
      await expect(administrators.demand({ sub: 'wang', role }, false)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await administrators.demand({ sub: 'hall', role: 'platform' }, true);
    await administrators.demand({ sub: 'hall', role: 'operator' }, true);
  });

  it('of the machine counts while nobody has the role, then only with a reason, which is logged', async () => {
    const local = { sub: 'local-secadmin', role: 'secadmin' };
    await administrators.demand(local, true);
    const factor = await enrol('zhang', 'secadmin');
    await administrators.demand(local, true);
    await administrators.openSession({ sub: 'zhang', role: 'secadmin' }, codeOf(factor));
    expect(await administrators.vacant(ADMINISTRATORS)).toEqual(['sysadmin', 'auditor']);
    for (const isAct of [true, false])
      await expect(administrators.demand(local, isAct)).rejects.toMatchObject({ code: 'SECOND_FACTOR_REQUIRED' });
    await administrators.demand({ sub: 'local-sysadmin', role: 'sysadmin' }, true);
    logged.length = 0;
    await administrators.demand({ ...local, breakGlass: '系统故障' }, true);
    expect(logged.join('')).toContain('stands in');
    expect(logged.join('')).not.toContain('系统故障');
  });
});

describe('a code', () => {
  const zhang = { sub: 'zhang', role: 'secadmin' };

  it('counts once, at once with the clock of the gateway', async () => {
    const factor = await enrol('zhang', 'secadmin');
    const code = codeOf(factor);
    await administrators.openSession(zhang, code);
    await expect(administrators.openSession(zhang, code)).rejects.toMatchObject({ code: 'SECOND_FACTOR_WRONG' });
    now += 30_000;
    await administrators.openSession(zhang, codeOf(factor));
    now += 5 * MINUTE_MS;
    await expect(administrators.openSession(zhang, code)).rejects.toMatchObject({ code: 'SECOND_FACTOR_WRONG' });
  });

  it('is not guessed: five wrong ones lock it for a quarter of an hour, right ones too', async () => {
    const factor = await enrol('zhang', 'secadmin');
    const wrong = codeOf(factor) === '000000' ? '000001' : '000000';
    for (let n = 0; n < 5; n += 1)
      await expect(administrators.openSession(zhang, wrong)).rejects.toMatchObject({ code: 'SECOND_FACTOR_WRONG' });
    await expect(administrators.openSession(zhang, codeOf(factor))).rejects.toMatchObject({
      code: 'SECOND_FACTOR_LOCKED',
    });
    expect(await administrators.list()).toMatchObject([{ lockedUntil: START + 15 * MINUTE_MS }]);
    now += 15 * MINUTE_MS;
    await administrators.openSession(zhang, codeOf(factor));
    expect((await administrators.list())[0]).not.toHaveProperty('lockedUntil');
  });

  it('is guessed ever more slowly: each further five wrong ones double the lock, up to a day, until one is right', async () => {
    const factor = await enrolled('zhang', 'secadmin');
    const lockBy = async () => {
      for (let n = 0; n < 5; n += 1)
        await expect(administrators.openSession(zhang, 'xxxxxx')).rejects.toMatchObject({
          code: 'SECOND_FACTOR_WRONG',
        });
      const [{ lockedUntil = 0 } = {}] = await administrators.list();
      const minutes = (lockedUntil - now) / MINUTE_MS;
      now = lockedUntil - 1;
      await expect(administrators.openSession(zhang, codeOf(factor))).rejects.toMatchObject({
        code: 'SECOND_FACTOR_LOCKED',
      });
      now = lockedUntil;
      return minutes;
    };
    const locks: number[] = [];
    for (let n = 0; n < 9; n += 1) locks.push(await lockBy());
    expect(locks).toEqual([15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
    await administrators.openSession(zhang, codeOf(factor));
    expect(await lockBy()).toBe(15);
  });

  it('is for the enrolled role alone, and for nobody else', async () => {
    const factor = await enrol('zhang', 'secadmin');
    for (const caller of [
      { sub: 'zhang', role: 'auditor' },
      { sub: 'wang', role: 'secadmin' },
    ])
      await expect(administrators.openSession(caller, codeOf(factor))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('needs the key of the enrolment', async () => {
    const factor = await enrol('zhang', 'secadmin');
    await expect(open(8).openSession(zhang, codeOf(factor))).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });
});

describe('a token', () => {
  it('of the local key that is older than the enrolment is refused, for a look too', async () => {
    await enrol('zhang', 'secadmin');
    const old = { sub: 'zhang', role: 'secadmin', issuedAt: now };
    await administrators.demand(old, false);
    await administrators.remove('zhang', 'li');
    now += 1_999;
    await enrol('zhang', 'secadmin');
    await expect(administrators.demand(old, false)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await administrators.demand({ ...old, issuedAt: START + 1_000 }, false);
  });

  it('of a session is ended by its holder, and replaced by the next session', async () => {
    const factor = await enrol('zhang', 'secadmin');
    const first = await administrators.openSession({ sub: 'zhang', role: 'secadmin' }, codeOf(factor));
    now += MINUTE_MS;
    const second = await administrators.openSession({ sub: 'zhang', role: 'secadmin' }, codeOf(factor));
    expect(await administrators.callerOf(first.token)).toBeUndefined();
    await administrators.endSession(second.token);
    expect(await administrators.callerOf(second.token)).toBeUndefined();
    expect(administrators.isSession(second.token)).toBe(true);
    expect(administrators.isSession('eyJhbGciOiJIUzI1NiJ9.e30.x')).toBe(false);
  });

  it('is kept nowhere, nor is a secret', async () => {
    const factor = await enrol('zhang', 'secadmin');
    const { token } = await administrators.openSession({ sub: 'zhang', role: 'secadmin' }, codeOf(factor));
    const rows = [
      ...(await store.read.all('SELECT id, subject, opened_at, expires_at FROM administrator_session')),
      ...(await store.read.all('SELECT secret FROM administrator')),
    ];
    const kept = Buffer.concat(rows.flatMap((row) => Object.values(row)).filter((value) => Buffer.isBuffer(value)));
    expect(kept.includes(Buffer.from(token))).toBe(false);
    expect(kept.includes(Buffer.from(factor.secret))).toBe(false);
  });
});
