import { readAgreement } from '../authorization/agreement.ts';
import { type VerifiedAgreement, verifyAgreement } from '../authorization/verify.ts';
import { VerificationError } from '../errors.ts';
import type { RegionStatement } from '../region/statement.ts';
import { oldest } from './bundle-age.ts';
import type { ProvenEnvelope } from './bundle-envelope.ts';
import type { EvidenceBundle } from './bundle-format.ts';
import type { Findings } from './bundle-report.ts';

/** Verifies the documents of a bundle in history. @returns those that stand, by the base64url of their digest */
export function checkAuthorizations(
  bundle: Pick<EvidenceBundle, 'authorizations'>,
  trusted: ReadonlyMap<string, RegionStatement>,
  findings: Findings,
): Map<string, VerifiedAgreement> {
  findings.reached('authorizations');
  const byDigest = new Map<string, VerifiedAgreement>();
  bundle.authorizations.forEach((document, index) => {
    findings.attempt('authorizations', `authorizations/${index}`, () => {
      const agreement = verifyAgreement(JSON.stringify(document), (region) => trusted.get(region), {
        signatures: 'complete',
      });
      byDigest.set(agreement.digest.toString('base64url'), agreement);
    });
  });
  return byDigest;
}

/**
 * A document that was signed with a key which was revoked later stands on the envelopes that cite it: their headers
 * hold its digest, so it is as old as the oldest of them is proved to be.
 */
export function checkSigners(
  bundle: Pick<EvidenceBundle, 'authorizations'>,
  trusted: ReadonlyMap<string, RegionStatement>,
  proven: readonly Pick<ProvenEnvelope, 'header' | 'age'>[],
  findings: Findings,
): void {
  const keys = [...trusted.values()].flatMap((statement) => statement.keys);
  bundle.authorizations.forEach((document, index) => {
    const agreement = quietly(() => readAgreement(JSON.stringify(document)));
    // What cannot be read was reported when it was verified.
    if (!agreement) return;
    const kids = agreement.signatures.map(({ kid }) => kid);
    const revoked = keys.filter(({ kid }) => kids.includes(kid)).flatMap(({ revokedAt }) => revokedAt ?? []);
    const citing = proven.filter(({ header }) => header.authorizationDigest.equals(agreement.digest));
    const at = oldest(citing.map(({ age }) => age))?.at ?? Number.POSITIVE_INFINITY;
    findings.attempt('authorizations', `authorizations/${index}`, () => {
      if (revoked.some((revokedAt) => at >= revokedAt)) throw new VerificationError('KEY_REVOKED');
    });
  });
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
