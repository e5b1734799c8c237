import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '#trust';
import {
  type ThrowawayAnchor,
  type ThrowawayRegion,
  throwawayAnchor,
  throwawayRegion,
} from '../../trust/testing/index.ts';
import type { FederationConfig } from '../config/federation-config.ts';
import { createLog } from '../telemetry/log.ts';
import { type AnchorSite, startAnchorSite } from '../testing/anchor-site.ts';
import { until } from '../testing/live-region.ts';
import { type TestClock, type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { Federation } from './federation.ts';

const NOW = Date.UTC(2026, 10, 1);
const DAY_MS = 24 * 60 * 60 * 1000;

let own: ThrowawayRegion;
let uxin: ThrowawayRegion;
let quanzhou: ThrowawayRegion;
let national: ThrowawayAnchor;
let site: AnchorSite;
let folder: string;
let clock: TestClock;
let gateway: TestGateway;
let federation: Federation;
let logged: { level: string; msg: string; peer?: string; anchor?: string; code?: string; days_left?: number }[];
const sites: AnchorSite[] = [];

beforeAll(async () => {
  own = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  quanzhou = await throwawayRegion('350500', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-federation-'));
  clock = testClock(NOW);
  gateway = await testGateway(own, folder, clock);
  national = await throwawayAnchor('national', { now: NOW });
  site = await newSite();
  logged = [];
});

afterEach(async () => {
  await federation.stop();
  await gateway.close();
  await Promise.all(sites.splice(0).map((open) => open.stop()));
  await rm(folder, { recursive: true });
});

async function newSite(): Promise<AnchorSite> {
  const made = await startAnchorSite();
  sites.push(made);
  return made;
}

const pinTo = (anchor: ThrowawayAnchor, at: AnchorSite, maxPathLength?: number) => {
  return { url: at.url, identity: anchor.identity.kid, maxPathLength };
};

async function joins(changes: Partial<FederationConfig> = {}, peering: Partial<FederationConfig['peering']> = {}) {
  const config: FederationConfig = {
    anchors: [pinTo(national, site)],
    peering: { allow: ['15', '35'], requireTrustMark: undefined, trustMarkGraceMs: 7 * DAY_MS, ...peering },
    pollIntervalMs: 20,
    staleAfterMs: DAY_MS,
    ...changes,
  };
  await open(config);
}

async function open(config: FederationConfig | undefined) {
  const write = (line: string) => void logged.push(JSON.parse(line));
  const log = createLog({ level: 'info', region: '320600', clock }, { write });
  const { store, peers } = gateway;
  federation = new Federation({ config, store, clock, random: () => 0.5, peers, log });
  await federation.start();
}

/** Stops gateway and federation and opens them on the same data. */
async function restart(config: () => Promise<void>) {
  await federation.stop();
  await gateway.close();
  gateway = await testGateway(own, folder, clock);
  await config();
}

const pinned = () =>
  gateway.peers
    .all()
    .map(({ region }) => region)
    .toSorted();
const regionOf = (region: string) => federation.standing().regions.find((standing) => standing.region === region);
const anchorOf = (name: string) => federation.standing().anchors.find((standing) => standing.name === name);
const untilPinned = (...regions: string[]) =>
  until(`exactly ${regions} pinned`, () => pinned().join() === regions.join());
const untilCode = (region: string, code: string) =>
  until(`${code} of ${region}`, () => regionOf(region)?.code === code);

const untilAlarmed = (peer: string) =>
  until(`an alarm about ${peer}`, () =>
    logged.some((line) => line.level === 'error' && line.peer === peer && line.code === 'FINGERPRINT_MISMATCH'),
  );

async function vouchForBoth(): Promise<void> {
  await national.vouch(uxin.statement);
  await national.vouch(quanzhou.statement);
  await site.publish(national);
}

describe('a region for which an anchor vouches', () => {
  it('is pinned where the policy allows it, and stays so over a restart', async () => {
    await vouchForBoth();
    await joins({}, { allow: ['1506'] });
    await untilPinned('150626');
    expect(regionOf('150626')).toEqual({
      region: '150626',
      chain: ['national'],
      fingerprint: fingerprintOf(uxin.identity.kid),
      expiresAt: NOW + 90 * DAY_MS,
      pinned: 'federation',
      code: '',
    });
    expect(regionOf('350500')).toBeUndefined();
    expect(site.asked.filter((line) => line.includes('350500'))).toEqual([]);
    await site.stop();
    await restart(() => joins({}, { allow: ['1506'] }));
    expect(pinned()).toEqual(['150626']);
    expect(regionOf('150626')?.pinned).toBe('federation');
  });

  it('is unpinned when the anchor withdraws it, and pinned again when it is vouched for again', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    national.revocations.push({ serial: 1, subject: 'urn:tongban:region:150626', at: NOW, reason: '退出' });
    await site.publish(national);
    await untilPinned('350500');
    expect(regionOf('150626')).toMatchObject({ pinned: 'no', code: 'CHAIN_REVOKED' });
    await national.vouch(uxin.statement);
    await site.publish(national);
    await untilPinned('150626', '350500');
    national.files.delete('subordinates/150626.jwt');
    await site.publish(national);
    await untilPinned('350500');
    expect(regionOf('150626')).toBeUndefined();
  });

  it('is unpinned when its own link ends, before the rest of the chain', async () => {
    await national.vouch(uxin.statement, { expiresAt: NOW + 2 * DAY_MS });
    await national.vouch(quanzhou.statement);
    await site.publish(national);
    await joins();
    await untilPinned('150626', '350500');
    clock.at += 2 * DAY_MS;
    await untilPinned('350500');
    expect(regionOf('150626')?.code).toBe('CHAIN_EXPIRED');
  });

  it('brings its newer statement through the anchor', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    const newer = await uxin.restate({ serial: 2, endpoint: '127.0.0.1:9443' });
    national.files.set('statements/150626.jwt', newer.jwt);
    await site.publish(national);
    await until('the newer statement', () => gateway.peers.get('150626')?.serial === 2);
    expect(gateway.peers.get('150626')?.endpoint).toBe('127.0.0.1:9443');
  });

  it('is told when it states two things under one serial', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    const other = await uxin.restate({ serial: 1, endpoint: '127.0.0.1:9443' });
    national.files.set('statements/150626.jwt', other.jwt);
    await site.publish(national);
    await untilCode('150626', 'STATEMENT_STALE');
    expect(gateway.peers.get('150626')?.digest).toEqual(uxin.statement.digest);
  });

  it('gets a new identity pinned when its anchor gives it one', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    const again = await throwawayRegion('150626', { now: NOW });
    await national.vouch(again.statement);
    await site.publish(national);
    await until('the new identity', () => gateway.peers.get('150626')?.identity === again.identity.kid);
    await until('its standing', () => regionOf('150626')?.fingerprint === fingerprintOf(again.identity.kid));
    expect(regionOf('150626')).toMatchObject({ pinned: 'federation', code: '' });
    expect(await gateway.peers.identityChanges('150626')).toMatchObject([
      { from: uxin.identity.kid, to: again.identity.kid, by: 'anchor national' },
    ]);
    expect(gateway.peers.directory.ownerOf(uxin.tls.certificate)).toBeUndefined();
  });
});

