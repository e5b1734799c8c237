import { describe, expect, it } from 'vitest';
import { catalogueLists } from '../catalogue-list.ts';
import type { AgreementContent, Grant } from '../content.ts';
import { exampleAgreement } from '../example-agreement.ts';
import { CHANGE_KINDS, type Change, describeChanges } from './changes.ts';

const before = exampleAgreement();
const [first, second, third] = before.grants as [Grant, Grant, Grant];

const since = (changes: Partial<AgreementContent>) => describeChanges(before, { ...before, ...changes });
const grants = (...changed: readonly Grant[]) => since({ grants: [...changed, second, third] });
const kinds = (changes: readonly Change[]) => changes.map(({ kind }) => kind);

/** The only change, which must be of this kind. */
function only(changes: readonly Change[], kind: string): Change {
  expect(kinds(changes)).toEqual([kind]);
  return changes[0]!;
}

describe('what is different between two versions', () => {
  it('is nothing when only id and time of writing differ', () => {
    const again = exampleAgreement({ id: '00000000-0000-4000-8000-000000000009', created_at: '2026-12-01T00:00:00Z' });
    expect(describeChanges(before, again)).toEqual([]);
  });

  it('begins with the personal fields that may newly travel', () => {
    const changes = since({
      fields: ['applicant.*', 'form.经营项目', 'form.备注', 'certificate.*'],
      grants: [{ ...first, rights: [...first.rights, 'R1b'] }, second, third],
      valid_until: '2030-01-01T00:00:00+08:00',
    });
    expect(kinds(changes)).toEqual(['fields-added', 'rights-added', 'validity']);
    expect(changes[0]).toMatchObject({
      zh: '以下个人信息今后可以传递。共 2 项:申请人全部信息、表单字段“备注”',
      en: 'these personal fields may newly travel; 2 in all: everything about the applicant, the form field “备注”',
    });
  });

  it('knows that a star covers the fields of its group', () => {
    const starred = { ...before, fields: ['applicant.*'] };
    const added = { ...before, fields: ['applicant.*', 'applicant.mobile'] };
    only(describeChanges(starred, added), 'wording');
    const narrowed = describeChanges(starred, { ...before, fields: ['applicant.name'] });
    expect(only(narrowed, 'fields-removed').zh).toContain('申请人全部信息');
  });

  it('names the fields of every group in words', () => {
    const fields = ['applicant.mobile', 'form.*', 'certificate.number', 'data.real-estate.address'];
    const none = { ...before, fields: [] };
    expect(only(describeChanges(none, { ...none, fields }), 'fields-added').zh).toMatch(
      /:申请人手机号、全部表单字段、证照字段“number”、共享数据字段“real-estate.address”$/,
    );
  });

  it('names items that are added, with what is granted for them', () => {
    const { zh, en } = only(grants({ ...first, items: [...first.items, 'EX040', 'EX041'] }), 'items-added');
    expect(zh).toContain('乌审旗(150626) → 南通市(320600) 新增事项');
    expect(zh).toContain('乌审旗市场监督管理局(111506260117283920)');
    expect(zh).toContain('异地代收代办');
    expect(zh).toContain('R3 原件核验权');
    expect(zh).toMatch(/共 2 项:EX040、EX041$/);
    expect(en).toMatch(/items added .*R3 verify originals.*; 2 in all: EX040, EX041$/);
  });

  it('names items that are removed', () => {
    expect(only(grants({ ...first, items: ['EX018'] }), 'items-removed').zh).toMatch(/取消事项。共 1 项:EX019$/);
  });

  it('counts long lists and shows their beginning', () => {
    const many = Array.from({ length: 500 }, (_, index) => `NEW${String(index).padStart(3, '0')}`);
    const { zh, en } = only(grants({ ...first, items: [...first.items, ...many] }), 'items-added');
    expect(zh).toContain('共 500 项:NEW000、NEW001');
    expect(zh).toContain('另有 480 项');
    expect(en).toContain('and 480 more');
    expect(zh.length).toBeLessThan(600);
  });

  it('says rights by mode, once for all items that they hold for', () => {
    const changes = grants({ ...first, rights: ['R1a', 'R1b', 'R2', 'R3', 'R4'] });
    expect(changes).toEqual([
      {
        kind: 'rights-added',
        zh: '乌审旗(150626) → 南通市(320600) 新增权限(异地代收代办):R1b 受理权。共 2 项:EX018、EX019',
        en: '乌审旗(150626) → 南通市(320600) rights added (agency): R1b decide acceptance; 2 in all: EX018, EX019',
      },
      expect.objectContaining({ kind: 'rights-removed', zh: expect.stringContaining('R5 审批结果送达权') }),
    ]);
  });

  it('says another mode as the rights that it brings', () => {
    const { zh } = only(grants({ ...first, modes: ['agency', 'online'] }), 'rights-added');
    expect(zh).toContain('全程网办');
    expect(zh).toContain('R1a 收件权、R2 一次性告知权');
  });

  it.each<[string, Partial<Grant>, string]>([
    ['department', { department: { name: '乌审旗行政审批局', code: '111506260117283920' } }, '事权部门变更'],
    ['seal', { department: { ...first.department, seal: '1506' } }, '印章 seal 1506'],
    ['window', { window: { name: '南通市政务服务中心', code: '113206000141602830' } }, '受托窗口变更:不限 any →'],
    ['grade', { grade: 'B' }, '材料最低可信等级变更:不限 any → B'],
    ['basis', { basis: 'mutual' }, '授权依据变更:未写明 not named → mutual'],
  ])('says another %s', (_, change, words) => {
    expect(only(grants({ ...first, ...change }), 'grant-terms').zh).toContain(words);
  });

  it('says when the same rights go with other windows', () => {
    const [one, other] = [
      { name: '甲中心', code: '113206000141602830' },
      { name: '乙中心', code: '111506260117283920' },
    ];
    const split = (a: typeof one, b: typeof one): AgreementContent => ({
      ...before,
      grants: [
        { ...first, rights: ['R1a'], window: a! },
        { ...first, rights: ['R5'], window: b! },
      ],
    });
    const { zh } = only(describeChanges(split(one!, other!), split(other!, one!)), 'grant-terms');
    expect(zh).toContain('搭配变更');
  });

  it('says which items a catalogue now stands for, where the lists are known', () => {
    const lists = catalogueLists([
      ['EX018', 'EX019'],
      ['EX018', 'EX019', 'EX050'],
    ]);
    const [older, newer] = [...lists.keys()].map((digest) => {
      const grant = { ...first, items: [], catalogue: { scope: '跨省通办', digest } };
      return { ...before, grants: [grant, second, third] };
    });
    const added = only(describeChanges(older!, newer!, lists), 'items-added');
    expect(added.zh).toMatch(/事项出处 跨省通办.*共 1 项:EX050$/);
    expect(kinds(describeChanges(older!, newer!))).toEqual(['items-added', 'items-removed']);
    expect(only(describeChanges(before, older!, lists), 'grant-terms').zh).toContain('逐项列明 listed → 跨省通办');
  });

  it('says the validity, but not the same moment written in another way', () => {
    const { zh } = only(since({ valid_until: '2030-01-01T00:00:00+08:00' }), 'validity');
    expect(zh).toBe('终止时间变更:2029-12-01T00:00:00+08:00 → 2030-01-01T00:00:00+08:00');
    only(since({ valid_until: '2029-11-30T16:00:00Z' }), 'wording');
  });

  it('shows the lines of the text that went out and in', () => {
    const { zh, lines } = only(since({ terms: '甲乙双方相互委托收件,依法履行职责。\n期限三年。' }), 'terms');
    expect(zh).toContain('删去 1 行,新增 1 行');
    expect(lines).toEqual(['- 以上各条双方遵照执行。', '+ 期限三年。']);
    only(since({ terms: before.terms.split('\n').reverse().join('\n') }), 'terms');
    const long = Array.from({ length: 300 }, (_, index) => `第 ${index} 条`).join('\n');
    expect(only(since({ terms: long }), 'terms').lines).toHaveLength(12);
  });

  it('says where it comes from, and other parties', () => {
    const id = '00000000-0000-4000-8000-000000000001';
    expect(only(since({ supersedes: id }), 'origin').zh).toContain(id);
    expect(only(since({ counters: id }), 'origin').en).toContain('proposal that it answers');
    expect(kinds(since({ parties: ['320600', '350500'] }))).toContain('parties');
    only(since({ parties: ['150626', '320600'] }), 'wording');
  });

  it('says something about every member in which two agreements differ', () => {
    const grantChanges: Partial<Grant>[] = [
      { grantor: '320600', grantee: '150626' },
      { department: { name: '另一局', code: '113206000141602830' } },
      { window: { name: '中心', code: '113206000141602830' } },
      { rights: ['R1a'] },
      { items: ['EX018', 'EX077'] },
      { catalogue: { scope: '全市通办', digest: 'A'.repeat(43) } },
      { modes: ['joint'] },
      { grade: 'C' },
      { basis: 'mutual' },
    ];
    const covered = new Set(grantChanges.flatMap((change) => Object.keys(change)));
    expect([...covered].sort()).toEqual([...Object.keys(first), 'window', 'catalogue', 'grade', 'basis'].sort());
    for (const change of grantChanges) expect(grants({ ...first, ...change })).not.toEqual([]);

    const changes: Partial<AgreementContent> = {
      parties: ['150626', '320600'],
      grants: [third, second, first],
      fields: [],
      valid_from: '2026-12-02T00:00:00+08:00',
      valid_until: '2029-12-02T00:00:00+08:00',
      terms: '无',
      supersedes: '00000000-0000-4000-8000-000000000001',
      counters: '00000000-0000-4000-8000-000000000002',
    };
    const told = ['id', 'version', 'created_at', ...Object.keys(changes)];
    expect(told.sort()).toEqual([...Object.keys(before), 'supersedes', 'counters'].sort());
    for (const [member, value] of Object.entries(changes)) expect(since({ [member]: value })).not.toEqual([]);
  });

  it('is told in the order of what matters most, in both languages', () => {
    const changes = describeChanges(
      before,
      exampleAgreement({
        parties: ['320600', '350500'],
        grants: [
          { ...third, items: ['EX031'], rights: ['R1a', 'R5'] },
          { ...first, rights: ['R1a', 'R1b'], grade: 'A' },
        ],
        fields: ['form.*'],
        valid_from: '2027-01-01T00:00:00+08:00',
        terms: '另一份',
        supersedes: before.id,
      }),
    );
    const order = kinds(changes).map((kind) => CHANGE_KINDS.indexOf(kind));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    for (const { zh, en } of changes) {
      expect(zh).toMatch(/\p{Script=Han}/u);
      expect(en).toMatch(/[a-z]{3}/);
    }
  });
});
