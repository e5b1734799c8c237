import { Members, oidOf, singleElement, TAG, timeOf } from '../crypto/asn1.ts';
import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';

/** A signature as CMS SignedData (RFC 5652, 5; PKCS #7; GB/T 35275, 8) with exactly one signer. */
export interface CmsSignature {
  readonly form: 'CMS' | 'GB/T 35275';
  /** What is signed, where it is enclosed. */
  readonly content: Buffer | undefined;
  readonly contentType: string;
  readonly certificates: readonly Buffer[];
  readonly signer: CmsSigner;
}

export interface CmsSigner {
  /** DER of the issuer and hex of the serial number of its certificate; a key identifier is not supported. */
  readonly issuer: Buffer;
  readonly serial: string;
  /** Object identifiers. */
  readonly digest: string;
  readonly algorithm: string;
  /** The signed attributes as they are signed, and by type. */
  readonly attributes: { readonly signed: Buffer; readonly values: ReadonlyMap<string, Buffer> } | undefined;
  readonly signature: Buffer;
  /** RFC 3161 token over the signature. */
  readonly timestamp: Buffer | undefined;
}

/** Object identifiers of SignedData: RFC 5652 and GB/T 35275. */
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const GM_SIGNED_DATA = '1.2.156.10197.6.1.4.2.2';
const TIMESTAMP_TOKEN = '1.2.840.113549.1.9.16.2.14';
export const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;
const MAX_ATTRIBUTES = 64;

/**
 * Reads a signature.
 *
 * @param padded whether zeros may follow, as in PDF
 * @throws DocumentFault seal-malformed, seal-unsupported
 */
export function readCms(bytes: Uint8Array, padded = false): CmsSignature {
  if (bytes.length > DOCUMENT_LIMITS.signatureBytes)
    throw new DocumentFault('seal-malformed', 'the signature is too large');
  const outer = new Members(singleElement(bytes, 'CMS', TAG.sequence, padded).content, 'CMS');
  const type = oidOf(outer.take(TAG.oid));
  if (type !== SIGNED_DATA && type !== GM_SIGNED_DATA)
    throw new DocumentFault('seal-unsupported', `CMS of the type ${type} is no signature`);
  const data = outer.inner('CMS', TAG.context0).inner('SignedData');
  data.take(TAG.integer);
  data.take(TAG.set);
  const enclosed = data.inner('content');
  const contentType = oidOf(enclosed.take(TAG.oid));
  const content = enclosed.maybe(TAG.context0);
  const certificates = data.maybe(TAG.context0);
  data.maybe(TAG.context1);
  const [signer, second] = new Members(data.take(TAG.set).content, 'signers').rest();
  if (!signer || second) throw new DocumentFault('seal-unsupported', 'a CMS signature here has exactly one signer');
  return {
    form: type === SIGNED_DATA ? 'CMS' : 'GB/T 35275',
    content: content && octetsOf(content.content),
    contentType,
    certificates: certificates ? certificatesOf(certificates.content) : [],
    signer: readSigner(new Members(signer.content, 'signer')),
  };
}

function readSigner(members: Members): CmsSigner {
  members.take(TAG.integer);
  const id = members.take();
  if (id.tag !== TAG.sequence) throw new DocumentFault('seal-unsupported', 'the signer is named by a key identifier');
  const named = new Members(id.content, 'signer');
  const issuer = named.take(TAG.sequence).raw;
  const serial = named.take(TAG.integer).content.toString('hex');
  const digest = oidOf(members.inner('digest algorithm').take(TAG.oid));
  const attributes = members.maybe(TAG.context0);
  const algorithm = oidOf(members.inner('signature algorithm').take(TAG.oid));
  const signature = members.take(TAG.octets).content;
  const unsigned = members.maybe(TAG.context1);
  members.end();
  return {
    issuer,
    serial,
    digest,
    algorithm,
    attributes: attributes && { signed: asSet(attributes.raw), values: attributesOf(attributes.content) },
    signature,
    timestamp: unsigned && attributesOf(unsigned.content).get(TIMESTAMP_TOKEN),
  };
}

/** They travel under a tag of their own and are signed as the SET that they are (RFC 5652, 5.4). */
function asSet(raw: Buffer): Buffer {
  return Buffer.concat([Buffer.of(TAG.set), raw.subarray(1)]);
}

function attributesOf(content: Buffer): Map<string, Buffer> {
  const list = new Members(content, 'attributes').rest();
  if (list.length > MAX_ATTRIBUTES) throw new DocumentFault('seal-malformed', 'the signer has too many attributes');
  const values = new Map<string, Buffer>();
  for (const element of list) {
    const pair = new Members(element.content, 'attribute');
    const type = oidOf(pair.take(TAG.oid));
    const [value] = new Members(pair.take(TAG.set).content, 'attribute').rest();
    if (!value || values.has(type)) throw new DocumentFault('seal-malformed', 'an attribute is empty or stands twice');
    values.set(type, value.raw);
  }
  return values;
}

function certificatesOf(content: Buffer): Buffer[] {
  const list = new Members(content, 'certificates').rest().filter(({ tag }) => tag === TAG.sequence);
  if (list.length > DOCUMENT_LIMITS.certificates)
    throw new DocumentFault('seal-malformed', 'too many certificates come with the signature');
  return list.map(({ raw }) => raw);
}

function octetsOf(content: Buffer): Buffer {
  return new Members(content, 'content').take(TAG.octets).content;
}

/** Milliseconds of the attribute signingTime; undefined when it is absent. */
export function signingTimeOf({ attributes }: CmsSigner): number | undefined {
  const value = attributes?.values.get(ATTRIBUTE.signingTime);
  return value && timeOf(singleElement(value, 'signing time', [TAG.utcTime, TAG.generalizedTime]));
}
