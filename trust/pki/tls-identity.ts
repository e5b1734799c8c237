import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { CodedError } from '#proto';
import { spkiOf } from '../region/statement.ts';

/** What a gateway presents in TLS, as client and as server. */
export interface TlsIdentity {
  /** Ends with a line break, so that several can be joined. */
  readonly certificatePem: Buffer;
  /** Not encrypted: for the TLS library only. Must not be stored or logged. */
  readonly privateKeyPem: Buffer;
  readonly certificate: X509Certificate;
  readonly der: Buffer;
  /** Hex SHA-256 of the SubjectPublicKeyInfo: what peers pin. */
  readonly spki: string;
  /** Milliseconds. */
  readonly notAfter: number;
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

/** Bits of an RSA key, at least and at most: 2,048 is the least that TLS libraries take, and each bit costs time. */
const RSA_BITS = { min: 2048, max: 8192 } as const;

/** Bytes of a serial number; RFC 5280, 4.1.2.2 allows 20. */
const SERIAL_BYTES = 16;

/**
 * Makes a TLS key (EC P-256) and its self-signed certificate.
 *
 * @param validity milliseconds; X.509 keeps whole seconds
 */
export async function makeTlsIdentity(validity: { notBefore: number; notAfter: number }): Promise<TlsIdentity> {
  return certifyTlsKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, validity);
}

/**
 * Makes the self-signed certificate (RFC 5280) of a TLS key: EC P-256, or RSA from 2,048 bits.
 *
 * The subject is the hex digest of the key: a TLS library validates a chain before a pin can be read, and of several
 * self-signed certificates with one subject it tries only the first. Therefore a certificate that an authority issued
 * for the key does not serve between regions.
 *
 * @param validity milliseconds; X.509 keeps whole seconds
 * @throws CodedError CONFIG_INVALID for a key of another kind
 */
export async function certifyTlsKey(
  privateKey: KeyObject,
  validity: { notBefore: number; notAfter: number },
): Promise<TlsIdentity> {
  const algorithm = algorithmOf(privateKey);
  const x509 = await x509Library();
  const publicKey = createPublicKey(privateKey);
  const spki = spkiOf({ publicKey });
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=${spki}`,
    notBefore: new Date(validity.notBefore),
    notAfter: new Date(validity.notAfter),
    signingAlgorithm: algorithm,
    keys: {
      privateKey: privateKey.toCryptoKey(algorithm, false, ['sign']),
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
    },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  return tlsIdentityOf(new X509Certificate(Buffer.from(certificate.rawData)), privateKey);
}

/**
 * Puts a certificate and its private key together.
 *
 * @throws CodedError KEY_MISSING when the key is not the certificate's
 */
export function tlsIdentityOf(certificate: X509Certificate, privateKey: KeyObject): TlsIdentity {
  // Not with `equals`: for keys of two kinds it leaves an error behind in OpenSSL, which the next key that is read gets.
  if (spkiOf(certificate) !== spkiOf({ publicKey: createPublicKey(privateKey) })) {
    throw new CodedError('KEY_MISSING', 'the TLS certificate belongs to another key; restore both from one backup');
  }
  return {
    // Node's own text has the final line break that some libraries leave out.
    certificatePem: Buffer.from(certificate.toString()),
    privateKeyPem: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    certificate,
    der: certificate.raw,
    spki: spkiOf(certificate),
    notAfter: certificate.validToDate.getTime(),
  };
}

/** Loaded only where a certificate is made. It injects its parts with decorators and cannot load without the other. */
async function x509Library() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): typeof EC | typeof RSA {
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return EC;
  const bits = asymmetricKeyType === 'rsa' ? (asymmetricKeyDetails?.modulusLength ?? 0) : 0;
  if (bits >= RSA_BITS.min && bits <= RSA_BITS.max) return RSA;
  const wanted = `EC P-256 or RSA of ${RSA_BITS.min} to ${RSA_BITS.max} bits`;
  throw new CodedError('CONFIG_INVALID', `the key is not one for TLS; it must be ${wanted}`);
}

/** Hex serial number that is positive in DER and never begins with a zero byte. */
function newSerial(): string {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial.toString('hex');
}
