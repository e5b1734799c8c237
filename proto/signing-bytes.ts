/** `H` of a suite: the hash over the concatenation of the parts. */
export type Hash = (...parts: readonly Uint8Array[]) => Buffer;

/** `typ` of every kind of signed object. Nothing signed for one purpose passes for another. */
export const TYP = {
  envelopeRoot: 'tongban-envelopes+jws',
  receiptRoot: 'tongban-receipts+jws',
  authorization: 'tongban-authorization+jws',
  joint: 'tongban-joint+jws',
  jointEnding: 'tongban-joint-ending+jws',
  entrustment: 'tongban-entrustment+jws',
  entrustmentRevocation: 'tongban-entrustment-revocation+jws',
  statement: 'entity-statement+jwt',
  anchorIndex: 'tongban-anchor-index+jwt',
  anchorRevocations: 'tongban-anchor-revocations+jwt',
  trustMark: 'trust-mark+jwt',
  conformanceResult: 'tongban-conformance-result+jwt',
  certificate: 'dc+sd-jwt',
  keyBinding: 'kb+jwt',
  statusList: 'statuslist+jwt',
  logEpoch: 'tongban-log-epoch+jws',
  archiveVolume: 'tongban-archive-volume+jwt',
} as const;

export const SALT_BYTES = 32;

const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);

/** Identity of an envelope: `H(0x00 ‖ uint32be(len(header)) ‖ header)`. */
export function envelopeLeaf(hash: Hash, header: Uint8Array): Buffer {
  return hash(LEAF, uint32be(header.length), header);
}

/** Identity of a receipt: `H(0x00 ‖ uint32be(len(body)) ‖ body)`. */
export function receiptLeaf(hash: Hash, body: Uint8Array): Buffer {
  return hash(LEAF, uint32be(body.length), body);
}

/** Identity of a record of the audit (审计记录): `H(0x00 ‖ uint32be(len(record)) ‖ record)`. */
export function auditLeaf(hash: Hash, record: Uint8Array): Buffer {
  return hash(LEAF, uint32be(record.length), record);
}

/** Leaf of an evidence log: `H(0x00 ‖ entry)` (RFC 9162, 2.1.1). */
export function logLeaf(hash: Hash, entry: Uint8Array): Buffer {
  return hash(LEAF, entry);
}

/** Interior node of every tree: `H(0x01 ‖ left ‖ right)` (RFC 9162, 2.1.1). */
export function treeNode(hash: Hash, left: Uint8Array, right: Uint8Array): Buffer {
  return hash(NODE, left, right);
}

/** `payload_digest = H(salt ‖ payload)`. */
export function payloadDigest(hash: Hash, salt: Uint8Array, payload: Uint8Array): Buffer {
  return hash(salt, payload);
}

/** Names a region in signed objects. */
export function regionUrn(code: string): string {
  return `urn:tongban:region:${code}`;
}

function uint32be(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
