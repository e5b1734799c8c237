import { access, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { issueOwnStatement } from '../region/region-keys.ts';
import { verifyStatement } from '../region/statement.ts';
import { importPublicJwk, type SuiteName, suiteOf } from '../suites.ts';
import { forgetKeys } from '../testing/older-key-folder.ts';
import { createFileKeyStore, openFileKeyStore } from './file-key-store.ts';
import { moveIdentityKey, revokeKey, rotateKey } from './key-life.ts';
import type { KeyInfo } from './key-store.ts';
import { KEY_LIFETIME_MS } from './new-keys.ts';
import { STATED_PURPOSES } from './signer.ts';

const NOW = Date.UTC(2026, 10, 1, 8);
const HOUR = 3_600_000;
const passphrase = '通办 correct horse';

const base = await mkdtemp(join(tmpdir(), 'tongban-key-life-'));
afterAll(() => rm(base, { recursive: true, force: true }));

let dir: string;
beforeEach(async () => {
  dir = join(await mkdtemp(join(base, 'case-')), 'keys');
  await createFileKeyStore(dir, { suite: 'ES256', passphrase, now: NOW, region: '320600' });
});

const index = () => readFile(join(dir, 'keys.json'), 'utf8');
const listed = async (purpose: string) =>
  (await (await openFileKeyStore(dir, passphrase)).list()).filter((key) => key.purpose === purpose);
const rotate = (purpose: KeyInfo['purpose'], now = NOW + HOUR) =>
  rotateKey(dir, { purpose, passphrase, now, overlapMs: 24 * HOUR });

async function statementAt(now: number) {
  const content = { region: '320600', name: '南通', serial: 1, endpoint: 'gateway.example:7443', issuedAt: now };
  const store = await openFileKeyStore(dir, passphrase);
  return verifyStatement(await issueOwnStatement(store, { ...content, expiresAt: now + 1000 * HOUR }));
}

describe('a rotation', () => {
  it.each(STATED_PURPOSES)(
    'makes a %s key that is used from now on, and the one before it ends after the overlap',
    async (purpose) => {
      const [before] = await listed(purpose);
      const made = await rotate(purpose);
      const [old, fresh] = await listed(purpose);
      expect(old).toEqual({ ...before, notAfter: NOW + 25 * HOUR });
      expect(fresh).toMatchObject({ kid: made.kid, suite: before!.suite });
      expect(fresh!.notAfter).toBe(NOW + HOUR + KEY_LIFETIME_MS[purpose]);
      const store = await openFileKeyStore(dir, passphrase);
      const signer = await store.signer(purpose);
      expect(signer.kid).toBe(made.kid);
      const { verify } = suiteOf(fresh!.suite);
      expect(verify(importPublicJwk(fresh!.publicJwk), Buffer.from('办'), await signer.sign(Buffer.from('办')))).toBe(
        true,
      );
      expect((await store.signer(purpose, old!.kid)).kid).toBe(old!.kid);
    },
  );

  it.each<[SuiteName, SuiteName]>([
    ['ES256', 'ES256'],
    ['Ed25519', 'ES256'],
    ['SM2-SM3', 'SM2-SM3'],
  ])('gives an older folder of %s its first seal key, and no other purpose its first', async (suite, expected) => {
    dir = join(await mkdtemp(join(base, 'older-')), 'keys');
    await createFileKeyStore(dir, { suite, passphrase, now: NOW });
    for (const purpose of ['seal', 'log']) await forgetKeys(dir, purpose);
    expect(await rotate('seal')).toMatchObject({ purpose: 'seal', suite: expected });
    expect(await listed('seal')).toHaveLength(1);
    await expect(rotate('log')).rejects.toMatchObject({ code: 'KEY_MISSING' });
    expect(await listed('log')).toEqual([]);
  });

  it('of TLS states both certificates until the old one ends', async () => {
    const first = await (await openFileKeyStore(dir, passphrase)).tls();
    await rotate('tls');
    const store = await openFileKeyStore(dir, passphrase);
    const second = await store.tls();
    expect((await store.tls((await listed('tls'))[0]!.kid)).spki).toBe(first.spki);
    expect((await statementAt(NOW + 2 * HOUR)).tls.map(({ spki }) => spki)).toEqual([first.spki, second.spki]);
    expect((await statementAt(NOW + 26 * HOUR)).tls.map(({ spki }) => spki)).toEqual([second.spki]);
  });

  it('states every operational key that there ever was', async () => {
    await rotate('signing');
    await rotate('signing', NOW + 2 * HOUR);
    const { keys } = await statementAt(NOW + 1000 * HOUR);
    const kids = (await listed('signing')).map(({ kid }) => kid);
    expect(keys.filter(({ purpose }) => purpose === 'signing').map(({ kid }) => kid)).toEqual(kids);
    expect(kids).toHaveLength(3);
  });

  it('never lengthens the life of a key', async () => {
    await rotate('signing');
    const [first] = await listed('signing');
    await rotate('signing', NOW + 20 * HOUR);
    expect((await listed('signing'))[0]).toEqual(first);
  });

  it('is refused with another passphrase, and changes nothing', async () => {
    const before = [await index(), await readdir(dir)];
    const wrong = rotateKey(dir, { purpose: 'signing', passphrase: 'another', now: NOW, overlapMs: HOUR });
    await expect(wrong).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
    expect([await index(), await readdir(dir)]).toEqual(before);
  });

  it('waits for no other command that changes the keys: it says so and changes nothing', async () => {
    const before = await index();
    await writeFile(join(dir, 'keys.json.lock'), '');
    await expect(rotate('signing')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('keys.json.lock'),
    });
    expect(await index()).toBe(before);
    await rm(join(dir, 'keys.json.lock'));
    await expect(rotate('signing')).resolves.toBeDefined();
    await expect(access(join(dir, 'keys.json.lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('never loses a key when two run at once: one of them is refused or both are kept', async () => {
    const results = await Promise.allSettled([rotate('signing'), rotate('certificate')]);
    const kids = (await (await openFileKeyStore(dir, passphrase)).list()).map(({ kid }) => kid);
    for (const result of results) {
      if (result.status === 'fulfilled') expect(kids).toContain(result.value.kid);
      else expect(result.reason).toMatchObject({ code: 'CONFLICT' });
    }
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  });
});

describe('a revocation', () => {
  it('is stated with its time in whole seconds, and the key is used no more', async () => {
    const [stolen] = await listed('signing');
    const made = await rotate('signing');
    const revoked = { at: NOW + 1234, reason: 'compromised' } as const;
    await revokeKey(dir, stolen!.kid.slice(0, 8), revoked, NOW + HOUR);
    const { keys } = await statementAt(NOW + 2 * HOUR);
    expect(keys.find(({ kid }) => kid === stolen!.kid)).toMatchObject({ revokedAt: NOW + 1000 });
    expect(keys.find(({ kid }) => kid === made.kid)).not.toHaveProperty('revokedAt');
    expect((await (await openFileKeyStore(dir, passphrase)).signer('signing')).kid).toBe(made.kid);
    expect((await listed('signing'))[0]).toMatchObject({ revoked: { at: NOW + 1000, reason: 'compromised' } });
  });

  it('of the newer key gives the older one back, while it may still be used', async () => {
    const [old] = await listed('signing');
    const made = await rotate('signing');
    await revokeKey(dir, made.kid, { at: NOW, reason: 'unspecified' }, NOW + 2 * HOUR);
    expect((await (await openFileKeyStore(dir, passphrase)).signer('signing')).kid).toBe(old!.kid);
  });

  it('of a TLS key takes its certificate out of the statement', async () => {
    const [old] = await listed('tls');
    await rotate('tls');
    const fresh = await (await openFileKeyStore(dir, passphrase)).tls();
    await revokeKey(dir, old!.kid, { at: NOW, reason: 'compromised' }, NOW + HOUR);
    expect((await statementAt(NOW + HOUR)).tls.map(({ spki }) => spki)).toEqual([fresh.spki]);
  });

  it.each([
    ['the last key of its purpose', 'CONFLICT', async () => (await listed('signing'))[0]!.kid],
    ['the identity key', 'CONFLICT', async () => (await listed('identity'))[0]!.kid],
    ['a key that is not there', 'NOT_FOUND', async () => 'AAAAAAAA'],
    ['three letters, which might be any key', 'NOT_FOUND', async () => (await listed('signing'))[0]!.kid.slice(0, 3)],
  ])('of %s is refused and changes nothing', async (_, code, kid) => {
    const before = await index();
    await expect(revokeKey(dir, await kid(), { at: NOW, reason: 'compromised' }, NOW)).rejects.toMatchObject({ code });
    expect(await index()).toBe(before);
  });

  it('is refused when the only other key of the purpose has ended', async () => {
    const made = await rotate('signing');
    const late = revokeKey(dir, made.kid, { at: NOW, reason: 'compromised' }, NOW + 30 * HOUR);
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('happens once', async () => {
    const [old] = await listed('signing');
    await rotate('signing');
    await revokeKey(dir, old!.kid, { at: NOW, reason: 'compromised' }, NOW + HOUR);
    const before = await index();
    const again = revokeKey(dir, old!.kid, { at: NOW + 5 * HOUR, reason: 'unspecified' }, NOW + HOUR);
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await index()).toBe(before);
  });
});

describe('moving the identity key away', () => {
  it('leaves a folder that works without it, and a file that works when it is brought back', async () => {
    const safe = join(dir, '..', 'safe');
    const { kid } = (await listed('identity'))[0]!;
    const moved = await moveIdentityKey(dir, safe, passphrase);
    expect(await readdir(safe)).toEqual([`identity-${kid.slice(0, 8)}.pem`]);
    expect((await readdir(dir)).some((name) => name.startsWith('identity-'))).toBe(false);
    const store = await openFileKeyStore(dir, passphrase);
    await expect(store.signer('identity')).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await expect(store.signer('signing')).resolves.toBeDefined();
    await writeFile(join(dir, `identity-${kid.slice(0, 8)}.pem`), await readFile(moved));
    expect((await store.signer('identity')).kid).toBe(kid);
  });

  it('is refused with a wrong passphrase, and nothing moves', async () => {
    const safe = join(dir, '..', 'safe');
    await expect(moveIdentityKey(dir, safe, 'wrong')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
    await expect(access(safe)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect((await openFileKeyStore(dir, passphrase)).signer('identity')).resolves.toBeDefined();
  });

  it('never overwrites a file in the safe', async () => {
    const safe = join(dir, '..', 'safe');
    const name = `identity-${(await listed('identity'))[0]!.kid.slice(0, 8)}.pem`;
    await moveIdentityKey(dir, safe, passphrase);
    const kept = await readFile(join(safe, name));
    await writeFile(join(dir, name), kept);
    await expect(moveIdentityKey(dir, safe, passphrase)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await readFile(join(dir, name))).toEqual(kept);
    await chmod(safe, 0o700);
  });
});
