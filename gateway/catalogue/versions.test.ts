import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CataloguePair, cataloguePair } from './testing/catalogue-pair.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const DAY = 86_400_000;

const permit = {
  code: 'EX014',
  name: '食品经营许可',
  department: '市场监督管理局',
  applicant: 'legal-person',
  modes: ['agency'],
  promised_working_days: 5,
  materials: [],
  result: '食品经营许可证',
};

let pair: CataloguePair;

beforeEach(async () => {
  pair = await cataloguePair(START);
});

afterEach(() => pair.close());

/** Imports the permit with a promise of so many days, a day after what was done before. */
async function promise(days: number): Promise<string> {
  pair.clock.at += DAY;
  const { service } = pair.uxin;
  await service.importItems({ items: [{ ...permit, promised_working_days: days }] });
  return (await service.get('150626', 'EX014')).digest.toString('hex');
}

/** The promise of the version by which an application from a peer is judged, or why none is. */
async function judged(digest: string, kept?: string, peer = '320600'): Promise<number | string> {
  const { service, store } = pair.uxin;
  const asked = { code: 'EX014', digest: Buffer.from(digest, 'hex'), peer, kept };
  return service.citedItem(store.read, asked).then(
    (found) => found?.item.promisedWorkingDays ?? 'none',
    ({ code }) => code,
  );
}

describe('the versions of an item', () => {
  it('are all kept, with the time during which each held; what was changed back has two', async () => {
    const first = await promise(5);
    const second = await promise(4);
    await promise(4);
    expect(await promise(5)).toBe(first);
    const versions = await pair.uxin.service.versions('150626', 'EX014');
    expect(
      versions.map(({ n, digest, item, validSince, supersededAt }) => [
        n,
        digest.toString('hex'),
        item.promisedWorkingDays,
        (validSince - START) / DAY,
        supersededAt && (supersededAt - START) / DAY,
      ]),
    ).toEqual([
      [3, first, 5, 4, undefined],
      [2, second, 4, 2, 4],
      [1, first, 5, 1, 2],
    ]);
    await expect(pair.uxin.service.versions('150626', 'EX999')).rejects.toMatchObject({ code: 'ITEM_UNKNOWN' });
  });

  it('are kept by the peer too, and outlive the item', async () => {
    for (const days of [5, 4]) {
      await promise(days);
      await pair.uxin.service.publish('320600', '跨省通办');
    }
    await pair.uxin.service.importItems({ items: [{ ...permit, scopes: ['全市通办'] }] });
    await pair.uxin.service.publish('320600', '跨省通办');
    expect(await pair.exchange()).toEqual(['', '', '']);
    const { service, store } = pair.nantong;
    const versions = await service.versions('150626', 'EX014');
    expect(versions.map(({ item, supersededAt }) => [item.promisedWorkingDays, supersededAt !== undefined])).toEqual([
      [4, true],
      [5, true],
    ]);
    await expect(service.get('150626', 'EX014')).rejects.toMatchObject({ code: 'ITEM_UNKNOWN' });
    const old = versions[1]!.digest.toString('hex');
    expect((await service.itemOf(store.read, '150626', 'EX014', old))?.item.promisedWorkingDays).toBe(5);
  });
});

describe('an application is judged by the version that it cites', () => {
  it('while that holds, and until thirty days after the next one', async () => {
    const first = await promise(5);
    const second = await promise(4);
    expect([await judged(first), await judged(second), await judged('')]).toEqual([5, 4, 4]);
    pair.clock.at += 30 * DAY - 1;
    expect(await judged(first)).toBe(5);
    pair.clock.at += 1;
    expect([await judged(first), await judged(second)]).toEqual(['ITEM_VERSION_UNKNOWN', 4]);
  });

  it('for longer where the peer was told no newer one, or the case has begun under it', async () => {
    const first = await promise(5);
    await pair.uxin.service.publish('320600', '跨省通办');
    await promise(4);
    pair.clock.at += 90 * DAY;
    expect([await judged(first), await judged(first, undefined, '350500')]).toEqual([5, 'ITEM_VERSION_UNKNOWN']);
    await pair.uxin.service.publish('320600', '跨省通办');
    expect([await judged(first), await judged(first, first), await judged('', first)]).toEqual([
      'ITEM_VERSION_UNKNOWN',
      5,
      5,
    ]);
  });

  it('and by none that we never had', async () => {
    expect(await judged('ab'.repeat(32))).toBe('none');
    await promise(5);
    expect(await judged('ab'.repeat(32))).toBe('ITEM_VERSION_UNKNOWN');
  });
});
