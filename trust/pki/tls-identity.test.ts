import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type PeerCertificate, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { certifyTlsKey, makeTlsIdentity, type TlsIdentity, tlsIdentityOf } from './tls-identity.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const second = Math.floor(Date.now() / 1000) * 1000;
const window = { notBefore: second - DAY_MS, notAfter: second + DAY_MS };

let ours: TlsIdentity;
let theirs: TlsIdentity;
let strange: TlsIdentity;
beforeAll(async () => {
  [ours, theirs, strange] = [
    await makeTlsIdentity(window),
    await makeTlsIdentity(window),
    await makeTlsIdentity(window),
  ];
});

describe('the certificate', () => {
  it('names nothing but the digest of its key', () => {
    expect(ours.spki).toMatch(/^[0-9a-f]{64}$/);
    expect(ours.certificate.subject).toBe(`CN=${ours.spki}`);
    expect(ours.certificate.issuer).toBe(`CN=${ours.spki}`);
    expect(ours.certificate.subjectAltName).toBeUndefined();
  });

  it('is for servers and clients, signs no other certificate, and signed itself', () => {
    expect(ours.certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(ours.certificate.ca).toBe(false);
    expect(ours.certificate.verify(ours.certificate.publicKey)).toBe(true);
    expect(ours.certificate.verify(theirs.certificate.publicKey)).toBe(false);
  });

  it('has the window it was asked for and a number of its own', () => {
    expect(ours.certificate.validFromDate.getTime()).toBe(window.notBefore);
    expect(ours.notAfter).toBe(window.notAfter);
    expect(ours.certificate.serialNumber).toHaveLength(32);
    expect(ours.certificate.serialNumber).not.toBe(theirs.certificate.serialNumber);
  });

  it('can be joined with others in one PEM', () => {
    expect(ours.certificatePem.toString()).toMatch(/-----END CERTIFICATE-----\n$/);
  });

  it('is not joined with the key of another', () => {
    expect(() => tlsIdentityOf(ours.certificate, createPrivateKey(theirs.privateKeyPem))).toThrow(
      expect.objectContaining({ code: 'KEY_MISSING' }),
    );
  });
});

describe('a key that came from elsewhere', () => {
  it('gets a certificate of the same form when it is RSA or EC P-256', async () => {
    const keys = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    ];
    for (const key of keys) {
      const { certificate, spki, notAfter, privateKeyPem } = await certifyTlsKey(key, window);
      expect(certificate.subject).toBe(`CN=${spki}`);
      expect(certificate.issuer).toBe(certificate.subject);
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(createPrivateKey(privateKeyPem).equals(key)).toBe(true);
      expect(notAfter).toBe(window.notAfter);
    }
  });

  it.each([
    ['a short RSA key', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['RSA-PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
    ['EC of another curve', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['Ed25519', () => generateKeyPairSync('ed25519')],
  ])('is refused when it is %s', async (_, make) => {
    await expect(certifyTlsKey(make().privateKey, window)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

/** Connects `client` to `server`, each trusting what it is told to; resolves to what the server saw of the client. */
async function handshake(server: TlsIdentity, client: TlsIdentity, trusted: TlsIdentity[]): Promise<PeerCertificate> {
  const ca = Buffer.concat(trusted.map((identity) => identity.certificatePem));
  const listener = createServer({
    key: server.privateKeyPem,
    cert: server.certificatePem,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
  });
  try {
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const refused = once(listener, 'tlsClientError').then(([error]) => Promise.reject(error));
    const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
    const socket = connect({
      host: '127.0.0.1',
      port: (listener.address() as AddressInfo).port,
      key: client.privateKeyPem,
      cert: client.certificatePem,
      ca,
      checkServerIdentity: () => undefined,
    });
    const failed = once(socket, 'error').then(([error]) => Promise.reject(error));
    try {
      const [connection] = await Promise.race([accepted, refused, failed]);
      return connection.getPeerCertificate();
    } finally {
      socket.destroy();
      for (const outcome of [accepted, refused, failed]) outcome.catch(() => undefined);
    }
  } finally {
    listener.close();
  }
}

describe('between two gateways', () => {
  it('is accepted as server and as client by who trusts it', async () => {
    const seen = await handshake(ours, theirs, [ours, theirs]);
    expect(seen.subject.CN).toBe(theirs.spki);
    expect(seen.raw).toEqual(theirs.der);
  });

  it('is accepted with an RSA key by one with an EC key, both ways', async () => {
    const rsa = await certifyTlsKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, window);
    expect((await handshake(ours, rsa, [ours, rsa])).raw).toEqual(rsa.der);
    expect((await handshake(rsa, ours, [ours, rsa])).raw).toEqual(ours.der);
  });

  it('is accepted among many trusted ones', async () => {
    const seen = await handshake(ours, strange, [theirs, ours, strange]);
    expect(seen.subject.CN).toBe(strange.spki);
  });

  it('is refused by who does not trust it', async () => {
    await expect(handshake(ours, strange, [ours, theirs])).rejects.toThrow();
  });
});
