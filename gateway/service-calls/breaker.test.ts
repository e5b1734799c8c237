import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Breaker, type BreakerRules, type Pass } from './breaker.ts';

const RULES: BreakerRules = { failures: 3, firstRestMs: 1_000, ceilingMs: 4_000 };

function breakerAt(start: number) {
  const clock = { at: start, now: () => clock.at };
  return { clock, breaker: new Breaker(clock, RULES) };
}

function fail(breaker: Breaker, times: number): void {
  for (let n = 0; n < times; n += 1) breaker.pass()!.end('failed');
}

it('opens after so many failures in a row, and not before', () => {
  const { breaker } = breakerAt(0);
  fail(breaker, 2);
  breaker.pass()!.end('answered');
  fail(breaker, 2);
  expect(breaker.state).toBe('closed');
  fail(breaker, 1);
  expect(breaker.state).toBe('open');
  expect(breaker.pass()).toBeUndefined();
});

it('lets one probe through after its rest, and closes when that is answered', () => {
  const { breaker, clock } = breakerAt(0);
  fail(breaker, 3);
  clock.at = 999;
  expect(breaker.pass()).toBeUndefined();
  clock.at = 1_000;
  expect(breaker.state).toBe('half-open');
  const probe = breaker.pass()!;
  expect(breaker.pass()).toBeUndefined();
  probe.end('answered');
  expect(breaker.state).toBe('closed');
  fail(breaker, 2);
  expect(breaker.state).toBe('closed');
});

it('rests twice as long after each probe that fails, up to the ceiling', () => {
  const { breaker, clock } = breakerAt(0);
  fail(breaker, 3);
  for (const rest of [1_000, 2_000, 4_000, 4_000]) {
    clock.at += rest - 1;
    expect(breaker.pass()).toBeUndefined();
    clock.at += 1;
    breaker.pass()!.end('failed');
    expect(breaker.state).toBe('open');
  }
});

it('takes a probe that was broken off for none', () => {
  const { breaker, clock } = breakerAt(0);
  fail(breaker, 3);
  clock.at = 1_000;
  breaker.pass()!.end('unknown');
  expect(breaker.pass()).toBeDefined();
});

it('forgets what was asked before it opened', () => {
  const { breaker } = breakerAt(0);
  const slow = breaker.pass()!;
  fail(breaker, 3);
  slow.end('answered');
  expect(breaker.state).toBe('open');
});

it('rests no longer when the clock is set back', () => {
  const { breaker, clock } = breakerAt(1_000_000);
  fail(breaker, 3);
  clock.at = 0;
  expect(breaker.state).toBe('open');
  clock.at = 1_000;
  expect(breaker.pass()).toBeDefined();
});

type Step = { readonly do: 'pass' | 'answered' | 'failed' | 'unknown' | 'wait'; readonly n: number };

it('whatever happens: never two probes at once, and never shut for longer than the ceiling', () => {
  const step = fc.record({
    do: fc.constantFrom<Step['do']>('pass', 'answered', 'failed', 'unknown', 'wait'),
    n: fc.nat(5_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { breaker, clock } = breakerAt(0);
      const open: { readonly pass: Pass; readonly wasProbe: boolean }[] = [];
      for (const { do: what, n } of steps) {
        const before = breaker.state;
        if (what === 'wait') clock.at += n;
        else if (what === 'pass') {
          const pass = breaker.pass();
          if (before === 'closed') expect(pass).toBeDefined();
          if (before === 'open') expect(pass).toBeUndefined();
          if (pass) open.push({ pass, wasProbe: before === 'half-open' });
        } else open.splice(n % Math.max(1, open.length), 1)[0]?.pass.end(what);
        expect(open.filter(({ wasProbe }) => wasProbe).length).toBeLessThanOrEqual(1);
      }
      for (const { pass } of open) pass.end('unknown');
      clock.at += RULES.ceilingMs;
      expect(breaker.pass()).toBeDefined();
    }),
  );
});
