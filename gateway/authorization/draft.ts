import { CodedError, type Problem } from '#proto';
import { type AgreementContent, draftAgreement } from '#trust';

/** What the gateway fills in itself. */
export type FilledIn = Pick<AgreementContent, 'id' | 'created_at' | 'counters'>;

/** Payload bytes of a proposal, and the other party. */
export interface CheckedDraft {
  readonly payload: Buffer;
  readonly peer: string;
}

const FILLED_IN = ['id', 'version', 'created_at', 'counters'] as const;

/**
 * Turns what an operator wrote into the payload of a proposal: an AgreementContent without `id`, `version`, `created_at`
 * and `counters`, one of whose two parties is our own region.
 *
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong member
 */
export function checkDraft(draft: object, filledIn: FilledIn, region: string): CheckedDraft {
  const problems: Problem[] = FILLED_IN.filter((member) => member in draft).map((member) => {
    return { pointer: `/${member}`, code: 'FILLED_IN', message: 'is filled in by the gateway; leave it out' };
  });
  const { parties } = draft as { parties?: unknown };
  const named: readonly unknown[] = Array.isArray(parties) ? parties : [];
  if (named.length === 2 && !named.includes(region)) {
    problems.push({ pointer: '/parties', code: 'NOT_A_PARTY', message: `must name our own region, ${region}` });
  }
  const payload = draftPayload({ ...draft, ...filledIn, version: 1 }, problems);
  if (problems.length > 0 || !payload) throw invalid(problems);
  return { payload, peer: named.find((party) => party !== region) as string };
}

/**
 * An older agreement with changes, ready to be proposed anew: what the gateway fills in is left out.
 *
 * @throws CodedError VALIDATION_FAILED when the changes are no object
 */
export function redraft(content: AgreementContent, changes: unknown): object {
  const { id: _id, version: _version, created_at: _created, counters: _counters, ...kept } = content;
  return { ...kept, ...demandObject(changes) };
}

/** @throws CodedError VALIDATION_FAILED */
export function demandObject(draft: unknown): object {
  if (typeof draft === 'object' && draft !== null && !Array.isArray(draft)) return draft;
  throw invalid([{ pointer: '', code: 'TYPE', message: 'must be an object' }]);
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
