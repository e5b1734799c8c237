import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Certificate and key as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** An authority that lives as long as a test. */
export interface ThrowawayAuthority {
  /** Its own certificate, PEM. */
  readonly ca: string;
  /** A certificate for 127.0.0.1, or for a client of this name. */
  issue(name: string): Promise<Identity>;
}

/** @param name must differ between authorities of one test */
export async function throwawayAuthority(name: string): Promise<ThrowawayAuthority> {
  const keys = await newKeys();
  const own = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${name} authority`,
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true)],
      ...life(),
    },
    webcrypto,
  );
  return {
    ca: `${own.toString('pem')}\n`,
    async issue(subject) {
      const pair = await newKeys();
      const issued = await X509CertificateGenerator.create(
        {
          subject: `CN=${subject}`,
          issuer: own.subject,
          publicKey: pair.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: ALGORITHM,
          extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
          ...life(),
        },
        webcrypto,
      );
      return { cert: `${issued.toString('pem')}\n`, key: await pemOf(pair.privateKey) };
    },
  };
}

function newKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

/** Long enough for a test, whatever the clock of TLS says. */
function life() {
  const now = Date.now();
  return { notBefore: new Date(now - 3_600_000), notAfter: new Date(now + 3_600_000) };
}
