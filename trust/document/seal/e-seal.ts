import { bitsOf, Members, numberOf, oidOf, parseTime, singleElement, TAG, textOf, timeOf } from '../crypto/asn1.ts';
import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';
import type { SealForm } from '../report.ts';

/** An electronic seal (电子印章): whose it is and that a maker (制章者) says so. */
export interface ESeal {
  /** DER, as it also stands in a file of its own. */
  readonly raw: Buffer;
  readonly id: string;
  readonly name: string;
  /** Milliseconds. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** The certificates that may sign with it: themselves, or their digests with the name of the hash. */
  readonly certificates: readonly Buffer[];
  readonly certificateDigests: readonly { readonly hash: string; readonly value: Buffer }[];
  readonly makerCertificate: Buffer;
  /** Object identifier. */
  readonly makerAlgorithm: string;
  readonly makerSignature: Buffer;
  /** What the maker signed. */
  readonly makerSigned: Buffer;
}

/** A seal that was set (电子签章). */
export interface ESealSignature {
  readonly form: SealForm;
  /** What is signed. */
  readonly tbs: Buffer;
  readonly seal: ESeal;
  /** Milliseconds; the older form may hold something else than a time. */
  readonly signedAt: number | undefined;
  /** Digest of what the seal was set on. */
  readonly dataHash: Buffer;
  readonly certificate: Buffer;
  /** Object identifier. */
  readonly algorithm: string;
  readonly signature: Buffer;
  /** Token over the signature. */
  readonly timestamp: Buffer | undefined;
}

/** Whether bytes begin like a seal that was set, and not like CMS: a SEQUENCE in a SEQUENCE. */
export function looksLikeESeal(bytes: Uint8Array): boolean {
  const lengthOfLength = (bytes[1] ?? 0) < 0x80 ? 0 : (bytes[1] ?? 0) - 0x80;
  return bytes[0] === TAG.sequence && bytes[2 + lengthOfLength] === TAG.sequence;
}

/**
 * Reads SES_Signature: of GB/T 38540-2020 (7.2) and GM/T 0031-2025, which adds a timestamp to the seal, or of
 * GM/T 0031-2014, which keeps certificate and algorithm among what is signed.
 *
 * @throws DocumentFault seal-malformed, seal-unsupported
 */
export function readESealSignature(bytes: Uint8Array, padded = false): ESealSignature {
  if (bytes.length > DOCUMENT_LIMITS.signatureBytes) throw new DocumentFault('seal-malformed', 'the seal is too large');
  const outer = new Members(singleElement(bytes, 'seal', TAG.sequence, padded).content, 'seal');
  const tbs = outer.take(TAG.sequence);
  const isOld = outer.left === 1;
  return isOld ? readOld(tbs.raw, tbs.content, outer) : readNew(tbs.raw, tbs.content, outer);
}

function readNew(raw: Buffer, content: Buffer, outer: Members): ESealSignature {
  const certificate = outer.take(TAG.octets).content;
  const algorithm = oidOf(outer.take(TAG.oid));
  const signature = bitsOf(outer.take(TAG.bits));
  const timestamp = outer.maybe(TAG.context0);
  outer.end();
  const tbs = new Members(content, 'what the seal signs');
  tbs.take(TAG.integer);
  const { seal, version } = readNewSeal(tbs.take(TAG.sequence).raw);
  const signedAt = timeOf(tbs.take(TAG.generalizedTime, TAG.utcTime));
  const dataHash = bitsOf(tbs.take(TAG.bits));
  tbs.take(TAG.ia5, TAG.utf8);
  tbs.maybe(TAG.context0);
  tbs.end();
  return {
    form: version >= 5 ? 'GM/T 0031-2025' : 'GB/T 38540-2020',
    tbs: raw,
    seal,
    signedAt,
    dataHash,
    certificate,
    algorithm,
    signature,
    timestamp: timestamp && bitsOf(singleElement(timestamp.content, 'timestamp', TAG.bits)),
  };
}