describe('what an operator decided', () => {
  it('wins over an anchor that vouches for another identity, which is an alarm', async () => {
    const thief = await throwawayRegion('150626', { now: NOW });
    await gateway.peers.pin(uxin.jwt, fingerprintOf(uxin.identity.kid));
    await national.vouch(thief.statement);
    await site.publish(national);
    await joins();
    await untilCode('150626', 'FINGERPRINT_MISMATCH');
    expect(regionOf('150626')).toMatchObject({ pinned: 'operator', fingerprint: fingerprintOf(thief.identity.kid) });
    expect(gateway.peers.get('150626')?.identity).toBe(uxin.identity.kid);
    expect(gateway.peers.directory.ownerOf(thief.tls.certificate)).toBeUndefined();
    await untilAlarmed('150626');
  });

  it('stands when the anchor goes, though newer statements come through it', async () => {
    await gateway.peers.pin(uxin.jwt, fingerprintOf(uxin.identity.kid));
    await national.vouch(await uxin.restate({ serial: 3 }));
    await site.publish(national);
    await joins();
    await until('the newer statement', () => gateway.peers.get('150626')?.serial === 3);
    expect(regionOf('150626')?.pinned).toBe('operator');
    national.revocations.push({ serial: 1, subject: 'urn:tongban:region:150626', at: NOW, reason: '退出' });
    await site.publish(national);
    await untilCode('150626', 'CHAIN_REVOKED');
    clock.at += 100 * DAY_MS;
    await until('the end of the anchor', () => anchorOf('national')?.code === 'CHAIN_EXPIRED');
    expect(pinned()).toEqual(['150626']);
  });

  it('stands when he removed a region: no anchor brings it back, until he pins it', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    await gateway.peers.remove('150626');
    await site.publish(national);
    await until('the next index', () => regionOf('150626')?.pinned === 'refused');
    await restart(() => joins());
    await until('the standing', () => regionOf('150626')?.pinned === 'refused');
    expect(pinned()).toEqual(['350500']);
    await gateway.peers.pin(uxin.jwt, fingerprintOf(uxin.identity.kid));
    national.files.delete('subordinates/150626.jwt');
    await site.publish(national);
    await until('the next index', () => regionOf('150626') === undefined);
    expect(pinned()).toEqual(['150626', '350500']);
  });

  it('takes a region over from the federation', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    await gateway.peers.pin(uxin.jwt, fingerprintOf(uxin.identity.kid));
    clock.at += 91 * DAY_MS;
    await untilPinned('150626');
  });

  it('stands when he pinned a region anew, though its anchor still vouches for the old identity', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    const again = await throwawayRegion('150626', { now: NOW });
    const why = { reason: '身份密钥遗失', by: 'operator' };
    await gateway.peers.repin('150626', again.jwt, fingerprintOf(again.identity.kid), why);
    await site.publish(national);
    await untilCode('150626', 'FINGERPRINT_MISMATCH');
    expect(gateway.peers.get('150626')?.identity).toBe(again.identity.kid);
    expect(regionOf('150626')?.pinned).toBe('operator');
  });

  it('to leave the federation unpins all that rested on it, and nothing else', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    await gateway.peers.pin(uxin.jwt, fingerprintOf(uxin.identity.kid));
    await restart(() => open(undefined));
    expect(pinned()).toEqual(['150626']);
    expect(federation.standing()).toEqual({ anchors: [], regions: [] });
    expect(await gateway.store.read.all('SELECT * FROM anchor_copy')).toEqual([]);
  });
});

