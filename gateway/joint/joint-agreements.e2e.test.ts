import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JointContent, readJoint, verifyJoint } from '#trust';
import { exampleJointDraft } from '../../trust/testing/example-joint.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const DAY = 24 * 60 * 60 * 1000;

describe('three regions over the network', () => {
  const folders: string[] = [];
  let nantong: LiveRegion;
  let uxin: LiveRegion;
  let quanzhou: LiveRegion;
  let all: LiveRegion[];

  /** Real time, which a test may move on for all at once. */
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead };

  async function live(region: string, suite: 'ES256' | 'Ed25519'): Promise<LiveRegion> {
    const folder = await makeRegionFolder(region, { suite });
    folders.push(folder);
    return openLiveRegion(folder, clock);
  }

  beforeAll(async () => {
    nantong = await live('320600', 'ES256');
    uxin = await live('150626', 'Ed25519');
    quanzhou = await live('350500', 'ES256');
    all = [nantong, uxin, quanzhou];
    // Uxin Banner and Quanzhou have no link of their own.
    await pinEachOther(nantong, uxin);
    await pinEachOther(nantong, quanzhou);
  });

  afterAll(async () => {
    await Promise.all(all.map((region) => region.stop()));
    await removeFolders(...folders);
  });

  function draft(): object {
    const year = new Date().getUTCFullYear();
    const [from, to] = [`${year}-01-01T00:00:00+08:00`, `${year + 2}-01-01T00:00:00+08:00`];
    const sign_by = new Date(clock.now() + DAY).toISOString();
    return { ...exampleJointDraft, sign_by, valid_from: from, valid_until: to };
  }

  const stateAt = (side: LiveRegion, id: string) =>
    side.services.joint.get(id).then(
      ({ state }) => state,
      () => 'unknown',
    );
  const everywhere = (id: string, state: string) =>
    until(state, async () => (await Promise.all(all.map((side) => stateAt(side, id)))).every((one) => one === state));

  async function proposed(): Promise<string> {
    const { id } = await nantong.services.joint.propose(draft());
    await everywhere(id, 'proposed');
    return id;
  }

  async function inForce(): Promise<string> {
    const id = await proposed();
    await uxin.services.joint.sign(id);
    await quanzhou.services.joint.sign(id);
    await everywhere(id, 'active');
    return id;
  }

  it('conclude an agreement: each holds the same bytes, signed by all', async () => {
    const id = await inForce();
    const views = await Promise.all(all.map((side) => side.services.joint.get(id)));
    expect(new Set(views.map(({ document }) => document)).size).toBe(1);
    const statements = new Map(all.map((side) => [side.region, side.core.keyring.statement]));
    const { document } = views[0]!;
    const verified = verifyJoint(document, (region) => statements.get(region), { signatures: 'complete' });
    expect(verified.signedBy).toEqual(['320600', '150626', '350500']);
    const content: JointContent = readJoint(document).content;
    expect(content.parties.map(({ identity }) => identity)).toEqual(
      all.map((side) => side.core.keyring.statement.identity),
    );
    const lead = views[0]!.parties.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined);
    expect(lead).toHaveLength(3);
  });

  it('see it end when one refuses', async () => {
    const id = await proposed();
    await uxin.services.joint.sign(id);
    await quanzhou.services.joint.refuse(id, '本市未授权该事项');
    await everywhere(id, 'ended');
    for (const side of all) {
      const { ending } = await side.services.joint.get(id);
      expect(ending).toMatchObject({ kind: 'refused', by: '350500', reason: '本市未授权该事项', forCause: false });
    }
  });

  it('see it end when one is silent', async () => {
    const id = await proposed();
    await uxin.services.joint.sign(id);
    await nantong.services.joint.tend();
    expect(await stateAt(nantong, id)).toBe('proposed');
    clock.ahead += DAY;
    await nantong.services.joint.tend();
    await everywhere(id, 'ended');
    expect((await quanzhou.services.joint.get(id)).ending).toMatchObject({ kind: 'lapsed', by: '320600' });
  });

  it('see it end when one revokes it for cause, though two have no link', async () => {
    const id = await inForce();
    await quanzhou.services.joint.revoke(id, '对方擅自扩大使用范围', true);
    await everywhere(id, 'ended');
    const endings = await Promise.all(all.map(async (side) => (await side.services.joint.get(id)).ending));
    expect(endings[1]).toMatchObject({ kind: 'revoked', by: '350500', forCause: true });
    expect(new Set(endings.map((ending) => ending!.proof)).size).toBe(1);
  });
});
