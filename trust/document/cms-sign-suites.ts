import { CodedError } from '#proto';
import type { Signer } from '../keys/signer.ts';
import { importPublicJwk, type SuiteName, suiteOf } from '../suites.ts';
import { integer, oid, sequence } from './cms-sign-der.ts';

/** How a suite signs documents: object identifiers of its digest and signature algorithms. */
export interface DocumentSuite {
  readonly digest: string;
  readonly algorithm: string;
}

/**
 * ES256: RFC 5754 and RFC 5758. SM2-SM3: GM/T 0006; readers outside China do not know it. Ed25519 (RFC 8419) is left out,
 * since the readers that people have refuse it in documents.
 */
const SUITES: Readonly<Partial<Record<SuiteName, DocumentSuite>>> = {
  ES256: { digest: '2.16.840.1.101.3.4.2.1', algorithm: '1.2.840.10045.4.3.2' },
  'SM2-SM3': { digest: '1.2.156.10197.1.401', algorithm: '1.2.156.10197.1.501' },
};

/** Bytes of each of the two numbers of a signature. */
const NUMBER_BYTES = 32;

/**
 * How a suite signs documents.
 *
 * @throws CodedError RENDITION_UNSUPPORTED for a suite that does not
 */
export function documentSuite(name: SuiteName): DocumentSuite {
  const suite = SUITES[name];
  if (suite) return suite;
  const able = Object.keys(SUITES).join(', ');
  throw new CodedError('RENDITION_UNSUPPORTED', `a key of the suite ${name} cannot sign a PDF; keys of ${able} can`);
}

/** AlgorithmIdentifier without parameters, as RFC 5754, 2 and RFC 5758, 3.2 want it. */
export function algorithmIdentifier(id: string): Buffer {
  return sequence(oid(id));
}

/**
 * Signs, and verifies what came back: a key may be replaced between two calls of a signer.
 *
 * @returns DER of the two numbers
 * @throws CodedError SIGNER_WRONG when the signature is not of the key
 */
export async function signDer(signer: Signer, data: Uint8Array): Promise<Buffer> {
  const { suite, publicJwk } = signer;
  const raw = await signer.sign(data);
  if (!suiteOf(suite).verify(importPublicJwk(publicJwk), data, raw)) throw new CodedError('SIGNER_WRONG');
  return sequence(integer(raw.subarray(0, NUMBER_BYTES)), integer(raw.subarray(NUMBER_BYTES)));
}
