import { DocumentFault } from '../findings.ts';
import { type PublicKey, readPublicKey } from './algorithms.ts';
import { bitsOf, Members, numberOf, oidOf, singleElement, TAG, textOf, timeOf } from './asn1.ts';

/**
 * A certificate (RFC 5280; GM/T 0015 for SM2) with the few fields that are needed. Node's own class cannot verify SM2
 * certificates.
 */
export interface Certificate {
  readonly raw: Buffer;
  /** What is signed. */
  readonly tbs: Buffer;
  /** Object identifier of the algorithm by which its issuer signed. */
  readonly algorithm: string;
  readonly signature: Buffer;
  /** Hex. */
  readonly serial: string;
  /** DER of the names, for comparison. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** On one line: `C=CN, O=…, CN=…`. */
  readonly subjectText: string;
  /** CN and O of the subject; empty when it has none. */
  readonly name: string;
  readonly organisation: string;
  /** Milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Undefined for a kind of key that is not supported. */
  readonly key: PublicKey | undefined;
  readonly isCa: boolean;
  /** Certificates of authorities that may follow below it. */
  readonly pathLength: number;
  /** Whether it may sign documents, and certificates. */
  readonly usage: { readonly documents: boolean; readonly certificates: boolean };
  /** Whether it may sign lists of revoked certificates. */
  readonly signsRevocationLists: boolean;
  /** Addresses at which its issuer publishes lists of revoked certificates; nobody opens them here. */
  readonly distributionPoints: readonly string[];
  /** Object identifiers of critical extensions that are not understood here. */
  readonly unknownCritical: readonly string[];
}

const NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const DISTRIBUTION_POINTS = '2.5.29.31';
/** Those that restrict nothing we rely on: key identifiers, names, policies, points of information, purposes. */
const HARMLESS = new Set([
  '2.5.29.14',
  '2.5.29.17',
  '2.5.29.18',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.35',
  '2.5.29.37',
  '1.3.6.1.5.5.7.1.1',
]);
/** Bits of KeyUsage in its first byte (RFC 5280, 4.2.1.3). */
const USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04, crlSign: 0x02 } as const;
const MAX_NAMES = 64;
const MAX_NAME_DEPTH = 5;
/** Bit of a tag whose content is made of elements (X.690, 8.1.2.5). */
const CONSTRUCTED = 0x20;

/** Reads a certificate. @throws DocumentFault seal-malformed */
export function readCertificate(der: Uint8Array): Certificate {
  const whole = singleElement(der, 'certificate', TAG.sequence);
  const outer = new Members(whole.content, 'certificate');
  const tbsElement = outer.take(TAG.sequence);
  const outerAlgorithm = outer.take(TAG.sequence);
  const signature = bitsOf(outer.take(TAG.bits));
  outer.end();
  const tbs = new Members(tbsElement.content, 'certificate');
  tbs.maybe(TAG.context0);
  const serial = tbs.take(TAG.integer).content.toString('hex');
  const innerAlgorithm = tbs.take(TAG.sequence);
  // With its parameters (RFC 5280, 4.1.1.2): those outside nobody signs.
  if (!innerAlgorithm.raw.equals(outerAlgorithm.raw))
    throw new DocumentFault('seal-malformed', 'a certificate names two algorithms');
  const algorithm = oidOf(new Members(innerAlgorithm.content, 'algorithm').take(TAG.oid));
  const issuer = tbs.take(TAG.sequence).raw;
  const validity = tbs.inner('validity');
  const subject = tbs.take(TAG.sequence);
  const key = readPublicKey(tbs.take(TAG.sequence).raw);
  const names = namesOf(subject.content);
  const last = (label: string) => names.findLast((name) => name[0] === label)?.[1] ?? '';
  return {
    raw: whole.raw,
    tbs: tbsElement.raw,
    algorithm,
    signature,
    serial,
    issuer,
    subject: subject.raw,
    subjectText: names.map(([label, text]) => `${label}=${text}`).join(', '),
    name: last('CN'),
    organisation: last('O'),
    notBefore: timeOf(validity.take(TAG.utcTime, TAG.generalizedTime)),
    notAfter: timeOf(validity.take(TAG.utcTime, TAG.generalizedTime)),
    key,
    ...extensionsOf(tbs),
  };
}

