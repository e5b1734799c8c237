import type { Office } from '../calendar/office.ts';
import type { CaseEvent, CaseFile } from './case-file.ts';
import type { Role, State } from './transitions.ts';

/** In whose hands a case is in a state; nobody's once it has ended. */
const HOLDERS: Readonly<Record<State, Role | undefined>> = {
  none: undefined,
  draft: 'receiving',
  previewing: 'handling',
  previewed: 'receiving',
  returned: 'receiving',
  received: 'receiving',
  transferred: 'handling',
  supplementing: 'receiving',
  'supplementing-accepted': 'receiving',
  accepted: 'handling',
  special: 'handling',
  approved: 'handling',
  denied: 'handling',
  issued: 'handling',
  delivered: undefined,
  rated: undefined,
  refused: undefined,
  'sent-back': undefined,
  withdrawn: undefined,
  revoked: undefined,
};

/** A time during which one region held a case. */
export interface Holding {
  readonly region: string;
  readonly role: Role;
  readonly state: State;
  /** Milliseconds. */
  readonly from: number;
  /** Absent while it holds it still. */
  readonly until?: number;
  /** Working days until then, or until now: those after the first day. */
  readonly workingDays: number;
  /** Limits that ran out meanwhile. */
  readonly overdue: string[];
}

/**
 * P12 责任追溯: who held a case when, and who was late.
 *
 * @param us our region
 * @param events history of the case, oldest first
 * @param now milliseconds
 */
export function holdingsOf(
  file: CaseFile,
  events: readonly CaseEvent[],
  { us, now, office }: { readonly us: string; readonly now: number; readonly office: Office },
): Holding[] {
  const regions = { [file.role]: us, [file.role === 'receiving' ? 'handling' : 'receiving']: file.peer } as const;
  const holdings: Holding[] = [];
  let current: { state: State; from: number; overdue: string[] } | undefined;
  const close = (at: number, isOpen: boolean) => {
    const holder = current && HOLDERS[current.state];
    const role = holder && file.mode === 'direct' ? file.role : holder;
    if (!current || !role) return;
    const { state, from, overdue } = current;
    const workingDays = office.between(from, Math.max(from, at));
    const span = { from, ...(isOpen ? {} : { until: Math.max(from, at) }), workingDays, overdue };
    holdings.push({ region: regions[role]!, role, state, ...span });
  };
  if (file.role === 'receiving') current = { state: 'draft', from: file.createdAt, overdue: [] };
  for (const { event, state, at, data } of events) {
    if (event === 'limit-overdue') current?.overdue.push((data as { limit: string }).limit);
    if (state === current?.state) continue;
    close(at, false);
    current = { state: state as State, from: at, overdue: [] };
  }
  close(now, true);
  return holdings;
}
