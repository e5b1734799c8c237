import { expect, it } from 'vitest';
import { type CopyFacts, copyWords } from './words.ts';

const FACTS: CopyFacts = {
  name: '营业执照',
  digest: 'ab'.repeat(32),
  grade: 'C',
  from: '320600',
  checked: undefined,
  sealedBy: [],
  item: '食品经营许可',
  number: '15062620261122000001',
  validUntil: Date.parse('2026-12-31T23:59:59+08:00'),
};
const first = (changes: Partial<CopyFacts>) => copyWords({ ...FACTS, ...changes }).mark[0];

it('says who vouches: the window for B, the sealing authority or the region for A, nobody for C and D', () => {
  const checked = { organisation: '南通市政务服务中心', at: Date.parse('2026-11-22T01:00:00+08:00') };
  expect(first({ grade: 'B', checked })).toBe('南通市政务服务中心 于 2026-11-22 核验原件');
  expect(first({ grade: 'A', sealedBy: ['乌审旗市场监督管理局'] })).toBe('乌审旗市场监督管理局 签发（电子印章已核验）');
  expect(first({ grade: 'A' })).toBe('江苏省南通市（320600）按机关签发材料提供');
  for (const grade of ['C', 'D']) {
    expect(first({ grade })).toBe('申请人自行提供，未经核验');
    expect(first({ grade, checked, sealedBy: ['某局'] })).toBe('申请人自行提供，未经核验');
  }
  expect(first({ grade: 'B' })).toBe('申请人自行提供，未经核验');
});

it('says for which purpose and until when, Chinese first', () => {
  const { mark, foot, title } = copyWords(FACTS);
  expect(mark.slice(1, 4)).toEqual([
    '材料等级 C · 仅用于办理 食品经营许可',
    '办件编号 15062620261122000001',
    '有效期至 2026-12-31',
  ]);
  expect(mark.slice(4).join(' ')).toMatch(
    /^Grade C: the applicant's own, not verified only for case \d+ · until 2026-12-31$/,
  );
  expect(foot.join('')).toContain('ab'.repeat(32));
  expect(title).toBe('材料水印件 营业执照');
});
