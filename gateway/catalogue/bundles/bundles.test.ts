import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CodedError } from '#proto';
import { type CataloguePair, cataloguePair } from '../testing/catalogue-pair.ts';
import { Bundles } from './bundles.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const LEAD = { department: '南通市行政审批局', department_code: '11150626MB00000014' };

const item = (code: string, changes: object = {}) => ({
  ...{ code, name: `事项 ${code}`, department: '审批局', applicant: 'legal-person', modes: ['online'] },
  ...{ promised_working_days: 5, materials: [], result: '登记结果' },
  ...changes,
});
const form = (field: string, maxLength = 20) => ({
  type: 'object',
  properties: { [field]: { type: 'string', maxLength } },
  required: [field],
  additionalProperties: false,
});

const bundle = (changes: object = {}) => ({
  ...{ code: 'YJS-001', name: '开办食品店一件事', lead: LEAD, working_days: 5 },
  parts: [
    { key: 'shop', item: 'EX101' },
    { key: 'tax', item: 'EX102', after: ['shop'] },
    { key: 'food', item: 'EX201', region: '150626' },
  ],
  ...changes,
});

let pair: CataloguePair;
let bundles: Bundles;

beforeEach(async () => {
  pair = await cataloguePair(START);
  const { nantong, uxin } = pair;
  await nantong.service.importItems({
    items: [item('EX101', { form: form('住所') }), item('EX102', { form: form('地址', 50) }), item('EX103')],
  });
  await uxin.service.importItems({
    items: [item('EX201', { modes: ['agency'] }), item('EX202', { modes: ['online'], applicant: 'person' })],
  });
  await uxin.service.publish('320600', '跨省通办');
  await pair.exchange();
  bundles = new Bundles({ ...nantong, region: '320600', catalogue: nantong.service });
});

afterEach(() => pair.close());

/** Pointers and codes of what is wrong; nothing is kept then. */
async function wrong(...given: unknown[]): Promise<string[]> {
  const error: CodedError = await bundles.importBundles({ bundles: given }).then(
    () => expect.unreachable('it was taken'),
    (thrown) => thrown,
  );
  expect(error.code).toBe('VALIDATION_FAILED');
  expect(await bundles.list()).toEqual([]);
  return error.problems.map(({ pointer, code }) => `${pointer.replace('/bundles/', '')} ${code}`).sort();
}

