import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { derOfRaw } from '../../sm2/der-signature.ts';
import { generateSm2 } from '../../sm2/sm2-key.ts';
import { sm2Sign } from '../../sm2/sm2-signature.ts';
import { bits, integer, nothing, octets, oid, sequence, set, tagged, utcTime, utf8, yes } from './der.ts';

export type KeyKind = 'sm2' | 'rsa' | 'ec';

/** A certificate for tests, with its private key. */
export interface TestSigner {
  readonly kind: KeyKind;
  readonly name: string;
  readonly der: Buffer;
  readonly pem: string;
  /** DER of the subject and content of the serial number. */
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly serial: Buffer;
  readonly privateKey: KeyObject;
  readonly keyPem: string;
}

export interface TestSignerOptions {
  readonly kind?: KeyKind;
  readonly issuer?: TestSigner;
  readonly ca?: boolean;
  readonly organisation?: string;
  /** Milliseconds. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** First byte of KeyUsage; absent without one. */
  readonly usage?: number;
  readonly bits?: number;
  /** Object identifier of an extension that nobody understands, to be critical. */
  readonly critical?: string;
  readonly hash?: 'sha1';
}

/** The second in which the tests began: the openssl command line signs with the time of the machine. */
export const TEST_NOW = Math.floor(Date.now() / 1000) * 1000;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const ALGORITHM = {
  sm2: '1.2.156.10197.1.501',
  rsa: '1.2.840.113549.1.1.11',
  ec: '1.2.840.10045.4.3.2',
} as const;
const RSA_SHA1 = '1.2.840.113549.1.1.5';

let serials = 0;

/** Issues a certificate; one that signs itself without an issuer. */
export function testSigner(name: string, options: TestSignerOptions = {}): TestSigner {
  const { kind = 'sm2', ca = false, notBefore = TEST_NOW - YEAR_MS, notAfter = TEST_NOW + YEAR_MS, issuer } = options;
  const { privateKey, publicKey } = keysOf(kind, options.bits);
  serials += 1;
  const serial = Buffer.from([1, serials >> 8, serials & 0xff]);
  const subject = nameOf(name, options.organisation);
  const by = issuer ?? { kind, privateKey, subject };
  const algorithm = algorithmOf(by.kind, options.hash);
  const tbs = sequence(
    tagged(0, integer(2)),
    integer(serial),
    algorithm,
    by.subject,
    sequence(utcTime(notBefore), utcTime(notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensionsOf(ca, options))),
  );
  const der = sequence(tbs, algorithm, bits(signWith(by, tbs, options.hash)));
  const pem = `-----BEGIN CERTIFICATE-----\n${der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n')}\n-----END CERTIFICATE-----\n`;
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { kind, name, der, pem, subject, issuer: by.subject, serial, privateKey, keyPem };
}

/** Object identifier of the way in which a signer signs. */
export function signatureOid({ kind }: Pick<TestSigner, 'kind'>): string {
  return ALGORITHM[kind];
}

/** Signs as the kind of key does: SM2 with SM3, else with SHA-256; DER for curves. */
export function signWith(
  { kind, privateKey }: Pick<TestSigner, 'kind' | 'privateKey'>,
  data: Uint8Array,
  hash = 'sha256',
): Buffer {
  return kind === 'sm2' ? derOfRaw(sm2Sign(privateKey, data))! : sign(hash, data, privateKey);
}

function keysOf(kind: KeyKind, modulusLength = 2048): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === 'sm2') return generateSm2();
  if (kind === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function algorithmOf(kind: KeyKind, hash?: 'sha1'): Buffer {
  return kind === 'rsa' ? sequence(oid(hash ? RSA_SHA1 : ALGORITHM.rsa), nothing()) : sequence(oid(ALGORITHM[kind]));
}

function nameOf(name: string, organisation = '测试单位'): Buffer {
  const part = (type: string, text: string) => set(sequence(oid(type), utf8(text)));
  return sequence(part('2.5.4.10', organisation), part('2.5.4.3', name));
}

function extensionsOf(ca: boolean, { usage, critical }: TestSignerOptions): Buffer[] {
  const constraints = sequence(oid('2.5.29.19'), yes(), octets(ca ? sequence(yes()) : sequence()));
  const keyUsage = usage === undefined ? [] : [sequence(oid('2.5.29.15'), yes(), octets(bits(Buffer.of(usage))))];
  const unknown = critical === undefined ? [] : [sequence(oid(critical), yes(), octets(nothing()))];
  return [constraints, ...keyUsage, ...unknown];
}
