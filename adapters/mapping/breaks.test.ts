import { expect, it } from 'vitest';
import { Breaks, REST_MS, TIMEOUTS_IN_A_ROW } from './breaks.ts';
import type { Compiler } from './compiler.ts';
import { MappingTimeout } from './fault.ts';
import { FileMapping } from './file-mapping.ts';

function tired() {
  const seen = { at: 0, asked: 0, told: 0, isSlow: true };
  const clock = { now: () => seen.at };
  const told = () => {
    seen.told += 1;
  };
  const run = () => {
    seen.asked += 1;
    if (seen.isSlow) throw new MappingTimeout('does not end');
    return 'fine';
  };
  return { seen, clock, told, run };
}

it('asks a mapping no more for a while after timeouts in a row, and says so once', () => {
  const { seen, clock, told, run } = tired();
  const breaks = new Breaks(clock, told);
  for (let n = 0; n < 100; n += 1) expect(breaks.run(run)).toMatchObject({ code: 'TIME' });
  expect(seen).toMatchObject({ asked: TIMEOUTS_IN_A_ROW, told: 1 });
  seen.at += REST_MS;
  for (let n = 0; n < 100; n += 1) expect(breaks.run(run)).toBeInstanceOf(MappingTimeout);
  expect(seen).toMatchObject({ asked: TIMEOUTS_IN_A_ROW + 1, told: 1 });
  seen.at += REST_MS;
  seen.isSlow = false;
  expect(breaks.run(run)).toBe('fine');
  expect(breaks.run(run)).toBe('fine');
});

it('counts only timeouts in a row, and lets every other failure through', () => {
  const { seen, clock, told, run } = tired();
  const breaks = new Breaks(clock, told);
  for (let n = 0; n < 20; n += 1) {
    seen.isSlow = n % TIMEOUTS_IN_A_ROW !== 0;
    breaks.run(run);
  }
  expect(seen).toMatchObject({ asked: 20, told: 0 });
  const broken = () => {
    throw new Error('broken');
  };
  expect(() => breaks.run(broken)).toThrow('broken');
});

it('holds for records of a mapping, which are refused with TIME at once', async () => {
  const { seen, clock, told, run } = tired();
  const mapping = new FileMapping(
    { sandbox: { run }, clock } as unknown as Compiler,
    { in: [], out: [], answer: undefined },
    told,
  );
  for (let n = 0; n < 100; n += 1)
    expect(await mapping.in({})).toMatchObject({ ok: false, problems: [{ pointer: '', code: 'TIME' }] });
  expect(seen).toMatchObject({ asked: TIMEOUTS_IN_A_ROW, told: 1 });
});
