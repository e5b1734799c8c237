import { describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import { readItems } from '../item-document.ts';
import { alignItems } from './alignment.ts';

const material = (name: string, changes: object = {}) => ({
  name,
  original_to_be_checked: false,
  may_follow_later: false,
  ...changes,
});

const licence = {
  code: '11320600MB00000001401000131001',
  name: '食品经营许可(新办)',
  department: '市场监督管理局',
  applicant: 'legal-person',
  modes: ['agency', 'online'],
  promised_working_days: 10,
  statutory_working_days: 20,
  acceptance_working_days: 5,
  type: '行政许可',
  conditions: ['1. 有固定的经营场所', '2. 有食品安全管理员'],
  ways_to_apply: ['window', 'online'],
  fees: [],
  materials: [
    material('食品经营许可申请书', { originals: 1, copies: 2 }),
    material('营业执照', { copies: 1, original_to_be_checked: true }),
    material('平面布局图', { originals: 1 }),
  ],
  result: '食品经营许可证',
};

/** The same item as the other region writes it, every difference on purpose. */
const theirLicence = {
  ...licence,
  code: '11150626MB00000014401000131001',
  name: '食品经营许可 （新办）',
  conditions: ['(一)有固定的经营场所。', '(二)从业人员有健康证明'],
  modes: ['agency'],
  promised_working_days: 7,
  statutory_working_days: 0,
  acceptance_working_days: 0,
  ways_to_apply: ['online', 'window'],
  fees: [{ name: '工本费', standard: '每证 10 元' }],
  materials: [
    material('食品经营许可申请书', { originals: 1, copies: 1, may_follow_later: true }),
    material('营业执照', { copies: 1 }),
    material('健康证明', { copies: 1 }),
  ],
  result: '许可证',
};

const simple = (code: string, name: string, changes: object = {}) => ({
  ...licence,
  code,
  name,
  materials: [],
  conditions: [],
  ...changes,
});

const read = (...items: object[]): messages.Item[] => readItems({ items });

describe('the alignment report', () => {
  it('names every difference of an item, and who would have to change it', () => {
    const { pairs } = alignItems(read(licence), read(theirLicence));
    expect(pairs).toHaveLength(1);
    expect(pairs[0]).toMatchObject({
      ours: { code: licence.code },
      theirs: { code: theirLicence.code },
      matchedBy: 'name',
    });
    const rows = pairs[0]!.differences.map((one) => [one.field, one.material ?? '', one.ours, one.theirs, one.by]);
    expect(rows).toEqual([
      ['modes', '', 'online', '无 / none', 'theirs'],
      ['conditions', '', '2. 有食品安全管理员', '(二)从业人员有健康证明', 'both'],
      ['promised_working_days', '', '10', '7', 'ours'],
      ['statutory_working_days', '', '20', '0', 'both'],
      ['fees', '', '无 / none', '工本费 每证 10 元', 'both'],
      ['result', '', '食品经营许可证', '许可证', 'both'],
      ['materials.copies', '食品经营许可申请书', '2', '1', 'ours'],
      ['materials.may_follow_later', '食品经营许可申请书', '否 / no', '是 / yes', 'ours'],
      ['materials.original_to_be_checked', '营业执照', '是 / yes', '否 / no', 'both'],
      ['materials', '平面布局图', '要求 / demanded', '无 / none', 'ours'],
      ['materials', '健康证明', '无 / none', '要求 / demanded', 'theirs'],
    ]);
    expect(pairs[0]!.differences.map(({ change }) => change.zh)).toEqual([
      '通办模式改为或增加:online',
      '受理条件由两地商定统一',
      '承诺办结时限(工作日)改为或增加:7',
      '法定办结时限(工作日)由两地商定统一',
      '收费标准由两地商定统一',
      '办理结果由两地商定统一',
      '材料「食品经营许可申请书」复印件份数改为或增加:1',
      '材料「食品经营许可申请书」可否容缺改为或增加:是 / yes',
      '材料「营业执照」核验原件由两地商定统一',
      '不再要求材料「平面布局图」',
      '不再要求材料「健康证明」',
    ]);
  });

  it('sums up what stands between the two and one list', () => {
    const [same, limit] = [simple('S1', '失业登记'), simple('S2', '档案转递')];
    const ours = read(licence, same, limit);
    const theirs = read(theirLicence, { ...same, code: 'T1' }, { ...limit, code: 'T2', promised_working_days: 1 });
    const { summary } = alignItems(ours, theirs);
    expect(summary).toMatchObject({ pairs: 3, aligned: 1, oneList: 2 });
    expect(summary.fields.map(({ field, pairs }) => `${field} ${pairs}`)).toEqual([
      'modes 1',
      'conditions 1',
      'promised_working_days 2',
      'statutory_working_days 1',
      'fees 1',
      'result 1',
      'materials 1',
      'materials.copies 1',
      'materials.original_to_be_checked 1',
      'materials.may_follow_later 1',
    ]);
    expect(summary.changes.map(({ code, by, zh }) => [code, by, zh])).toEqual([
      [licence.code, 'both', '受理条件由两地商定统一'],
      [licence.code, 'ours', '材料「食品经营许可申请书」复印件份数改为或增加:1'],
      [licence.code, 'ours', '材料「食品经营许可申请书」可否容缺改为或增加:是 / yes'],
      [licence.code, 'both', '材料「营业执照」核验原件由两地商定统一'],
      [licence.code, 'ours', '不再要求材料「平面布局图」'],
      [licence.code, 'theirs', '不再要求材料「健康证明」'],
    ]);
  });

  it('finds the same item by code, by another code, or by its name, and guesses at none', () => {
    const ours = read(
      simple('A', '甲'),
      simple('B', '乙', { other_codes: ['000131001000'] }),
      simple('C', '丙 事项'),
      simple('D', '丁'),
      simple('E', '戊', { applicant: 'person' }),
      simple('F', '己'),
      simple('F2', '己'),
    );
    const theirs = read(
      simple('A', '另一名称'),
      simple('X', '乙方叫法', { other_codes: ['000131001000'] }),
      simple('Y', '丙事项'),
      simple('Z1', '戊'),
      simple('Z2', '戊', { applicant: 'person' }),
      simple('Z3', '己'),
    );
    const report = alignItems(ours, theirs);
    expect(report.pairs.map((pair) => `${pair.ours.code}=${pair.theirs.code} ${pair.matchedBy}`)).toEqual([
      'A=A code',
      'B=X other-code',
      'C=Y name',
      'E=Z2 name',
    ]);
    expect(report.onlyOurs.map(({ code }) => code)).toEqual(['D', 'F', 'F2']);
    expect(report.onlyTheirs.map(({ code }) => code)).toEqual(['Z1', 'Z3']);

    const one = alignItems(ours, theirs, 'X');
    expect([one.pairs.length, one.onlyOurs, one.onlyTheirs]).toEqual([1, [], []]);
    expect(one.pairs[0]!.differences.map(({ field, theirs: name }) => [field, name])).toEqual([['name', '乙方叫法']]);
  });

  it('does not depend on the order of the items', () => {
    const ours = read(licence, simple('S1', '失业登记'), simple('S2', '档案转递'));
    const theirs = read(theirLicence, simple('T2', '档案转递'), simple('T1', '失业登记', { result: '凭证' }));
    expect(alignItems([...ours].reverse(), [...theirs].reverse())).toEqual(alignItems(ours, theirs));
  });

  it('compares 2,000 items with 2,000 in less than two seconds', () => {
    const many = (prefix: string, changes: object) =>
      readItems({
        items: Array.from({ length: 2000 }, (_, n) => ({
          ...licence,
          ...changes,
          code: `${prefix}${n}`,
          name: `事项${n}`,
        })),
      });
    const [ours, theirs] = [many('A', {}), many('B', { ...theirLicence })];
    // The best of three, since other tests run beside.
    const times = [1, 2, 3].map(() => {
      const began = performance.now();
      alignItems(ours, theirs);
      return performance.now() - began;
    });
    expect(Math.min(...times)).toBeLessThan(2000);
    const { summary } = alignItems(ours, theirs);
    expect([summary.pairs, summary.changes.length]).toEqual([2000, 12_000]);
  });
});
