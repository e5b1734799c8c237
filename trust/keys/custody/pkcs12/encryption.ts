import { createDecipheriv, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { CodedError } from '#proto';
import { children, isNumber, type Node, objectId, octets, wholeNumber } from './ber.ts';

/**
 * Most rounds of key derivation. Programs write from 2,048 to 600,000; a container that asks for more would only keep
 * the process busy.
 */
const MAX_ROUNDS = 1_000_000;

/** What the key that is derived from a passphrase is for (RFC 7292, B.3). */
const DERIVED = { key: 1, iv: 2, mac: 3 } as const;

/** Ciphers of PKCS#12 itself (RFC 7292, C), key bytes with them. */
const OWN_CIPHERS: Readonly<Record<string, { name: 'des-ede3-cbc' | 'rc2-40-cbc'; keyBytes: number }>> = {
  '1.2.840.113549.1.12.1.3': { name: 'des-ede3-cbc', keyBytes: 24 },
  '1.2.840.113549.1.12.1.6': { name: 'rc2-40-cbc', keyBytes: 5 },
};
const OWN_IV_BYTES = 8;

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';

/** Ciphers of PBES2 (RFC 8018, B.2). */
const CIPHERS: Readonly<Record<string, { name: string; keyBytes: number }>> = {
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
};

/** Pseudo-random functions of PBKDF2 (RFC 8018, B.1); the first is the default. */
const HMACS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** Digests of the integrity check, with the length of what they give. */
const MACS: Readonly<Record<string, { name: 'sha1' | 'sha256' | 'sha384' | 'sha512'; bytes: number }>> = {
  '1.3.14.3.2.26': { name: 'sha1', bytes: 20 },
  '2.16.840.1.101.3.4.2.1': { name: 'sha256', bytes: 32 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', bytes: 48 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', bytes: 64 },
};

const derive = promisify(pbkdf2);

/**
 * Checks the integrity of a container (RFC 7292, 4: MacData), which is also the check of the passphrase.
 *
 * @throws CodedError PASSPHRASE_WRONG, CONFIG_INVALID for an algorithm that is not supported
 */
export function checkIntegrity(macData: Node, content: Buffer, passphrase: string): void {
  const [digestInfo, salt, rounds] = children(macData);
  const [algorithm, digest] = children(digestInfo);
  const oid = objectId(children(algorithm)[0]);
  const mac = MACS[oid] ?? unsupported(oid);
  const key = deriveOwn(passphrase, DERIVED.mac, octets(salt), rounds ? roundsOf(rounds) : 1, mac.bytes, mac.name);
  const expected = createHmac(mac.name, key).update(content).digest();
  const given = octets(digest);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new CodedError('PASSPHRASE_WRONG');
}

/**
 * Decrypts what a container holds.
 *
 * @param algorithm AlgorithmIdentifier: PBES2 (RFC 8018) or one of PKCS#12's own
 * @throws CodedError CONFIG_INVALID for an algorithm that is not supported
 */
export async function decrypt(algorithm: Node | undefined, encrypted: Buffer, passphrase: string): Promise<Buffer> {
  const [name, parameters] = children(algorithm);
  const oid = objectId(name);
  if (oid === PBES2) return decryptPbes2(parameters, encrypted, passphrase);
  const cipher = OWN_CIPHERS[oid] ?? unsupported(oid);
  const [salt, count] = children(parameters);
  const rounds = roundsOf(count);
  const key = deriveOwn(passphrase, DERIVED.key, octets(salt), rounds, cipher.keyBytes, 'sha1');
  const iv = deriveOwn(passphrase, DERIVED.iv, octets(salt), rounds, OWN_IV_BYTES, 'sha1');
  return cipher.name === 'rc2-40-cbc' ? decryptRc2(key, iv, encrypted) : decipher(cipher.name, key, iv, encrypted);
}

async function decryptPbes2(parameters: Node | undefined, encrypted: Buffer, passphrase: string): Promise<Buffer> {
  const [derivation, encryption] = children(parameters);
  const [derivationName, derivationParameters] = children(derivation);
  const [cipherName, iv] = children(encryption);
  if (objectId(derivationName) !== PBKDF2) unsupported(objectId(derivationName));
  const cipher = CIPHERS[objectId(cipherName)] ?? unsupported(objectId(cipherName));
  const [salt, rounds, ...more] = children(derivationParameters);
  const prf = more.find((node) => !isNumber(node));
  const hmacOid = prf ? objectId(children(prf)[0]) : Object.keys(HMACS)[0]!;
  const hmac = HMACS[hmacOid] ?? unsupported(hmacOid);
  // PBES2 takes the passphrase as UTF-8 (RFC 8018, 3), where PKCS#12 itself takes it as BMPString.
  const key = await derive(passphrase, octets(salt), roundsOf(rounds), cipher.keyBytes, hmac);
  return decipher(cipher.name, key, octets(iv), encrypted);
}

/** The key derivation of PKCS#12 (RFC 7292, B.2). */
function deriveOwn(
  passphrase: string,
  purpose: (typeof DERIVED)[keyof typeof DERIVED],
  salt: Buffer,
  rounds: number,
  bytes: number,
  digest: (typeof MACS)[string]['name'],
): Buffer {
  const md = forge.md[digest].create();
  const key = forge.pkcs12.generateKey(passphrase, buffer(salt), purpose, rounds, bytes, md);
  return Buffer.from(key.getBytes(), 'latin1');
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const cipher = createDecipheriv(name, key, iv);
  return Buffer.concat([cipher.update(encrypted), cipher.final()]);
}

/** OpenSSL has RC2 only in a part that Node does not load; old containers encrypt their certificates with it. */
function decryptRc2(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const cipher = forge.rc2.createDecryptionCipher(buffer(key), 40);
  cipher.start(buffer(iv));
  cipher.update(buffer(encrypted));
  if (!cipher.finish()) throw new TypeError('the padding is wrong');
  return Buffer.from(cipher.output.getBytes(), 'latin1');
}

function buffer(bytes: Buffer): forge.util.ByteBuffer {
  return forge.util.createBuffer(bytes.toString('latin1'));
}

function roundsOf(node: Node | undefined): number {
  const rounds = wholeNumber(node);
  if (rounds >= 1 && rounds <= MAX_ROUNDS) return rounds;
  throw new CodedError('CONFIG_INVALID', `the container asks for ${rounds} rounds; up to ${MAX_ROUNDS} are allowed`);
}

function unsupported(oid: string): never {
  throw new CodedError(
    'CONFIG_INVALID',
    `the container uses an algorithm (${oid}) that is not supported; export it again with AES-256 and SHA-256`,
  );
}