describe('an anchor that goes away', () => {
  it('leaves its last good copy, which counts until it ends, and not a moment longer', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    await site.stop();
    clock.at = NOW + 90 * DAY_MS - 1;
    await restart(() => joins());
    await until('a look', () => anchorOf('national')?.lastCode === 'ANCHOR_UNREACHABLE');
    expect(pinned()).toEqual(['150626', '350500']);
    expect(anchorOf('national')).toMatchObject({ state: 'ending', stale: true, daysLeft: 0, lastGoodAt: NOW });
    clock.at += 1;
    await untilPinned();
    expect(anchorOf('national')).toMatchObject({ state: 'bad', code: 'CHAIN_EXPIRED' });
    await restart(() => joins());
    expect(pinned()).toEqual([]);
    await site.restart();
    national = await refreshed();
    await site.publish(national, { serial: 50, issuedAt: clock.at, expiresAt: clock.at + DAY_MS });
    await untilPinned('150626', '350500');
  });

  it('and comes back at another place counts on its last copy until it was read there', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    const moved = await newSite();
    await restart(() => joins({ anchors: [pinTo(national, moved)] }));
    await until('a look at the new place', () => anchorOf('national')?.lastCode === 'ANCHOR_UNREACHABLE');
    await restart(() => joins({ anchors: [pinTo(national, moved)] }));
    expect(pinned()).toEqual(['150626', '350500']);
    national.files.delete('subordinates/150626.jwt');
    await moved.publish(national);
    await untilPinned('350500');
    await until('one copy', async () => (await gateway.store.read.all('SELECT * FROM anchor_copy')).length === 1);
  });

  it('is announced 30, 7 and 1 days before, and when it has ended', async () => {
    await vouchForBoth();
    await joins();
    await untilPinned('150626', '350500');
    await site.stop();
    const ends = () => logged.filter(({ days_left }) => days_left !== undefined).map(({ days_left }) => days_left);
    for (const [day, said] of [
      [59, []],
      [60, [30]],
      [83, [30, 7]],
      [89, [30, 7, 1]],
    ] as const) {
      clock.at = NOW + day * DAY_MS;
      await until(`the warnings of day ${day}`, () => ends().join() === said.join());
    }
    expect(logged).toContainEqual(expect.objectContaining({ level: 'warn', anchor: 'national', days_left: 30 }));
    expect(logged.filter(({ msg }) => msg.includes('not read for a long time'))).toHaveLength(1);
    expect(logged.filter(({ code }) => code === 'ANCHOR_UNREACHABLE')).toHaveLength(1);
    clock.at = NOW + 90 * DAY_MS;
    await until('the error', () => logged.some(({ level, code }) => level === 'error' && code === 'CHAIN_EXPIRED'));
  });

  /** The anchor, saying everything again later. */
  async function refreshed(): Promise<ThrowawayAnchor> {
    const dates = { issuedAt: clock.at, expiresAt: clock.at + 100 * DAY_MS };
    await national.vouch(uxin.statement, dates);
    await national.vouch(quanzhou.statement, dates);
    return national;
  }
});

