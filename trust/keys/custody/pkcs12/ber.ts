import forge from 'node-forge';

/** One value of an ASN.1 encoding. */
export type Node = forge.asn1.Asn1;

const { Class, Type } = forge.asn1;

/** Reads one BER value (X.690), as containers use it. Throws for anything else. */
export function readBer(bytes: Buffer): Node {
  return forge.asn1.fromDer(bytes.toString('latin1'));
}

/** The DER encoding of a value. */
export function writeDer(node: Node): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1');
}

/** The values inside a constructed one. */
export function children(node: Node | undefined): Node[] {
  if (!node || typeof node.value === 'string') throw new TypeError('a constructed value is missing');
  return node.value;
}

/** The value inside an explicit tag. */
export function explicit(node: Node | undefined): Node {
  const [inner, ...more] = children(node);
  if (node?.tagClass !== Class.CONTEXT_SPECIFIC || !inner || more.length > 0) throw new TypeError('a tag is missing');
  return inner;
}

/** The bytes of an OCTET STRING; BER may cut it into pieces. */
export function octets(node: Node | undefined): Buffer {
  if (!node) throw new TypeError('bytes are missing');
  if (typeof node.value === 'string') return Buffer.from(node.value, 'latin1');
  return Buffer.concat(node.value.map(octets));
}

/** The dotted text of an OBJECT IDENTIFIER. */
export function objectId(node: Node | undefined): string {
  if (node?.type !== Type.OID || typeof node.value !== 'string') throw new TypeError('an object identifier is missing');
  return forge.asn1.derToOid(node.value);
}

/** A small positive INTEGER. */
export function wholeNumber(node: Node | undefined): number {
  const bytes = octets(node);
  if (node?.type !== Type.INTEGER || bytes.length === 0 || bytes.length > 6 || bytes[0]! >= 0x80)
    throw new TypeError('a number is missing or out of range');
  return bytes.readUIntBE(0, bytes.length);
}

/** Whether a value is a whole number: some numbers may be left out. */
export function isNumber(node: Node | undefined): boolean {
  return node?.tagClass === Class.UNIVERSAL && node.type === Type.INTEGER;
}
