import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { keyValidAt, RegionDirectory } from './directory.ts';
import { statedKeys } from './region-keys.ts';
import { issueStatement, type RegionStatement, verifyStatement } from './statement.ts';

const NOW = Date.UTC(2026, 10, 1);

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let newer: RegionStatement;
beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  newer = await nantong.restate({ serial: 2, endpoint: 'new.example:7443' });
});

let directory: RegionDirectory;
beforeEach(() => {
  directory = new RegionDirectory();
  directory.pin(nantong.statement);
});

const pinning = (statement: RegionStatement) => () => directory.pin(statement);
const withCode = (code: string) => expect.objectContaining({ code });

describe('a pinned region', () => {
  it('is found by its code and by its TLS key', () => {
    expect(directory.get('320600')).toBe(nantong.statement);
    expect(directory.ownerOf(nantong.tls.certificate)).toBe(nantong.statement);
    expect(directory.all()).toEqual([nantong.statement]);
  });

  it('leaves every other unknown', () => {
    expect(directory.get('150626')).toBeUndefined();
    expect(directory.ownerOf(uxin.tls.certificate)).toBeUndefined();
  });

  it('is forgotten when removed, with its TLS key', () => {
    directory.pin(uxin.statement);
    directory.remove('320600');
    directory.remove('320600');
    expect(directory.get('320600')).toBeUndefined();
    expect(directory.ownerOf(nantong.tls.certificate)).toBeUndefined();
    expect(directory.ownerOf(uxin.tls.certificate)).toBe(uxin.statement);
  });
});

describe('a newer statement', () => {
  it('replaces the older', () => {
    directory.pin(newer);
    expect(directory.get('320600')).toBe(newer);
    expect(directory.ownerOf(nantong.tls.certificate)).toBe(newer);
    expect(directory.all()).toEqual([newer]);
  });

  it('is not replaced by the older, though the same again is fine', () => {
    directory.pin(newer);
    expect(pinning(nantong.statement)).toThrow(withCode('STATEMENT_STALE'));
    expect(pinning(newer)).not.toThrow();
    expect(directory.get('320600')).toBe(newer);
  });

  it('must have a higher serial than the pinned one', async () => {
    directory.pin(newer);
    const sameSerial = await nantong.restate({ serial: 2, endpoint: 'other.example:7443' });
    expect(pinning(sameSerial)).toThrow(withCode('STATEMENT_STALE'));
    expect(directory.get('320600')).toBe(newer);
  });

  it('must be of the pinned identity', async () => {
    const thief = await throwawayRegion('320600', { now: NOW });
    const higher = await thief.restate({ serial: 9 });
    expect(pinning(higher)).toThrow(withCode('FINGERPRINT_MISMATCH'));
    expect(directory.get('320600')).toBe(nantong.statement);
    expect(directory.ownerOf(thief.tls.certificate)).toBeUndefined();
  });

  it('takes away the TLS keys that it no longer lists', async () => {
    const { tls } = await throwawayRegion('320600', { now: NOW });
    const { keys } = nantong.statement;
    const content = { region: '320600', name: '南通', serial: 3, issuedAt: NOW, expiresAt: NOW + 1000 };
    const jwks = keys.map(({ purpose, jwk, kid, notBefore, notAfter }) => ({
      purpose,
      jwk: { ...jwk, kid },
      notBefore,
      notAfter,
    }));
    const jwt = await issueStatement(nantong.identity, { ...content, endpoint: 'a:1', keys: jwks, tls: [tls.der] });
    directory.pin(await verifyStatement(jwt));
    expect(directory.ownerOf(tls.certificate)?.serial).toBe(3);
    expect(directory.ownerOf(nantong.tls.certificate)).toBeUndefined();
  });
});

it('no region takes over the TLS key of another', async () => {
  const { signing } = uxin;
  const jwt = await issueStatement(uxin.identity, {
    region: '150626',
    name: '乌审旗',
    serial: 1,
    issuedAt: NOW,
    expiresAt: NOW + 1000,
    endpoint: 'a:1',
    keys: [{ purpose: 'signing', jwk: signing.publicJwk, notBefore: NOW, notAfter: NOW + 1000 }],
    tls: [uxin.tls.der, nantong.tls.der],
  });
  expect(pinning(await verifyStatement(jwt))).toThrow(withCode('STATEMENT_INVALID'));
  expect(directory.get('150626')).toBeUndefined();
  expect(directory.ownerOf(nantong.tls.certificate)).toBe(nantong.statement);
});

it('holds no more regions than it was told to', () => {
  const small = new RegionDirectory(1);
  small.pin(nantong.statement);
  expect(() => small.pin(uxin.statement)).toThrow(RangeError);
  small.pin(newer);
  expect(small.all()).toEqual([newer]);
});

describe('a key', () => {
  it('is valid from its first millisecond to before its last', () => {
    const key = nantong.statement.keys.find(({ purpose }) => purpose === 'signing')!;
    const at = (moment: number) => () => keyValidAt(nantong.statement, key.kid, 'signing', moment);
    expect(at(key.notBefore)()).toBe(key);
    expect(at(key.notAfter - 1)()).toBe(key);
    expect(at(key.notBefore - 1)).toThrow(withCode('KEY_NOT_VALID'));
    expect(at(key.notAfter)).toThrow(withCode('KEY_NOT_VALID'));
  });

  it('is only for its purpose and of its region', () => {
    expect(() => keyValidAt(nantong.statement, nantong.log.kid, 'signing', NOW)).toThrow(withCode('KEY_UNKNOWN'));
    expect(() => keyValidAt(nantong.statement, uxin.signing.kid, 'signing', NOW)).toThrow(withCode('KEY_UNKNOWN'));
  });

  it('that is revoked counts only for what is proved to be older, whatever time a signature names', async () => {
    const { keys: listed, tls } = await statedKeys(nantong.store, NOW);
    const revoked = { at: NOW + 60_000, reason: 'compromised' } as const;
    const keys = listed.map((key) => (key.purpose === 'signing' ? { ...key, revoked } : key));
    const content = {
      region: '320600',
      name: '南通',
      serial: 2,
      issuedAt: NOW,
      expiresAt: NOW + 1000,
      endpoint: 'a:1',
    };
    const statement = await verifyStatement(await issueStatement(nantong.identity, { ...content, keys, tls }));
    const { kid } = nantong.signing;
    const at = (moment: number, provenAt?: number) => () => keyValidAt(statement, kid, 'signing', moment, provenAt);
    expect(statement.keys.map(({ revokedAt }) => revokedAt)).toEqual([NOW + 60_000, undefined, undefined, undefined]);
    expect(at(NOW)).toThrow(withCode('KEY_REVOKED'));
    expect(at(NOW, NOW + 60_000)).toThrow(withCode('KEY_REVOKED'));
    expect(at(NOW, NOW + 59_999)().kid).toBe(kid);
    expect(at(0, NOW)).toThrow(withCode('KEY_NOT_VALID'));
    expect(keyValidAt(statement, nantong.log.kid, 'log', NOW).kid).toBe(nantong.log.kid);
  });
});
