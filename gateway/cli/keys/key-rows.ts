import type { IndexedKey, KeyInfo, RegionStatement, RevocationReason } from '#trust';
import { isNamed, spkiOfKey } from '../../keyring/told-ends.ts';

/** How a key of our own stands. */
export type KeyState = 'in-use' | 'overlapping' | 'waiting' | 'ended' | 'revoked' | 'away';

export interface KeyRow {
  readonly purpose: KeyInfo['purpose'];
  readonly kid: string;
  readonly suite: string;
  /** Milliseconds, like all times here. */
  readonly made: number;
  readonly from: number;
  /** As far as peers know where they know the key, else as the folder says. */
  readonly until: number;
  readonly state: KeyState;
  /** `told`: whether our statement says so, so that peers refuse the key. */
  readonly revoked?: { readonly at: number; readonly reason: RevocationReason; readonly told: boolean };
  /** By this name peers know it: the key id, or of TLS the digest of the public key. */
  readonly name: string;
}

/**
 * How every key of a folder stands against our statement, in the order of their making.
 *
 * @param isHere whether its private half lies in the folder
 * @param now milliseconds
 */
export function keyRows(
  keys: readonly IndexedKey[],
  statement: RegionStatement,
  isHere: (key: IndexedKey) => boolean,
  now: number,
): KeyRow[] {
  return keys.map((key) => {
    const until = untilOf(key, keys, statement);
    return {
      purpose: key.purpose,
      kid: key.kid,
      suite: key.suite,
      made: key.created,
      from: key.notBefore,
      until,
      state: key.purpose === 'identity' ? identityState(key, keys, statement, isHere) : stateOf(until),
      ...(key.revoked && { revoked: { ...key.revoked, told: isTold(key, statement) } }),
      name: key.purpose === 'tls' ? spkiOfKey(key) : key.kid,
    };

    function stateOf(end: number): KeyState {
      if (key.revoked) return 'revoked';
      if (now >= end) return 'ended';
      if (!isNamed(key, statement)) return 'waiting';
      const isNewest = !later(key, keys).some((other) => !other.revoked && isNamed(other, statement));
      if (!isNewest) return 'overlapping';
      return isHere(key) ? 'in-use' : 'away';
    }
  });
}

function identityState(
  key: IndexedKey,
  keys: readonly IndexedKey[],
  { identity }: RegionStatement,
  isHere: (key: IndexedKey) => boolean,
): KeyState {
  if (key.kid === identity) return isHere(key) ? 'in-use' : 'away';
  // One that was made after the one that signed has yet to sign.
  return later(key, keys).some(({ kid }) => kid === identity) ? 'ended' : 'waiting';
}

function untilOf(key: IndexedKey, keys: readonly IndexedKey[], statement: RegionStatement): number {
  const told = statement.keys.find(({ kid }) => kid === key.kid)?.notAfter;
  if (told !== undefined) return told;
  if (key.purpose !== 'tls') return key.notAfter;
  const certificate = statement.tls.find(({ spki }) => spki === spkiOfKey(key))?.certificate;
  const succeeded = later(key, keys).some((other) => isNamed(other, statement));
  return certificate && !succeeded ? certificate.validToDate.getTime() : key.notAfter;
}

function isTold(key: IndexedKey, statement: RegionStatement): boolean {
  if (key.purpose === 'tls') return !isNamed(key, statement);
  return statement.keys.some(({ kid, revokedAt }) => kid === key.kid && revokedAt !== undefined);
}

function later(key: IndexedKey, keys: readonly IndexedKey[]): IndexedKey[] {
  return keys.slice(keys.indexOf(key) + 1).filter(({ purpose }) => purpose === key.purpose);
}
