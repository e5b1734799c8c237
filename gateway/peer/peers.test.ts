import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  fingerprintOf,
  issueStatement,
  type RegionStatement,
  type StatementContent,
  type StatementKey,
  verifyStatement,
} from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type TestClock, testClock } from '../testing/region-pair.ts';
import { Peers } from './peers.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const YEAR = 365 * 24 * 60 * 60 * 1000;

let own: ThrowawayRegion;
let uxin: ThrowawayRegion;
let quanzhou: ThrowawayRegion;
let folder: string;
let store: Store;
let clock: TestClock;
let peers: Peers;
let changes: number;

beforeAll(async () => {
  own = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  quanzhou = await throwawayRegion('350500', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-peers-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  clock = testClock(NOW);
  await restart();
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function restart(): Promise<void> {
  peers = new Peers(store, clock, () => own.statement);
  await peers.start();
  changes = 0;
  peers.onChange(() => {
    changes += 1;
  });
}

function pin(region: { jwt: string; statement: RegionStatement }): Promise<RegionStatement> {
  return peers.pin(region.jwt, fingerprintOf(region.statement.identity));
}

function pinned(): Promise<{ region: string; serial: number }[]> {
  return store.read.all('SELECT region, serial FROM peer ORDER BY region');
}

/** Whom the gateway would let in with the TLS key of a region. */
function ownerOf(region: ThrowawayRegion): string | undefined {
  return peers.directory.ownerOf(region.tls.certificate)?.region;
}

/** A statement signed by one region's identity that lists what it likes. */
async function stating(by: ThrowawayRegion, region: string, tls: Uint8Array): Promise<RegionStatement> {
  const content: StatementContent = {
    region,
    name: '地区',
    serial: 9,
    endpoint: '127.0.0.1:7443',
    issuedAt: NOW,
    expiresAt: NOW + YEAR,
    tls: [tls],
    keys: (await by.store.list())
      .filter(({ purpose }) => purpose !== 'identity' && purpose !== 'tls')
      .map(({ purpose, publicJwk, notBefore, notAfter }) => ({
        purpose: purpose as StatementKey['purpose'],
        jwk: publicJwk,
        notBefore,
        notAfter,
      })),
  };
  return verifyStatement(await issueStatement(by.identity, content));
}

describe('pinning a region', () => {
  it('lets it in and lasts over a restart', async () => {
    expect(await pin(uxin)).toMatchObject({ region: '150626', serial: 1 });
    expect(changes).toBe(1);
    expect(peers.get('150626')?.digest).toEqual(uxin.statement.digest);
    expect(ownerOf(uxin)).toBe('150626');
    await restart();
    expect(peers.all().map(({ region }) => region)).toEqual(['150626']);
    expect(ownerOf(uxin)).toBe('150626');
    expect(peers.demand('150626').serial).toBe(1);
  });

  it('may be repeated, and takes a newer statement of the same identity', async () => {
    await pin(uxin);
    await pin(uxin);
    const newer = await uxin.restate({ serial: 2, endpoint: '127.0.0.1:9443' });
    await pin({ jwt: ` ${newer.jwt}\n`, statement: newer });
    expect(peers.get('150626')?.endpoint).toBe('127.0.0.1:9443');
    expect(await pinned()).toEqual([{ region: '150626', serial: 2 }]);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    [
      'another fingerprint was read out',
      'FINGERPRINT_MISMATCH',
      () => peers.pin(uxin.jwt, fingerprintOf(own.statement.identity)),
    ],
    ['no fingerprint was read out', 'FINGERPRINT_MISMATCH', () => peers.pin(uxin.jwt, '')],
    ['it is our own', 'CONFLICT', () => pin(own)],
    [
      'a byte of it was changed',
      'SIGNATURE_INVALID',
      () => peers.pin(`${uxin.jwt.slice(0, -4)}AAAA`, fingerprintOf(uxin.statement.identity)),
    ],
    ['it is no statement', 'JWS_INVALID', () => peers.pin('hello', fingerprintOf(uxin.statement.identity))],
    [
      'it claims the TLS key of another pinned region',
      'STATEMENT_INVALID',
      async () => pin(await withJwt(stating(uxin, '150626', quanzhou.tls.der))),
    ],
    [
      'it claims our own TLS key',
      'STATEMENT_INVALID',
      async () => pin(await withJwt(stating(uxin, '150626', own.tls.der))),
    ],
  ])('stores nothing when %s', async (_, code, attempt) => {
    await pin(quanzhou);
    changes = 0;
    await expect(attempt()).rejects.toMatchObject({ code });
    expect(await pinned()).toEqual([{ region: '350500', serial: 1 }]);
    expect(peers.get('150626')).toBeUndefined();
    expect(ownerOf(uxin)).toBeUndefined();
    expect(ownerOf(quanzhou)).toBe('350500');
    expect(changes).toBe(0);
  });

  it('stores nothing when the statement has expired', async () => {
    clock.at = uxin.statement.expiresAt;
    await expect(pin(uxin)).rejects.toMatchObject({ code: 'STATEMENT_EXPIRED' });
    expect(await pinned()).toEqual([]);
  });

  it('keeps the newer statement when an older one comes', async () => {
    const newer = await uxin.restate({ serial: 5 });
    await pin({ jwt: newer.jwt, statement: newer });
    await expect(pin(uxin)).rejects.toMatchObject({ code: 'STATEMENT_STALE' });
    const other = await uxin.restate({ serial: 5, endpoint: '127.0.0.1:1' });
    await expect(pin({ jwt: other.jwt, statement: other })).rejects.toMatchObject({ code: 'STATEMENT_STALE' });
    expect(peers.get('150626')?.digest).toEqual(newer.digest);
    expect(await pinned()).toEqual([{ region: '150626', serial: 5 }]);
  });

  it('keeps the identity that was pinned first', async () => {
    await pin(uxin);
    const thief = await throwawayRegion('150626', { now: NOW });
    await expect(pin(thief)).rejects.toMatchObject({ code: 'FINGERPRINT_MISMATCH' });
    expect(peers.get('150626')?.identity).toBe(uxin.statement.identity);
    expect(ownerOf(thief)).toBeUndefined();
    await peers.remove('150626');
    await pin(thief);
    expect(peers.get('150626')?.identity).toBe(thief.statement.identity);
  });
});

describe('a pinned region', () => {
  it('is not trusted once its statement has expired', async () => {
    await pin(uxin);
    clock.at = uxin.statement.expiresAt - 1;
    expect(peers.demand('150626').region).toBe('150626');
    clock.at += 1;
    expect(() => peers.demand('150626')).toThrow(expect.objectContaining({ code: 'STATEMENT_EXPIRED' }));
    expect(() => peers.demand('350500')).toThrow(expect.objectContaining({ code: 'PEER_NOT_PINNED' }));
  });

  it('is still known to evidence after it was removed', async () => {
    await peers.pin(uxin.jwt, fingerprintOf(uxin.statement.identity));
    await peers.remove('150626');
    expect(peers.statementOf('150626')).toBeUndefined();
    expect(await peers.lastStatementOf('150626')).toBe(uxin.jwt);
    expect(await peers.lastStatementOf('350500')).toBeUndefined();
  });

  it('is forgotten when it is removed, for ever', async () => {
    await pin(uxin);
    await peers.remove('150626');
    expect(changes).toBe(2);
    expect(peers.get('150626')).toBeUndefined();
    expect(ownerOf(uxin)).toBeUndefined();
    await expect(peers.remove('150626')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await restart();
    expect(peers.all()).toEqual([]);
  });

  it('has a statement beside our own', async () => {
    await pin(uxin);
    expect(peers.statementOf('320600')).toBe(peers.own);
    expect(peers.statementOf('150626')?.region).toBe('150626');
    expect(peers.statementOf('350500')).toBeUndefined();
  });
});

describe('a newer statement that a region sends about itself', () => {
  function renew(statement: RegionStatement, region = '150626'): Promise<void> {
    return store.write((tx) => peers.renew(tx, region, statement.jwt));
  }

  beforeEach(async () => {
    await pin(uxin);
    changes = 0;
  });

  it('takes the place of the old one', async () => {
    await renew(await uxin.restate({ serial: 2, endpoint: '127.0.0.1:9443' }));
    expect(peers.get('150626')).toMatchObject({ serial: 2, endpoint: '127.0.0.1:9443' });
    expect(changes).toBe(1);
    await restart();
    expect(peers.get('150626')?.serial).toBe(2);
  });

  it('counts only once the unit of work is durable', async () => {
    const newer = await uxin.restate({ serial: 2 });
    const undone = store.write(async (tx) => {
      await peers.renew(tx, '150626', newer.jwt);
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(peers.get('150626')?.serial).toBe(1);
    expect(await pinned()).toEqual([{ region: '150626', serial: 1 }]);
    expect(changes).toBe(0);
  });

  it.each<[string, string, () => Promise<RegionStatement>, string?]>([
    ['speaks of another region', 'PEER_NOT_PINNED', async () => quanzhou.statement],
    ['comes from a region that is not pinned', 'PEER_NOT_PINNED', async () => quanzhou.statement, '350500'],
    ['is signed by another identity', 'FINGERPRINT_MISMATCH', async () => stating(quanzhou, '150626', uxin.tls.der)],
    ['is older', 'STATEMENT_STALE', () => uxin.restate({ endpoint: '127.0.0.1:1' })],
    ['has expired', 'STATEMENT_EXPIRED', () => uxin.restate({ serial: 2, issuedAt: NOW - YEAR, expiresAt: NOW })],
  ])('is not taken when it %s', async (_, code, statement, region) => {
    await expect(renew(await statement(), region)).rejects.toMatchObject({ code });
    expect(await pinned()).toEqual([{ region: '150626', serial: 1 }]);
    expect(peers.get('150626')?.digest).toEqual(uxin.statement.digest);
    expect(changes).toBe(0);
  });

  it('does not go back to an older one that shares its commit', async () => {
    const [second, third] = [await uxin.restate({ serial: 2 }), await uxin.restate({ serial: 3 })];
    const results = await Promise.allSettled([renew(third), renew(second)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'STATEMENT_STALE' });
    expect(peers.get('150626')?.serial).toBe(3);
    expect(await pinned()).toEqual([{ region: '150626', serial: 3 }]);
    await renew(await uxin.restate({ serial: 4 }));
    expect(peers.get('150626')?.serial).toBe(4);
  });
});

/** What `pin` takes, of a statement that is made on the way. */
async function withJwt(statement: Promise<RegionStatement>): Promise<{ jwt: string; statement: RegionStatement }> {
  return { jwt: (await statement).jwt, statement: await statement };
}
