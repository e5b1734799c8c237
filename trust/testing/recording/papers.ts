import { deflateRawSync } from 'node:zlib';
import { issueCertificate, presentCertificate, verifyCertificate } from '../../certificate/certificate.ts';
import { encodeBase45 } from '../../certificate/paper/base45.ts';
import { readPaperCertificate, writePaperCertificate } from '../../certificate/paper/paper.ts';
import { exampleContent, ISSUED_AT } from '../../certificate/testing/example-content.ts';
import { VerificationError } from '../../errors.ts';
import type { SuiteName } from '../../suites.ts';
import { throwawayRegion } from '../throwaway-region.ts';

const ISSUER = '150626';
const DAY_MS = 86_400_000;
const NOW = ISSUED_AT + DAY_MS;
const SHOWN = ['certificate_holder_name', 'certificate_holder_code', 'business_items'];

/** A certificate on paper, what it is read as, and texts of QR codes that are refused. */
export async function recordPaper(suite: SuiteName): Promise<object> {
  const region = await throwawayRegion(ISSUER, { suite, now: ISSUED_AT - DAY_MS });
  const presentation = presentCertificate(
    await issueCertificate(region.certificate, exampleContent(), ISSUED_AT),
    SHOWN,
  );
  const qr = writePaperCertificate(presentation);
  const verify = (text: string) =>
    verifyCertificate(readPaperCertificate(text), { statementOf: () => region.statement, now: NOW });
  const { digest, ...expected } = verify(qr);
  return {
    description: `A presentation of a certificate (${suite}) of region ${ISSUER} as the text of a QR code, with the region statement; digest in base64url, times in milliseconds. Keys were thrown away.`,
    now: NOW,
    statement: region.jwt,
    qr,
    presentation,
    expected: { ...expected, digest: digest.toString('base64url') },
    bad: badTexts(qr, presentation).map(([note, text]) => ({ note, code: codeOf(() => verify(text)), text })),
  };
}

function badTexts(qr: string, presentation: string): [note: string, text: string][] {
  const coded = (...bytes: Uint8Array[]) => `TONGBAN-C:${encodeBase45(Buffer.concat(bytes))}`;
  const [jwt = '', , ...others] = presentation.split('~');
  const forged = Buffer.from('["AAAAAAAAAAAAAAAAAAAAAAAA","certificate_holder_name","示例甲"]').toString('base64url');
  return [
    ['a web address', 'https://example.com/c/TONGBAN-C:BB8'],
    ['small letters', qr.toLowerCase()],
    ['characters that no bytes are written as', `${qr.slice(0, 10)}:::`],
    ['a version that is not known', coded(Buffer.of(2), deflateRawSync(Buffer.from([0, 1, 65])))],
    ['bytes after its end', coded(Buffer.of(1), deflateRawSync(Buffer.from([0, 1, 65])), Buffer.of(0))],
    ['a part that is longer than there is', coded(Buffer.of(1), deflateRawSync(Buffer.from([0, 9, 65])))],
    ['more than 32 KiB when inflated', coded(Buffer.of(1), deflateRawSync(Buffer.alloc(33 * 1024)))],
    ['a disclosure of no digest', writePaperCertificate([jwt, forged, ...others].join('~'))],
    ['another signature', writePaperCertificate(`${jwt.replace(/\.[\w-]{40}([\w-]+)$/, `.${'A'.repeat(40)}$1`)}~`)],
  ];
}

function codeOf(verify: () => unknown): string {
  try {
    verify();
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
  throw new Error('a bad text verifies');
}
