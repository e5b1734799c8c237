import { expect, test } from 'vitest';
import { type CaseView, caseText } from './case-text.ts';

const VIEW: CaseView = {
  conversation: '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11',
  number: '32060020261123000001',
  role: 'receiving',
  peer: '150626',
  peerNumber: '',
  item: 'EX018',
  mode: 'agency',
  state: 'transferred',
  pending: null,
  allowed: [],
  authorization: 'a',
  materials: [],
  limits: [],
  notes: [],
  repeatedNotices: [],
  queryCode: '',
  createdAt: 1_795_000_000_000,
  updatedAt: 1_795_000_000_000,
};

test('P2: says how the applicant was seen, when and by whom', () => {
  const checkedAt = Date.parse('2026-11-23T10:00:00+08:00');
  const check = { matched: true, checkedAt, way: 'remote-video' };
  const checkedBy = { organisation: '南通市政务服务中心', staff: 'NT007' };
  expect(caseText({ ...VIEW, identityCheck: { ...check, checkedBy } })).toMatch(
    /身份核验 Identity check +相符 matched · 远程视频 by video · 2026-11-23 10:00:00 南通市政务服务中心 NT007\n/,
  );
  const { way: _, ...old } = check;
  expect(caseText({ ...VIEW, identityCheck: { ...old, checkedBy: null } })).toMatch(/· 现场 in person · 2026-11-23/);
  expect(caseText(VIEW)).not.toContain('身份核验');
});
