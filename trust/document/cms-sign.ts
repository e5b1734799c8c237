import { createHash } from 'node:crypto';
import type { Signer } from '../keys/signer.ts';
import { suiteOf } from '../suites.ts';
import { integer, octets, oid, retagged, sequence, setOf, tagged } from './cms-sign-der.ts';
import { algorithmIdentifier, documentSuite, signDer } from './cms-sign-suites.ts';
import { readCertificate } from './crypto/x509.ts';
import { ATTRIBUTE } from './seal/cms.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const DATA = '1.2.840.113549.1.7.1';

/**
 * Signs content with one of our keys: CMS SignedData (RFC 5652, 5) without the content, with the attributes of CAdES-B
 * (ETSI EN 319 122-1) as PAdES-B-B wants them (ETSI EN 319 142-1, 6.3): no signing time, it stands in the document.
 *
 * @param certificate DER, from `certifyForDocuments` with the same key
 * @returns DER
 * @throws CodedError RENDITION_UNSUPPORTED, SIGNER_WRONG
 */
export async function signCms(signer: Signer, certificate: Buffer, content: Uint8Array): Promise<Buffer> {
  const { suite } = signer;
  const { digest, algorithm } = documentSuite(suite);
  const { issuer, serial } = readCertificate(certificate);
  const attributes = setOf(
    attribute(ATTRIBUTE.contentType, oid(DATA)),
    attribute(ATTRIBUTE.messageDigest, octets(suiteOf(suite).hash(content))),
    attribute(ATTRIBUTE.signingCertificateV2, certificateId(certificate)),
  );
  const signerInfo = sequence(
    integer(1),
    sequence(issuer, integer(Buffer.from(serial, 'hex'))),
    algorithmIdentifier(digest),
    // They travel under a tag of their own and are signed as the SET that they are (RFC 5652, 5.4).
    retagged(0, attributes),
    algorithmIdentifier(algorithm),
    octets(await signDer(signer, attributes)),
  );
  const signedData = sequence(
    integer(1),
    setOf(algorithmIdentifier(digest)),
    sequence(oid(DATA)),
    tagged(0, certificate),
    setOf(signerInfo),
  );
  return sequence(oid(SIGNED_DATA), tagged(0, signedData));
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(oid(type), setOf(value));
}

/** SigningCertificateV2 (RFC 5035, 3) by SHA-256, which needs no name there. */
function certificateId(certificate: Buffer): Buffer {
  const hash = createHash('sha256').update(certificate).digest();
  return sequence(sequence(sequence(octets(hash))));
}
