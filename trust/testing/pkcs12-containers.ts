import { spawnSync } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';

const { asn1 } = forge;

/** Why the `openssl` command cannot write such a container here; undefined when it can. */
export function withoutOpenssl(args: readonly string[] = []): string | undefined {
  if (spawnSync('openssl', ['version']).status !== 0) return 'there is no openssl command here';
  const legacy = spawnSync('openssl', ['list', '-providers', '-provider', 'legacy']).status === 0;
  return args.includes('-legacy') && !legacy ? 'openssl has no legacy provider here' : undefined;
}

export interface ContainerOptions {
  readonly passphrase: string;
  /** Arguments of `openssl pkcs12 -export`: algorithms, names. */
  readonly args?: readonly string[];
}

/** A PKCS#12 container of the key and a certificate for it, written by the openssl command. Throws what that says. */
export function opensslContainer(privateKey: KeyObject, { passphrase, args = [] }: ContainerOptions): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'tongban-p12-'));
  const [key, certificate, container] = ['key.pem', 'cert.pem', 'key.p12'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  try {
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    openssl(['req', '-x509', '-new', '-key', key, '-subj', '/CN=CA of a region', '-days', '30', '-out', certificate]);
    const files = ['-inkey', key, '-in', certificate, '-out', container];
    openssl(['pkcs12', '-export', ...files, '-passout', 'env:PASSPHRASE', ...args], { PASSPHRASE: passphrase });
    return readFileSync(container);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A container of an RSA key as node-forge writes it: the key under 3DES, the certificate in clear. */
export function forgeContainer(privateKey: KeyObject, passphrase: string, friendlyName: string): Buffer {
  const key = forge.pki.privateKeyFromPem(String(privateKey.export({ type: 'pkcs1', format: 'pem' })));
  const certificate = forge.pki.createCertificate();
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  certificate.publicKey = forge.pki.publicKeyFromPem(String(publicPem));
  certificate.sign(key, forge.md.sha256.create());
  return toDer(forge.pkcs12.toPkcs12Asn1(key, certificate, passphrase, { algorithm: '3des', friendlyName }));
}

/** One container with everything that two others hold. */
export function joinContainers(first: Buffer, second: Buffer, passphrase: string): Buffer {
  const safes = [first, second].flatMap((der) => children(fromDer(authSafeOf(fromDer(der)))));
  return withIntegrity(toDer(sequence(safes)), passphrase, 2048);
}

/**
 * A container whose content is any bytes, with an integrity check over them.
 *
 * @param claimed rounds that it says were made; what was made unless told
 */
export function withIntegrity(content: Buffer, passphrase: string, rounds: number, claimed = rounds): Buffer {
  const salt = forge.random.getBytesSync(8);
  const key = forge.pkcs12.generateKey(
    passphrase,
    forge.util.createBuffer(salt),
    3,
    rounds,
    20,
    forge.md.sha1.create(),
  );
  const hmac = forge.hmac.create();
  hmac.start('sha1', key);
  hmac.update(content.toString('latin1'));
  const sha1 = sequence([primitive(asn1.Type.OID, asn1.oidToDer('1.3.14.3.2.26').getBytes())]);
  const digest = sequence([sha1, primitive(asn1.Type.OCTETSTRING, hmac.digest().getBytes())]);
  const mac = sequence([digest, primitive(asn1.Type.OCTETSTRING, salt), integer(claimed)]);
  const data = primitive(asn1.Type.OCTETSTRING, content.toString('latin1'));
  const authSafe = sequence([
    primitive(asn1.Type.OID, asn1.oidToDer('1.2.840.113549.1.7.1').getBytes()),
    asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [data]),
  ]);
  return toDer(sequence([integer(3), authSafe, mac]));
}

function authSafeOf(pfx: forge.asn1.Asn1): Buffer {
  const [, contentInfo] = children(pfx);
  const [, tagged] = children(contentInfo!);
  return Buffer.from(children(tagged!)[0]!.value as string, 'latin1');
}

function openssl(args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const { status, stderr } = spawnSync('openssl', args, { env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
}

function children(node: forge.asn1.Asn1): forge.asn1.Asn1[] {
  return node.value as forge.asn1.Asn1[];
}

function sequence(nodes: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, nodes);
}

function primitive(type: forge.asn1.Type, value: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value);
}

function integer(value: number): forge.asn1.Asn1 {
  return primitive(asn1.Type.INTEGER, asn1.integerToDer(value).getBytes());
}

function fromDer(der: Buffer): forge.asn1.Asn1 {
  return asn1.fromDer(der.toString('latin1'));
}

function toDer(node: forge.asn1.Asn1): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}
