import { CodedError, type Problem } from '#proto';
import { draftJoint, type JointContent, type RegionStatement } from '#trust';

/** What the gateway fills in itself. */
export type JointFilledIn = Pick<JointContent, 'id' | 'lead' | 'created_at'>;

const FILLED_IN = ['id', 'version', 'lead', 'created_at'] as const;

/**
 * Turns what an operator wrote into the payload of a proposal: a JointContent without `id`, `version`, `lead` and
 * `created_at`, whose parties are region codes. The identities are those that we pinned; our own region leads.
 *
 * @param statementOf a pinned region or our own
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong member
 */
export function checkJointDraft(
  draft: unknown,
  filledIn: JointFilledIn,
  statementOf: (region: string) => RegionStatement | undefined,
): Buffer {
  if (!isObject(draft)) throw invalid([{ pointer: '', code: 'TYPE', message: 'must be an object' }]);
  const problems: Problem[] = FILLED_IN.filter((member) => member in draft).map((member) => {
    return { pointer: `/${member}`, code: 'FILLED_IN', message: 'is filled in by the gateway; leave it out' };
  });
  const codes = Array.isArray(draft['parties']) ? (draft['parties'] as unknown[]) : [];
  const parties = codes.map((code, index) => {
    const statement = typeof code === 'string' ? statementOf(code) : undefined;
    if (!statement)
      problems.push({ pointer: `/parties/${index}`, code: 'NOT_PINNED', message: 'must be a pinned region' });
    return { region: code, identity: statement?.identity };
  });
  if (!codes.includes(filledIn.lead)) {
    problems.push({ pointer: '/parties', code: 'NOT_A_PARTY', message: `must name our own region, ${filledIn.lead}` });
  }
  if (problems.length > 0) throw invalid(problems);
  return draftJoint({ ...draft, ...filledIn, parties } as unknown as JointContent);
}

function invalid(problems: readonly Problem[]): CodedError {
  return new CodedError('VALIDATION_FAILED', 'the joint agreement is not valid', problems);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
