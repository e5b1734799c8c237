import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';
import { childOf, childrenOf, parseXml, textIn, type XmlElement } from './xml.ts';
import type { ZipContainer } from './zip.ts';

/** A signature as the structure of an OFD names it (GB/T 33190, 18). */
export interface OfdSignature {
  /** File that describes it: Signature.xml. */
  readonly file: string;
  /** Whether it is a seal (电子签章) or a signature without one (电子签名). */
  readonly type: 'Seal' | 'Sign';
}

/** What Signature.xml says. */
export interface OfdSignatureContent {
  /** Name or object identifier of the hash of the references. */
  readonly checkMethod: string;
  readonly references: readonly { readonly file: string; readonly digest: Buffer }[];
  readonly dateTime: string;
  /** File with the signature itself. */
  readonly valueFile: string;
  /** File with the seal, where there is one. */
  readonly sealFile: string | undefined;
}

/** Files that list signatures, and the signatures. */
export interface OfdSignatures {
  readonly lists: readonly string[];
  readonly signatures: readonly OfdSignature[];
}

const ENTRY = 'OFD.xml';
/** Used where a document names no hash (GB/T 33190, table 65). */
const DEFAULT_METHOD = 'MD5';

/**
 * Reads the structure of an OFD container as far as signatures need it, and demands that documents and pages are there.
 *
 * @throws DocumentFault ofd-structure, too-many-seals, or what reading XML throws
 */
export function readStructure(zip: ZipContainer): OfdSignatures {
  const root = readRoot(zip, ENTRY, 'OFD');
  const bodies = childrenOf(root, 'DocBody');
  if (bodies.length === 0 || bodies.length > DOCUMENT_LIMITS.bodies)
    throw new DocumentFault('ofd-structure', 'OFD.xml names no document, or too many');
  const lists: string[] = [];
  const signatures: OfdSignature[] = [];
  for (const body of bodies) {
    demandDocument(zip, textIn(body, 'DocRoot'));
    const location = textIn(body, 'Signatures');
    if (!location) continue;
    const list = resolveLocation(ENTRY, location);
    lists.push(list);
    signatures.push(...signaturesOf(zip, list));
  }
  const distinct = new Set(signatures.map(({ file }) => file));
  if (distinct.size !== signatures.length) throw new DocumentFault('ofd-structure', 'a signature is listed twice');
  if (signatures.length > DOCUMENT_LIMITS.seals) throw new DocumentFault('too-many-seals', 'too many signatures');
  return { lists, signatures };
}

/** Reads Signature.xml. @throws DocumentFault ofd-structure, or what reading XML throws */
export function readSignatureFile(bytes: Buffer, file: string): OfdSignatureContent {
  const root = parseXml(bytes, file);
  if (root.name !== 'Signature') throw new DocumentFault('ofd-structure', `${file} describes no signature`);
  const info = childOf(root, 'SignedInfo');
  const references = childOf(info, 'References');
  const seal = textIn(childOf(info, 'Seal'), 'BaseLoc');
  return {
    checkMethod: references?.attributes.get('CheckMethod') ?? DEFAULT_METHOD,
    references: childrenOf(references, 'Reference').map((reference) => referenceOf(reference, file)),
    dateTime: textIn(info, 'SignatureDateTime') ?? '',
    valueFile: resolveLocation(file, demanded(textIn(root, 'SignedValue'), file, 'SignedValue')),
    sealFile: seal ? resolveLocation(file, seal) : undefined,
  };
}

/**
 * The name in the container of a location (ST_Loc): from the root of the container when it begins with a slash, else from
 * the file that names it.
 *
 * @throws DocumentFault ofd-structure when it leads out of the container
 */
export function resolveLocation(from: string, location: string): string {
  const parts = location.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of location.replace(/^\//, '').split('/')) {
    if (part === '.') continue;
    const isUp = part === '..';
    if (part === '' || (isUp && parts.length === 0))
      throw new DocumentFault('ofd-structure', `${from} names a file outside of the container`);
    if (isUp) parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function demandDocument(zip: ZipContainer, location: string | undefined): void {
  const file = resolveLocation(ENTRY, demanded(location, ENTRY, 'DocRoot'));
  const document = readRoot(zip, file, 'Document');
  for (const page of childrenOf(childOf(document, 'Pages'), 'Page')) {
    const content = resolveLocation(file, demanded(page.attributes.get('BaseLoc'), file, 'BaseLoc'));
    if (!zip.has(content)) throw new DocumentFault('ofd-structure', `the page ${content} is missing`);
  }
}

function signaturesOf(zip: ZipContainer, list: string): OfdSignature[] {
  return childrenOf(readRoot(zip, list, 'Signatures'), 'Signature').map(({ attributes }) => ({
    file: resolveLocation(list, demanded(attributes.get('BaseLoc'), list, 'BaseLoc')),
    type: attributes.get('Type') === 'Sign' ? 'Sign' : 'Seal',
  }));
}

function referenceOf(reference: XmlElement, file: string): OfdSignatureContent['references'][number] {
  const value = demanded(textIn(reference, 'CheckValue'), file, 'CheckValue').replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value))
    throw new DocumentFault('ofd-structure', `${file}: a digest is not base64`);
  return {
    file: resolveLocation(file, demanded(reference.attributes.get('FileRef'), file, 'FileRef')),
    digest: Buffer.from(value, 'base64'),
  };
}

function readRoot(zip: ZipContainer, file: string, name: string): XmlElement {
  const root = parseXml(zip.read(file), file);
  if (root.name !== name) throw new DocumentFault('ofd-structure', `${file} is no ${name}`);
  return root;
}

function demanded(text: string | undefined, file: string, what: string): string {
  if (!text) throw new DocumentFault('ofd-structure', `${file} has no ${what}`);
  return text;
}
