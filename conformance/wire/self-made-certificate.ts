// The X.509 library injects its parts with decorators and cannot load without this.
import 'reflect-metadata';
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { ClientIdentity } from './wire-client.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Makes a fresh key and a self-signed certificate with any subject: what somebody shows whom nobody pinned.
 *
 * @param subject such as `CN=…`
 * @param now milliseconds
 */
export async function selfMadeCertificate(subject: string, now: number): Promise<ClientIdentity> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
  });
  return {
    certificatePem: Buffer.from(new X509Certificate(Buffer.from(certificate.rawData)).toString()),
    privateKeyPem: Buffer.from(KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' })),
  };
}
