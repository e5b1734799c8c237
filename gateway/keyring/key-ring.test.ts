import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileKeyStore, issueOwnStatement, openFileKeyStore, revokeKey, rotateKey } from '#trust';
import { forgetKeys } from '../../trust/testing/older-key-folder.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { KeyRing } from './key-ring.ts';
import { openOwnKeys } from './own-keys.ts';

const NOW = Date.UTC(2026, 10, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const passphrase = 'a passphrase for tests';
const PEER = '150626';

let folder: string;
let store: Store;
let clock: { at: number; now(): number };
let jwt: string;
let serial: number;
let ring: KeyRing;

const keys = () => join(folder, 'keys');
const openKeys = () => openFileKeyStore(keys(), passphrase);
const readStatement = async () => jwt;

async function restate(): Promise<void> {
  serial += 1;
  const content = { region: '320600', name: '南通', endpoint: 'gateway.example:7443', serial };
  jwt = await issueOwnStatement(await openKeys(), { ...content, issuedAt: clock.at, expiresAt: clock.at + 365 * DAY });
}

async function open(): Promise<KeyRing> {
  const own = await openOwnKeys('320600', await openKeys(), jwt, clock.at);
  return KeyRing.open({ store, clock, region: '320600', openKeys, readStatement }, own);
}

const rotate = (purpose: 'signing' | 'seal' | 'tls', overlapMs = DAY) =>
  rotateKey(keys(), { purpose, passphrase, now: clock.at, overlapMs });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-ring-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  clock = { at: NOW, now: () => clock.at };
  serial = 0;
  await createFileKeyStore(keys(), { suite: 'ES256', passphrase, now: NOW, cost: 2 ** 4 });
  await restate();
  ring = await open();
  ring.waitFor(() => [PEER]);
  await ring.hold(PEER, 1);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

it('opens without a seal key in an older region, says so when one is needed, and takes the first one over', async () => {
  await forgetKeys(keys(), 'seal');
  clock.at += HOUR;
  await restate();
  ring = await open();
  expect(() => ring.sealSigner.kid).toThrow(
    expect.objectContaining({ code: 'KEY_MISSING', message: expect.stringContaining('tongban key rotate seal') }),
  );
  const { kid } = await rotate('seal');
  await restate();
  await ring.reload();
  expect(ring.sealSigner.kid).toBe(kid);
});

describe('beside the streams', () => {
  it('signs with the newest key that the peer knows, and with the newest one once it holds the statement', async () => {
    const old = ring.signer.kid;
    const { kid } = await rotate('signing');
    await restate();
    await ring.reload();
    expect(ring.signer.kid).toBe(kid);
    expect(ring.signerFor(PEER).kid).toBe(old);
    expect(ring.signerFor('653125').kid).toBe(kid);
    await ring.hold(PEER, 2);
    expect(ring.signerFor(PEER).kid).toBe(kid);
  });

  it('signs with the newest key when all that the peer knows have ended or were revoked', async () => {
    const old = ring.signer.kid;
    const { kid } = await rotate('signing');
    await restate();
    await ring.reload();
    clock.at += 2 * DAY;
    expect(ring.signerFor(PEER).kid).toBe(kid);
    clock.at -= 2 * DAY;
    await revokeKey(keys(), old, { at: clock.at, reason: 'compromised' }, clock.at);
    await restate();
    await ring.reload();
    expect(ring.signerFor(PEER).kid).toBe(kid);
  });

  it('remembers over a restart what peers hold', async () => {
    const old = ring.signer.kid;
    await rotate('signing');
    await restate();
    ring = await open();
    expect(ring.heldBy(PEER)).toBe(1);
    expect(ring.signerFor(PEER).kid).toBe(old);
  });

  it('believes no peer that says it holds more than there is', async () => {
    await ring.hold(PEER, 99);
    expect(ring.heldBy(PEER)).toBe(1);
  });
});

describe('the server', () => {
  it('presents a new TLS key once every peer knows it, or after a week', async () => {
    const old = ring.tls.spki;
    await rotate('tls', 30 * DAY);
    await restate();
    await ring.reload();
    expect(ring.tls.spki).toBe(old);
    clock.at += 7 * DAY;
    const fresh = ring.tls.spki;
    expect(fresh).not.toBe(old);
    clock.at -= 7 * DAY;
    await ring.hold(PEER, 2);
    expect(ring.tls.spki).toBe(fresh);
  });
});

describe('a reload', () => {
  it('tells whether the statement is another one, and after it what a peer holds', async () => {
    const told: boolean[] = [];
    ring.onChange((renewed) => void told.push(renewed));
    await ring.reload();
    await restate();
    await ring.reload();
    await ring.hold(PEER, 2);
    await ring.hold(PEER, 2);
    expect(told).toEqual([false, true, false]);
  });

  it.each([
    ['an older statement', 'STATEMENT_STALE', async (first: string) => first],
    ['no statement', 'JWS_INVALID', async () => 'nothing'],
  ])('refuses %s, and goes on as before', async (_, code, next) => {
    const first = jwt;
    await rotate('signing');
    await restate();
    await ring.reload();
    const { signer, statement } = ring;
    const { kid } = signer;
    jwt = await next(first);
    await expect(ring.reload()).rejects.toMatchObject({ code });
    expect(ring.statement).toBe(statement);
    expect(ring.signer.kid).toBe(kid);
  });

  it('leaves a key alone that no statement names yet', async () => {
    const { kid } = ring.signer;
    await rotate('signing');
    await ring.reload();
    expect(ring.signer.kid).toBe(kid);
  });

  it('says what to do when no key is in date', async () => {
    await rotate('signing', 0);
    clock.at += 1000 * DAY;
    expect(() => ring.signer.kid).toThrow(
      expect.objectContaining({ code: 'KEY_MISSING', message: expect.stringContaining('tongban key rotate') }),
    );
  });
});
