import { createPublicKey, hash as hashOnce, type KeyObject, verify } from 'node:crypto';
import { SM2_BYTES } from '../../sm2/curve.ts';
import { rawOfDer } from '../../sm2/der-signature.ts';
import { sm2PointOf } from '../../sm2/sm2-key.ts';
import { sm2Verify } from '../../sm2/sm2-signature.ts';
import { DocumentFault, type DocumentFindings } from '../findings.ts';

export type HashName = 'sm3' | 'sha256' | 'sha384' | 'sha512' | 'sha1';

/** Bits below which an RSA key proves nothing today. */
const RSA_BITS = 2048;

/** Digest algorithms by object identifier and by the words that OFD uses (GB/T 33190, 18.2.2). */
const DIGESTS: ReadonlyMap<string, HashName> = new Map(
  Object.entries({
    '1.2.156.10197.1.401': 'sm3',
    '1.2.156.10197.1.401.1': 'sm3',
    '2.16.840.1.101.3.4.2.1': 'sha256',
    '2.16.840.1.101.3.4.2.2': 'sha384',
    '2.16.840.1.101.3.4.2.3': 'sha512',
    '1.3.14.3.2.26': 'sha1',
    SM3: 'sm3',
    SHA256: 'sha256',
    'SHA-256': 'sha256',
    SHA384: 'sha384',
    SHA512: 'sha512',
    SHA1: 'sha1',
    'SHA-1': 'sha1',
  } as const),
);

type Kind = 'sm2' | 'rsa' | 'ec';

/** Signature algorithms by object identifier; without a hash the digest algorithm beside it says which. */
const SIGNATURES: ReadonlyMap<string, { readonly kind: Kind; readonly hash?: HashName }> = new Map(
  Object.entries({
    // GM/T 0006
    '1.2.156.10197.1.501': { kind: 'sm2', hash: 'sm3' },
    '1.2.156.10197.1.301': { kind: 'sm2', hash: 'sm3' },
    '1.2.156.10197.1.301.1': { kind: 'sm2', hash: 'sm3' },
    // RFC 8017
    '1.2.840.113549.1.1.1': { kind: 'rsa' },
    '1.2.840.113549.1.1.5': { kind: 'rsa', hash: 'sha1' },
    '1.2.840.113549.1.1.11': { kind: 'rsa', hash: 'sha256' },
    '1.2.840.113549.1.1.12': { kind: 'rsa', hash: 'sha384' },
    '1.2.840.113549.1.1.13': { kind: 'rsa', hash: 'sha512' },
    // RFC 5758
    '1.2.840.10045.2.1': { kind: 'ec' },
    '1.2.840.10045.4.1': { kind: 'ec', hash: 'sha1' },
    '1.2.840.10045.4.3.2': { kind: 'ec', hash: 'sha256' },
    '1.2.840.10045.4.3.3': { kind: 'ec', hash: 'sha384' },
    '1.2.840.10045.4.3.4': { kind: 'ec', hash: 'sha512' },
  } as const),
);

/** A public key and what kind it is. */
export interface PublicKey {
  readonly kind: Kind;
  readonly key: KeyObject;
  /** Whether it is too short to prove anything. */
  readonly weak: boolean;
}

/** One way of signing that we can verify. */
export interface SignatureAlgorithm {
  /** `SM2-SM3`, `RSA-SHA256`, `ECDSA-SHA384`. */
  readonly name: string;
  readonly kind: Kind;
  readonly hash: HashName;
}

/** The hash that a document names. @returns undefined for MD5 and all others that prove nothing */
export function hashNamed(name: string): HashName | undefined {
  return DIGESTS.get(name.toUpperCase());
}

export function digest(hash: HashName, ...parts: readonly Uint8Array[]): Buffer {
  return hashOnce(hash, parts.length === 1 ? parts[0]! : Buffer.concat(parts), 'buffer');
}

/**
 * Reads a SubjectPublicKeyInfo (RFC 5480).
 *
 * @returns undefined for a kind of key that is not supported
 */
export function readPublicKey(spki: Buffer): PublicKey | undefined {
  const key = importKey(spki);
  if (!key) return undefined;
  if (key.asymmetricKeyType === 'rsa')
    return { kind: 'rsa', key, weak: (key.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS };
  // Node has no name for the type of an SM2 key.
  if (sm2PointOf(key)) return { kind: 'sm2', key, weak: false };
  return key.asymmetricKeyType === 'ec' ? { kind: 'ec', key, weak: false } : undefined;
}

/**
 * The algorithm of a signature.
 *
 * @param signature object identifier of the signature algorithm
 * @param beside object identifier of the digest algorithm, where the format names one
 * @throws DocumentFault algorithm-unsupported
 */
export function signatureAlgorithm(signature: string, beside?: string): SignatureAlgorithm {
  const found = SIGNATURES.get(signature);
  const hash = found?.hash ?? (beside === undefined ? undefined : hashNamed(beside));
  if (!found || !hash || (found.hash && beside !== undefined && hashNamed(beside) !== found.hash))
    throw new DocumentFault('algorithm-unsupported', `the signature algorithm ${signature} is not supported here`);
  const family = { sm2: 'SM2', rsa: 'RSA', ec: 'ECDSA' }[found.kind];
  return { name: `${family}-${hash.toUpperCase()}`, kind: found.kind, hash };
}

/** Says whether an algorithm or a key is too weak to prove anything. */
export function noteWeakness(
  { hash }: { hash: HashName },
  key: PublicKey | undefined,
  findings: DocumentFindings,
  where: string,
): void {
  if (hash === 'sha1') findings.add('algorithm-weak', where, 'SHA-1');
  if (key?.weak) findings.add('algorithm-weak', where, `an RSA key of less than ${RSA_BITS} bits`);
}

/** Verifies an ECDSA, SM2 or RSA (PKCS #1 v1.5) signature; false for whatever is not a good one. */
export function verifySignature(
  { kind, hash }: SignatureAlgorithm,
  { kind: keyKind, key }: PublicKey,
  signed: Uint8Array,
  signature: Buffer,
): boolean {
  if (kind !== keyKind) return false;
  try {
    return kind === 'sm2' ? sm2Verify(key, signed, rawSm2(signature)) : verify(hash, signed, key, signature);
  } catch {
    return false;
  }
}

/** DER is the rule (GB/T 35276, 7.3); seals of some provinces have the two numbers alone. */
function rawSm2(signature: Buffer): Buffer {
  return signature.length === 2 * SM2_BYTES ? signature : rawOfDer(signature);
}

function importKey(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
