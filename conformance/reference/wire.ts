import { createHash } from 'node:crypto';

/** Bytes, proto3 and trees of proto/README.md, written from that page alone. */

/** A fault of the object that is judged. `code` is one of the error codes of the specification. */
export class Refused extends Error {
  readonly code: string;
  /** Place inside the object, from the outside in. */
  readonly path: readonly string[];

  constructor(code: string, message: string, path: readonly string[] = []) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** @throws Refused with the code, unless the demand is met */
export function demand(met: unknown, code: string, message: string): asserts met {
  if (!met) throw new Refused(code, message);
}

/** The bytes of a canonical base64url (RFC 4648, 5) or base64 (section 4) text; undefined for any other text. */
export function decoded(text: unknown, alphabet: 'base64url' | 'base64' = 'base64url'): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, alphabet);
  return bytes.toString(alphabet) === text ? bytes : undefined;
}

/** Strict UTF-8; undefined when the bytes are none. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The value of a JSON text (or of its UTF-8 bytes); undefined when it is none. */
export function json(source: string | Uint8Array): unknown {
  const text = typeof source === 'string' ? source : utf8(source);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As `json`; undefined also when a member stands twice in one object. */
export function jsonOnce(bytes: Uint8Array): unknown {
  const value = json(bytes);
  // In a text that is JSON a string is a name exactly when a colon follows it.
  const names = utf8(bytes)?.match(/"(?:[^"\\]|\\.)*"(?=\s*:)/gs)?.length ?? 0;
  return names === namesIn(value) ? value : undefined;
}

function namesIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, entry) => sum + namesIn(entry), 0);
  if (value === null || typeof value !== 'object') return 0;
  return Object.values(value).reduce((sum: number, entry) => sum + 1 + namesIn(entry), 0);
}

/** The hash `H` of a suite. */
export type Hash = (...parts: Uint8Array[]) => Buffer;

export const sha256 = hashNamed('sha256');
export const sm3 = hashNamed('sm3');