describe('B1 一家牵头: the definition of a bundle', () => {
  it('B1: is kept in versions under its leading department; what is the same stays, a dry run keeps nothing', async () => {
    const change = async (given: object, options = {}) =>
      (await bundles.importBundles({ bundles: [given] }, options)).bundles[0]!.change;
    expect(await change(bundle(), { dryRun: true })).toBe('added');
    expect(await bundles.list()).toEqual([]);
    expect(await change(bundle())).toBe('added');
    expect(await change(bundle())).toBe('unchanged');
    pair.clock.at += 1000;
    expect(await change(bundle({ working_days: 4 }))).toBe('changed');
    const [held] = await bundles.list();
    expect(held).toMatchObject({
      n: 2,
      validSince: START + 1000,
      bundle: {
        lead: { department: LEAD.department, departmentCode: LEAD.department_code },
        parts: [
          { key: 'shop', region: '320600', after: [] },
          { after: ['shop'] },
          { region: '150626', contact: false },
        ],
        ifPartFails: 'others-go-on',
      },
    });
    const { store } = pair.nantong;
    expect((await bundles.at(store.read, 'YJS-001', 1)).bundle.workingDays).toBe(5);
    await expect(bundles.get('YJS-002')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('B1: is refused with everything that is wrong in every bundle at once', async () => {
    const broken = bundle({
      lead: { ...LEAD, department_code: '1' },
      working_days: 0,
      parts: [
        { key: 'shop', item: 'EX101', after: ['tax', 'nobody'] },
        { key: 'tax', item: 'EX102', after: ['shop'] },
        { key: 'shop', item: 'EX103', region: '999999' },
      ],
      fields: [{ name: '住所', of: [{ part: 'none', name: '住所' }] }],
      surprise: 1,
    });
    const unknown = bundle({
      parts: [
        { key: 'a', item: 'EX109' },
        { key: 'b', item: 'EX209', region: '150626' },
        { key: 'c', item: 'EX202', region: '150626' },
        { key: 'd', item: 'EX101', region: '350500' },
      ],
    });
    expect(await wrong(broken, unknown, { code: 'X' })).toEqual(
      [
        '0/lead/department_code IDENTIFIER',
        '0/working_days RANGE',
        '0/parts/0/after/1 NO_SUCH_PART',
        '0/parts/0/after CIRCLE',
        '0/parts/2/key DUPLICATE',
        '0/parts/2/region IDENTIFIER',
        '0/fields/0/of/0/part NO_SUCH_PART',
        '0/surprise UNKNOWN_FIELD',
        '1/code DUPLICATE',
        '1/parts/0/item ITEM_UNKNOWN',
        '1/parts/1/item ITEM_UNKNOWN',
        '1/parts/2/item MODE_NOT_COVERED',
        '1/parts/3/item ITEM_UNKNOWN',
        '2/lead REQUIRED',
        '2/name TYPE',
        '2/parts TYPE',
        '2/working_days TYPE',
      ].sort(),
    );
  });

  it.each<[string, object, string[]]>([
    ['one part alone', { parts: [{ key: 'a', item: 'EX101' }] }, ['0/parts REQUIRED']],
    [
      'more parts than it may have',
      { parts: Array.from({ length: 31 }, (_, n) => ({ key: `p${n}`, item: 'EX103' })) },
      ['0/parts TOO_MANY'],
    ],
    [
      'aliases of what no item asks for, or that stand twice',
      {
        fields: [
          { name: 'x', of: [{ part: 'shop', name: '住址' }] },
          { name: 'x', of: [{ part: 'shop', name: '住所' }] },
          { name: 'y', of: [{ part: 'shop', name: '住所' }] },
        ],
        materials: [{ name: 'z', of: [{ part: 'tax', name: '图' }] }],
      },
      [
        '0/fields/0/of/0/name NOT_IN_LIST',
        '0/fields/1/name DUPLICATE',
        '0/fields/2/of/0 DUPLICATE',
        '0/materials/0/of/0/name NOT_IN_LIST',
      ],
    ],
    ['a rule for failures that nobody knows', { if_part_fails: 'panic' }, ['0/if_part_fails NOT_IN_LIST']],
  ])('B1: is refused with %s', async (_, changes, problems) => {
    expect(await wrong(bundle(changes))).toEqual(problems);
  });

  it.each([[null], [[]], ['x'], [{ bundles: 'all' }], [{ bundles: [] }], [{ bundles: [null, 7] }]])(
    'B1: refuses %j, which is no file of bundles',
    async (document) => {
      await expect(bundles.importBundles(document)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    },
  );
});

describe('B5 承诺时限: the limit of the whole', () => {
  it('B5: is warned of, and taken, where it is longer than that of the longest item', async () => {
    const { warnings } = await bundles.importBundles({ bundles: [bundle({ working_days: 6 })] });
    expect(warnings).toMatchObject([{ pointer: '/bundles/0/working_days', code: 'LONGER_THAN_ITEMS' }]);
    expect(await bundles.list()).toHaveLength(1);
    expect((await bundles.importBundles({ bundles: [bundle()] })).warnings).toEqual([]);
  });
});

it('B2: fits its items no more when one of them changes so that the form cannot be merged', async () => {
  await bundles.importBundles({ bundles: [bundle()] });
  expect((await bundles.get('YJS-001')).problems).toEqual([]);
  await pair.nantong.service.importItems({ items: [item('EX102', { form: form('住所', 50) })] });
  expect((await bundles.get('YJS-001')).problems).toMatchObject([{ pointer: '/parts/1/item', code: 'FORM_CONFLICT' }]);
  expect(await wrongAgain()).toEqual(['/bundles/0/parts/1/item']);

  async function wrongAgain(): Promise<string[]> {
    const again = bundles.importBundles({ bundles: [bundle()] });
    return again.then(
      () => [],
      ({ problems }: CodedError) => problems.map(({ pointer }) => pointer),
    );
  }
});
