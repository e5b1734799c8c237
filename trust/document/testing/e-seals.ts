import { digest, type HashName } from '../crypto/algorithms.ts';
import { signatureOid, signWith, TEST_NOW, type TestSigner } from './certificates.ts';
import {
  bits,
  generalizedTime,
  ia5,
  integer,
  nothing,
  octets,
  oid,
  printable,
  sequence,
  set,
  tagged,
  utcTime,
  utf8,
} from './der.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

export interface TestSealOptions {
  readonly form?: 'GB/T 38540-2020' | 'GM/T 0031-2014' | 'GM/T 0031-2025';
  readonly name?: string;
  /** Milliseconds. */
  readonly validFrom?: number;
  readonly validUntil?: number;
  /** Whose certificate the seal is for; the signer's unless told. */
  readonly madeFor?: TestSigner;
  /** List the digest of the certificate instead. */
  readonly byDigest?: boolean;
  /** Milliseconds. */
  readonly signedAt?: number;
  /** Object identifier that is told instead of the true one. */
  readonly algorithm?: string;
  /** Token over the signature. */
  readonly stamp?: (signature: Buffer) => Buffer;
  /** Changes the maker's signature. */
  readonly spoilMaker?: boolean;
}

/** A seal that was set on some bytes, in parts. */
export interface TestSeal {
  /** SES_Signature, the seal in it, and what is signed. */
  readonly value: Buffer;
  readonly seal: Buffer;
  readonly tbs: Buffer;
  readonly signature: Buffer;
}

/** Makes a seal and sets it: SES_Signature over bytes. */
export function setSeal(
  content: Uint8Array,
  signer: TestSigner,
  maker: TestSigner,
  options: TestSealOptions = {},
): TestSeal {
  const { form = 'GB/T 38540-2020', signedAt = TEST_NOW } = options;
  const isOld = form === 'GM/T 0031-2014';
  const seal = makeSeal(signer, maker, options);
  const hash = bits(digest(hashOf(signer), content));
  const property = ia5('/Doc_0/Signs/Sign_0/Signature.xml');
  const algorithm = oid(options.algorithm ?? signatureOid(signer));
  const certificate = octets(signer.der);
  const version = integer(versionOf(form));
  const tbs = isOld
    ? sequence(version, seal, bits(timeText(signedAt)), hash, property, certificate, algorithm)
    : sequence(version, seal, generalizedTime(signedAt), hash, property);
  const signature = signWith(signer, tbs);
  const timestamp = options.stamp ? [tagged(0, bits(options.stamp(signature)))] : [];
  const value = isOld
    ? sequence(tbs, bits(signature))
    : sequence(tbs, certificate, algorithm, bits(signature), ...timestamp);
  return { value, seal, tbs, signature };
}

function makeSeal(signer: TestSigner, maker: TestSigner, options: TestSealOptions): Buffer {
  const { form = 'GB/T 38540-2020', name = '测试市行政审批局' } = options;
  const { validFrom = TEST_NOW - YEAR_MS / 2, validUntil = TEST_NOW + YEAR_MS / 2 } = options;
  const isOld = form === 'GM/T 0031-2014';
  const { der: listed } = options.madeFor ?? signer;
  const time = isOld ? utcTime : generalizedTime;
  const list = options.byDigest ? sequence(printable('SM3'), octets(digest('sm3', listed))) : octets(listed);
  const property = sequence(
    integer(1),
    utf8(name),
    ...(isOld ? [] : [integer(options.byDigest ? 2 : 1)]),
    sequence(list),
    time(validFrom),
    time(validFrom),
    time(validUntil),
  );
  const header = sequence(ia5('ES'), integer(versionOf(form)), ia5('TEST'));
  const picture = sequence(ia5('PNG'), octets(Buffer.from('not a picture')), integer(40), integer(40));
  const info = sequence(header, ia5('32060000000001'), property, picture);
  const certificate = octets(maker.der);
  const algorithm = oid(signatureOid(maker));
  const signed = isOld ? sequence(info, certificate, algorithm) : info;
  const signature = bits(signWith(maker, options.spoilMaker ? Buffer.from('another') : signed));
  return isOld
    ? sequence(info, sequence(certificate, algorithm, signature))
    : sequence(info, certificate, algorithm, signature);
}

/** CMS SignedData as GB/T 35275 names it, over bytes: the digest of them enclosed, without attributes. */
export function gmSignedData(content: Uint8Array, signer: TestSigner): Buffer {
  const enclosed = digest('sm3', content);
  const sm3 = sequence(oid('1.2.156.10197.1.401'), nothing());
  const info = sequence(
    integer(1),
    sequence(signer.issuer, integer(signer.serial)),
    sm3,
    sequence(oid('1.2.156.10197.1.301.1'), nothing()),
    octets(signWith(signer, enclosed)),
  );
  const data = sequence(
    integer(1),
    set(sm3),
    sequence(oid('1.2.156.10197.6.1.4.2.1'), tagged(0, octets(enclosed))),
    tagged(0, signer.der),
    set(info),
  );
  return sequence(oid('1.2.156.10197.6.1.4.2.2'), tagged(0, data));
}

function hashOf({ kind }: TestSigner): HashName {
  return kind === 'sm2' ? 'sm3' : 'sha256';
}

function versionOf(form: string): number {
  return form === 'GM/T 0031-2014' ? 1 : form === 'GM/T 0031-2025' ? 5 : 4;
}

function timeText(at: number): Buffer {
  return Buffer.from(`${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`, 'latin1');
}
