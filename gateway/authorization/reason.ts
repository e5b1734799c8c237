import { CodedError, type Problem, text } from '#proto';

const reasonRule = text(500);

/** @throws CodedError VALIDATION_FAILED */
export function demandReason(reason: string): void {
  const problems: Problem[] = [];
  reasonRule(reason, '/reason', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the reason is not valid', problems);
}
