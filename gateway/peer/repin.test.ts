import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { fingerprintOf, issueStatement, type RegionStatement, statedKeys, verifyStatement } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type TestClock, testClock } from '../testing/region-pair.ts';
import { Peers } from './peers.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const YEAR = 365 * 24 * 60 * 60 * 1000;
const WHY = { reason: '身份密钥所在介质损坏', by: 'cli' };

let own: ThrowawayRegion;
let uxin: ThrowawayRegion;
let quanzhou: ThrowawayRegion;
/** The same region with keys that are all new. */
let rebuilt: ThrowawayRegion;
let folder: string;
let store: Store;
let clock: TestClock;
let peers: Peers;
let seen: (string | undefined)[];
let repinned: string[];

beforeAll(async () => {
  own = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  rebuilt = await throwawayRegion('150626', { now: NOW });
  quanzhou = await throwawayRegion('350500', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-repin-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  clock = testClock(NOW);
  await restart();
  await peers.pin(uxin.jwt, fingerprintOf(uxin.statement.identity));
  await peers.pin(quanzhou.jwt, fingerprintOf(quanzhou.statement.identity));
  seen = [];
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function restart(): Promise<void> {
  peers = new Peers(store, clock, () => own.statement);
  await peers.start();
  seen = [];
  repinned = [];
  peers.onChange(() => seen.push(peers.get('150626')?.identity));
  peers.onRepin((region) => repinned.push(region));
}

const repin = (statement: RegionStatement, fingerprint = fingerprintOf(statement.identity), region = '150626') =>
  peers.repin(region, statement.jwt, fingerprint, WHY);
const known = () => store.read.all("SELECT serial, statement FROM known_statement WHERE region = '150626'");
const rows = () => store.read.all('SELECT * FROM peer ORDER BY region');

it('replaces the pin in one step, and ends the old one before the new one begins', async () => {
  clock.at += 1000;
  await repin(rebuilt.statement);
  expect(seen).toEqual([undefined, rebuilt.statement.identity]);
  expect(repinned).toEqual(['150626']);
  expect(peers.directory.ownerOf(uxin.tls.certificate)).toBeUndefined();
  expect(peers.directory.ownerOf(rebuilt.tls.certificate)?.region).toBe('150626');
  await restart();
  expect(peers.get('150626')?.identity).toBe(rebuilt.statement.identity);
  expect(peers.all()).toHaveLength(2);
});

it('keeps what was believed before, and who changed it when and why', async () => {
  clock.at += 1000;
  await repin(rebuilt.statement);
  expect(new Set((await known()).map(({ statement }) => statement))).toEqual(new Set([uxin.jwt, rebuilt.jwt]));
  const [from, to] = [uxin.statement.identity, rebuilt.statement.identity];
  const changes = [{ region: '150626', from, to, ...WHY, at: NOW + 1000 }];
  expect(await peers.identityChanges('150626')).toEqual(changes);
  await peers.remove('150626');
  expect(await peers.identityChanges('150626')).toEqual(changes);
  expect(await peers.identityChanges('350500')).toEqual([]);
});

it('follows newer statements of the new identity only', async () => {
  await repin(rebuilt.statement);
  const [old, fresh] = [await uxin.restate({ serial: 9 }), await rebuilt.restate({ serial: 2 })];
  const renew = ({ jwt }: RegionStatement) => store.write((tx) => peers.renew(tx, '150626', jwt));
  await expect(renew(old)).rejects.toMatchObject({ code: 'FINGERPRINT_MISMATCH' });
  await renew(fresh);
  expect(peers.get('150626')?.serial).toBe(2);
});

it.each<[string, string, () => Promise<unknown>]>([
  [
    'another fingerprint was read out',
    'FINGERPRINT_MISMATCH',
    async () => repin(rebuilt.statement, fingerprintOf(own.statement.identity)),
  ],
  [
    'the old fingerprint was read out',
    'FINGERPRINT_MISMATCH',
    async () => repin(rebuilt.statement, fingerprintOf(uxin.statement.identity)),
  ],
  ['the identity is the pinned one', 'CONFLICT', async () => repin(await uxin.restate({ serial: 2 }))],
  ['it is of another region', 'STATEMENT_INVALID', async () => repin(quanzhou.statement)],
  [
    'the region is not pinned',
    'PEER_NOT_PINNED',
    async () => {
      const stranger = await throwawayRegion('440300', { now: NOW });
      await repin(stranger.statement, fingerprintOf(stranger.statement.identity), '440300');
    },
  ],
  [
    'it is our own',
    'PEER_NOT_PINNED',
    async () => repin(own.statement, fingerprintOf(own.statement.identity), '320600'),
  ],
  [
    'it has expired',
    'STATEMENT_EXPIRED',
    async () => repin(await rebuilt.restate({ issuedAt: NOW - YEAR, expiresAt: NOW })),
  ],
  [
    'a byte of it was changed',
    'SIGNATURE_INVALID',
    async () =>
      peers.repin('150626', `${rebuilt.jwt.slice(0, -4)}AAAA`, fingerprintOf(rebuilt.statement.identity), WHY),
  ],
  [
    'it claims the TLS key of another pinned region',
    'STATEMENT_INVALID',
    async () => repin(await claiming(quanzhou.tls.der)),
  ],
  ['it claims our own TLS key', 'STATEMENT_INVALID', async () => repin(await claiming(own.tls.der))],
])('changes nothing when %s', async (_, code, attempt) => {
  const before = [await rows(), await known()];
  await expect(attempt()).rejects.toMatchObject({ code });
  expect([await rows(), await known()]).toEqual(before);
  expect(await peers.identityChanges('150626')).toEqual([]);
  expect(peers.get('150626')?.identity).toBe(uxin.statement.identity);
  expect(peers.directory.ownerOf(uxin.tls.certificate)?.region).toBe('150626');
  expect([seen, repinned]).toEqual([[], []]);
});

it('is done once when two do it at the same time', async () => {
  const results = await Promise.allSettled([repin(rebuilt.statement), repin(rebuilt.statement)]);
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused).toMatchObject([{ reason: { code: 'CONFLICT' } }]);
  expect(await peers.identityChanges('150626')).toHaveLength(1);
});

/** A statement of the new identity that lists somebody's TLS certificate. */
async function claiming(tls: Uint8Array): Promise<RegionStatement> {
  const { region, name, serial, endpoint, issuedAt, expiresAt } = rebuilt.statement;
  const { keys } = await statedKeys(rebuilt.store, NOW);
  const content = { region, name, serial, endpoint, issuedAt, expiresAt, keys, tls: [tls] };
  return verifyStatement(await issueStatement(rebuilt.identity, content));
}
