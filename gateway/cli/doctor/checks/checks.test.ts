import { expect, test } from 'vitest';
import type { AnchorStanding } from '../../../federation/standing.ts';
import type { ProbeReport } from '../../../standing/peer-probe.ts';
import { PROBE_FAULTS, type ProbeFault } from '../../../standing/probe-fault.ts';
import { judgeAnchor } from './check-anchors.ts';
import { judgeRoom } from './check-disk.ts';
import { judgeProbe } from './check-peers.ts';
import { checkSystem } from './check-system.ts';

const GIB = 1024 ** 3;

test.each([
  [{ bytes: 80 * GIB, files: 1_000_000 }, 'fine'],
  [{ bytes: 80 * GIB, files: undefined }, 'fine'],
  [{ bytes: 9 * GIB, files: undefined }, 'warning'],
  [{ bytes: GIB - 1, files: undefined }, 'wrong'],
  [{ bytes: 80 * GIB, files: 99_999 }, 'warning'],
  [{ bytes: 80 * GIB, files: 9_999 }, 'wrong'],
])('a disk with %o is %s', (room, level) => {
  const finding = judgeRoom('/data', room, 2 * GIB);
  expect(finding.level).toBe(level);
  expect(finding.page).toBe(level === 'fine' ? undefined : 'docs/runbooks/disk-full.md');
});

test('a disk must hold what a single peer may stage', () => {
  expect(judgeRoom('/data', { bytes: 20 * GIB, files: undefined }, 30 * GIB)).toMatchObject({
    level: 'warning',
    zh: expect.stringContaining('少于 30.0 GiB'),
  });
});

test('short memory is a warning', () => {
  expect(checkSystem({ node: '26.10.0', availableMemory: 2 * GIB }).level).toBe('fine');
  expect(checkSystem({ node: '26.10.0', availableMemory: 100 * 1024 ** 2 })).toMatchObject({
    level: 'warning',
    page: 'docs/runbooks/gateway-down.md',
  });
});

const WELL: ProbeReport = {
  region: '150626',
  name: '乌审旗',
  endpoint: 'uxin.example:7443',
  waiting: 0,
  contact: { address: '10.1.2.3', connectMs: 3, handshakeMs: 9, protocol: 'TLSv1.3', certificateUntil: 0 },
  statements: { ours: 4, oursHeldThere: 4, theirs: 2, theirsHeldHere: 2 },
  echo: { envelope: 'x', roundTripMs: 31 },
  clock: { offsetMs: 4, withinMs: 12 },
};

test('a peer that is well is one line', () => {
  expect(judgeProbe(WELL)).toMatchObject([{ level: 'fine', zh: expect.stringContaining('签名回执 31 毫秒') }]);
});

test.each(Object.keys(PROBE_FAULTS) as ProbeFault[])('%s says in both languages what it is and what to do', (fault) => {
  const { stage, code, is, todo, page } = PROBE_FAULTS[fault];
  const { region, name, endpoint } = WELL;
  const [finding] = judgeProbe({ region, name, endpoint, waiting: 3, fault: { stage, fault, code, is, todo, page } });
  expect(finding).toMatchObject({ level: 'wrong', todo, page: `docs/runbooks/${page}.md` });
  for (const text of [finding!.zh, finding!.en]) {
    expect(text).toContain('uxin.example:7443');
    expect(text).toContain(code);
    expect(text).toMatch(/3 件报文待发|waiting: 3/);
  }
  expect(finding!.zh).toContain(is.zh);
  expect(todo.zh).toMatch(/\p{Script=Han}/u);
});

test('a statement that has not arrived is a warning, whoever lacks it', () => {
  const behind = { ...WELL, statements: { ours: 4, oursHeldThere: 3, theirs: 2, theirsHeldHere: 1 } };
  expect(judgeProbe(behind).map(({ level }) => level)).toEqual(['fine', 'warning', 'warning']);
});

test.each([
  [61_500, 1_000, '快约 62 秒'],
  [-90_000, 10, '慢约 90 秒'],
])('an offset of %i ms within %i ms is told with its direction', (offsetMs, withinMs, words) => {
  const [, finding] = judgeProbe({ ...WELL, clock: { offsetMs, withinMs } });
  expect(finding).toMatchObject({
    level: 'warning',
    zh: expect.stringContaining(words),
    page: 'docs/runbooks/clock.md',
  });
});

test('an offset that may be the time on the way is not told', () => {
  expect(judgeProbe({ ...WELL, clock: { offsetMs: 65_000, withinMs: 30_000 } })).toHaveLength(1);
});

const ANCHOR: AnchorStanding = {
  name: 'js',
  title: '江苏省锚点',
  url: 'https://anchor.example/js',
  fingerprint: '',
  state: 'good',
  code: '',
  lastGoodAt: Date.UTC(2026, 10, 22),
  stale: false,
  lastCode: '',
  expiresAt: Date.UTC(2027, 0, 1),
  daysLeft: 40,
  regions: 13,
};

test.each([
  [{}, 'fine', '担保 13 个地区'],
  [{ stale: true, lastCode: 'ANCHOR_UNREACHABLE' }, 'warning', '之后读取失败(ANCHOR_UNREACHABLE)'],
  [{ state: 'ending', daysLeft: 5 }, 'warning', '还剩 5 天'],
  [{ state: 'bad', code: 'SIGNATURE_INVALID' }, 'wrong', '不可信(SIGNATURE_INVALID)'],
] as const)('an anchor with %o is %s', (changes, level, words) => {
  const finding = judgeAnchor({ ...ANCHOR, ...(changes as Partial<AnchorStanding>) });
  expect(finding).toMatchObject({ level, zh: expect.stringContaining(words) });
  expect(finding.page).toBe(level === 'fine' ? undefined : 'docs/runbooks/anchor-unreachable.md');
});
