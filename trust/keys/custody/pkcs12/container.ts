import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CodedError } from '#proto';
import { children, explicit, type Node, objectId, octets, readBer, wholeNumber, writeDer } from './ber.ts';
import { checkIntegrity, decrypt } from './encryption.ts';

/** A private key of a container, with the names that it and its certificate have there. */
export interface ContainedKey {
  readonly privateKey: KeyObject;
  readonly friendlyNames: readonly string[];
  /** Hex. */
  readonly localKeyIds: readonly string[];
}

/** Bytes of a container. One holds a handful of keys and certificates of a few thousand bytes each. */
export const MAX_CONTAINER_BYTES = 256 * 1024;

/** Keys and certificates in a container. */
const MAX_BAGS = 64;

const VERSION = 3;

/** RFC 5652, 4 and 8; RFC 7292, 4.2; RFC 2985, 5.5. */
const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  encryptedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const;

interface Bag {
  readonly kind: string;
  readonly content: Node;
  readonly friendlyName: string | undefined;
  readonly localKeyId: string | undefined;
}

/**
 * Reads the private keys of a PKCS#12 container (RFC 7292) that is protected by a passphrase. Its certificates serve
 * only to give the keys their names: who issued them says nothing between regions.
 *
 * @param file its name, for the message
 * @throws CodedError PASSPHRASE_WRONG, KEY_MISSING when it is no container or damaged, CONFIG_INVALID when it is larger
 *   than 256 KiB, asks for too much work, has no integrity check, or uses algorithms that are not supported
 */
export async function readContainer(der: Buffer, passphrase: string, file: string): Promise<readonly ContainedKey[]> {
  if (der.length > MAX_CONTAINER_BYTES)
    throw new CodedError('CONFIG_INVALID', `${file} has more than ${MAX_CONTAINER_BYTES} bytes`);
  try {
    const bags = await readBags(der, passphrase);
    const keys = await Promise.all(bags.map((bag) => readKey(bag, passphrase)));
    const certificates = bags.map(readCertificate).filter((certificate) => certificate !== undefined);
    return keys.filter((key) => key !== undefined).map((key) => withNamesOf(certificates, key));
  } catch (error) {
    if (error instanceof CodedError) throw new CodedError(error.code, `${file}: ${error.message}`);
    // The cause is left out: whatever a parser says of a key file may quote it.
    throw new CodedError('KEY_MISSING', `${file} is not a PKCS#12 container, or damaged; restore it`);
  }
}

async function readBags(der: Buffer, passphrase: string): Promise<Bag[]> {
  const [version, authSafe, macData] = children(readBer(der));
  if (wholeNumber(version) !== VERSION) throw new TypeError('another version');
  if (!macData) throw new CodedError('CONFIG_INVALID', 'the container has no integrity check; export it with one');
  const content = octets(contentOf(authSafe, OID.data));
  checkIntegrity(macData, content, passphrase);
  const bags: Bag[] = [];
  for (const safe of children(readBer(content))) {
    bags.push(...children(readBer(await openSafe(safe, passphrase))).map(readBag));
    if (bags.length > MAX_BAGS)
      throw new CodedError('CONFIG_INVALID', `the container holds more than ${MAX_BAGS} things`);
  }
  return bags;
}

/** SafeContents, in clear or encrypted with the passphrase. */
async function openSafe(safe: Node, passphrase: string): Promise<Buffer> {
  if (objectId(children(safe)[0]) === OID.data) return octets(contentOf(safe, OID.data));
  const [, encryptedContentInfo] = children(contentOf(safe, OID.encryptedData));
  const [type, algorithm, encrypted] = children(encryptedContentInfo);
  if (objectId(type) !== OID.data) throw new TypeError('encrypted something else');
  return decrypt(algorithm, octets(encrypted), passphrase);
}

/** The content of a ContentInfo of a type. */
function contentOf(contentInfo: Node | undefined, type: string): Node {
  const [given, content] = children(contentInfo);
  if (objectId(given) !== type) throw new TypeError('another type of content');
  return explicit(content);
}

function readBag(bag: Node): Bag {
  const [kind, content, attributes] = children(bag);
  const values = new Map((attributes ? children(attributes) : []).map(readAttribute));
  const friendlyName = values.get(OID.friendlyName);
  const localKeyId = values.get(OID.localKeyId);
  return {
    kind: objectId(kind),
    content: explicit(content),
    // A BMPString, which the parser has made into text.
    friendlyName: typeof friendlyName?.value === 'string' ? friendlyName.value : undefined,
    localKeyId: localKeyId && octets(localKeyId).toString('hex'),
  };
}

function readAttribute(attribute: Node): [string, Node | undefined] {
  const [type, values] = children(attribute);
  return [objectId(type), children(values)[0]];
}

/** A key that is encrypted (RFC 5958, 3) or lies in what was encrypted as a whole (RFC 5958, 2). */
async function readKey({ kind, content, ...names }: Bag, passphrase: string) {
  if (kind !== OID.keyBag && kind !== OID.encryptedKeyBag) return undefined;
  const [algorithm, encrypted] = children(content);
  const der = kind === OID.keyBag ? writeDer(content) : await decrypt(algorithm, octets(encrypted), passphrase);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return { privateKey, ...names };
}

function readCertificate({ kind, content, ...names }: Bag) {
  if (kind !== OID.certificateBag) return undefined;
  const [type, value] = children(content);
  if (objectId(type) !== OID.x509Certificate) return undefined;
  return { spki: spkiBytes(() => new X509Certificate(octets(explicit(value))).publicKey), ...names };
}

/** Undefined for the key of an authority whose algorithm Node does not know: it is nobody's key here. */
function spkiBytes(keyOf: () => KeyObject): Buffer | undefined {
  try {
    return keyOf().export({ type: 'spki', format: 'der' });
  } catch {
    return undefined;
  }
}

/** Some programs name the key, some only its certificate. */
function withNamesOf(
  certificates: readonly NonNullable<ReturnType<typeof readCertificate>>[],
  key: NonNullable<Awaited<ReturnType<typeof readKey>>>,
): ContainedKey {
  const own = spkiBytes(() => createPublicKey(key.privateKey));
  const its = certificates.filter(({ spki }) => own && spki?.equals(own));
  const named = [key, ...its];
  return {
    privateKey: key.privateKey,
    friendlyNames: named.map(({ friendlyName }) => friendlyName).filter((name) => name !== undefined),
    localKeyIds: named.map(({ localKeyId }) => localKeyId).filter((id) => id !== undefined),
  };
}
