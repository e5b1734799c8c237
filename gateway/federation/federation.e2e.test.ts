import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConformanceResult, fingerprintOf, issueConformanceResult, verifyStatement } from '#trust';
import { PASSED } from '../../trust/testing/index.ts';
import { AnchorFolder } from '../cli/anchor/anchor-folder.ts';
import { enroll } from '../cli/anchor/enroll.ts';
import { issueMark, issueStatements } from '../cli/anchor/issue.ts';
import { publish } from '../cli/anchor/publish.ts';
import { revokeMember } from '../cli/anchor/revoke.ts';
import { apiOf } from '../testing/api-region.ts';
import { type FolderSite, serveFolder } from '../testing/folder-site.ts';
import { type LiveRegion, makeRegionFolder, openLiveRegion, removeFolders, until } from '../testing/live-region.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const PASSPHRASE = 'a passphrase for tests';

/** Time goes on by itself, and by leaps. */
const clock = { ahead: 0, now: () => Date.now() + clock.ahead };

let folder: string;
let anchor: AnchorFolder;
let site: FolderSite;
let nantong: LiveRegion;
let uxin: LiveRegion;
const folders: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-federation-'));
  const facts = { name: 'national', title: '国家级锚点', suite: 'ES256', constraints: {} } as const;
  anchor = await AnchorFolder.make(join(folder, 'anchor'), { ...facts, location: 'https://a.example/' }, PASSPHRASE);
  site = await serveFolder(join(folder, 'www'));
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((region) => region?.stop()));
  await site.stop();
  await removeFolders(...folders, folder);
});

/** Makes the folder of a region that trusts the anchor. @returns it, and its statement */
async function memberFolder(code: string, peering: string): Promise<string> {
  const made = await makeRegionFolder(code);
  folders.push(made);
  const fingerprint = fingerprintOf(anchor.state.kid);
  await appendFile(
    join(made, 'gateway.yaml'),
    `
federation:
  anchors: [{ url: "${site.url}", fingerprint: "${fingerprint}" }]
  peering: ${peering}
  poll_interval_ms: 1000
`,
  );
  return made;
}

async function enrolled(from: string): Promise<void> {
  const jwt = (await readFile(join(from, 'statement.jwt'), 'utf8')).trim();
  const fingerprint = fingerprintOf((await verifyStatement(jwt)).identity);
  await enroll(anchor, { jwt, fingerprint, constraints: {}, now: clock.now() });
}

async function published(): Promise<void> {
  const key = await anchor.key(PASSPHRASE);
  await issueStatements(anchor, [], { key, now: clock.now(), lifetimeMs: 200 * DAY_MS });
  await publish(anchor, join(folder, 'www'), { key, now: clock.now(), lifetimeMs: 60 * DAY_MS });
}

/** Sends a ping. @returns its id */
async function ping(from: LiveRegion, to: string): Promise<string> {
  const { core } = from;
  core.peers.demand(to);
  const conversation = core.newId();
  const { id } = await core.store.write((tx) =>
    core.outbox.enqueue(tx, { peer: to, conversation, name: 'Ping', payload: { note: '' } }),
  );
  return id;
}

async function stateOf({ core }: LiveRegion, id: string): Promise<string | undefined> {
  const row = await core.store.read.get<{ state: string }>('SELECT state FROM outbox WHERE id = ?', id);
  return row?.state;
}

const arrived = async ({ core }: LiveRegion) =>
  (await core.store.read.get<{ n: number }>('SELECT count(*) AS n FROM inbox'))!.n;

async function untilPinged(from: LiveRegion, to: string): Promise<void> {
  const id = await ping(from, to);
  await until(`the receipt of ${to}`, async () => (await stateOf(from, id)) === 'accepted', 30_000);
}

const knows = (here: LiveRegion, region: string) => here.core.peers.get(region) !== undefined;