describe('a chain of anchors', () => {
  let jiangsu: ThrowawayAnchor;
  let below: AnchorSite;

  beforeEach(async () => {
    below = await newSite();
    jiangsu = await throwawayAnchor('fujian', { now: NOW, location: below.url });
    await jiangsu.vouch(quanzhou.statement);
    await below.publish(jiangsu);
  });

  it('is followed to the region', async () => {
    await national.vouchBelow(jiangsu, { constraints: { permitted: ['35'] } });
    await site.publish(national);
    await joins();
    await untilPinned('350500');
    expect(regionOf('350500')?.chain).toEqual(['national', 'fujian']);
    expect(anchorOf('fujian')).toMatchObject({ superior: 'national', state: 'good', regions: 1 });
    national.revocations.push({ serial: 1, subject: 'urn:tongban:anchor:fujian', at: NOW, reason: '撤销' });
    await site.publish(national);
    await untilPinned();
  });

  it('goes no further than constraints and pin allow', async () => {
    await jiangsu.vouch(uxin.statement);
    await below.publish(jiangsu);
    await national.vouchBelow(jiangsu, { constraints: { permitted: ['35'] } });
    await site.publish(national);
    await joins();
    await untilPinned('350500');
    expect(regionOf('150626')).toMatchObject({ pinned: 'no', code: 'CHAIN_CONSTRAINT' });
    await restart(() => joins({ anchors: [pinTo(national, site, 0)] }));
    await untilPinned();
    expect(anchorOf('fujian')).toMatchObject({ state: 'bad', code: 'CHAIN_CONSTRAINT' });
  });

  it('that turns in a circle ends, and carries nobody in the circle', async () => {
    national = await throwawayAnchor('national', { now: NOW, location: site.url });
    await national.vouchBelow(jiangsu);
    await jiangsu.vouchBelow(national);
    await site.publish(national);
    await below.publish(jiangsu);
    await joins();
    await untilPinned('350500');
    expect(federation.standing().anchors.map(({ name, code }) => [name, code])).toEqual([
      ['national', ''],
      ['fujian', ''],
      ['national', 'CHAIN_INVALID'],
    ]);
  });

  it('leads from a web server to no file of this machine', async () => {
    const location = `${pathToFileURL(folder).href}/`;
    await national.vouchBelow({ ...jiangsu, location });
    await site.publish(national);
    await joins();
    await until('the finding', () => federation.standing().anchors.some(({ code }) => code === 'CHAIN_INVALID'));
    expect(pinned()).toEqual([]);
  });

  it('of a mirror that lags behind does not bring back what was withdrawn', async () => {
    const mirror = await newSite();
    await vouchForBoth();
    await mirror.publish(national, { serial: 1 });
    await site.publish(national, { serial: 1 });
    await joins({ anchors: [pinTo(national, site), pinTo(national, mirror)] });
    await untilPinned('150626', '350500');
    national.files.delete('subordinates/150626.jwt');
    await site.publish(national, { serial: 2 });
    await untilPinned('350500');
    await restart(() => joins({ anchors: [pinTo(national, mirror), pinTo(national, site)] }));
    await until('looks at both', () => federation.standing().anchors.every(({ lastTriedAt }) => lastTriedAt));
    expect(pinned()).toEqual(['350500']);
  });
});