function namesOf(subject: Buffer): [label: string, text: string][] {
  const sets = new Members(subject, 'name').rest();
  if (sets.length > MAX_NAMES) throw new DocumentFault('seal-malformed', 'a name has too many parts');
  return sets.flatMap((set) =>
    new Members(set.content, 'name').rest().map(({ content }): [string, string] => {
      const pair = new Members(content, 'name');
      const type = oidOf(pair.take(TAG.oid));
      return [NAMES[type] ?? type, textOf(pair.take())];
    }),
  );
}

type Usage = Pick<Certificate, 'usage' | 'signsRevocationLists'>;
type Extensions = Usage & Pick<Certificate, 'isCa' | 'pathLength' | 'distributionPoints' | 'unknownCritical'>;

function extensionsOf(tbs: Members): Extensions {
  const list = tbs.rest().find(({ tag }) => tag === TAG.context3);
  const found = { isCa: false, pathLength: Number.POSITIVE_INFINITY };
  let usage: Usage = { usage: { documents: true, certificates: true }, signsRevocationLists: true };
  let distributionPoints: readonly string[] = [];
  const unknownCritical: string[] = [];
  const seen = new Set<string>();
  for (const { content } of list ? new Members(list.content, 'extensions').inner('extensions').rest() : []) {
    const extension = new Members(content, 'extension');
    const id = oidOf(extension.take(TAG.oid));
    const critical = extension.maybe(TAG.boolean)?.content[0] === 0xff;
    const value = extension.take(TAG.octets).content;
    if (seen.has(id)) throw new DocumentFault('seal-malformed', 'an extension of a certificate stands twice');
    seen.add(id);
    if (id === BASIC_CONSTRAINTS) Object.assign(found, constraintsOf(value));
    else if (id === KEY_USAGE) usage = usageOf(value);
    else if (id === DISTRIBUTION_POINTS) distributionPoints = uriNames(value);
    else if (critical && !HARMLESS.has(id)) unknownCritical.push(id);
  }
  return { ...found, ...usage, distributionPoints, unknownCritical };
}

function constraintsOf(value: Buffer): { isCa: boolean; pathLength: number } {
  const members = new Members(singleElement(value, 'basic constraints', TAG.sequence).content, 'basic constraints');
  const isCa = members.maybe(TAG.boolean)?.content[0] === 0xff;
  const length = members.maybe(TAG.integer);
  return { isCa, pathLength: length ? numberOf(length) : Number.POSITIVE_INFINITY };
}

function usageOf(value: Buffer): Usage {
  const bits = singleElement(value, 'key usage', TAG.bits).content[1] ?? 0;
  return {
    usage: {
      documents: (bits & (USAGE.digitalSignature | USAGE.nonRepudiation)) !== 0,
      certificates: (bits & USAGE.keyCertSign) !== 0,
    },
    signsRevocationLists: (bits & USAGE.crlSign) !== 0,
  };
}

/** The addresses among the general names (RFC 5280, 4.2.1.6) in some constructed value, however deep they stand. */
export function uriNames(value: Buffer, depth = 0): string[] {
  if (depth > MAX_NAME_DEPTH) return [];
  return new Members(value, 'distribution point')
    .rest()
    .slice(0, MAX_NAMES)
    .flatMap(({ tag, content }) => {
      if (tag === TAG.context6) return [content.toString('latin1')];
      return (tag & CONSTRUCTED) === 0 ? [] : uriNames(content, depth + 1);
    });
}
