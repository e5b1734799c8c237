import type { Mode } from '#proto';
import type { CaseEvent, CaseFile } from '../case-file.ts';
import type { Role, State } from '../transitions.ts';

/** What statistics and ledgers know of a case: nothing about anybody. Moments in milliseconds. */
export interface CaseFacts {
  readonly number: string;
  readonly peerNumber: string;
  readonly role: Role;
  readonly peer: string;
  readonly item: string;
  readonly mode: Mode;
  readonly state: State;
  readonly createdAt: number;
  readonly transferredAt?: number;
  readonly acceptedAt?: number;
  readonly decidedAt?: number;
  readonly deliveredAt?: number;
  /** Working days that counted from acceptance to the decision; absent before it. */
  readonly handlingDays?: number;
  /** Names of the limits that ran out. */
  readonly late: readonly string[];
  readonly supplements: number;
  /** Notices that named what an earlier one could have named. */
  readonly repeatedNotices: number;
  /** 1 to 5. */
  readonly rating?: number;
  /** Whether a bad rating waits for its answer. */
  readonly ratingUnanswered: boolean;
  readonly complaints: number;
}

/** Events by which a moment of the ledger is known. */
const MOMENTS = {
  transferredAt: ['transfer'],
  acceptedAt: ['accept'],
  decidedAt: ['approve', 'deny'],
  deliveredAt: ['deliver'],
} as const;

/** @param events history of the case, oldest first */
export function factsOf(file: CaseFile, events: readonly CaseEvent[]): CaseFacts {
  const { number, peerNumber, role, peer, item, mode, state, createdAt, document } = file;
  const { limits, notices = [], notes = [], steps } = document;
  const promised = limits.find(({ name }) => name === 'promised');
  const rating = (steps.rate as { score?: number } | undefined)?.score;
  return {
    ...{ number, peerNumber, role, peer, item, mode, state, createdAt },
    ...moments(events),
    ...(promised?.state === 'ended' && isDecided(events) && { handlingDays: promised.used }),
    late: limits.filter(({ isLate }) => isLate).map(({ name }) => name),
    supplements: notices.filter(({ event }) => event === 'request-supplement').length,
    repeatedNotices: notices.filter(({ violations }) => violations.length > 0).length,
    ...(rating !== undefined && { rating }),
    ratingUnanswered: limits.some(({ name, state: of }) => name === 'rating-answer' && of === 'running'),
    complaints: notes.filter(({ kind }) => kind === 'complaint-linked').length,
  };
}

function moments(events: readonly CaseEvent[]): Partial<Record<keyof typeof MOMENTS, number>> {
  const found: Partial<Record<keyof typeof MOMENTS, number>> = {};
  for (const [name, of] of Object.entries(MOMENTS)) {
    const event = events.find((one) => (of as readonly string[]).includes(one.event));
    if (event) found[name as keyof typeof MOMENTS] = event.at;
  }
  return found;
}

function isDecided(events: readonly CaseEvent[]): boolean {
  return events.some(({ event }) => (MOMENTS.decidedAt as readonly string[]).includes(event));
}
