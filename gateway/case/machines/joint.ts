import type { Machine, Role, State } from '../transitions.ts';

const R: readonly Role[] = ['receiving'];
const H: readonly Role[] = ['handling'];
const HR: readonly Role[] = ['handling', 'receiving'];
const OPEN: readonly State[] = ['transferred', 'supplementing', 'supplementing-accepted', 'accepted', 'special'];
/** What was granted can be taken back. */
const GRANTED: readonly State[] = ['approved', 'issued', 'delivered', 'rated'];

/**
 * M3 多地联办: a part of a joint case. The lead region takes the whole in and opens its parts, so that a window does nothing
 * with a part before its transfer; each region decides its own. Who delivers is agreed: one window everything at once, or
 * each region its own (docs/case-states.md shows the same table).
 */
// biome-ignore format: a table is read in lines
export const joint: Machine = [
  { event: 'receive', by: R, from: ['draft'], to: 'received', step: 'P4', needs: 'R1a', view: 'receiving' },
  { event: 'transfer', by: R, from: ['received'], to: 'transferred', message: 'CaseTransfer', step: 'P4', needs: 'R1a', view: 'receiving' },
  { event: 'transfer', by: R, from: ['none'], to: 'transferred', message: 'CaseTransfer', step: 'P4', needs: 'R1a', view: 'handling' },

  { event: 'accept', by: HR, from: ['transferred'], to: 'accepted', message: 'CaseAccepted', clock: 'start', step: 'P6', needs: 'R1b' },
  { event: 'refuse', by: HR, from: ['transferred'], to: 'refused', message: 'CaseRefused', clock: 'end', step: 'P6', needs: 'R1b' },
  { event: 'return', by: H, from: ['transferred'], to: 'sent-back', message: 'CaseReturned', clock: 'end', step: 'P14' },
  { event: 'request-supplement', by: HR, from: ['transferred'], to: 'supplementing', message: 'SupplementRequested', clock: 'stop', step: 'P6', needs: 'R1b' },
  { event: 'request-supplement', by: H, from: ['accepted'], to: 'supplementing-accepted', message: 'SupplementRequested', clock: 'stop', step: 'P6' },
  { event: 'submit-supplement', by: R, from: ['supplementing'], to: 'transferred', message: 'SupplementSubmitted', clock: 'resume', step: 'P6', needs: 'R1a' },
  { event: 'submit-supplement', by: R, from: ['supplementing-accepted'], to: 'accepted', message: 'SupplementSubmitted', clock: 'resume', step: 'P6', needs: 'R1a' },

  { event: 'start-special', by: H, from: ['accepted'], to: 'special', message: 'SpecialProcedureStarted', clock: 'stop-by-kind', step: 'P7a' },
  { event: 'end-special', by: H, from: ['special'], to: 'accepted', message: 'SpecialProcedureEnded', clock: 'resume-by-kind', step: 'P7a' },
  { event: 'approve', by: H, from: ['accepted'], to: 'approved', message: 'CaseDecided', clock: 'end', step: 'P7' },
  { event: 'deny', by: H, from: ['accepted'], to: 'denied', message: 'CaseDecided', clock: 'end', step: 'P7' },
  { event: 'issue', by: H, from: ['approved'], to: 'issued', message: 'ResultIssued', step: 'P9' },
  { event: 'revoke', by: H, from: GRANTED, to: 'revoked', message: 'ResultRevoked', step: 'P13' },
  { event: 'deliver', by: HR, from: ['issued', 'denied'], to: 'delivered', message: 'ResultDelivered', step: 'P10', needs: 'R5' },
  { event: 'rate', by: R, from: ['delivered'], to: 'rated', message: 'CaseRated', step: 'P11', needs: 'R1a' },
  { event: 'withdraw', by: R, from: ['draft', 'received'], to: 'withdrawn', clock: 'end', step: 'P1', view: 'receiving' },
  { event: 'withdraw', by: R, from: OPEN, to: 'withdrawn', message: 'WithdrawalRequested', clock: 'end', step: 'P1', needs: 'R1a' },

  { event: 'accept', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'CaseAccepted', step: 'P6', view: 'receiving', mark: 'late' },
  { event: 'request-supplement', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'SupplementRequested', step: 'P6', view: 'receiving', mark: 'late' },
  { event: 'start-special', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'SpecialProcedureStarted', step: 'P7a', view: 'receiving', mark: 'late' },
  { event: 'end-special', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'SpecialProcedureEnded', step: 'P7a', view: 'receiving', mark: 'late' },
  { event: 'accept', by: R, from: ['supplementing'], to: 'supplementing-accepted', message: 'CaseAccepted', clock: 'start-stopped', step: 'P6', needs: 'R1b', view: 'receiving', mark: 'overtaken' },
  { event: 'deliver', by: R, from: ['revoked'], to: 'revoked', message: 'ResultDelivered', step: 'P10', needs: 'R5', view: 'receiving', mark: 'overtaken' },
  { event: 'rate', by: R, from: ['revoked'], to: 'revoked', message: 'CaseRated', step: 'P11', needs: 'R1a', view: 'receiving', mark: 'overtaken' },
];
