import type { Mode } from '#proto';
import type { Office } from '../../calendar/office.ts';
import type { CaseEvent, CaseFile } from '../case-file.ts';
import { stopsTheClock } from '../limits/move-limits.ts';
import type { Role, State } from '../transitions.ts';

/** P7a: a special procedure (特别程序) that a case went through, or is in. */
export interface SpecialProcedure {
  readonly kind: string;
  /** Working days during which the promised limit stood still, up to now where it goes on; 0 where its time counts. */
  readonly daysStopped: number;
}

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
  readonly special: readonly SpecialProcedure[];
  /** Notices that named what an earlier one could have named. */
  readonly repeatedNotices: number;
  /** 1 to 5. */
  readonly rating?: number;
  /** Whether a bad rating waits for its answer. */
  readonly ratingUnanswered: boolean;
  readonly complaints: number;
}

/** Events after which a special procedure is over. */
const SPECIAL_ENDS: ReadonlySet<string> = new Set(['end-special', 'withdraw']);

/** Events by which a moment of the ledger is known. */
const MOMENTS = {
  transferredAt: ['transfer'],
  acceptedAt: ['accept'],
  decidedAt: ['approve', 'deny'],
  deliveredAt: ['deliver'],
} as const;

/** When facts are gathered, in milliseconds, and by which working days they are counted. */
export interface Counting {
  readonly now: number;
  readonly office: Office;
}

/** @param events history of the case, oldest first */
export function factsOf(file: CaseFile, events: readonly CaseEvent[], counting: Counting): CaseFacts {
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
    special: specialProcedures(events, counting),
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

/** One ends by its own end, or with the case when that is withdrawn meanwhile. */
function specialProcedures(events: readonly CaseEvent[], { now, office }: Counting): SpecialProcedure[] {
  return events.flatMap(({ event, at, state, data }, index) => {
    // One that began after the case was withdrawn is only recorded.
    if (event !== 'start-special' || state !== 'special') return [];
    const { kind = '' } = data as { kind?: string };
    const end = events.slice(index + 1).find((later) => SPECIAL_ENDS.has(later.event));
    return [{ kind, daysStopped: stopsTheClock(kind) ? office.between(at, end?.at ?? now) : 0 }];
  });
}

function isDecided(events: readonly CaseEvent[]): boolean {
  return events.some(({ event }) => (MOMENTS.decidedAt as readonly string[]).includes(event));
}
