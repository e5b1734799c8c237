import { DocumentFault } from '../findings.ts';
import { signatureAlgorithm, verifySignature } from './algorithms.ts';
import { signedBy } from './chain.ts';
import { findEntry, type RevocationList } from './revocation-list.ts';
import type { Certificate } from './x509.ts';

/** Milliseconds by which the clock of an issuer may be ahead of ours. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;

/** What revocation lists say of a certificate; times in milliseconds. */
export type Revocation =
  /** Not on the list of that time. */
  | { readonly state: 'good'; readonly at: number }
  /** Revoked from that time on. */
  | { readonly state: 'revoked'; readonly at: number }
  | { readonly state: 'unknown'; readonly why: string };

/**
 * Asks the lists about a chain, from the signer to the certificate of the trust list, which is not asked about. One that
 * was revoked makes the whole chain so; one of which nothing is known leaves it unknown.
 *
 * @param candidates certificates that may have signed lists
 * @param now milliseconds
 */
export function revocationOf(
  path: readonly Certificate[],
  candidates: readonly Certificate[],
  lists: readonly RevocationList[],
  now: number,
): Revocation {
  // A signer that is on the trust list itself is asked about all the same: operators cannot follow every certificate.
  const asked = path.length === 1 ? path : path.slice(0, -1);
  const said = asked.map((certificate) => statusOf(certificate, [...path, ...candidates], lists, now));
  const revoked = said.filter(({ state }) => state === 'revoked') as Extract<Revocation, { state: 'revoked' }>[];
  if (revoked.length > 0) return { state: 'revoked', at: Math.min(...revoked.map(({ at }) => at)) };
  const unknown = said.find(({ state }) => state === 'unknown');
  return unknown ?? { state: 'good', at: Math.min(...said.map((one) => ('at' in one ? one.at : now))) };
}

function statusOf(
  certificate: Certificate,
  candidates: readonly Certificate[],
  lists: readonly RevocationList[],
  now: number,
): Revocation {
  const ofIssuer = lists.filter(
    ({ issuer, thisUpdate }) => issuer.equals(certificate.issuer) && thisUpdate <= now + CLOCK_SKEW_MS,
  );
  if (ofIssuer.length === 0) return unknown('no revocation list of its issuer is here');
  const issuers = candidates.filter(
    (candidate) => candidate.subject.equals(certificate.issuer) && signedBy(certificate, candidate),
  );
  const verified = ofIssuer.filter((list) => issuers.some((issuer) => isBy(list, issuer)));
  if (verified.length === 0) return unknown('no revocation list of its issuer is signed by the issuer');
  const entries = verified.map((list) => findEntry(list, certificate.serial)).filter((entry) => entry !== undefined);
  // A list that is out of date still says what was revoked.
  if (entries.length > 0) return { state: 'revoked', at: Math.min(...entries.map(({ at }) => at)) };
  return whenAbsent(certificate, verified, now);
}

/** A certificate on no list is good only by a list that would have it. */
function whenAbsent(certificate: Certificate, lists: readonly RevocationList[], now: number): Revocation {
  const covering = lists.filter((list) => covers(list, certificate));
  if (covering.length === 0) return unknown('the revocation lists of its issuer are about other certificates');
  const fresh = covering.filter(({ nextUpdate }) => nextUpdate !== undefined && nextUpdate >= now);
  if (fresh.length === 0) return unknown('the revocation list of its issuer is out of date');
  const newest = Math.max(...fresh.map(({ thisUpdate }) => thisUpdate));
  // RFC 5280, 5: a certificate that has ended is taken off the list.
  if (certificate.notAfter < newest) return unknown('revocation lists say nothing of certificates that have ended');
  return { state: 'good', at: newest };
}

function covers({ scope }: RevocationList, { isCa, distributionPoints }: Certificate): boolean {
  if (isCa ? !scope.authorities : !scope.signers) return false;
  return scope.points === undefined || scope.points.some((point) => distributionPoints.includes(point));
}

function isBy({ algorithm, tbs, signature }: RevocationList, { key, signsRevocationLists }: Certificate): boolean {
  if (!key || key.weak || !signsRevocationLists) return false;
  try {
    const named = signatureAlgorithm(algorithm);
    return named.hash !== 'sha1' && verifySignature(named, key, tbs, signature);
  } catch (error) {
    if (error instanceof DocumentFault) return false;
    throw error;
  }
}

function unknown(why: string): Revocation {
  return { state: 'unknown', why };
}
