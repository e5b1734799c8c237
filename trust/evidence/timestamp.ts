import { createHash, X509Certificate } from 'node:crypto';
import { ContentInfo, id_signedData, SignedData, type SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { id_ct_tstInfo, MessageImprint, TimeStampReq, TimeStampResp, TSTInfo } from '@peculiar/asn1-tsp';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { CodedError } from '#proto';
import { VerificationError } from '../errors.ts';
import { DER, readDer } from './der.ts';
import { demandCmsSignature, demandTrusted, digestBy, invalid, nameOf } from './timestamp-signer.ts';

/** A verified RFC 3161 timestamp (可信时间戳). */
export interface Timestamp {
  /** Milliseconds: the authority's clock and its own bound of error added, so that it was certainly no later. */
  readonly at: number;
  /** Object identifier of the policy under which it was given. */
  readonly policy: string;
  /** Subject of the authority's certificate. */
  readonly authority: string;
  /** DER of the TimeStampToken, to be kept. */
  readonly token: Buffer;
}

/** Largest timestamp that is read, in bytes: a chain of certificates is in it. */
export const TIMESTAMP_BYTES = 64 * 1024;

const SHA256 = '2.16.840.1.101.3.4.2.1';
const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/** DER of the object identifier id-ct-TSTInfo. */
const TST_INFO = Buffer.from('060b2a864886f70d0109100104', 'hex');

/** Reads trusted certificates from PEM text: those of authorities or of who issued them. @throws CodedError CONFIG_INVALID */
export function readAuthorities(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length === 0) throw new Error('no certificate');
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', 'the file of timestamp authorities holds no readable PEM certificate', [], {
      cause,
    });
  }
}

/**
 * Asks for a timestamp over the SHA-256 of some bytes (RFC 3161, 2.4.1), with the authority's certificate inside.
 *
 * @param nonce eight random bytes
 * @param policy object identifier of the policy that is wanted; the authority's own when absent
 * @returns DER of the TimeStampReq
 */
export function timestampRequest(bytes: Uint8Array, nonce: Uint8Array, policy?: string): Buffer {
  const request = new TimeStampReq({
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithm: SHA256, parameters: null }),
      hashedMessage: new OctetString(createHash('sha256').update(bytes).digest()),
    }),
    nonce: positive(nonce),
    certReq: true,
  });
  if (policy !== undefined) request.reqPolicy = policy;
  return Buffer.from(AsnConvert.serialize(request));
}

/**
 * Reads the answer to a request and verifies the timestamp in it.
 *
 * @param nonce as in the request
 * @throws VerificationError TIMESTAMP_INVALID
 */
export function readTimestampResponse(
  response: Uint8Array,
  bytes: Uint8Array,
  nonce: Uint8Array,
  authorities: readonly X509Certificate[],
  policy?: string,
): Timestamp {
  const token = readable(() => {
    const { status } = AsnConvert.parse(response, TimeStampResp);
    // 0 is granted, 1 granted with modifications; with any other there is no timestamp.
    if (status.status > 1) invalid(`was not granted: status ${status.status}`);
    const [answer] = readDer(response);
    return readDer(answer!.content)[1]?.raw ?? invalid('is missing in the answer');
  });
  const { timestamp, info } = judge(token, bytes, authorities, policy);
  if (!info.nonce || !Buffer.from(info.nonce).equals(Buffer.from(positive(nonce))))
    invalid('is not the answer to this request: its nonce differs');
  return timestamp;
}

/**
 * Verifies a timestamp (RFC 3161) over the SHA-256 of some bytes: one CMS signer, its certificate (RFC 5816), for
 * timestamps alone, leading to a trusted one and valid at the time that the timestamp tells.
 *
 * @param token DER of the TimeStampToken
 * @param authorities certificates that are trusted
 * @throws VerificationError TIMESTAMP_INVALID
 */
export function verifyTimestamp(
  token: Uint8Array,
  bytes: Uint8Array,
  authorities: readonly X509Certificate[],
): Timestamp {
  return judge(token, bytes, authorities).timestamp;
}

function judge(token: Uint8Array, bytes: Uint8Array, authorities: readonly X509Certificate[], policy?: string) {
  if (token.length > TIMESTAMP_BYTES) invalid(`is larger than ${TIMESTAMP_BYTES} bytes`);
  const { signer, content } = readable(() => readToken(token));
  const info = readable(() => AsnConvert.parse(content, TSTInfo));
  demandAbout(info, bytes);
  if (policy !== undefined && info.policy !== policy) invalid(`was given under the policy ${info.policy}`);
  const { certificates, attributes } = readable(() => rawParts(token));
  const known = [...certificates, ...authorities];
  const certificate = readable(() => demandSigned(signer, attributes, content, known));
  const genTime = info.genTime.getTime();
  readable(() => demandTrusted(certificate, certificates, authorities, genTime));
  const at = genTime + errorBoundOf(info);
  const timestamp: Timestamp = { at, policy: info.policy, authority: nameOf(certificate), token: Buffer.from(token) };
  return { timestamp, info };
}

