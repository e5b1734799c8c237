import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import type { CatalogueItem } from './catalogue-service.ts';
import { wholeItem } from './item-reader.ts';
import { type CataloguePair, cataloguePair } from './testing/catalogue-pair.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const PROVINCES = '跨省通办';
const CITIES = '呼包鄂乌互办';

const item = (code: string, changes: object = {}) => ({
  code,
  name: `事项${code}`,
  department: '市场监督管理局',
  applicant: 'legal-person',
  modes: ['agency'],
  promised_working_days: 5,
  materials: [],
  result: '食品经营许可证',
  ...changes,
});

const sent = (code: string): messages.Item =>
  wholeItem({ ...item(code), promisedWorkingDays: 5, name: code, modes: ['agency'] } as object);

const codes = (items: readonly CatalogueItem[] | undefined) => items?.map((one) => one.item.code).join(' ');

let pair: CataloguePair;

beforeEach(async () => {
  pair = await cataloguePair(START);
});

afterEach(() => pair.close());

/** What Nantong knows under both scopes, and of the region at all. */
async function known(): Promise<(string | undefined)[]> {
  const { service } = pair.nantong;
  const named = [PROVINCES, CITIES].map(async (scope) => codes(await service.named('150626', '320600', scope)));
  return [...(await Promise.all(named)), codes(await service.list('150626'))];
}

describe('catalogues of several scopes to one peer', () => {
  it('stay apart: each names what is offered under it, and takes nothing from the other', async () => {
    const { service } = pair.uxin;
    const [both, provinces, cities] = [item('A'), item('B', { scopes: [PROVINCES] }), item('C', { scopes: [CITIES] })];
    await service.importItems({ items: [both, provinces, cities] });
    const first = await service.publish('320600', PROVINCES);
    const second = await service.publish('320600', CITIES);
    expect([first.version, second.version, second.conversation]).toEqual([1, 2, first.conversation]);
    expect(await pair.exchange()).toEqual(['', '']);
    expect(await known()).toEqual(['A B', 'A C', 'A B C']);
    expect(codes(await pair.nantong.service.list('150626', CITIES))).toBe('A C');
    expect(codes(await service.list(undefined, PROVINCES))).toBe('A B');

    await service.importItems({ items: [{ ...both, scopes: [CITIES] }] });
    await service.publish('320600', PROVINCES);
    expect(await pair.exchange()).toEqual(['']);
    expect(await known()).toEqual(['B', 'A C', 'A B C']);

    await service.importItems({ items: [item('B', { scopes: [CITIES] })] });
    await service.publish('320600', PROVINCES);
    expect(await pair.exchange()).toEqual(['']);
    expect(await known()).toEqual(['', 'A C', 'A C']);
    expect((await pair.nantong.service.catalogues()).map(({ scope, version }) => [scope, version])).toEqual([
      [CITIES, 2],
      [PROVINCES, 4],
    ]);
  });

  it('are named alike on both sides, whatever was imported since', async () => {
    const { service } = pair.uxin;
    await service.importItems({ items: [item('A')] });
    await service.publish('320600', PROVINCES);
    await pair.exchange();
    await service.importItems({ items: [item('A', { name: '新名' }), item('B')] });
    const [ours, theirs] = [await service.named('150626', '320600', PROVINCES), await known()];
    expect([codes(ours), ours?.[0]?.item.name]).toEqual([theirs[0], '事项A']);
    expect(await service.named('150626', '320600', CITIES)).toBeUndefined();
  });

  it('need something to offer, once', async () => {
    await pair.uxin.service.importItems({ items: [item('A', { scopes: [PROVINCES] })] });
    await expect(pair.uxin.service.publish('320600', CITIES)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(pair.uxin.outbox.pending('320600')).toBe(0);
  });

  it('are bounded in number', async () => {
    for (let n = 0; n < 51; n += 1) await pair.send({ version: n + 1, scope: `范围${n}` });
    const verdicts = await pair.exchange();
    expect(verdicts.map((code, n) => code && `${n} ${code}`).join('')).toBe('50 PAYLOAD_INVALID');
    expect(await pair.nantong.service.catalogues()).toHaveLength(50);
  });
});

describe('a catalogue too large for one message', () => {
  it('comes in parts and is whole at the end', async () => {
    const conditions = Array.from({ length: 40 }, (_, n) => `${n}${'条'.repeat(900)}`);
    const many = Array.from({ length: 25 }, (_, n) => item(`EX${n}`, { conditions }));
    const { service } = pair.uxin;
    await service.importItems({ items: [...many, item('OLD')] });
    const published = await service.publish('320600', PROVINCES);
    expect(published.parts).toBeGreaterThan(2);
    const verdicts = await pair.exchange();
    expect(verdicts).toEqual(Array(published.parts).fill(''));
    expect((await pair.nantong.service.list('150626')).map((one) => one.digest)).toEqual(
      (await service.list()).map((one) => one.digest),
    );

    await service.importItems({ items: [item('OLD', { scopes: [CITIES] })] });
    await service.publish('320600', PROVINCES);
    await pair.exchange();
    expect(await pair.nantong.service.list('150626')).toHaveLength(25);
  });

  it('is rejected from where a part is missing, names an item again or goes too far', async () => {
    await pair.send({ version: 1, part: 2, parts: 3, items: [sent('B')] });
    await pair.send({ version: 2, part: 1, parts: 3, items: [sent('A')] });
    await pair.send({ version: 2, part: 2, parts: 3, items: [sent('A')] });
    await pair.send({ version: 2, part: 3, parts: 3, items: [sent('C')] });
    expect(await pair.exchange()).toEqual(['PAYLOAD_INVALID', '', 'PAYLOAD_INVALID', 'PAYLOAD_INVALID']);
    expect(await known()).toEqual(['A', undefined, 'A']);

    await pair.send({ version: 3, part: 1, parts: 2, items: [sent('A'), sent('B')] });
    const many = Array.from({ length: 1999 }, (_, n) => sent(`M${n}`));
    await pair.send({ version: 3, part: 2, parts: 2, items: many });
    await pair.send({ version: 4, items: [sent('Z')] });
    expect(await pair.exchange()).toEqual(['', 'PAYLOAD_INVALID', '']);
    expect(await known()).toEqual(['Z', undefined, 'Z']);
  });
});
