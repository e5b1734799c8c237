import { describe, expect, it } from 'vitest';
import { Office } from '../../calendar/office.ts';
import { WorkCalendar } from '../../calendar/work-calendar.ts';
import { parseHours } from '../../calendar/working-hours.ts';
import { agency } from '../machines/agency.ts';
import { apply, type Event, type Role, type Row, type State } from '../transitions.ts';
import type { CaseLimit, LimitName } from './limit-names.ts';
import { endLimit, type LimitFacts, moveLimits } from './move-limits.ts';

const at = (text: string) => Date.parse(`${text}+08:00`);
const windows = new Map([['夜间窗口', parseHours('18:00-21:00')!]]);
const office = new Office(new WorkCalendar(), parseHours('09:00-12:00 13:30-17:00')!, windows);

const TERMS = { promisedDays: 10, statutoryDays: 20, acceptanceDays: 5, needsPaper: false, kind: '', window: '' };

/** A case that goes its way, one step after the other. */
class Play {
  limits: readonly CaseLimit[] = [];
  state: State;

  constructor(state: State = 'draft') {
    this.state = state;
  }

  step(when: string, event: Event, by: Role, facts: Partial<LimitFacts> = {}): this {
    const { row, to } = apply(agency, this.state, event, by, 'receiving', event === 'accept' ? event : undefined);
    return this.#move(row, to, { ...TERMS, at: at(when), ...facts });
  }

  #move(row: Row, to: State, facts: LimitFacts): this {
    this.limits = moveLimits(this.limits, row, facts, office);
    this.state = to;
    return this;
  }

  of(name: LimitName): CaseLimit | undefined {
    return this.limits.find((limit) => limit.name === name);
  }
}

const due = (text: string) => ({ state: 'running', dueAt: at(text) });
const accepted = (when: string) => new Play('transferred').step(when, 'accept', 'handling');

describe('P4: a case is handed over within two hours of the office', () => {
  it.each([
    ['in the morning', '2026-11-23T09:30:00', '', '2026-11-23T11:30:00'],
    ['before the weekend', '2026-11-20T16:00:00', '', '2026-11-23T10:00:00'],
    ['at a window with hours of its own', '2026-11-23T18:30:00', '夜间窗口', '2026-11-23T20:30:00'],
  ])('taken in %s', (_, when, window, until) => {
    const play = new Play().step(when, 'receive', 'receiving', { window });
    expect(play.of('hand-over')).toMatchObject(due(until));
  });

  it('and late when it took longer', () => {
    const play = new Play().step('2026-11-23T09:00:00', 'receive', 'receiving');
    play.step('2026-11-23T11:00:00', 'transfer', 'receiving');
    expect(play.of('hand-over')).toMatchObject({ state: 'ended' });
    expect(play.of('hand-over')).not.toHaveProperty('isLate');
    const late = new Play().step('2026-11-23T09:00:00', 'receive', 'receiving');
    expect(late.step('2026-11-23T11:00:01', 'transfer', 'receiving').of('hand-over')).toMatchObject({ isLate: true });
  });
});

describe('P5: paper originals are mailed within a working day', () => {
  it('where the item wants them, until they are', () => {
    const play = new Play('received').step('2026-11-20T15:00:00', 'transfer', 'receiving', { needsPaper: true });
    expect(play.of('paper')).toMatchObject(due('2026-11-23T17:00:00'));
    const [ended] = endLimit([play.of('paper')!], 'paper', at('2026-11-24T09:00:00'));
    expect(ended).toMatchObject({ state: 'ended', isLate: true });
    expect(new Play('received').step('2026-11-20T15:00:00', 'transfer', 'receiving').of('paper')).toBeUndefined();
  });
});

