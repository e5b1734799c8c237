import { createHash } from 'node:crypto';
import type { Signer } from '../keys/signer.ts';
import { importPublicJwk } from '../suites.ts';
import { bits, integer, octets, oid, sequence, setOf, tagged, time, utf8, yes } from './cms-sign-der.ts';
import { algorithmIdentifier, documentSuite, signDer } from './cms-sign-suites.ts';

/** Whom the certificate of a document key names, and how long. */
export interface DocumentSubject {
  readonly organisation: string;
  readonly name: string;
  /** Milliseconds; X.509 keeps whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const SERIAL_BYTES = 16;
const NAMES = { organisation: '2.5.4.10', unit: '2.5.4.11', name: '2.5.4.3' } as const;
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
/** digitalSignature and contentCommitment (RFC 5280, 4.2.1.3), of a byte whose last six bits do not count. */
const FOR_DOCUMENTS = bits(Buffer.of(0xc0), 6);

/**
 * Makes the X.509 certificate (RFC 5280) that a document carries for one of our keys. It is signed by that key itself:
 * whoever verifies knows the key from our statement, whose key id stands in the subject as OU.
 *
 * @returns DER
 * @throws CodedError RENDITION_UNSUPPORTED, SIGNER_WRONG
 */
export async function certifyForDocuments(signer: Signer, subject: DocumentSubject): Promise<Buffer> {
  const { suite, kid, publicJwk } = signer;
  const algorithm = algorithmIdentifier(documentSuite(suite).algorithm);
  const key = importPublicJwk(publicJwk).export({ type: 'spki', format: 'der' });
  const name = nameOf([
    [NAMES.organisation, subject.organisation],
    [NAMES.unit, kid],
    [NAMES.name, subject.name],
  ]);
  const tbs = sequence(
    tagged(0, integer(2)),
    integer(serialOf(key, subject)),
    algorithm,
    name,
    sequence(time(subject.notBefore), time(subject.notAfter)),
    name,
    key,
    tagged(
      3,
      sequence(
        sequence(oid(BASIC_CONSTRAINTS), yes(), octets(sequence())),
        sequence(oid(KEY_USAGE), yes(), octets(FOR_DOCUMENTS)),
      ),
    ),
  );
  return sequence(tbs, algorithm, bits(await signDer(signer, tbs)));
}

function nameOf(parts: readonly (readonly [type: string, text: string])[]): Buffer {
  return sequence(...parts.map(([type, text]) => setOf(sequence(oid(type), utf8(text)))));
}

/** The same for the same certificate, so that one that is made again is no other one. */
function serialOf(key: Buffer, subject: DocumentSubject): Buffer {
  const serial = createHash('sha256').update(key).update(JSON.stringify(subject)).digest().subarray(0, SERIAL_BYTES);
  // Positive, and of its full length.
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}
