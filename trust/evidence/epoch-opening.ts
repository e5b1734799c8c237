import { regionUrn, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import { signJws, verifyJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';

/** What a region says to one peer about a new epoch of its log (存证日志新序), after its store was restored. */
export interface EpochOpening {
  /** The new epoch. */
  readonly epoch: number;
  /** Leaves that the new epoch takes over from the state that it cites: those that the restored copy had. */
  readonly kept: number;
  /** The newest state that the peer holds, as a signed note: what came behind `kept` is lost here. */
  readonly cites: string;
}

interface Claims {
  readonly iss?: unknown;
  readonly aud?: unknown;
  readonly iat?: unknown;
  readonly epoch?: unknown;
  readonly kept?: unknown;
  readonly cites?: unknown;
}

/**
 * Signs what a peer is told of a new epoch.
 *
 * @param logSigner the region's log key
 * @param between the region whose log it is, and the peer that holds the cited state
 * @param now milliseconds
 * @returns compact JWS
 */
export function signEpochOpening(
  logSigner: Signer,
  between: { readonly region: string; readonly peer: string },
  { epoch, kept, cites }: EpochOpening,
  now: number,
): Promise<string> {
  const parties = { iss: regionUrn(between.region), aud: regionUrn(between.peer), iat: Math.floor(now / 1000) };
  return signJws(logSigner, TYP.logEpoch, { ...parties, epoch, kept, cites });
}

/**
 * Verifies what a region says of a new epoch. Whether it cites what we hold is for the witness to judge.
 *
 * @param statement the region whose log it is
 * @param us the region that it must be for
 * @param now milliseconds
 * @throws VerificationError the codes of a signed object, ISSUER_MISMATCH, KEY_REVOKED, KEY_NOT_VALID
 */
export function verifyEpochOpening(text: string, statement: RegionStatement, us: string, now: number): EpochOpening {
  const keyOf = (kid: string) => statement.keys.find((key) => key.kid === kid && key.purpose === 'log');
  const { kid, payload } = verifyJws<Claims>(text, TYP.logEpoch, keyOf);
  const { iss, aud, iat, epoch, kept, cites } = payload;
  if (iss !== regionUrn(statement.region) || aud !== regionUrn(us)) throw new VerificationError('ISSUER_MISMATCH');
  if (!isCount(iat) || !isCount(epoch) || !isCount(kept) || typeof cites !== 'string')
    throw new VerificationError('JWS_INVALID', 'the opening of an epoch lacks iat, epoch, kept or cites');
  keyValidAt(statement, kid, 'log', now);
  return { epoch, kept, cites };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
