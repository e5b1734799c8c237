import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuditAct, AuditRecord } from './audit-record.ts';
import { Refusals } from './refusals.ts';

const act = (changes: Partial<AuditAct> = {}): AuditAct => ({
  at: 1_793_000_000_000,
  request: 'r',
  route: 'POST /v1/peers',
  target: '',
  role: 'operator',
  actor: 'a',
  factor: 'token',
  reason: '',
  body: '',
  ...changes,
});

let written: AuditRecord[];
let refusals: Refusals;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  refusals = new Refusals(async (records) => void written.push(...records));
});

afterEach(() => {
  vi.useRealTimers();
});

test('the first of a kind is written at once, a flood of them as one with its number', async () => {
  for (let n = 0; n < 5000; n += 1) refusals.add({ act: act(), outcome: 'FORBIDDEN', status: 403 });
  refusals.add({ act: act({ actor: 'b' }), outcome: 'FORBIDDEN', status: 403 });
  refusals.add({ act: act(), outcome: 'UNAUTHORIZED', status: 401 });
  await vi.advanceTimersByTimeAsync(0);
  expect(written.map(({ actor, outcome, count }) => [actor, outcome, count])).toEqual([
    ['a', 'FORBIDDEN', 1],
    ['b', 'FORBIDDEN', 1],
    ['a', 'UNAUTHORIZED', 1],
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written.slice(3)).toMatchObject([{ actor: 'a', outcome: 'FORBIDDEN', count: 4999 }]);
  refusals.add({ act: act(), outcome: 'FORBIDDEN', status: 403 });
  await vi.advanceTimersByTimeAsync(0);
  expect(written).toHaveLength(5);
});

test('what comes without a token is one kind, however many routes it knocks at', async () => {
  const nobody = (route: string) => act({ route, target: route, role: '', actor: '', factor: 'none', body: 'b' });
  for (let n = 0; n < 100; n += 1)
    refusals.add({ act: nobody(`POST /v1/r${n}`), outcome: 'UNAUTHORIZED', status: 401 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written.map(({ route, target, body, count }) => [route, target, body, count])).toEqual([
    ['POST /v1/r0', 'POST /v1/r0', 'b', 1],
    ['*', '', '', 99],
  ]);
});

test('kinds beyond a thousand are counted together, and nothing is lost at the end', async () => {
  for (let n = 0; n < 1500; n += 1) refusals.add({ act: act({ actor: `a${n}` }), outcome: 'FORBIDDEN', status: 403 });
  await refusals.flush();
  expect(written).toHaveLength(1001);
  expect(written.at(-1)).toMatchObject({ route: '*', actor: '', target: '', count: 500 });
  expect(written.reduce((sum, { count }) => sum + count, 0)).toBe(1500);
});
