import { regionUrn } from '#proto';
import { VerificationError } from '../errors.ts';
import { invalid } from './entity.ts';

/** What an anchor allows below itself (OpenID Federation 1.1, constraints). */
export interface ChainConstraints {
  /** How many anchors may stand between the one that sets this and a region; any number when absent. */
  readonly maxPathLength?: number;
  /** Beginnings of the region codes that may be vouched for; every region when absent. */
  readonly permitted?: readonly string[];
  /** Beginnings of those that may not, whatever is permitted. */
  readonly excluded?: readonly string[];
}

/** Constraints in the words of the specification. */
interface ConstraintClaims {
  max_path_length?: number;
  naming_constraints?: { permitted?: string[]; excluded?: string[] };
}

const MAX_PREFIXES = 1000;

/** Whether a text can begin a region code: one to six digits. */
export function isRegionPrefix(text: string): boolean {
  return /^\d{1,6}$/.test(text);
}

/** The claim that carries constraints; undefined when there are none. */
export function constraintClaims(constraints: ChainConstraints): ConstraintClaims | undefined {
  const { maxPathLength, permitted, excluded } = constraints;
  const naming = {
    ...(permitted && { permitted: permitted.map(regionUrn) }),
    ...(excluded && { excluded: excluded.map(regionUrn) }),
  };
  const claims = {
    ...(maxPathLength !== undefined && { max_path_length: maxPathLength }),
    ...(Object.keys(naming).length > 0 && { naming_constraints: naming }),
  };
  return Object.keys(claims).length > 0 ? claims : undefined;
}

/**
 * Reads the claim. Members that it does not know are ignored, as the specification wants it; one that it knows and
 * cannot read must not pass for none.
 *
 * @throws VerificationError CHAIN_INVALID
 */
export function readConstraints(claim: unknown): ChainConstraints {
  if (claim === undefined) return {};
  const { max_path_length: length, naming_constraints: naming } = objectOf(claim) as Record<string, unknown>;
  if (length !== undefined && !(Number.isSafeInteger(length) && (length as number) >= 0))
    invalid('has a path length that is none');
  const { permitted, excluded } = naming === undefined ? {} : (objectOf(naming) as Record<string, unknown>);
  return {
    ...(length !== undefined && { maxPathLength: length as number }),
    ...(permitted !== undefined && { permitted: prefixes(permitted) }),
    ...(excluded !== undefined && { excluded: prefixes(excluded) }),
  };
}

/**
 * Demands that one anchor's constraints allow a chain.
 *
 * @param between how many anchors stand between the one that set the constraints and the region
 * @param region its code; absent while no region is known yet
 * @throws VerificationError CHAIN_CONSTRAINT
 */
export function demandWithin(constraints: ChainConstraints, between: number, region?: string): void {
  const { maxPathLength, permitted, excluded } = constraints;
  if (maxPathLength !== undefined && between > maxPathLength)
    throw new VerificationError('CHAIN_CONSTRAINT', `the chain has ${between} anchors where ${maxPathLength} may be`);
  if (region === undefined) return;
  const begins = (prefix: string) => region.startsWith(prefix);
  if ((permitted && !permitted.some(begins)) || excluded?.some(begins))
    throw new VerificationError(
      'CHAIN_CONSTRAINT',
      `region ${region} lies outside what an anchor of the chain may vouch for`,
    );
}

function prefixes(list: unknown): string[] {
  if (!Array.isArray(list) || list.length > MAX_PREFIXES) return invalid('has no list of name constraints');
  return list.map((urn) => {
    const prefix = typeof urn === 'string' ? urn.slice(regionUrn('').length) : '';
    return urn === regionUrn(prefix) && isRegionPrefix(prefix) ? prefix : invalid('has a name constraint that is none');
  });
}

function objectOf(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalid('has constraints that are none');
  return value;
}
