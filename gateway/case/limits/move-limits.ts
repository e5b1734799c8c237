import type { Office } from '../../calendar/office.ts';
import type { Event, Row } from '../transitions.ts';
import type { CaseLimit, LimitName } from './limit-names.ts';

/** What a step says about time limits, beside the row of the state machine. */
export interface LimitFacts {
  /** When it was done, milliseconds. */
  readonly at: number;
  /** Kind of special procedure. */
  readonly kind: string;
  /** Window that acted; its hours count. */
  readonly window: string;
  /** Of a rating, 1 to 5. */
  readonly score?: number | undefined;
  /** Until when a supplement is to be handed in. */
  readonly deadline?: number | undefined;
  readonly promisedDays: number;
  /** 0 where the item names none. */
  readonly statutoryDays: number;
  readonly acceptanceDays: number;
  /** Whether originals on paper must follow. */
  readonly needsPaper: boolean;
}

/** P4: 收件通知书出具后 2 小时内. */
const HAND_OVER_MINUTES = 120;
/** P5. */
const PAPER_DAYS = 1;
/** 行政许可法第四十四条. */
const DELIVERY_DAYS = 10;

/** P11: a rating of one or two of five is bad, and answered within so many working days (政务服务“好差评”:限期整改、反馈). */
const BAD = 2;
const ANSWER_DAYS = 5;

/** Limits that stand still together with the case. */
const STOPPABLE: readonly LimitName[] = ['acceptance', 'promised', 'statutory'];

/** Kinds of special procedure (特别程序) whose time does not count (行政许可法第四十五条). */
const STOPPING_KINDS: ReadonlySet<string> = new Set(['site-inspection', 'acceptance-test', 'hearing', 'expert-review']);

/** P7a: whether the promised limit stands still during a special procedure of a kind. */
export function stopsTheClock(kind: string): boolean {
  return STOPPING_KINDS.has(kind);
}

/** Limits that an event begins and ends by itself, whatever the clock column of its row says. */
const BY_EVENT: Readonly<
  Partial<Record<Event, { readonly ends?: readonly LimitName[]; readonly starts?: LimitName }>>
> = {
  receive: { starts: 'hand-over' },
  transfer: { ends: ['hand-over'], starts: 'acceptance' },
  'request-supplement': { starts: 'supplement' },
  'submit-supplement': { ends: ['supplement'] },
  approve: { starts: 'delivery' },
  // Nobody waits for the rest of what came to nothing.
  deny: { ends: ['commitment'], starts: 'delivery' },
  withdraw: { ends: ['commitment', 'hand-over'] },
  revoke: { ends: ['commitment', 'delivery'] },
  deliver: { ends: ['delivery'] },
};

/** Whether a row may move a time limit. */
export function movesLimits(row: Row): boolean {
  return row.clock !== undefined || row.event === 'rate' || Object.hasOwn(BY_EVENT, row.event);
}

/** Moves the time limits of a case by one row of its state machine. Pure. */
export function moveLimits(
  limits: readonly CaseLimit[],
  row: Row,
  facts: LimitFacts,
  office: Office,
): readonly CaseLimit[] {
  const moved = new LimitMoves(limits, facts, office);
  switch (row.clock) {
    case 'begin':
      moved.begin('acceptance');
      return moved.limits;
    case 'start':
    case 'start-stopped':
      moved.end('acceptance');
      moved.start('promised', facts.promisedDays);
      if (facts.statutoryDays > 0) moved.start('statutory', facts.statutoryDays);
      if (row.clock === 'start-stopped') moved.stop();
      break;
    case 'stop':
      moved.stop();
      break;
    case 'resume':
      moved.resume();
      break;
    case 'stop-by-kind':
      if (stopsTheClock(facts.kind)) moved.stop();
      break;
    case 'resume-by-kind':
      if (stopsTheClock(facts.kind)) moved.resume();
      break;
    case 'end':
      for (const name of [...STOPPABLE, 'supplement', 'paper'] as const) moved.end(name);
  }
  const { ends = [], starts } = BY_EVENT[row.event] ?? {};
  for (const name of ends) moved.end(name);
  if (starts) moved.begin(starts);
  if (row.event === 'rate' && facts.score !== undefined && facts.score <= BAD)
    moved.start('rating-answer', ANSWER_DAYS);
  return moved.limits;
}

/** Ends one limit by itself, such as that for mailing paper once it was mailed. */
export function endLimit(limits: readonly CaseLimit[], name: LimitName, at: number): readonly CaseLimit[] {
  return limits.map((limit) => (limit.name === name ? ended(limit, at) : limit));
}

class LimitMoves {
  limits: readonly CaseLimit[];
  readonly #facts: LimitFacts;
  readonly #office: Office;

  constructor(limits: readonly CaseLimit[], facts: LimitFacts, office: Office) {
    this.limits = limits;
    this.#facts = facts;
    this.#office = office;
  }

  /** Begins a limit that an event names. */
  begin(name: LimitName): void {
    const { at, window, deadline, acceptanceDays, needsPaper } = this.#facts;
    if (name === 'acceptance') {
      this.start('acceptance', acceptanceDays);
      if (needsPaper) this.start('paper', PAPER_DAYS);
    } else if (name === 'hand-over') {
      this.#put({ ...running(name, at), dueAt: this.#office.afterMinutes(at, HAND_OVER_MINUTES, window) });
    } else if (name === 'supplement') {
      if (deadline !== undefined) this.#put({ ...running(name, at), dueAt: deadline });
    } else this.start(name, DELIVERY_DAYS);
  }

  start(name: LimitName, days: number): void {
    const { at } = this.#facts;
    this.#put({ ...running(name, at), days, dueAt: this.#office.after(at, days) });
  }

  stop(): void {
    const { at } = this.#facts;
    this.#change(STOPPABLE, 'running', ({ dueAt, ...limit }) => ({
      ...limit,
      state: 'stopped',
      since: at,
      used: limit.used + this.#office.between(limit.since, at),
      ...(dueAt !== undefined && at > dueAt && { isLate: true }),
    }));
  }

  resume(): void {
    const { at } = this.#facts;
    this.#change(STOPPABLE, 'stopped', (limit) => {
      const left = Math.max(0, (limit.days ?? 0) - limit.used);
      return { ...limit, state: 'running', since: at, dueAt: this.#office.after(at, left) };
    });
  }

  end(name: LimitName): void {
    const { at } = this.#facts;
    this.#change([name], 'running', (limit) => ({
      ...limit,
      used: limit.used + this.#office.between(limit.since, at),
    }));
    this.limits = endLimit(this.limits, name, at);
  }

  #put(limit: CaseLimit): void {
    this.limits = [...this.limits.filter(({ name }) => name !== limit.name), limit];
  }

  #change(names: readonly LimitName[], state: CaseLimit['state'], change: (limit: CaseLimit) => CaseLimit): void {
    this.limits = this.limits.map((limit) =>
      names.includes(limit.name) && limit.state === state ? change(limit) : limit,
    );
  }
}

function running(name: LimitName, at: number): CaseLimit {
  return { name, state: 'running', since: at, used: 0 };
}

function ended(limit: CaseLimit, at: number): CaseLimit {
  if (limit.state === 'ended') return limit;
  const isLate = limit.isLate || (limit.dueAt !== undefined && at > limit.dueAt);
  return { ...limit, state: 'ended', since: at, ...(isLate && { isLate: true }) };
}
