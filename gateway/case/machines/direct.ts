import type { Machine, Role, State } from '../transitions.ts';

const R: readonly Role[] = ['receiving'];
const OPEN: readonly State[] = ['received', 'supplementing', 'supplementing-accepted', 'accepted', 'special'];

/**
 * M4 直接通办: the item is bound to no place, so the region that takes the application in decides it with power of its own.
 * Nothing of it needs another region (docs/case-states.md shows the same table).
 */
// biome-ignore format: a table is read in lines
export const direct: Machine = [
  { event: 'one-time-notice', by: R, from: ['draft'], to: 'returned', step: 'P3', view: 'receiving' },
  { event: 'retake', by: R, from: ['returned'], to: 'draft', step: 'P2', view: 'receiving' },
  { event: 'receive', by: R, from: ['draft'], to: 'received', clock: 'begin', step: 'P4', view: 'receiving' },

  { event: 'accept', by: R, from: ['received'], to: 'accepted', clock: 'start', step: 'P6', view: 'receiving' },
  { event: 'refuse', by: R, from: ['received'], to: 'refused', clock: 'end', step: 'P6', view: 'receiving' },
  { event: 'request-supplement', by: R, from: ['received'], to: 'supplementing', clock: 'stop', step: 'P6', view: 'receiving' },
  { event: 'request-supplement', by: R, from: ['accepted'], to: 'supplementing-accepted', clock: 'stop', step: 'P6', view: 'receiving' },
  { event: 'submit-supplement', by: R, from: ['supplementing'], to: 'received', clock: 'resume', step: 'P6', view: 'receiving' },
  { event: 'submit-supplement', by: R, from: ['supplementing-accepted'], to: 'accepted', clock: 'resume', step: 'P6', view: 'receiving' },

  { event: 'start-special', by: R, from: ['accepted'], to: 'special', clock: 'stop-by-kind', step: 'P7a', view: 'receiving' },
  { event: 'end-special', by: R, from: ['special'], to: 'accepted', clock: 'resume-by-kind', step: 'P7a', view: 'receiving' },
  { event: 'approve', by: R, from: ['accepted'], to: 'approved', clock: 'end', step: 'P7', view: 'receiving' },
  { event: 'deny', by: R, from: ['accepted'], to: 'denied', clock: 'end', step: 'P7', view: 'receiving' },
  { event: 'issue', by: R, from: ['approved'], to: 'issued', step: 'P9', view: 'receiving' },
  { event: 'revoke', by: R, from: ['approved', 'issued', 'delivered', 'rated'], to: 'revoked', step: 'P13', view: 'receiving' },
  { event: 'deliver', by: R, from: ['issued', 'denied'], to: 'delivered', step: 'P10', view: 'receiving' },
  { event: 'rate', by: R, from: ['delivered'], to: 'rated', step: 'P11', view: 'receiving' },
  { event: 'withdraw', by: R, from: OPEN, to: 'withdrawn', clock: 'end', step: 'P1', view: 'receiving' },
];
