import {
  boolean,
  both,
  checkRegionCode,
  fields,
  identifier,
  instant,
  LIMITS,
  oneOf,
  type Rule,
  TYP,
  text,
  UUID,
} from '#proto';
import { VerificationError } from '../../errors.ts';
import { signJws, verifyJws } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { keyValidAt } from '../../region/directory.ts';
import type { RegionStatement } from '../../region/statement.ts';
import { decodeMember, readStrictJson } from '../strict-json.ts';

/**
 * Ways in which a joint-handling agreement ends.
 *
 * - `refused` (拒签): a party does not sign; `withdrawn` (撤回): one that signed takes it back before all did.
 * - `lapsed` (逾期未签): somebody was silent until `sign_by`; `failed`: somebody could not be reached, or its gateway did
 *   not take it. Both are for the lead region to say.
 * - `revoked` (撤销): a party ends what was in force.
 */
export const ENDING_KINDS = ['refused', 'withdrawn', 'lapsed', 'failed', 'revoked'] as const;
export type EndingKind = (typeof ENDING_KINDS)[number];

/** That a region ends a joint-handling agreement: signed by that region, so that nobody can say it in its name. */
export interface JointEnding {
  /** UUID of the agreement. */
  readonly agreement: string;
  /** Base64url of the SHA-256 of its payload. */
  readonly digest: string;
  readonly by: string;
  readonly kind: EndingKind;
  /** Because another party broke it (因对方违约): what was begun under it ends too. */
  readonly for_cause: boolean;
  readonly reason: string;
  /** Milliseconds. */
  readonly ended_at: number;
}

/** An ending with the signed text that proves it. */
export interface VerifiedEnding extends JointEnding {
  readonly text: string;
}

const shape: Rule = both(
  fields({
    agreement: text(36, { min: 36, pattern: UUID }),
    digest: text(43, { min: 43, pattern: /^[\w-]+$/ }),
    by: identifier(checkRegionCode),
    kind: oneOf(...ENDING_KINDS),
    for_cause: boolean,
    reason: text(500),
    ended_at: instant,
  }),
  (value, pointer, problems) => {
    const { kind, for_cause } = value as JointEnding;
    if (for_cause && kind !== 'revoked' && kind !== 'withdrawn') {
      problems.push({
        pointer: `${pointer}/for_cause`,
        code: 'NOT_POSSIBLE',
        message: 'only what was signed is broken',
      });
    }
  },
);

/** Signs an ending as a compact JWS. */
export function signEnding(signer: Signer, ending: JointEnding): Promise<string> {
  const { agreement, digest, by, kind, for_cause, reason, ended_at } = ending;
  return signJws(signer, TYP.jointEnding, { agreement, digest, by, kind, for_cause, reason, ended_at });
}

/**
 * Reads an ending without trusting it: for finding out whose it is.
 *
 * @throws VerificationError JOINT_INVALID
 */
export function readEnding(jws: string): JointEnding {
  const [, payload = ''] = jws.length <= LIMITS.jwsBytes ? jws.split('.') : [];
  return readStrictJson<JointEnding>(decodeMember(payload, 'JOINT_INVALID', ''), shape, 'JOINT_INVALID');
}

/**
 * Verifies an ending: by a signing key of the region that it names, and not from the future.
 *
 * @param statement of the region that it names
 * @param at milliseconds
 * @throws VerificationError JOINT_INVALID, JWS_INVALID, TYP_MISMATCH, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID
 */
export function verifyEnding(jws: string, statement: RegionStatement, at: number): VerifiedEnding {
  const ending = readEnding(jws);
  if (ending.by !== statement.region) throw new VerificationError('JOINT_INVALID', 'the ending is of another region');
  if (ending.ended_at > at + LIMITS.sealSkewMs) {
    throw new VerificationError('JOINT_INVALID', 'the ending is from the future; check both clocks');
  }
  verifyJws(jws, TYP.jointEnding, (kid) => keyValidAt(statement, kid, 'signing', ending.ended_at));
  return { ...ending, text: jws };
}

/**
 * Which of two endings holds: one for cause before one without, then the earlier, then by the text. Every region comes to
 * the same one, in whatever order it hears of them.
 */
export function strongerEnding(one: VerifiedEnding, other: VerifiedEnding): VerifiedEnding {
  if (one.for_cause !== other.for_cause) return one.for_cause ? one : other;
  if (one.ended_at !== other.ended_at) return one.ended_at < other.ended_at ? one : other;
  return one.text <= other.text ? one : other;
}
