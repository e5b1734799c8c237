import { type IndexedKey, importPublicJwk, type RegionStatement, spkiOf } from '#trust';

/** What peers pin of a TLS key. */
export function spkiOfKey({ publicJwk }: Pick<IndexedKey, 'publicJwk'>): string {
  return spkiOf({ publicKey: importPublicJwk(publicJwk) });
}

/** Whether a statement names a key: by its id, or for TLS by the public key of a certificate. */
export function isNamed(key: IndexedKey, statement: RegionStatement): boolean {
  return toldEnd(key, statement) !== undefined;
}

/**
 * Our keys with the ends that the next statement is to tell of. The overlap of a rotation begins when peers are told of
 * it and not when the key was made: the identity key may be in a safe for weeks, while the old key goes on in use. What
 * it signs meanwhile must not have been signed after its end.
 *
 * @param keys those that the next statement names, in the order of their making
 * @param current the statement in force
 * @param at milliseconds; when the next one is issued
 */
export function withToldEnds(keys: readonly IndexedKey[], current: RegionStatement, at: number): IndexedKey[] {
  return keys.map((key, index) => {
    const later = keys.slice(index + 1).filter(({ purpose }) => purpose === key.purpose);
    return key.purpose === 'identity' ? key : { ...key, notAfter: endOf(key, later, current, at) };
  });
}

function endOf(key: IndexedKey, later: readonly IndexedKey[], current: RegionStatement, at: number): number {
  const told = toldEnd(key, current);
  // Peers do not know it, or know its end.
  if (told === undefined || key.notAfter >= told) return key.notAfter;
  const waiting = later.find((successor) => !isNamed(successor, current));
  const overlap = waiting ? key.notAfter - waiting.created : -1;
  if (overlap >= 0) return Math.min(told, wholeSeconds(at + overlap));
  return key.purpose === 'tls' ? endOfTls(key, later, current, told) : told;
}

/** A statement does not tell when a TLS key ends before its certificate does: it ends the overlap after the newest. */
function endOfTls(key: IndexedKey, later: readonly IndexedKey[], current: RegionStatement, told: number): number {
  const [successor] = later;
  if (!successor) return told;
  return Math.min(told, Math.max(key.notAfter, wholeSeconds(current.issuedAt + key.notAfter - successor.created)));
}

/** When a key ends as far as peers know, in milliseconds; undefined when the statement does not name it. */
function toldEnd(key: IndexedKey, { keys, tls }: RegionStatement): number | undefined {
  if (key.purpose !== 'tls') return keys.find(({ kid }) => kid === key.kid)?.notAfter;
  const spki = spkiOfKey(key);
  return tls.find((certificate) => certificate.spki === spki)?.certificate.validToDate.getTime();
}

/** Whole seconds, as statements say it. */
function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1000) * 1000;
}
