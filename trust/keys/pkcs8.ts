import { createCipheriv, createPrivateKey, type KeyObject, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { CodedError } from '#proto';

/**
 * Cost of scrypt (RFC 7914). N = 2^14 with r = 8 takes 16 MiB and is the largest power of two within the 32 MiB that
 * OpenSSL allows a key file to ask for; a larger one could be written but not read back.
 */
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 };
const SALT_BYTES = 16;
const IV_BYTES = 16;
const KEY_BYTES = 32;

const LABEL = 'ENCRYPTED PRIVATE KEY';
const PEM = /^\s*-----BEGIN ENCRYPTED PRIVATE KEY-----[\s\S]+-----END ENCRYPTED PRIVATE KEY-----\s*$/;

const OID = {
  /** RFC 8018, A.4 */
  pbes2: '2a864886f70d01050d',
  /** RFC 7914, 7 */
  scrypt: '2b06010401da47040b',
  /** NIST CSOR */
  aes256Cbc: '60864801650304012a',
} as const;

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/**
 * Encrypts a private key with a passphrase: EncryptedPrivateKeyInfo (RFC 5958, 3) under PBES2 (RFC 8018, 6.2) with
 * scrypt (RFC 7914) and AES-256-CBC. OpenSSL and Node read it. Node's own export is not used because it derives the
 * key with 2,048 rounds of PBKDF2, which a graphics card tries millions of times a second.
 *
 * @param passphrase taken as UTF-8
 * @param cost N of scrypt, a power of two; less is for keys that protect nothing
 * @returns PEM with a final line break
 */
export async function encryptPrivateKey(privateKey: KeyObject, passphrase: string, cost = SCRYPT.N): Promise<string> {
  const scryptWith = { ...SCRYPT, N: cost };
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' });
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const key = await derive(passphrase, salt, KEY_BYTES, scryptWith);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  key.fill(0);
  plain.fill(0);
  return pem(sequence(pbes2(salt, iv, scryptWith), octets(encrypted)));
}

/**
 * Decrypts what `encryptPrivateKey` wrote, or any other encrypted PKCS#8 that OpenSSL reads.
 *
 * @throws CodedError KEY_MISSING when the text is no encrypted key at all, PASSPHRASE_WRONG when it does not open
 */
export function decryptPrivateKey(text: string, passphrase: string): KeyObject {
  if (!PEM.test(text)) throw new CodedError('KEY_MISSING', `the key file does not hold one ${LABEL}; restore it`);
  try {
    return createPrivateKey({ key: text, passphrase });
  } catch {
    // The cause is left out: CBC without a tag cannot tell a wrong passphrase from altered bytes, so its words mislead.
    throw new CodedError('PASSPHRASE_WRONG');
  }
}

function pbes2(salt: Buffer, iv: Buffer, { N, r, p }: typeof SCRYPT): Buffer {
  const parameters = sequence(octets(salt), integer(N), integer(r), integer(p));
  return sequence(
    oid(OID.pbes2),
    sequence(sequence(oid(OID.scrypt), parameters), sequence(oid(OID.aes256Cbc), octets(iv))),
  );
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${LABEL}-----\n${lines.join('\n')}\n-----END ${LABEL}-----\n`;
}

// DER (X.690): tag, length, content.

function sequence(...content: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(content));
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

/** Positive INTEGER; a leading zero keeps the sign bit clear. */
function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return tagged(0x02, bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), length(content.length), content]);
}

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.of(bytes);
  if (bytes < 0x100) return Buffer.of(0x81, bytes);
  return Buffer.of(0x82, bytes >> 8, bytes & 0xff);
}