describe('P6: acceptance', () => {
  it('is decided within five working days, those of a supplement not counted', () => {
    const play = new Play('received').step('2026-11-23T10:00:00', 'transfer', 'receiving');
    expect(play.of('acceptance')).toMatchObject(due('2026-11-30T17:00:00'));
    const deadline = at('2026-12-10T17:00:00');
    play.step('2026-11-25T10:00:00', 'request-supplement', 'handling', { deadline });
    expect(play.of('acceptance')).toMatchObject({ state: 'stopped', used: 2 });
    expect(play.of('acceptance')).not.toHaveProperty('dueAt');
    expect(play.of('supplement')).toMatchObject({ state: 'running', dueAt: deadline });
    play.step('2026-12-03T10:00:00', 'submit-supplement', 'receiving');
    expect(play.of('supplement')).toMatchObject({ state: 'ended' });
    expect(play.of('acceptance')).toMatchObject(due('2026-12-08T17:00:00'));
    play.step('2026-12-04T10:00:00', 'accept', 'handling');
    expect(play.of('acceptance')).toMatchObject({ state: 'ended' });
  });
});

describe('P7: the decision', () => {
  it('comes within the promised days, the statutory ones beside them, over holidays', () => {
    const play = accepted('2026-09-28T10:00:00');
    // 1 to 7 October are off, Saturday the 10th is worked.
    expect(play.of('promised')).toMatchObject({ ...due('2026-10-16T17:00:00'), days: 10 });
    expect(play.of('statutory')).toMatchObject({ ...due('2026-10-30T17:00:00'), days: 20 });
    play.step('2026-10-19T09:00:00', 'approve', 'handling');
    expect(play.of('promised')).toMatchObject({ state: 'ended', isLate: true });
    expect(play.of('statutory')).not.toHaveProperty('isLate');
    expect(play.of('delivery')).toMatchObject({ state: 'running', days: 10 });
  });

  it('is due the same day where none is promised', () => {
    const sameDay = (when: string) => new Play('transferred').step(when, 'accept', 'handling', { promisedDays: 0 });
    expect(sameDay('2026-11-23T10:00:00').of('promised')).toMatchObject(due('2026-11-23T17:00:00'));
    expect(sameDay('2026-11-22T10:00:00').of('promised')).toMatchObject(due('2026-11-23T17:00:00'));
  });

  it('knows no statutory limit where the item names none', () => {
    const play = new Play('transferred').step('2026-11-23T10:00:00', 'accept', 'handling', { statutoryDays: 0 });
    expect(play.of('statutory')).toBeUndefined();
  });

  it('that was accepted while a supplement is awaited counts from its arrival', () => {
    const play = new Play('supplementing').step('2026-11-23T10:00:00', 'accept', 'receiving');
    expect(play.state).toBe('supplementing-accepted');
    expect(play.of('promised')).toMatchObject({ state: 'stopped', used: 0 });
    play.step('2026-11-27T10:00:00', 'submit-supplement', 'receiving');
    expect(play.of('promised')).toMatchObject(due('2026-12-11T17:00:00'));
  });

  it.each([
    ['site-inspection', '2026-12-14T17:00:00'],
    ['hearing', '2026-12-14T17:00:00'],
    ['joint-review', '2026-12-07T17:00:00'],
  ])('P7a: a %s moves it to %s', (kind, until) => {
    const play = accepted('2026-11-23T10:00:00');
    play.step('2026-11-24T10:00:00', 'start-special', 'handling', { kind });
    play.step('2026-12-01T10:00:00', 'end-special', 'handling', { kind });
    expect(play.of('promised')).toMatchObject(due(until));
  });

  it('neither loses nor doubles a day that is stopped and resumed on', () => {
    const play = accepted('2026-11-23T10:00:00');
    for (const hour of ['10', '11', '14']) {
      play.step(`2026-11-24T${hour}:00:00`, 'start-special', 'handling', { kind: 'hearing' });
      play.step(`2026-11-24T${hour}:30:00`, 'end-special', 'handling', { kind: 'hearing' });
    }
    expect(play.of('promised')).toMatchObject({ used: 1, ...due('2026-12-07T17:00:00') });
  });
});

it('everything ends with a withdrawal', () => {
  const play = accepted('2026-11-23T10:00:00');
  play.step('2026-11-24T10:00:00', 'request-supplement', 'handling', { deadline: at('2026-11-30T10:00:00') });
  play.step('2026-11-25T10:00:00', 'withdraw', 'receiving');
  expect(play.limits.filter(({ state }) => state !== 'ended')).toEqual([]);
});