function readToken(token: Uint8Array): { signer: SignerInfo; content: Buffer } {
  const { contentType, content } = AsnConvert.parse(token, ContentInfo);
  if (contentType !== id_signedData) invalid('is not signed');
  const { signerInfos, encapContentInfo } = AsnConvert.parse(content, SignedData);
  const [signer, second] = [...signerInfos];
  if (!signer || second) invalid('has not exactly one signer');
  const { eContentType, eContent } = encapContentInfo;
  if (eContentType !== id_ct_tstInfo || !eContent?.single) invalid('is a signature over something else');
  return { signer, content: Buffer.from(eContent.single.buffer) };
}

/** The timestamp is over these bytes. */
function demandAbout({ version, messageImprint }: TSTInfo, bytes: Uint8Array): void {
  const { hashAlgorithm, hashedMessage } = messageImprint;
  const expected = createHash('sha256').update(bytes).digest();
  if (version !== 1 || hashAlgorithm.algorithm !== SHA256 || !expected.equals(Buffer.from(hashedMessage.buffer)))
    invalid('is about something else');
}

/**
 * The signed attributes name the content and the signer's certificate, and the signature is over them (RFC 5652, 5.4).
 *
 * @returns the signer's certificate
 */
function demandSigned(
  signer: SignerInfo,
  attributes: Buffer,
  content: Buffer,
  certificates: readonly X509Certificate[],
): X509Certificate {
  const digest = signer.digestAlgorithm.algorithm;
  const type = attributeOf(signer, ATTRIBUTE.contentType);
  if (!type?.equals(TST_INFO)) invalid('is signed as something else');
  const said = attributeOf(signer, ATTRIBUTE.messageDigest);
  if (!said || !readDer(said)[0]!.content.equals(digestBy(digest, content)))
    invalid('has another content than was signed');
  const certificate = namedCertificate(signer, certificates);
  const signed = Buffer.from(attributes);
  // They travel under a tag of their own and are signed as the SET that they are.
  signed[0] = DER.set;
  const algorithm = signer.signatureAlgorithm.algorithm;
  demandCmsSignature({ algorithm, digest }, certificate, signed, new Uint8Array(signer.signature.buffer));
  return certificate;
}

/** The certificate that the signer names by its hash: ESSCertIDv2 (RFC 5816), or ESSCertID (RFC 2634) with SHA-1. */
function namedCertificate(signer: SignerInfo, certificates: readonly X509Certificate[]): X509Certificate {
  const newer = attributeOf(signer, ATTRIBUTE.signingCertificateV2);
  const older = newer ? undefined : attributeOf(signer, ATTRIBUTE.signingCertificate);
  const attribute = newer ?? older ?? invalid('names no certificate');
  // SigningCertificate ::= SEQUENCE { certs SEQUENCE OF ESSCertID, … }; the first one is the signer's.
  const [first] = readDer(readDer(readDer(attribute)[0]!.content)[0]!.content);
  const members = readDer(first!.content);
  const algorithm =
    members[0]?.tag === DER.sequence ? AsnConvert.parse(members[0].raw, AlgorithmIdentifier) : undefined;
  const named = members[algorithm ? 1 : 0]?.content ?? invalid('names no certificate');
  const digestOf = ({ raw }: X509Certificate) =>
    older ? createHash('sha1').update(raw).digest() : digestBy(algorithm?.algorithm ?? SHA256, raw);
  return certificates.find((one) => digestOf(one).equals(named)) ?? invalid('does not hold the certificate it names');
}

/** The one value of a signed attribute that stands once. */
function attributeOf({ signedAttrs = [] }: SignerInfo, type: string): Buffer | undefined {
  const [found, second] = signedAttrs.filter(({ attrType }) => attrType === type);
  return found && !second && found.attrValues.length === 1 ? Buffer.from(found.attrValues[0]!) : undefined;
}

/**
 * What of a token is needed in its own bytes: certificates, which a hash names, and the attributes of the signer, which
 * the signature is over.
 */
function rawParts(token: Uint8Array): { certificates: X509Certificate[]; attributes: Buffer } {
  // ContentInfo → [0] → SignedData → version, digests, content, [0] certificates, …, SET of signers
  const [, content] = readDer(readDer(token)[0]!.content);
  const members = readDer(readDer(content!.content)[0]!.content);
  const certificates = members.find(({ tag }) => tag === DER.context0);
  // SignerInfo → version, name of the certificate, digest algorithm, [0] attributes, …; the name may be a [0] too.
  const [signer] = readDer(members.at(-1)!.content);
  const attributes = readDer(signer!.content)[3];
  if (attributes?.tag !== DER.context0) invalid('has no signed attributes');
  return {
    certificates: readDer(certificates?.content ?? Buffer.alloc(0)).flatMap(({ tag, raw }) =>
      tag === DER.sequence ? [new X509Certificate(raw)] : [],
    ),
    attributes: attributes.raw,
  };
}

/** Milliseconds by which the authority's clock may be wrong, rounded up; nothing said is taken as one second. */
function errorBoundOf({ accuracy }: TSTInfo): number {
  if (!accuracy) return 1000;
  return Number(accuracy.seconds ?? 0) * 1000 + Number(accuracy.millis ?? 0) + (accuracy.micros ? 1 : 0);
}

/** An INTEGER above zero whose first byte has neither sign nor padding. */
function positive(nonce: Uint8Array): ArrayBuffer {
  const bytes = new Uint8Array(nonce);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.buffer;
}

/** What cannot be read is no timestamp. */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new VerificationError('TIMESTAMP_INVALID', 'the timestamp cannot be read', [], { cause: error });
  }
}