describe('two gateways that nobody ever pinned', () => {
  it('exchange through a common anchor, once it vouches for both and a demanded mark is there', async () => {
    const [ofNantong, ofUxin] = [
      await memberFolder('320600', '{ allow: ["15"], require_trust_mark: conformance-core }'),
      await memberFolder('150626', '{ allow: ["3206"] }'),
    ];
    await enrolled(ofNantong);
    await enrolled(ofUxin);
    await published();
    nantong = await openLiveRegion(ofNantong, clock);
    uxin = await openLiveRegion(ofUxin, clock);
    await until('nantong at uxin', () => knows(uxin, '320600'));
    await until('what is missing', () =>
      nantong.core.federation.standing().regions.some(({ code }) => code === 'TRUST_MARK_MISSING'),
    );
    expect(knows(nantong, '150626')).toBe(false);

    const result: ConformanceResult = {
      ...PASSED,
      target: '150626',
      identity: uxin.core.own.identity,
      tester: '320600',
      testedAt: clock.now(),
      failed: 0,
      skipped: 0,
    };
    const issue = { key: await anchor.key(PASSPHRASE), now: clock.now(), lifetimeMs: 100 * DAY_MS };
    await issueMark(anchor, await issueConformanceResult(nantong.core.signer, result), undefined, issue);
    await published();
    await until('uxin at nantong', () => knows(nantong, '150626'));
    await untilPinged(nantong, '150626');
    await untilPinged(uxin, '320600');
    expect(await nantong.core.store.read.all('SELECT region, state FROM vouched_peer')).toEqual([
      { region: '150626', state: 'pinned' },
    ]);
  });

  it('show in the API on whose word that is', async () => {
    const api = await apiOf(nantong);
    const answer = await api.app.inject({
      url: '/v1/federation',
      headers: { authorization: await api.bearer('auditor') },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      anchors: [{ name: 'national', title: '国家级锚点', state: 'good', stale: false, regions: 2, daysLeft: 59 }],
      regions: [
        { region: '150626', chain: ['national'], pinned: 'federation', code: '' },
        { region: '320600', pinned: 'own', code: '' },
      ],
    });
    await api.close(0);
  });

  it('no longer do when the anchor withdraws one: it is turned away at the door', async () => {
    await revokeMember(anchor, '150626', { reason: '退出联邦', now: clock.now() });
    await published();
    await until('uxin unpinned', () => !knows(nantong, '150626'));
    const before = await arrived(nantong);
    const refused = await ping(uxin, '320600');
    const turnedAway = /tongban_refusals_total\{code="PEER_UNKNOWN"\} [1-9]/;
    await until('the refusal at the door', async () => turnedAway.test(await nantong.core.metrics.text()));
    await expect(ping(nantong, '150626')).rejects.toMatchObject({ code: 'PEER_NOT_PINNED' });
    expect(await stateOf(uxin, refused)).toBe('pending');
    expect(await arrived(nantong)).toBe(before);

    await enrolled(uxin.folder);
    const issue = { key: await anchor.key(PASSPHRASE), now: clock.now(), lifetimeMs: 100 * DAY_MS };
    const result = { ...PASSED, target: '150626', identity: uxin.core.own.identity, testedAt: clock.now() };
    const passed = { ...result, tester: '320600', failed: 0, skipped: 0 };
    await issueMark(anchor, await issueConformanceResult(nantong.core.signer, passed), undefined, issue);
    await published();
    await until('uxin is back', () => knows(nantong, '150626'));
    await until('the receipt of what waited', async () => (await stateOf(uxin, refused)) === 'accepted', 60_000);
  });

  it('go on with the last good copy while the anchor is away, and stop when it ends', async () => {
    await site.stop();
    await rm(join(folder, 'www'), { recursive: true });
    await until(
      'the failed look',
      () => nantong.core.federation.standing().anchors[0]?.lastCode === 'ANCHOR_UNREACHABLE',
    );
    clock.ahead = 59 * DAY_MS;
    await until('the warning', () => nantong.core.federation.standing().anchors[0]?.state === 'ending');
    await untilPinged(nantong, '150626');
    await untilPinged(uxin, '320600');
    const before = await arrived(nantong);
    clock.ahead = 61 * DAY_MS;
    await until('both unpinned', () => !knows(nantong, '150626') && !knows(uxin, '320600'));
    for (const [from, to] of [
      [nantong, '150626'],
      [uxin, '320600'],
    ] as const)
      await expect(ping(from, to)).rejects.toMatchObject({ code: 'PEER_NOT_PINNED' });
    expect(await arrived(nantong)).toBe(before);
    expect(nantong.core.federation.standing().anchors).toMatchObject([{ state: 'bad', code: 'CHAIN_EXPIRED' }]);

    await nantong.stop();
    nantong = await openLiveRegion(nantong.folder, clock);
    expect(nantong.core.peers.all()).toEqual([]);
  });
});