function hashNamed(name: string): Hash {
  return (...parts) => {
    const hash = createHash(name);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
}

/** Leaf of an envelope (its header) or of a receipt (its body). */
export function leafOf(H: Hash, bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return H(Buffer.of(0), length, bytes);
}

/** Leaf of a log entry: RFC 9162, 2.1.1. */
export function logLeaf(H: Hash, entry: Uint8Array): Buffer {
  return H(Buffer.of(0), entry);
}

const node = (H: Hash, left: Uint8Array, right: Uint8Array) => H(Buffer.of(1), left, right);
const half = (n: number) => Math.floor(n / 2);
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** RFC 9162, 2.1.1. */
export function treeRoot(H: Hash, leaves: readonly Uint8Array[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return H();
  if (leaves.length === 1) return Buffer.from(first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return node(H, treeRoot(H, leaves.slice(0, split)), treeRoot(H, leaves.slice(split)));
}

/** Whether the path leads from the leaf to the root: RFC 9162, 2.1.3.2. */
export function pathLeadsTo(
  H: Hash,
  root: Uint8Array,
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): boolean {
  if (index < 0 || index >= size) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = node(H, sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = node(H, hash, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(hash, root);
}

/** One state of a log. */
export interface LogState {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the older log begins the newer one: RFC 9162, 2.1.4.2. */
export function beginsWith(H: Hash, older: LogState, newer: LogState, proof: readonly Uint8Array[]): boolean {
  const [m, n] = [older.size, newer.size];
  if (m > n) return false;
  if (m === n) return proof.length === 0 && same(older.root, newer.root);
  if (m === 0) return proof.length === 0 && same(older.root, H());
  let [at, last] = [m - 1, n - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  const rest = at === 0 ? [older.root, ...proof] : [...proof];
  const start = rest.shift();
  if (start === undefined) return false;
  let [old, fresh] = [start, start];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, fresh] = [node(H, sibling, old), node(H, sibling, fresh)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else fresh = node(H, fresh, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(old, older.root) && same(fresh, newer.root);
}

type Kind = 'uint32' | 'enum' | 'int64' | 'uint64' | 'text' | 'texts' | 'pairs' | 'bytes';
type Schema = Readonly<Record<string, readonly [number, Kind]>>;
interface Values {
  readonly text: string;
  readonly texts: string[];
  /** A map of texts to texts. */
  readonly pairs: Record<string, string>;
  readonly bytes: Buffer;
}
type Value<K extends Kind> = K extends keyof Values ? Values[K] : number;
type Message<S extends Schema> = { -readonly [N in keyof S]: Value<S[N][1]> };

const HEADER = {
  version: [1, 'uint32'],
  critical: [2, 'texts'],
  id: [3, 'text'],
  type: [4, 'text'],
  sender: [5, 'text'],
  recipient: [6, 'text'],
  conversation: [7, 'text'],
  sequence: [8, 'uint64'],
  sentAt: [9, 'int64'],
  expiresAt: [10, 'int64'],
  authorizationId: [11, 'text'],
  authorizationDigest: [12, 'bytes'],
  inReplyTo: [13, 'text'],
  payloadDigest: [14, 'bytes'],
  suite: [15, 'text'],
} as const satisfies Schema;

const RECEIPT = {
  version: [1, 'uint32'],
  issuer: [2, 'text'],
  audience: [3, 'text'],
  envelopeId: [4, 'text'],
  leafHash: [5, 'bytes'],
  conversation: [6, 'text'],
  sequence: [7, 'uint64'],
  outcome: [8, 'enum'],
  code: [9, 'text'],
  receivedAt: [10, 'int64'],
  decidedAt: [11, 'int64'],
} as const satisfies Schema;

const ENTRY = {
  version: [1, 'uint32'],
  kind: [2, 'enum'],
  subject: [3, 'bytes'],
  peer: [4, 'text'],
  at: [5, 'int64'],
} as const satisfies Schema;

const CERTIFICATE_QUESTION = {
  identifier: [1, 'text'],
  digest: [2, 'bytes'],
  fields: [3, 'texts'],
  purpose: [4, 'text'],
  reference: [5, 'text'],
} as const satisfies Schema;

const CERTIFICATE_ANSWER = {
  identifier: [1, 'text'],
  status: [2, 'enum'],
  answeredAt: [3, 'int64'],
  fields: [4, 'pairs'],
  reference: [5, 'text'],
  validForSeconds: [6, 'uint32'],
} as const satisfies Schema;

const DATA_QUESTION = {
  item: [1, 'text'],
  kind: [2, 'text'],
  parameters: [3, 'bytes'],
  fields: [4, 'texts'],
  purpose: [5, 'text'],
  legalBasis: [6, 'text'],
} as const satisfies Schema;

const DATA_ANSWER = {
  kind: [1, 'text'],
  status: [2, 'enum'],
  answeredAt: [3, 'int64'],
  fields: [4, 'pairs'],
  validForSeconds: [5, 'uint32'],
} as const satisfies Schema;

export type Header = Message<typeof HEADER>;
export type ReceiptBody = Message<typeof RECEIPT>;

/** @throws Refused MALFORMED */
export const readHeader = (bytes: Buffer) => read(bytes, HEADER);
/** @throws Refused MALFORMED */
export const readReceiptBody = (bytes: Buffer) => read(bytes, RECEIPT);
/** @throws Refused MALFORMED */
export const readLogEntry = (bytes: Buffer) => read(bytes, ENTRY);

/** @throws Refused MALFORMED */
export const readCertificateQuestion = (bytes: Buffer) => read(bytes, CERTIFICATE_QUESTION);
/** @throws Refused MALFORMED */
export const readCertificateAnswer = (bytes: Buffer) => read(bytes, CERTIFICATE_ANSWER);
/** @throws Refused MALFORMED */
export const readDataQuestion = (bytes: Buffer) => read(bytes, DATA_QUESTION);
/** @throws Refused MALFORMED */
export const readDataAnswer = (bytes: Buffer) => read(bytes, DATA_ANSWER);

const PAIR = { key: [1, 'text'], value: [2, 'text'] } as const satisfies Schema;
const EMPTY = { text: () => '', texts: () => [], pairs: () => ({}), bytes: () => Buffer.alloc(0) };

function isLong(kind: Kind): kind is keyof Values {
  return Object.hasOwn(EMPTY, kind);
}

/** Reads one proto3 message: unknown fields are skipped, of a field that stands twice the last counts. */
function read<S extends Schema>(bytes: Buffer, schema: S): Message<S> {
  const fields = Object.entries(schema).map(([name, [number, kind]]) => ({ name, number, kind }));
  const message: Record<string, unknown> = Object.fromEntries(
    fields.map(({ name, kind }) => [name, isLong(kind) ? EMPTY[kind]() : 0]),
  );
  let at = 0;
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    demand(number >= 1 && number < 2 ** 29, 'MALFORMED', 'no such field number');
    const field = fields.find((one) => one.number === number);
    if (field === undefined) skip(wire);
    else if (isLong(field.kind)) {
      demand(wire === 2, 'MALFORMED', `${field.name} has another wire type`);
      const content = take(Number(varint()));
      if (field.kind === 'bytes') message[field.name] = content;
      else if (field.kind === 'pairs') {
        const { key, value } = read(content, PAIR);
        message[field.name] = { ...(message[field.name] as object), [key]: value };
      } else {
        const text = utf8(content);
        demand(text !== undefined, 'MALFORMED', `${field.name} is not UTF-8`);
        message[field.name] = field.kind === 'text' ? text : [...(message[field.name] as string[]), text];
      }
    } else {
      demand(wire === 0, 'MALFORMED', `${field.name} has another wire type`);
      message[field.name] = whole(varint(), field.kind);
    }
  }
  return message as Message<S>;

  function take(length: number): Buffer {
    demand(at + length <= bytes.length, 'MALFORMED', 'a field ends outside its message');
    at += length;
    return bytes.subarray(at - length, at);
  }

  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1).readUInt8();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new Refused('MALFORMED', 'a number has more than ten bytes');
  }

  function skip(wire: number): void {
    if (wire === 0) varint();
    else if (wire === 1) take(8);
    else if (wire === 2) take(Number(varint()));
    else if (wire === 5) take(4);
    else throw new Refused('MALFORMED', 'a group, or a wire type that does not exist');
  }
}

function whole(raw: bigint, kind: Kind): number {
  const value = Number(kind === 'int64' ? BigInt.asIntN(64, raw) : raw);
  const most = kind === 'uint32' || kind === 'enum' ? 2 ** 32 - 1 : Number.MAX_SAFE_INTEGER;
  demand(Math.abs(value) <= most, 'MALFORMED', 'a number is larger than its field takes');
  return value;
}
