import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CaseClock, IDLE_CLOCK, measured, moveClock } from './clock.ts';
import type { ClockEffect } from './transitions.ts';

const HOUR = 60 * 60 * 1000;

/** Plays effects at hours, and reads the clock at one. */
function play(effects: readonly (readonly [hour: number, effect: ClockEffect, kind?: string])[]): CaseClock {
  return effects.reduce((clock, [hour, effect, kind]) => moveClock(clock, effect, hour * HOUR, kind), IDLE_CLOCK);
}

describe('the promised time limit', () => {
  it('does not run before acceptance', () => {
    expect(measured(IDLE_CLOCK, 100 * HOUR)).toBe(0);
  });

  it('runs from acceptance to the decision', () => {
    const running = play([[1, 'start']]);
    expect(running.state).toBe('running');
    expect(measured(running, 6 * HOUR)).toBe(5 * HOUR);
    const ended = moveClock(running, 'end', 8 * HOUR);
    expect(ended.state).toBe('ended');
    expect(measured(ended, 100 * HOUR)).toBe(7 * HOUR);
  });

  it('stands still while a supplement is awaited', () => {
    const clock = play([
      [1, 'start'],
      [4, 'stop'],
      [10, 'resume'],
    ]);
    expect(measured(clock, 12 * HOUR)).toBe(5 * HOUR);
  });

  it('begins with the acceptance, whatever stood still before it', () => {
    const before = play([
      [1, 'stop'],
      [5, 'resume'],
    ]);
    expect(before.state).toBe('running');
    expect(measured(moveClock(before, 'start', 9 * HOUR), 10 * HOUR)).toBe(HOUR);
  });

  it('that begins while a supplement is awaited runs from its arrival', () => {
    const waiting = play([[1, 'start-stopped']]);
    expect([waiting.state, measured(waiting, 9 * HOUR)]).toEqual(['stopped', 0]);
    expect(measured(moveClock(waiting, 'resume', 9 * HOUR), 10 * HOUR)).toBe(HOUR);
  });

  it.each(['site-inspection', 'acceptance-test', 'hearing', 'expert-review'])('does not count a %s', (kind) => {
    const clock = play([
      [0, 'start'],
      [2, 'stop-by-kind', kind],
      [7, 'resume-by-kind', kind],
    ]);
    expect(measured(clock, 8 * HOUR)).toBe(3 * HOUR);
  });

  it('counts a joint review', () => {
    const clock = play([
      [0, 'start'],
      [2, 'stop-by-kind', 'joint-review'],
      [7, 'resume-by-kind', 'joint-review'],
    ]);
    expect(measured(clock, 8 * HOUR)).toBe(8 * HOUR);
  });

  it('never runs backwards, also when clocks differ', () => {
    const clock = play([
      [5, 'start'],
      [3, 'stop'],
    ]);
    expect(clock.elapsedMs).toBe(0);
    expect(measured(play([[5, 'start']]), 3 * HOUR)).toBe(0);
  });

  it('stays ended', () => {
    const ended = play([
      [0, 'start'],
      [2, 'end'],
    ]);
    expect(moveClock(ended, 'stop', 3 * HOUR)).toEqual(ended);
    expect(moveClock(ended, 'resume', 3 * HOUR)).toEqual(ended);
    expect(moveClock(ended, undefined, 3 * HOUR)).toBe(ended);
  });

  it('measures what ran, whatever the order of stops', () => {
    const step = fc.tuple(fc.constantFrom<ClockEffect>('stop', 'resume'), fc.integer({ min: 0, max: 1000 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let clock = moveClock(IDLE_CLOCK, 'start', 0);
        let [at, ran, runs] = [0, 0, true];
        for (const [effect, wait] of steps) {
          at += wait;
          if (runs) ran += wait;
          runs = effect === 'resume';
          clock = moveClock(clock, effect, at);
        }
        expect(measured(clock, at)).toBe(ran);
        expect(clock.state).toBe(runs ? 'running' : 'stopped');
      }),
    );
  });
});