function readOld(raw: Buffer, content: Buffer, outer: Members): ESealSignature {
  const signature = bitsOf(outer.take(TAG.bits));
  const tbs = new Members(content, 'what the seal signs');
  tbs.take(TAG.integer);
  const seal = readOldSeal(tbs.take(TAG.sequence).raw);
  const time = bytesOf(tbs);
  const dataHash = bytesOf(tbs);
  tbs.take(TAG.ia5, TAG.utf8);
  const certificate = tbs.take(TAG.octets).content;
  const algorithm = oidOf(tbs.take(TAG.oid));
  tbs.end();
  const signedAt = parseTime(time.toString('latin1'));
  return {
    form: 'GM/T 0031-2014',
    tbs: raw,
    seal,
    signedAt,
    dataHash,
    certificate,
    algorithm,
    signature,
    timestamp: undefined,
  };
}

function readNewSeal(raw: Buffer): { seal: ESeal; version: number } {
  const members = new Members(singleElement(raw, 'seal', TAG.sequence).content, 'seal');
  const info = members.take(TAG.sequence);
  const makerCertificate = members.take(TAG.octets).content;
  const makerAlgorithm = oidOf(members.take(TAG.oid));
  const makerSignature = bitsOf(members.take(TAG.bits));
  members.maybe(TAG.context0);
  members.end();
  const { version, ...about } = readInfo(info.content);
  return { version, seal: { raw, ...about, makerCertificate, makerAlgorithm, makerSignature, makerSigned: info.raw } };
}

/** The maker signs what it says, its certificate and the algorithm, as one SEQUENCE (GM/T 0031-2014, 6.2). */
function readOldSeal(raw: Buffer): ESeal {
  const members = new Members(singleElement(raw, 'seal', TAG.sequence).content, 'seal');
  const info = members.take(TAG.sequence);
  const made = members.inner('signature of the maker');
  members.end();
  const certificate = made.take(TAG.octets);
  const algorithm = made.take(TAG.oid);
  const makerSignature = bitsOf(made.take(TAG.bits));
  const { version: _, ...about } = readInfo(info.content);
  return {
    raw,
    ...about,
    makerCertificate: certificate.content,
    makerAlgorithm: oidOf(algorithm),
    makerSignature,
    makerSigned: sequenceOf(info.raw, certificate.raw, algorithm.raw),
  };
}

type About = Pick<ESeal, 'id' | 'name' | 'validFrom' | 'validUntil' | 'certificates' | 'certificateDigests'>;

/** SES_SealInfo without the picture. */
function readInfo(content: Buffer): About & { version: number } {
  const info = new Members(content, 'seal');
  const header = info.inner('header of the seal');
  if (textOf(header.take(TAG.ia5)) !== 'ES')
    throw new DocumentFault('seal-unsupported', 'the header of the seal is not ES');
  const version = numberOf(header.take(TAG.integer));
  const id = textOf(info.take(TAG.ia5, TAG.utf8));
  const property = info.inner('properties of the seal');
  property.take(TAG.integer);
  const name = textOf(property.take(TAG.utf8));
  // Only the newer form says whether the list is of certificates or of digests.
  property.maybe(TAG.integer);
  const listed = property.inner('certificates of the seal').rest();
  if (listed.length > DOCUMENT_LIMITS.certificates)
    throw new DocumentFault('seal-malformed', 'the seal lists too many certificates');
  const [, validFrom, validUntil] = [0, 1, 2].map(() => timeOf(property.take(TAG.generalizedTime, TAG.utcTime)));
  return {
    version,
    id,
    name,
    validFrom: validFrom!,
    validUntil: validUntil!,
    certificates: listed.filter(({ tag }) => tag === TAG.octets).map((element) => element.content),
    certificateDigests: listed
      .filter(({ tag }) => tag === TAG.sequence)
      .map((element) => {
        const pair = new Members(element.content, 'digest of a certificate');
        return { hash: textOf(pair.take(TAG.printable, TAG.ia5, TAG.utf8)), value: pair.take(TAG.octets).content };
      }),
  };
}

/** A BIT STRING, which some makers write as OCTET STRING. */
function bytesOf(members: Members): Buffer {
  const element = members.take(TAG.bits, TAG.octets);
  return element.tag === TAG.bits ? bitsOf(element) : element.content;
}

function sequenceOf(...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const hex = size.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  const length = size < 0x80 ? Buffer.of(size) : Buffer.concat([Buffer.of(0x80 + bytes.length), bytes]);
  return Buffer.concat([Buffer.of(TAG.sequence), length, content]);
}
