import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CodedError, MODES, PAYLOAD_NAMES, type PayloadName } from '#proto';
import { agency } from './machines/agency.ts';
import { direct } from './machines/direct.ts';
import { joint } from './machines/joint.ts';
import { eventOf, MACHINES } from './machines/machines.ts';
import { online } from './machines/online.ts';
import { act, answer, hear, type ReceivingView } from './receiving-view.ts';
import {
  allowedEvents,
  apply,
  EVENTS,
  type Event,
  isTerminal,
  type Role,
  type Row,
  STATES,
  type State,
} from './transitions.ts';

const states = Object.keys(STATES) as State[];
const events = Object.keys(EVENTS) as Event[];
const roles: readonly Role[] = ['receiving', 'handling'];
const page = readFileSync(new URL('../../docs/case-states.md', import.meta.url), 'utf8');

function refusal(work: () => unknown): CodedError {
  try {
    work();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** Cells of the page's table under a heading, without the head of the table. */
function tableUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function cells(row: Row): string[] {
  const { event, by, from, to, message, clock, step, needs, view, mark } = row;
  const optional = [message, clock, step, needs, view, mark].map((cell) => cell ?? '');
  return [event, by.join(', '), from.join(', '), to, ...optional];
}

describe('the page docs/case-states.md', () => {
  it.each([
    ['Table: agency', agency],
    ['Table: online', online],
    ['Table: joint', joint],
    ['Table: direct', direct],
  ])('shows under "%s" exactly the rows of the table, in its order', (heading, machine) => {
    expect(tableUnder(heading)).toEqual(machine.map(cells));
  });

  it('shows exactly the states and events with their names', () => {
    const named = (labels: Readonly<Record<string, { zh: string; en: string }>>) =>
      Object.entries(labels).map(([name, { zh, en }]) => [name, zh, en]);
    expect(tableUnder('States').map((row) => row.slice(0, 3))).toEqual(named(STATES));
    const isFinal = states.map((state) => MODES.every((mode) => isTerminal(MACHINES[mode], state)));
    expect(tableUnder('States').map((row) => row[3] === 'yes')).toEqual(isFinal);
    expect(tableUnder('Events')).toEqual(named(EVENTS));
  });
});

const everything = states.flatMap((state) =>
  events.flatMap((event) => roles.flatMap((by) => roles.map((view) => ({ state, event, by, view })))),
);

describe.each(Object.entries(MACHINES))('apply in the mode %s', (_mode, machine) => {
  const matching = (state: State, event: Event, by: Role, view: Role) =>
    machine.filter(
      (row) =>
        row.event === event &&
        row.from.includes(state) &&
        row.by.includes(by) &&
        (row.view === undefined || row.view === view) &&
        row.mark !== 'overtaken',
    );

  it('has at most one row for a state, event, role and view', () => {
    expect(everything.filter(({ state, event, by, view }) => matching(state, event, by, view).length > 1)).toEqual([]);
  });

  it('follows the row where there is one', () => {
    for (const { state, event, by, view } of everything) {
      const [row] = matching(state, event, by, view);
      if (row) expect(apply(machine, state, event, by, view)).toEqual({ to: row.to, late: row.mark === 'late', row });
    }
  });

  it('refuses everything that is not in the table, naming state and event', () => {
    const outside = everything.filter(({ state, event, by, view }) => matching(state, event, by, view).length === 0);
    expect(outside.length).toBeGreaterThan(1000);
    for (const { state, event, by, view } of outside) {
      const error = refusal(() => apply(machine, state, event, by, view));
      expect(error.code).toBe('ILLEGAL_TRANSITION');
      expect(error.message).toContain(`"${event}"`);
      expect(error.message).toContain(`"${state}"`);
    }
  });

  it('allows a region what the unmarked rows say', () => {
    for (const state of states)
      for (const role of roles)
        for (const event of allowedEvents(machine, state, role))
          expect(apply(machine, state, event, role, role).late).toBe(false);
  });
});

describe('apply', () => {
  it('knows late and overtaken rows in the view of the receiving region only', () => {
    expect(apply(agency, 'withdrawn', 'accept', 'handling', 'receiving')).toMatchObject({
      to: 'withdrawn',
      late: true,
    });
    expect(refusal(() => apply(agency, 'withdrawn', 'accept', 'handling', 'handling')).code).toBe('ILLEGAL_TRANSITION');
    expect(apply(agency, 'supplementing', 'accept', 'receiving', 'receiving', 'accept').to).toBe(
      'supplementing-accepted',
    );
    expect(refusal(() => apply(agency, 'supplementing', 'accept', 'receiving', 'handling', 'accept')).code).toBe(
      'ILLEGAL_TRANSITION',
    );
  });

  it('never takes a withdrawal for accepted because of a message that cannot follow it', () => {
    expect(refusal(() => apply(agency, 'transferred', 'start-special', 'handling', 'receiving', 'withdraw')).code).toBe(
      'ILLEGAL_TRANSITION',
    );
  });
});

describe('the acts of a region', () => {
  it('are those of the unmarked rows', () => {
    expect(allowedEvents(agency, 'draft', 'receiving')).toEqual(['request-preview', 'one-time-notice', 'receive']);
    expect(allowedEvents(agency, 'transferred', 'handling')).toEqual([
      'accept',
      'refuse',
      'return',
      'request-supplement',
    ]);
    expect(allowedEvents(agency, 'supplementing', 'receiving')).toEqual(['submit-supplement', 'withdraw']);
    expect(allowedEvents(agency, 'withdrawn', 'handling')).toEqual([]);
  });

  it('end with a refusal, a return, a withdrawal or a revocation', () => {
    const ends = ['refused', 'sent-back', 'withdrawn', 'revoked'];
    expect(states.filter((state) => isTerminal(agency, state))).toEqual(ends);
  });

  it.each(Object.entries(MACHINES))(
    'P13: what was granted can be taken back in the mode %s, until the end',
    (mode, machine) => {
      const role = mode === 'direct' ? 'receiving' : 'handling';
      const revocable = states.filter((state) => allowedEvents(machine, state, role).includes('revoke'));
      expect(revocable).toEqual(['approved', 'issued', 'delivered', 'rated']);
      expect(isTerminal(machine, 'revoked')).toBe(true);
    },
  );
});

describe('eventOf', () => {
  it('names one event for every message of a case, and tells the two decisions apart', () => {
    for (const { message, event } of Object.values(MACHINES).flat()) {
      if (!message) continue;
      const payload = event === 'approve' ? { decision: 'approved' } : event === 'deny' ? { decision: 'denied' } : {};
      expect(eventOf(message, payload)).toBe(event);
    }
  });

  it('refuses other messages and other decisions', () => {
    const inCase = new Set(
      Object.values(MACHINES)
        .flat()
        .map((row) => row.message),
    );
    const others = PAYLOAD_NAMES.filter((name: PayloadName) => !inCase.has(name));
    expect(others).toContain('Ping');
    for (const name of others) expect(refusal(() => eventOf(name, {})).code).toBe('UNKNOWN_TYPE');
    const error = refusal(() => eventOf('CaseDecided', { decision: 'perhaps' }));
    expect(error.code).toBe('PAYLOAD_INVALID');
    expect(error.problems.map((problem) => problem.pointer)).toEqual(['/decision']);
  });
});

describe('the view of the receiving region', () => {
  const at = (state: State): ReceivingView => Object.freeze({ state });

  it('applies what happens at the window at once', () => {
    expect(act(agency, at('draft'), 'receive').view).toEqual({ state: 'received' });
  });

  it('shows an act as pending, applies it on acceptance and drops it on rejection', () => {
    const asked = act(agency, at('accepted'), 'withdraw');
    expect(asked).toEqual({ view: { state: 'accepted', pending: { event: 'withdraw', settled: false } }, applied: [] });
    expect(answer(agency, asked.view, 'accepted').view).toEqual({ state: 'withdrawn' });
    expect(answer(agency, asked.view, 'rejected')).toEqual({ view: { state: 'accepted' }, applied: [] });
  });

  it('allows one act at a time', () => {
    const asked = Object.freeze(act(agency, at('supplementing'), 'submit-supplement').view);
    const error = refusal(() => act(agency, asked, 'withdraw'));
    expect(error.code).toBe('ILLEGAL_TRANSITION');
    expect(error.message).toMatch(/withdraw.*submit-supplement.*supplementing/);
  });

  it('hears the handling region in spite of a pending act', () => {
    const asked = act(agency, at('accepted'), 'withdraw').view;
    const heard = hear(agency, asked, 'approve').view;
    expect(heard).toEqual({ state: 'approved', pending: { event: 'withdraw', settled: false } });
    expect(answer(agency, heard, 'rejected').view).toEqual({ state: 'approved' });
  });

  it('takes an act for accepted when a message is only possible after it, and applies it once', () => {
    const heard = hear(agency, act(agency, at('received'), 'transfer').view, 'request-supplement');
    expect(heard.view).toEqual({ state: 'supplementing', pending: { event: 'transfer', settled: true } });
    expect(heard.applied.map((row) => row.event)).toEqual(['transfer', 'request-supplement']);
    expect(answer(agency, heard.view, 'accepted')).toEqual({ view: { state: 'supplementing' }, applied: [] });
  });

  it('takes an act for accepted only once', () => {
    const again = hear(agency, act(agency, at('supplementing'), 'submit-supplement').view, 'request-supplement').view;
    expect(again).toEqual({ state: 'supplementing', pending: { event: 'submit-supplement', settled: true } });
    expect(refusal(() => hear(agency, again, 'accept')).code).toBe('ILLEGAL_TRANSITION');
  });

  it('tells by the receipt whether a supplement was asked before or after its own acceptance', () => {
    const heard = hear(agency, act(agency, at('transferred'), 'accept').view, 'request-supplement').view;
    expect(heard.state).toBe('supplementing');
    expect(answer(agency, heard, 'accepted').view).toEqual({ state: 'supplementing-accepted' });
    expect(answer(agency, heard, 'rejected').view).toEqual({ state: 'supplementing' });
  });

  it('refuses what the handling region cannot have done, and answers nobody waits for', () => {
    expect(refusal(() => hear(agency, at('withdrawn'), 'approve')).code).toBe('ILLEGAL_TRANSITION');
    expect(refusal(() => answer(agency, at('accepted'), 'accepted')).code).toBe('ILLEGAL_TRANSITION');
  });
});
