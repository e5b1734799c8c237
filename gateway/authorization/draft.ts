import { CodedError, type Problem } from '#proto';
import { type AgreementContent, draftAgreement } from '#trust';

/** What the gateway fills in itself. */
export type FilledIn = Pick<AgreementContent, 'id' | 'created_at'>;

/** Payload bytes of a proposal, and the other party. */
export interface CheckedDraft {
  readonly payload: Buffer;
  readonly peer: string;
}

const FILLED_IN = ['id', 'version', 'created_at'] as const;

/**
 * Turns what an operator wrote into the payload of a proposal: an AgreementContent without `id`, `version` and
 * `created_at`, one of whose two parties is our own region.
 *
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong member
 */
export function checkDraft(draft: unknown, filledIn: FilledIn, region: string): CheckedDraft {
  if (!isObject(draft)) throw invalid([{ pointer: '', code: 'TYPE', message: 'must be an object' }]);
  const problems: Problem[] = FILLED_IN.filter((member) => member in draft).map((member) => {
    return { pointer: `/${member}`, code: 'FILLED_IN', message: 'is filled in by the gateway; leave it out' };
  });
  const parties = Array.isArray(draft['parties']) ? (draft['parties'] as unknown[]) : [];
  if (parties.length === 2 && !parties.includes(region)) {
    problems.push({ pointer: '/parties', code: 'NOT_A_PARTY', message: `must name our own region, ${region}` });
  }
  const payload = draftPayload({ ...draft, ...filledIn, version: 1 }, problems);
  if (problems.length > 0 || !payload) throw invalid(problems);
  return { payload, peer: parties.find((party) => party !== region) as string };
}

function draftPayload(content: object, problems: Problem[]): Buffer | undefined {
  try {
    return draftAgreement(content as AgreementContent);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'VALIDATION_FAILED') throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function invalid(problems: readonly Problem[]): CodedError {
  return new CodedError('VALIDATION_FAILED', 'the agreement is not valid', problems);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