describe('several anchors', () => {
  it('that vouch for different identities of a region pin neither', async () => {
    const thief = await throwawayRegion('150626', { now: NOW });
    const other = await throwawayAnchor('other', { now: NOW });
    const otherSite = await newSite();
    await other.vouch(thief.statement);
    await otherSite.publish(other);
    await vouchForBoth();
    const anchors = [pinTo(national, site), pinTo(other, otherSite)];
    await joins({ anchors }, { requireTrustMark: 'conformance-core' });
    await until('both read', () => federation.standing().anchors.every(({ state }) => state === 'good'));
    await restart(() => joins({ anchors }));
    expect(regionOf('150626')).toMatchObject({ pinned: 'no', code: 'FINGERPRINT_MISMATCH' });
    expect(pinned()).toEqual(['350500']);
    await untilAlarmed('150626');
  });

  it('that vouch for another identity of ourselves are an alarm', async () => {
    const impostor = await throwawayRegion('320600', { now: NOW });
    await national.vouch(impostor.statement);
    await site.publish(national);
    await joins();
    await untilCode('320600', 'FINGERPRINT_MISMATCH');
    expect(regionOf('320600')?.pinned).toBe('own');
    expect(pinned()).toEqual([]);
  });
});

describe('a policy that demands a trust mark', () => {
  const demanding = { requireTrustMark: 'conformance-core', trustMarkGraceMs: 3 * DAY_MS };

  it('pins only the regions that have one', async () => {
    await vouchForBoth();
    await national.mark('350500');
    await site.publish(national);
    await joins({}, demanding);
    await untilPinned('350500');
    expect(regionOf('150626')).toMatchObject({ pinned: 'no', code: 'TRUST_MARK_MISSING' });
    await national.mark('150626');
    await site.publish(national);
    await untilPinned('150626', '350500');
  });

  it('lets a mark lapse for a while, but pins nobody anew on it', async () => {
    await vouchForBoth();
    await national.mark('150626', { expiresAt: NOW + DAY_MS });
    await national.mark('350500', { expiresAt: NOW + DAY_MS });
    await site.publish(national);
    await joins({}, { ...demanding, allow: ['15'] });
    await untilPinned('150626');
    clock.at = NOW + 2 * DAY_MS;
    await restart(() => joins({}, demanding));
    await untilCode('350500', 'TRUST_MARK_MISSING');
    expect(pinned()).toEqual(['150626']);
    clock.at = NOW + 4 * DAY_MS;
    await untilPinned();
    expect(regionOf('150626')?.code).toBe('TRUST_MARK_INVALID');
  });

  it('unpins at once when the mark is withdrawn', async () => {
    await vouchForBoth();
    await national.mark('150626', { serial: 77 });
    await site.publish(national);
    await joins({}, demanding);
    await untilPinned('150626');
    national.revocations.push({ serial: 77, subject: 'urn:tongban:region:150626', at: NOW, reason: '复测未通过' });
    await site.publish(national);
    await untilPinned();
    expect(regionOf('150626')?.code).toBe('TRUST_MARK_INVALID');
  });

  it('takes no mark of another region or of an anchor outside the chain', async () => {
    const stranger = await throwawayAnchor('national', { now: NOW });
    await vouchForBoth();
    national.files.set('marks/150626.conformance-core.jwt', await stranger.mark('150626'));
    const ofOther = await national.mark('320600');
    national.files.set('marks/350500.conformance-core.jwt', ofOther);
    await site.publish(national);
    await joins({}, demanding);
    await untilCode('150626', 'KEY_UNKNOWN');
    await untilCode('350500', 'TRUST_MARK_INVALID');
    expect(pinned()).toEqual([]);
  });

  it('leaves alone what operators pinned', async () => {
    await gateway.peers.pin(uxin.jwt, fingerprintOf(uxin.identity.kid));
    await vouchForBoth();
    await joins({}, demanding);
    await untilCode('150626', 'TRUST_MARK_MISSING');
    expect(pinned()).toEqual(['150626']);
  });
});
