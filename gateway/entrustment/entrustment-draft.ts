import { CodedError, type Problem, UUID } from '#proto';
import type { EntrustmentContent } from '#trust';

/** What the gateway fills in itself, from the link above or from our region. */
export type EntrustmentFilledIn = Pick<EntrustmentContent, 'id' | 'region' | 'issuer' | 'created_at' | 'parent'>;

const FILLED_IN = ['id', 'version', 'region', 'issuer', 'created_at'] as const;

/**
 * The id of the link above, as an operator names it in a draft; undefined for the region's own link.
 *
 * @throws CodedError VALIDATION_FAILED
 */
export function parentIn(draft: unknown): string | undefined {
  if (!isObject(draft)) throw invalid([{ pointer: '', code: 'TYPE', message: 'must be an object' }]);
  const { parent } = draft;
  if (parent === undefined || (typeof parent === 'string' && UUID.test(parent))) return parent;
  throw invalid([{ pointer: '/parent', code: 'FORMAT', message: 'must be the id of the link above' }]);
}

/**
 * The content of a link from what an operator wrote: `holder`, `rights`, `items`, `depth`, `valid_from`, `valid_until`,
 * `terms`, and the id of the link above as `parent`. Nothing of it is judged yet.
 *
 * @throws CodedError VALIDATION_FAILED when a member is there that the gateway fills in
 */
export function contentOf(draft: unknown, filledIn: EntrustmentFilledIn): EntrustmentContent {
  const written = draft as Record<string, unknown>;
  const problems = FILLED_IN.filter((member) => member in written).map((member) => {
    return { pointer: `/${member}`, code: 'FILLED_IN', message: 'is filled in by the gateway; leave it out' };
  });
  if (problems.length > 0) throw invalid(problems);
  const { parent: _id, ...members } = written;
  return { ...members, ...filledIn } as unknown as EntrustmentContent;
}

function invalid(problems: readonly Problem[]): CodedError {
  return new CodedError('VALIDATION_FAILED', 'the entrustment is not valid', problems);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
