import type { ClockEffect } from './transitions.ts';

/**
 * The time that counts for the promised limit (承诺办结时限), as a stopwatch: it runs, or stands still with what it
 * has measured. Milliseconds.
 */
export interface CaseClock {
  readonly state: 'idle' | 'running' | 'stopped' | 'ended';
  /** When the state began. */
  readonly since: number;
  /** What was measured before that. */
  readonly elapsedMs: number;
}

export const IDLE_CLOCK: CaseClock = { state: 'idle', since: 0, elapsedMs: 0 };

/** Kinds of special procedure (特别程序) whose time does not count. */
const STOPPING_KINDS: ReadonlySet<string> = new Set(['site-inspection', 'acceptance-test', 'hearing', 'expert-review']);

/**
 * Moves the stopwatch.
 *
 * @param at milliseconds
 * @param kind kind of special procedure, for the effects that depend on it
 */
export function moveClock(clock: CaseClock, effect: ClockEffect | undefined, at: number, kind = ''): CaseClock {
  switch (effect) {
    case 'start':
      return { state: 'running', since: at, elapsedMs: 0 };
    case 'start-stopped':
      return { state: 'stopped', since: at, elapsedMs: 0 };
    case 'stop':
      return stopped(clock, at);
    case 'resume':
      return resumed(clock, at);
    case 'stop-by-kind':
      return STOPPING_KINDS.has(kind) ? stopped(clock, at) : clock;
    case 'resume-by-kind':
      return STOPPING_KINDS.has(kind) ? resumed(clock, at) : clock;
    case 'end':
      return { state: 'ended', since: at, elapsedMs: measured(clock, at) };
    case undefined:
      return clock;
  }
}

/** Milliseconds that have counted so far. */
export function measured(clock: CaseClock, now: number): number {
  return clock.elapsedMs + (clock.state === 'running' ? Math.max(0, now - clock.since) : 0);
}

/** Before acceptance no promised limit runs yet; the stop is still shown. */
function stopped(clock: CaseClock, at: number): CaseClock {
  if (clock.state === 'ended' || clock.state === 'stopped') return clock;
  return { state: 'stopped', since: at, elapsedMs: measured(clock, at) };
}

function resumed(clock: CaseClock, at: number): CaseClock {
  return clock.state === 'stopped' ? { state: 'running', since: at, elapsedMs: clock.elapsedMs } : clock;
}
