import {
  issueCertificate,
  presentCertificate,
  type VerifiedCertificate,
  verifyCertificate,
} from '../../certificate/certificate.ts';
import { exampleContent, ISSUED_AT } from '../../certificate/testing/example-content.ts';
import type { SuiteName } from '../../suites.ts';
import { throwawayRegion } from '../throwaway-region.ts';

const ISSUER = '150626';
const DAY_MS = 86_400_000;
const NOW = ISSUED_AT + DAY_MS;
const SHOWN = ['certificate_holder_name', 'business_items'];

/** A certificate, whole and as a presentation, and what both say. */
export async function recordCertificate(suite: SuiteName): Promise<object> {
  const region = await throwawayRegion(ISSUER, { suite, now: ISSUED_AT - DAY_MS });
  const certificate = await issueCertificate(region.certificate, exampleContent(), ISSUED_AT);
  const presentation = presentCertificate(certificate, SHOWN);
  const said = (text: string) => recorded(verifyCertificate(text, { statementOf: () => region.statement, now: NOW }));
  return {
    description: `A certificate (SD-JWT VC, ${suite}) of region ${ISSUER} with its region statement, whole and as a presentation of two fields; digests in base64url, times in milliseconds. Keys were thrown away.`,
    now: NOW,
    statement: region.jwt,
    certificate,
    presentation,
    expected: { certificate: said(certificate), presentation: said(presentation) },
  };
}

function recorded({ digest, ...rest }: VerifiedCertificate): object {
  return { ...rest, digest: digest.toString('base64url') };
}
