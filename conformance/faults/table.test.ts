import { describe, expect, it } from 'vitest';
import type { RoundReport } from './run-round.ts';
import { isGood, tableOf } from './table.ts';

const GOOD: RoundReport = {
  round: 'cut',
  kills: 0,
  seconds: 9,
  envelopes: 403,
  accepted: 400,
  files: 20,
  lost: 0,
  doubled: 0,
  receipts: 403,
  receiptFaults: 0,
  logFaults: 0,
  orphans: 0,
  materialFaults: 0,
  personal: 0,
  late: 0,
  unswept: 1,
  findings: [],
};
const FAULTS = ['lost', 'doubled', 'receiptFaults', 'logFaults', 'orphans', 'materialFaults', 'personal'] as const;

describe('a round', () => {
  it('is good when nothing was found, and when it cannot be run here', () => {
    expect([GOOD, { round: 'kill-database', absent: 'no server' }].map(isGood)).toEqual([true, true]);
  });

  it.each(FAULTS)('is not good with any %s', (kind) => {
    expect(isGood({ ...GOOD, [kind]: 1 })).toBe(false);
  });

  it('is not good when it did not come to its end', () => {
    expect(isGood({ round: 'slow', failed: 'the time is over' })).toBe(false);
  });
});

describe('the table', () => {
  it('has a line for each round, the sum, and what was found', () => {
    const where = '150626 inbox/1';
    const bad = { ...GOOD, round: 'slow', lost: 1, findings: [{ kind: 'lost' as const, where, message: 'is gone' }] };
    const lines = tableOf([GOOD, { round: 'kill-database', absent: 'no server' }, bad])
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual([
      'round',
      'cut',
      'kill-database',
      'slow',
      '合计',
      'slow:',
    ]);
    expect(lines[2]).toContain('no server');
    expect(lines[4]).toMatch(/ 806 +40 +0 +18 +1 +0 +806 +ok +0 +0$/);
    expect(lines[5]).toBe('slow: lost: 150626 inbox/1: is gone');
  });
});
