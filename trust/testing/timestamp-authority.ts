import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** Whether the openssl command line can give timestamps here. */
export const OPENSSL = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** What a test reports when `OPENSSL` is false. */
export const NO_OPENSSL = 'there is no openssl here';

export interface AuthorityOptions {
  readonly key?: 'rsa' | 'ec';
  /** Extended key usages of its certificate, and whether they are critical. */
  readonly usages?: readonly string[];
  readonly critical?: boolean;
  /** Milliseconds: until when its certificate is valid. */
  readonly notAfter?: number;
  /** Hash by which the timestamp names the certificate. */
  readonly named?: 'sha1' | 'sha256';
}

/** A timestamp authority for tests: its answers are made by the openssl command line. Must be closed. */
export interface TestAuthority {
  /** PEM of the certificate that issued the authority's own. */
  readonly ca: string;
  /** Whom a verifier trusts. */
  readonly trusted: readonly X509Certificate[];
  /** @param request DER of a TimeStampReq @returns DER of a TimeStampResp */
  answer(request: Uint8Array): Buffer;
  close(): void;
}

const DAY_MS = 86_400_000;
export const POLICY = '1.3.6.1.4.1.99999.1';
export const OTHER_POLICY = '1.3.6.1.4.1.99999.2';
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
} as const;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate for tests, with its private key. */
export interface TestCertificate {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

export interface CertificateOptions extends AuthorityOptions {
  readonly ca?: boolean;
}

/** Issues a certificate; one that signs itself without an issuer. */
export async function issueCertificate(
  name: string,
  issuer: TestCertificate | undefined,
  options: CertificateOptions = {},
): Promise<TestCertificate> {
  const { key = 'rsa', usages = [], critical = true, ca = false, notAfter = Date.now() + 365 * DAY_MS } = options;
  const algorithm = key === 'rsa' ? RSA : EC;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const made = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer ? new x509.X509Certificate(issuer.pem).subject : `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: (issuer ?? { keys }).keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(notAfter),
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(usages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...usages], critical)] : []),
    ],
  });
  const pem = `${made.toString('pem')}\n`;
  return { certificate: new X509Certificate(pem), pem, keys };
}

export async function testAuthority(options: AuthorityOptions = {}): Promise<TestAuthority> {
  const { key = 'rsa', usages = [TIME_STAMPING], named = 'sha256' } = options;
  const root = await issueCertificate('Test timestamp root', undefined, { key, ca: true });
  const own = await issueCertificate('Test timestamp authority', root, { ...options, usages });
  const folder = mkdtempSync(join(tmpdir(), 'tongban-tsa-'));
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.keys.privateKey));
  writeFileSync(join(folder, 'key.pem'), x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'));
  writeFileSync(join(folder, 'certificate.pem'), own.pem);
  writeFileSync(join(folder, 'serial'), '01\n');
  writeFileSync(join(folder, 'tsa.cnf'), config(named));
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  return {
    ca: root.pem,
    trusted: [root.certificate],
    answer: (request) => {
      writeFileSync(join(folder, 'request'), request);
      run('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'request', '-out', 'answer');
      return readFileSync(join(folder, 'answer'));
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

function config(named: string): string {
  return `[tsa]
default_tsa = one
[one]
serial = ./serial
signer_cert = ./certificate.pem
signer_key = ./key.pem
signer_digest = sha256
default_policy = ${POLICY}
other_policies = ${OTHER_POLICY}
digests = sha256
accuracy = secs:2, millisecs:500
ess_cert_id_alg = ${named}
`;
}
