import { CodedError, type ErrorCode } from '#proto';
import {
  fingerprintOf,
  type IndexedKey,
  type KeyInfo,
  type RegionStatement,
  STATED_PURPOSES,
  type StatementKey,
} from '#trust';
import { isNamed, spkiOfKey } from './told-ends.ts';

/** What the next statement of our own has to fit. */
export interface Succession {
  readonly current: RegionStatement;
  /** Every key of our folder. */
  readonly keys: readonly IndexedKey[];
  /** Milliseconds. */
  readonly now: number;
  readonly newIdentity: boolean;
}

/** A purpose of whose keys statements tell. */
export type StatedPurpose = Exclude<KeyInfo['purpose'], 'identity'>;

const NEW_REQUEST = 'make a new one with: tongban statement request';

/**
 * Whether a statement may take the place of our current one: it follows it, speaks only of our own keys, forgets none
 * and no revocation, and leaves us with a key for every purpose.
 *
 * @throws CodedError STATEMENT_INVALID, STATEMENT_STALE, STATEMENT_EXPIRED, FINGERPRINT_MISMATCH, KEY_MISSING
 */
export function demandSuccessor(next: RegionStatement, succession: Succession): void {
  demandIdentity(next, succession);
  demandContent(next, succession);
}

/**
 * The same of everything but the signature.
 *
 * @throws CodedError as `demandSuccessor`
 */
export function demandContent(next: RegionStatement, succession: Omit<Succession, 'newIdentity'>): void {
  demandFollows(next, succession);
  demandOwnKeys(next, succession);
  demandNothingForgotten(next, succession);
  demandUsable(next, succession);
}

function demandFollows(next: RegionStatement, { current, now }: Pick<Succession, 'current' | 'now'>): void {
  if (next.region !== current.region) refuse('STATEMENT_INVALID', `it is the statement of region ${next.region}`);
  if (next.serial <= current.serial)
    refuse('STATEMENT_STALE', `it has the serial ${next.serial}, the current one ${current.serial}; ${NEW_REQUEST}`);
  if (next.previous !== current.digest.toString('base64url'))
    refuse('STATEMENT_STALE', `it was made to follow another statement than the current one; ${NEW_REQUEST}`);
  if (now >= next.expiresAt) refuse('STATEMENT_EXPIRED', `it has expired; ${NEW_REQUEST}`);
}

function demandIdentity({ identity }: RegionStatement, { current, keys, newIdentity }: Succession): void {
  if (!keys.some(({ purpose, kid }) => purpose === 'identity' && kid === identity))
    refuse('FINGERPRINT_MISMATCH', `the identity key ${fingerprintOf(identity)} is none of the key folder`);
  if (identity !== current.identity && !newIdentity)
    refuse(
      'FINGERPRINT_MISMATCH',
      'it is signed by another identity key than the current one, so that every peer has to pin this region again; say --new-identity if that is meant',
    );
}

/** A key of somebody else in our statement could speak for us. */
function demandOwnKeys(next: RegionStatement, { keys }: Pick<Succession, 'keys'>): void {
  const foreign = next.keys.find((key) => !keys.some(({ kid, purpose }) => kid === key.kid && purpose === key.purpose));
  if (foreign) refuse('STATEMENT_INVALID', `it names the key ${foreign.kid}, which is none of the key folder`);
  const ours = new Set(keys.filter(({ purpose }) => purpose === 'tls').map(spkiOfKey));
  if (next.tls.some(({ spki }) => !ours.has(spki)))
    refuse('STATEMENT_INVALID', 'it names a TLS certificate whose key is none of the key folder');
}

/** Old evidence is judged by every key that there was; and what is signed until now must not be after its key's end. */
function demandNothingForgotten(next: RegionStatement, { current, keys, now }: Omit<Succession, 'newIdentity'>): void {
  for (const before of current.keys) {
    const key = next.keys.find(({ kid }) => kid === before.kid);
    if (!key) refuse('STATEMENT_INVALID', `it does not name the key ${before.kid} any more; old evidence needs it`);
    if (key.revokedAt === undefined && isInUse(before, now) && key.notAfter < now)
      refuse('STATEMENT_STALE', `by it the key ${key.kid} ended before today, but was in use; ${NEW_REQUEST}`);
  }
  const untold = keys.find(
    ({ kid, revoked }) => revoked && next.keys.some((key) => key.kid === kid && key.revokedAt === undefined),
  );
  const untoldTls = keys.find((key) => key.purpose === 'tls' && key.revoked && isNamed(key, next));
  const missing = untold ?? untoldTls;
  if (missing) refuse('STATEMENT_STALE', `it was made before the key ${missing.kid} was revoked; ${NEW_REQUEST}`);
}

function demandUsable(next: RegionStatement, { current, now }: Pick<Succession, 'current' | 'now'>): void {
  const missing = demandedPurposes(current, now).filter((purpose) =>
    purpose === 'tls'
      ? !next.tls.some(({ certificate }) => now < certificate.validToDate.getTime())
      : !next.keys.some((key) => key.purpose === purpose && isInUse(key, now)),
  );
  if (missing.length === 0) return;
  const make = `make it with: tongban key rotate ${missing.join(' ')}`;
  refuse('KEY_MISSING', `it would leave us without a key in date for ${missing.join(', ')}; ${make}`);
}

/**
 * Purposes for which every statement of ours names a key that may be used. A region from before there were seal keys goes
 * on without one; whoever has one keeps one.
 *
 * @param now milliseconds
 */
export function demandedPurposes(current: RegionStatement, now: number): StatedPurpose[] {
  const seals = current.keys.some((key) => key.purpose === 'seal' && isInUse(key, now));
  return [...STATED_PURPOSES.filter((purpose) => purpose !== 'seal' || seals), 'tls'];
}

function isInUse({ notBefore, notAfter, revokedAt }: StatementKey, now: number): boolean {
  return revokedAt === undefined && now >= notBefore && now < notAfter;
}

function refuse(code: ErrorCode, what: string): never {
  throw new CodedError(code, `the new statement cannot be used: ${what}`);
}
