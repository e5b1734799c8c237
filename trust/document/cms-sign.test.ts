import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Signer } from '../keys/signer.ts';
import { localSigner } from '../keys/signer.ts';
import { type SuiteName, suiteOf } from '../suites.ts';
import { oracleVerifies } from '../testing/sm2-oracle.ts';
import { signCms } from './cms-sign.ts';
import { certifyForDocuments } from './cms-sign-certificate.ts';
import { readCertificate } from './crypto/x509.ts';
import { readCms } from './seal/cms.ts';
import { NO_OPENSSL, OPENSSL, runWith } from './testing/openssl.ts';

const SUBJECT = {
  organisation: '内蒙古自治区鄂尔多斯市乌审旗 150626',
  name: '电子证照 150626',
  notBefore: Date.UTC(2026, 0, 1),
  notAfter: Date.UTC(2055, 0, 1),
};
const CONTENT = Buffer.from('示例内容\n'.repeat(1000));

let signers: Record<SuiteName, Signer>;
beforeAll(async () => {
  const [ES256, Ed25519, SM2] = await Promise.all([signerOf('ES256'), signerOf('Ed25519'), signerOf('SM2-SM3')]);
  signers = { ES256, Ed25519, 'SM2-SM3': SM2 };
});

describe('the certificate of a document key', () => {
  it('names region and key, and is for signatures alone', async () => {
    const certificate = new X509Certificate(await certifyForDocuments(signers.ES256, SUBJECT));
    expect(certificate.subject.split('\n')).toEqual([
      `O=${SUBJECT.organisation}`,
      `OU=${signers.ES256.kid}`,
      `CN=${SUBJECT.name}`,
    ]);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.validFromDate.getTime()).toBe(SUBJECT.notBefore);
    expect(certificate.validToDate.getTime()).toBe(SUBJECT.notAfter);
    expect(readCertificate(certificate.raw).usage).toEqual({ documents: true, certificates: false });
  });

  it('has the same number when it is made again, and another for another key', async () => {
    const serial = async (signer: Signer) => readCertificate(await certifyForDocuments(signer, SUBJECT)).serial;
    const first = await serial(signers.ES256);
    expect(await serial(signers.ES256)).toBe(first);
    expect(await serial(await signerOf('ES256'))).not.toBe(first);
    expect(first).toMatch(/^[4-7][0-9a-f]{31}$/);
  });
});

describe('a signature', () => {
  it.skipIf(!OPENSSL)(`of ES256 is one for openssl${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, async () => {
    const certificate = await certifyForDocuments(signers.ES256, SUBJECT);
    const files = {
      'sig.der': await signCms(signers.ES256, certificate, CONTENT),
      'cert.pem': new X509Certificate(certificate).toString(),
      content: CONTENT,
      altered: Buffer.concat([CONTENT, Buffer.of(0)]),
    };
    // The attribute that names the certificate is judged only together with the chain, and the key is its own root.
    const trusting = ['-cades', '-purpose', 'any', '-CAfile', 'cert.pem', '-partial_chain'];
    const verify = (content: string) => {
      const named = ['-inform', 'DER', '-in', 'sig.der', '-binary', '-content', content, '-out', 'out'];
      return runWith(files, 'openssl', 'cms', '-verify', ...trusting, ...named);
    };
    expect(verify('content')).toMatchObject({ ok: true, out: CONTENT });
    expect(verify('altered')).toMatchObject({ ok: false, said: expect.stringMatching(/digest|verification failure/i) });
  });

  it('of SM2 is one for an independent implementation', async () => {
    const signer = signers['SM2-SM3'];
    const certificate = await certifyForDocuments(signer, SUBJECT);
    const { signer: said } = readCms(await signCms(signer, certificate, CONTENT));
    expect(said).toMatchObject({ digest: '1.2.156.10197.1.401', algorithm: '1.2.156.10197.1.501' });
    const { key } = readCertificate(certificate).key!;
    expect(oracleVerifies(key, said.attributes!.signed, rawOf(said.signature))).toBe(true);
  });

  it.each(['ES256', 'SM2-SM3'] as const)('of %s tells no time of its own', async (suite) => {
    const signer = signers[suite];
    const { signer: said } = readCms(await signCms(signer, await certifyForDocuments(signer, SUBJECT), CONTENT));
    expect([...said.attributes!.values.keys()].toSorted()).toEqual([
      '1.2.840.113549.1.9.16.2.47',
      '1.2.840.113549.1.9.3',
      '1.2.840.113549.1.9.4',
    ]);
  });

  it('is not made by a key that readers of documents refuse', async () => {
    const refused = expect.objectContaining({ code: 'RENDITION_UNSUPPORTED' });
    await expect(certifyForDocuments(signers.Ed25519, SUBJECT)).rejects.toEqual(refused);
    const certificate = await certifyForDocuments(signers.ES256, SUBJECT);
    await expect(signCms(signers.Ed25519, certificate, CONTENT)).rejects.toEqual(refused);
  });

  it('of another key than the signer names is not handed out', async () => {
    const other = await signerOf('ES256');
    const wrong: Signer = { ...signers.ES256, sign: (data) => other.sign(data) };
    await expect(certifyForDocuments(wrong, SUBJECT)).rejects.toMatchObject({ code: 'SIGNER_WRONG' });
  });
});

async function signerOf(suite: SuiteName): Promise<Signer> {
  const { privateKey, publicKey } = suiteOf(suite).generate();
  return localSigner(suite, privateKey, publicKey);
}

/** The two numbers of a DER signature, 32 bytes each. */
function rawOf(der: Buffer): Buffer {
  const first = der.subarray(4, 4 + der[3]!);
  const second = der.subarray(4 + der[3]! + 2);
  return Buffer.concat([first, second].map((number) => Buffer.concat([Buffer.alloc(32), number]).subarray(-32)));
}
