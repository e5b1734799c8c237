import { CodedError } from '#proto';
import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';
import { bitsOf, Members, oidOf, singleElement, TAG, timeOf } from './asn1.ts';
import { uriNames } from './x509.ts';

/** A list of revoked certificates (CRL; RFC 5280, 5), read and not yet verified. */
export interface RevocationList {
  /** What is signed. */
  readonly tbs: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
  /** DER of the name, for comparison. */
  readonly issuer: Buffer;
  /** Milliseconds; the second one is when the next list is due. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** Of which certificates it tells: of signers, of authorities, and only of those that name one of these addresses. */
  readonly scope: {
    readonly signers: boolean;
    readonly authorities: boolean;
    readonly points: readonly string[] | undefined;
  };
  /** Its entries, one after the other. */
  readonly entries: Buffer;
}

/** The entry of one certificate. */
export interface RevocationEntry {
  /** Milliseconds from which it counts as revoked: the day on which its key was lost, where the list tells it. */
  readonly at: number;
}

const PEM = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;
const PEM_START = Buffer.from('-----BEGIN ');
const AUTHORITY_KEY = '2.5.29.35';
const NUMBER = '2.5.29.20';
const ISSUING_POINT = '2.5.29.28';
const INVALID_SINCE = '2.5.29.24';
/** Context tags of IssuingDistributionPoint (RFC 5280, 5.2.5) beyond the point itself; all but the first two narrow it too far. */
const SCOPE = { signers: 0x81, authorities: 0x82, reasons: 0x83 } as const;

/**
 * The lists in a file, DER or PEM, each as DER: they can be read with {@link readRevocationList}.
 *
 * @throws CodedError CONFIG_INVALID for a file that holds no usable list
 */
export function revocationListsIn(file: Buffer): Buffer[] {
  if (file.length > DOCUMENT_LIMITS.revocationFileBytes)
    throw new CodedError('CONFIG_INVALID', `the list is larger than ${DOCUMENT_LIMITS.revocationFileBytes} bytes`);
  const isPem = file.subarray(0, PEM_START.length).equals(PEM_START);
  const blocks = isPem ? (file.toString('latin1').match(PEM) ?? []) : [];
  const lists = isPem ? blocks.map((block) => Buffer.from(block.replaceAll(/-----[^-]+-----/g, ''), 'base64')) : [file];
  if (lists.length === 0) throw new CodedError('CONFIG_INVALID', 'the file holds no revocation list');
  for (const list of lists) readRevocationList(list);
  return lists;
}

/**
 * Reads a list. Those that tell only what changed, or that also speak for other issuers, are not understood here.
 *
 * @throws CodedError CONFIG_INVALID
 */
export function readRevocationList(der: Buffer): RevocationList {
  try {
    return read(der);
  } catch (cause) {
    if (!(cause instanceof DocumentFault)) throw cause;
    throw new CodedError('CONFIG_INVALID', `the revocation list cannot be used: ${cause.message}`, [], { cause });
  }
}

/**
 * Looks for a certificate in a list.
 *
 * @param serial hex, as certificates have it
 * @throws DocumentFault seal-malformed
 */
export function findEntry({ entries }: RevocationList, serial: string): RevocationEntry | undefined {
  const wanted = Buffer.from(serial, 'hex');
  for (const { content } of new Members(entries, 'revocation list').rest()) {
    // The serial number comes first; almost no entry is read further.
    if (content[1] !== wanted.length || !content.subarray(2, 2 + wanted.length).equals(wanted)) continue;
    const entry = new Members(content, 'entry of a revocation list');
    entry.take(TAG.integer);
    const revokedAt = timeOf(entry.take(TAG.utcTime, TAG.generalizedTime));
    const lost = extensionsOf(entry.maybe(TAG.sequence)?.content).find(({ id }) => id === INVALID_SINCE);
    const invalidSince = lost && timeOf(singleElement(lost.value, 'invalidity date', TAG.generalizedTime));
    return { at: Math.min(revokedAt, invalidSince ?? revokedAt) };
  }
  return undefined;
}

/** How many entries a list has. @throws DocumentFault seal-malformed */
export function countEntries({ entries }: RevocationList): number {
  return new Members(entries, 'revocation list').left;
}

function read(der: Buffer): RevocationList {
  const outer = new Members(singleElement(der, 'revocation list', TAG.sequence).content, 'revocation list');
  const tbsElement = outer.take(TAG.sequence);
  const outerAlgorithm = algorithmOf(outer);
  const signature = bitsOf(outer.take(TAG.bits));
  outer.end();
  const tbs = new Members(tbsElement.content, 'revocation list');
  tbs.maybe(TAG.integer);
  const algorithm = algorithmOf(tbs);
  if (algorithm !== outerAlgorithm) throw new DocumentFault('seal-malformed', 'it names two algorithms');
  const issuer = tbs.take(TAG.sequence).raw;
  const thisUpdate = timeOf(tbs.take(TAG.utcTime, TAG.generalizedTime));
  const next = tbs.maybe(TAG.utcTime, TAG.generalizedTime);
  const entries = tbs.maybe(TAG.sequence)?.content ?? Buffer.alloc(0);
  const scope = scopeOf(tbs.maybe(TAG.context0)?.content);
  tbs.end();
  return {
    tbs: tbsElement.raw,
    algorithm,
    signature,
    issuer,
    thisUpdate,
    nextUpdate: next && timeOf(next),
    scope,
    entries,
  };
}

function algorithmOf(members: Members): string {
  return oidOf(new Members(members.take(TAG.sequence).content, 'algorithm').take(TAG.oid));
}

function scopeOf(extensions: Buffer | undefined): RevocationList['scope'] {
  let scope: RevocationList['scope'] = { signers: true, authorities: true, points: undefined };
  const list = extensions && singleElement(extensions, 'extensions', TAG.sequence).content;
  for (const { id, critical, value } of extensionsOf(list)) {
    if (id === ISSUING_POINT) scope = issuingPointOf(value);
    else if (critical && id !== AUTHORITY_KEY && id !== NUMBER)
      throw new DocumentFault('seal-malformed', `it has the critical extension ${id}, which is not understood`);
  }
  return scope;
}

function issuingPointOf(value: Buffer): RevocationList['scope'] {
  const members = new Members(singleElement(value, 'issuing point', TAG.sequence).content, 'issuing point');
  const point = members.maybe(TAG.context0);
  // All but the reasons are flags, which may be written out as not set.
  const flags = members.rest().filter(({ tag, content }) => tag === SCOPE.reasons || content[0] !== 0);
  const only = (tag: number) => flags.some((flag) => flag.tag === tag);
  if (flags.some(({ tag }) => tag !== SCOPE.signers && tag !== SCOPE.authorities))
    throw new DocumentFault('seal-malformed', 'it tells only some reasons, or of other issuers');
  return {
    signers: !only(SCOPE.authorities),
    authorities: !only(SCOPE.signers),
    points: point && uriNames(point.content),
  };
}

function extensionsOf(content: Buffer | undefined): { id: string; critical: boolean; value: Buffer }[] {
  return new Members(content ?? Buffer.alloc(0), 'extensions').rest().map((element) => {
    const extension = new Members(element.content, 'extension');
    const id = oidOf(extension.take(TAG.oid));
    const critical = extension.maybe(TAG.boolean)?.content[0] === 0xff;
    return { id, critical, value: extension.take(TAG.octets).content };
  });
}
