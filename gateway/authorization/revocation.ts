import { CodedError, type Problem, text } from '#proto';
import type { AgreementRecord } from './agreement-table.ts';

const reasonRule = text(500);

/** Whether an agreement that was revoked without cause is now revoked for cause: open cases end too. */
export function escalates({ state, for_cause }: AgreementRecord, forCause: boolean): boolean {
  return state === 'revoked' && forCause && for_cause === 0;
}

/** @throws CodedError VALIDATION_FAILED */
export function demandReason(reason: string): void {
  const problems: Problem[] = [];
  reasonRule(reason, '/reason', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the reason is not valid', problems);
}
