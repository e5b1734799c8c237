import { CodedError, type Mode, type PayloadName } from '#proto';
import type { Event, Machine } from '../transitions.ts';
import { agency } from './agency.ts';
import { direct } from './direct.ts';
import { joint } from './joint.ts';
import { online } from './online.ts';

/** The state machine of every mode (通办模式). */
export const MACHINES: Readonly<Record<Mode, Machine>> = { online, agency, joint, direct };

const rows = Object.values(MACHINES).flat();

/**
 * The event that a message of a case reports.
 *
 * @throws CodedError UNKNOWN_TYPE when the message is not part of a case, PAYLOAD_INVALID when a decision is neither
 *   approved nor denied
 */
export function eventOf(message: PayloadName, payload: object): Event {
  if (message === 'CaseDecided') return decisionEvent(payload);
  const row = rows.find((candidate) => candidate.message === message);
  if (!row) throw new CodedError('UNKNOWN_TYPE', `${message} is not a message of a case`);
  return row.event;
}

function decisionEvent(payload: object): Event {
  const decision = 'decision' in payload ? payload.decision : undefined;
  if (decision === 'approved') return 'approve';
  if (decision === 'denied') return 'deny';
  throw new CodedError('PAYLOAD_INVALID', 'a decision is either approved or denied', [
    { pointer: '/decision', code: 'NOT_IN_LIST', message: 'must be one of: approved, denied' },
  ]);
}
