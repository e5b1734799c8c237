import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import {
  bringBack,
  handOver,
  pinEachOther,
  type TestClock,
  type TestGateway,
  testClock,
  testGateway,
} from '../testing/region-pair.ts';
import { CatalogueService, type ImportedItem } from './catalogue-service.ts';
import { readItems } from './item-document.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');

interface Side extends TestGateway {
  readonly service: CatalogueService;
}

const permit = {
  code: 'EX014',
  name: '食品经营许可',
  department: '市场监督管理局',
  applicant: 'legal-person',
  modes: ['agency', 'online'],
  promised_working_days: 5,
  statutory_working_days: 20,
  materials: [{ name: '食品经营许可申请书', original_to_be_checked: true, may_follow_later: false }],
  result: '食品经营许可证',
  department_code: '11370800MB28559184',
};

const registration = {
  code: 'EX005',
  name: '失业登记',
  department: '人力资源社会保障',
  applicant: 'person',
  modes: ['online'],
  promised_working_days: 3,
  materials: [],
  result: '登记结果',
};

/** The permit as it travels. */
const permitItem = readItems({ items: [permit] })[0]!;

describe('items and the catalogues made of them', () => {
  const regions: Record<string, ThrowawayRegion> = {};
  let folder: string;
  let clock: TestClock;
  let nantong: Side;
  let uxin: Side;
  const open: TestGateway[] = [];

  beforeAll(async () => {
    for (const code of ['320600', '150626']) regions[code] = await throwawayRegion(code, { now: START });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'catalogue-'));
    clock = testClock(START);
    nantong = await start('320600');
    uxin = await start('150626');
    await pinEachOther(nantong, uxin);
  });

  afterEach(async () => {
    for (const gateway of open.splice(0)) await gateway.close();
    await rm(folder, { recursive: true });
  });

  async function start(code: string): Promise<Side> {
    const gateway = await testGateway(regions[code]!, folder, clock);
    open.push(gateway);
    return { ...gateway, service: new CatalogueService(gateway) };
  }

  async function exchange(from: Side, to: Side): Promise<string[]> {
    const verdicts = await handOver(from, to, to.service.incoming);
    await bringBack(from, to, verdicts, async () => {});
    return verdicts.map(({ code }) => code);
  }

  const publishRaw = (version: number, items: readonly object[], conversation = uxin.newId()) =>
    uxin.store.write((tx) => {
      const payload = { version, scope: 'province', items, part: 0, parts: 0 };
      return uxin.outbox.enqueue(tx, { peer: '320600', conversation, name: 'CataloguePublished', payload });
    });

  const words = (changes: readonly ImportedItem[]) =>
    changes.map(({ code, change, fields }) => [code, change, ...fields].join(' '));

  const codes = async ({ service }: Side, region?: string) => (await service.list(region)).map(({ item }) => item.code);

  describe('importing', () => {
    it('takes items in, replaces them by code and says what became of each', async () => {
      const both = { note: '示例', items: [permit, registration] };
      expect(words(await uxin.service.importItems(both))).toEqual(['EX014 added', 'EX005 added']);
      const before = await uxin.service.get('150626', 'EX014');
      expect(before.item).toEqual(permitItem);

      const again = { items: [{ ...permit, promised_working_days: 4 }, registration] };
      expect(words(await uxin.service.importItems(again, { dryRun: true }))).toEqual([
        'EX014 changed promisedWorkingDays',
        'EX005 unchanged',
      ]);
      expect((await uxin.service.get('150626', 'EX014')).digest).toEqual(before.digest);
      expect(words(await uxin.service.importItems(again))).toEqual([
        'EX014 changed promisedWorkingDays',
        'EX005 unchanged',
      ]);
      const after = await uxin.service.get('150626', 'EX014');
      expect(after.item.promisedWorkingDays).toBe(4);
      expect(after.digest).not.toEqual(before.digest);
      expect(words(await uxin.service.importItems({ items: [permit] }))).toEqual(['EX014 changed promisedWorkingDays']);
      expect((await uxin.service.get('150626', 'EX014')).digest).toEqual(before.digest);
      expect(await codes(uxin)).toEqual(['EX005', 'EX014']);
    });

    it('fills in what may be left out', async () => {
      await uxin.service.importItems({ items: [registration] });
      expect((await uxin.service.get('150626', 'EX005')).item).toMatchObject({
        statutoryWorkingDays: 0,
        departmentCode: '',
      });
    });

    it('names every wrong field of every item at once and stores nothing', async () => {
      const { result: _, ...incomplete } = registration;
      const wrong = {
        items: [
          permit,
          {
            ...permit,
            applicant: 'anybody',
            modes: ['agency', 'post'],
            promised_working_days: 2.5,
            statutory_working_days: -1,
            department_code: '11370800MB28559185',
            materials: [{ name: '', original_to_be_checked: 'yes', may_follow_later: false, pages: 2 }],
          },
          { ...incomplete, code: 'EX 005', promisedWorkingDays: 3 },
          'EX006',
        ],
        version: 1,
      };
      const failure = await uxin.service.importItems(wrong).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'VALIDATION_FAILED' });
      const { problems } = failure as { problems: { pointer: string; code: string }[] };
      expect(problems.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
        '/items/1/applicant NOT_IN_LIST',
        '/items/1/code DUPLICATE',
        '/items/1/department_code IDENTIFIER',
        '/items/1/materials/0/name REQUIRED',
        '/items/1/materials/0/original_to_be_checked TYPE',
        '/items/1/materials/0/pages UNKNOWN_FIELD',
        '/items/1/modes/1 NOT_IN_LIST',
        '/items/1/promised_working_days TYPE',
        '/items/1/statutory_working_days RANGE',
        '/items/2/code IDENTIFIER',
        '/items/2/promisedWorkingDays UNKNOWN_FIELD',
        '/items/2/result TYPE',
        '/items/3 REQUIRED',
        '/version UNKNOWN_FIELD',
      ]);
      expect(await uxin.service.list()).toEqual([]);
    });

    it.each([null, [], {}, { items: [] }, { items: {} }, 'items'])('refuses %j', async (document) => {
      await expect(uxin.service.importItems(document)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    });

    it('never holds more items than one catalogue can carry', async () => {
      const many = Array.from({ length: 1999 }, (_, index) => ({ ...registration, code: `EX-${index}` }));
      await uxin.service.importItems({ items: many });
      await expect(uxin.service.importItems({ items: [permit, registration] })).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        problems: [{ pointer: '/items', code: 'TOO_MANY' }],
      });
      expect(await codes(uxin)).toHaveLength(1999);
      await uxin.service.importItems({ items: [permit] });
      expect(await codes(uxin)).toHaveLength(2000);
    });
  });

  describe('publishing', () => {
    it('gives the peer the same items with the same digests, version after version in one conversation', async () => {
      await uxin.service.importItems({ items: [permit, registration] });
      const first = await uxin.service.publish('320600', 'cross-province');
      expect(await exchange(uxin, nantong)).toEqual(['']);
      expect(await nantong.service.list('150626')).toEqual(await uxin.service.list());
      expect(await nantong.service.list()).toEqual([]);

      await uxin.service.importItems({ items: [{ ...permit, result: '许可证' }] });
      const second = await uxin.service.publish('320600', 'cross-province');
      expect(await exchange(uxin, nantong)).toEqual(['']);
      expect([first.version, second.version]).toEqual([1, 2]);
      expect(second.conversation).toBe(first.conversation);
      expect((await nantong.service.get('150626', 'EX014')).item.result).toBe('许可证');
      expect(await nantong.service.catalogues()).toEqual([{ ...second, updated_at: START }]);
    });

    it('needs items, a pinned peer and a scope', async () => {
      await expect(uxin.service.publish('320600', 'province')).rejects.toMatchObject({ code: 'CONFLICT' });
      await uxin.service.importItems({ items: [permit] });
      await expect(uxin.service.publish('350500', 'province')).rejects.toMatchObject({ code: 'PEER_NOT_PINNED' });
      await expect(uxin.service.publish('320600', '')).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        problems: [{ pointer: '/scope' }],
      });
      expect(await uxin.service.catalogues()).toEqual([]);
      expect(uxin.outbox.pending('320600')).toBe(0);
    });

    it('keeps items and versions over a restart', async () => {
      await uxin.service.importItems({ items: [permit] });
      await uxin.service.publish('320600', 'province');
      await exchange(uxin, nantong);
      for (const gateway of open.splice(0)) await gateway.close();
      [nantong, uxin] = [await start('320600'), await start('150626')];
      expect((await nantong.service.get('150626', 'EX014')).item).toEqual(permitItem);
      expect(await uxin.service.publish('320600', 'province')).toMatchObject({ version: 2 });
    });
  });

  describe('receiving a catalogue', () => {
    it('drops items that a newer version no longer names', async () => {
      await publishRaw(1, [permitItem, { ...permitItem, code: 'EX015' }]);
      await publishRaw(2, [{ ...permitItem, code: 'EX015' }]);
      expect(await exchange(uxin, nantong)).toEqual(['', '']);
      expect(await codes(nantong, '150626')).toEqual(['EX015']);
      await expect(nantong.service.get('150626', 'EX014')).rejects.toMatchObject({ code: 'ITEM_UNKNOWN' });
    });

    it('accepts a version that is not newer without effect', async () => {
      await publishRaw(3, [permitItem]);
      await publishRaw(2, [{ ...permitItem, name: '旧' }]);
      await publishRaw(3, []);
      expect(await exchange(uxin, nantong)).toEqual(['', '', '']);
      expect((await nantong.service.list('150626')).map(({ item }) => item)).toEqual([permitItem]);
      expect(await nantong.service.catalogues()).toMatchObject([{ publisher: '150626', version: 3 }]);
    });

    it('rejects a catalogue that names an item twice, and keeps the last one', async () => {
      await publishRaw(1, [permitItem]);
      await publishRaw(2, [permitItem, { ...permitItem, name: '另一' }]);
      expect(await exchange(uxin, nantong)).toEqual(['', 'PAYLOAD_INVALID']);
      expect((await nantong.service.list('150626')).map(({ item }) => item)).toEqual([permitItem]);
      expect(await nantong.service.catalogues()).toMatchObject([{ version: 1 }]);
    });

    it('never touches our own items', async () => {
      await nantong.service.importItems({ items: [registration] });
      await publishRaw(1, [{ ...permitItem, code: 'EX005' }]);
      expect(await exchange(uxin, nantong)).toEqual(['']);
      expect((await nantong.service.get('320600', 'EX005')).item.name).toBe('失业登记');
      expect((await nantong.service.get('150626', 'EX005')).item.name).toBe('食品经营许可');
    });
  });

  it('looks an item up inside a unit of work, as it stands there', async () => {
    await uxin.service.importItems({ items: [permit] });
    const found = await uxin.store.write((tx) => uxin.service.itemOf(tx, '150626', 'EX014'));
    expect(found).toEqual(await uxin.service.get('150626', 'EX014'));
    expect(await uxin.store.write((tx) => uxin.service.itemOf(tx, '150626', 'EX999'))).toBeUndefined();
  });
});
