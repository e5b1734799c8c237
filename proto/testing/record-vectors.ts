/**
 * Records the vectors of this layer. `node proto/testing/record-vectors.ts` writes what is missing: files, and messages of new
 * types. What was recorded stays.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { encode, type MessageInput, type MessageName } from '../codec.ts';
import { PAYLOAD_NAMES } from '../payload-rules.ts';
import {
  envelopeLeaf,
  type Hash,
  logLeaf,
  payloadDigest,
  receiptLeaf,
  SALT_BYTES,
  treeNode,
} from '../signing-bytes.ts';
import { payloadSamples, SAMPLE_TIME } from './payload-samples.ts';

const sha256: Hash = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const digest = (text: string): Buffer => sha256(Buffer.from(text));

const ENVELOPE_ID = '01920000-0000-7000-8000-000000000001';
const CONVERSATION = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

const header = {
  version: 1,
  critical: [],
  id: ENVELOPE_ID,
  type: 'tongban.v1.CaseTransfer',
  sender: '320600',
  recipient: '150626',
  conversation: CONVERSATION,
  sequence: 1,
  sentAt: SAMPLE_TIME,
  expiresAt: SAMPLE_TIME + 86_400_000,
  authorizationId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
  authorizationDigest: digest('authorization'),
  inReplyTo: '',
  payloadDigest: digest('payload'),
  suite: 'ES256',
};

const receipt = {
  version: 1,
  issuer: '150626',
  audience: '320600',
  envelopeId: ENVELOPE_ID,
  leafHash: digest('leaf'),
  conversation: CONVERSATION,
  sequence: 1,
  outcome: 'OUTCOME_REJECTED',
  code: 'ITEM_NOT_COVERED',
  receivedAt: SAMPLE_TIME + 1000,
  decidedAt: SAMPLE_TIME + 1001,
};

const entry = {
  version: 1,
  kind: 'LOG_ENTRY_KIND_RECEIPT_RECEIVED',
  subject: digest('subject'),
  peer: '150626',
  at: SAMPLE_TIME + 2000,
};

const MESSAGES: readonly [MessageName, object][] = [
  ['EnvelopeHeader', header],
  ['ReceiptBody', receipt],
  ['LogEntry', entry],
  ...PAYLOAD_NAMES.map((name) => [name, payloadSamples[name]] as [MessageName, object]),
];

interface RecordedCodec {
  readonly note: string;
  readonly messages: readonly { readonly name: MessageName; readonly message: unknown; readonly bytes: string }[];
}

/** Messages and their bytes. Bytes inside a message are written `{"bytes": hex}`. */
export function recordCodec(): RecordedCodec {
  return {
    note: 'Decoding bytes gives message; our encoder, which writes fields by number and omits defaults, gives bytes.',
    messages: MESSAGES.map(([name, message]) => ({
      name,
      message: JSON.parse(JSON.stringify(markBytes(message))),
      bytes: encode(name, message as MessageInput<MessageName>).toString('hex'),
    })),
  };
}

/** Hashes and trees with SHA-256. */
export function recordHashes(): object {
  const [headerBytes, body, entryBytes] = [
    encode('EnvelopeHeader', header),
    encode('ReceiptBody', receipt),
    encode('LogEntry', entry),
  ];
  const [salt, payload] = [Buffer.alloc(SALT_BYTES, 0x5a), encode('Ping', { note: '你好' })];
  return {
    note: 'SHA-256. Paths are in the order of the leaves, each from the leaf upwards.',
    envelope_leaf: { header: hex(headerBytes), leaf: hex(envelopeLeaf(sha256, headerBytes)) },
    receipt_leaf: { body: hex(body), leaf: hex(receiptLeaf(sha256, body)) },
    payload_digest: { salt: hex(salt), payload: hex(payload), digest: hex(payloadDigest(sha256, salt, payload)) },
    log_leaf: { entry: hex(entryBytes), leaf: hex(logLeaf(sha256, entryBytes)) },
    trees: [0, 1, 2, 3, 5, 7, 8, 13].map((size) => {
      const leaves = Array.from({ length: size }, (_, index) => digest(`leaf ${index}`));
      return {
        leaves: leaves.map(hex),
        root: hex(rootOf(leaves)),
        paths: leaves.map((_, index) => pathOf(leaves, index).map(hex)),
      };
    }),
  };
}

/** RFC 9162, 2.1.1, as the clause has it. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length < 2) return leaves[0] ?? sha256();
  const split = splitPoint(leaves.length);
  return treeNode(sha256, rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

/** RFC 9162, 2.1.3.1, as the clause has it. */
function pathOf(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length < 2) return [];
  const split = splitPoint(leaves.length);
  return index < split
    ? [...pathOf(leaves.slice(0, split), index), rootOf(leaves.slice(split))]
    : [...pathOf(leaves.slice(split), index - split), rootOf(leaves.slice(0, split))];
}

function splitPoint(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1);
}

function markBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (Array.isArray(value)) return value.map(markBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, markBytes(member)]));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What was recorded, with the messages of types that are new. */
function withNewTypes(old: RecordedCodec): RecordedCodec {
  const known = new Set(old.messages.map(({ name }) => name));
  return { ...old, messages: [...old.messages, ...recordCodec().messages.filter(({ name }) => !known.has(name))] };
}

function write(file: URL, recording: object): void {
  writeFileSync(file, `${JSON.stringify(recording, undefined, 1)}\n`);
}

if (import.meta.main) {
  const [codec, hashes] = ['codec', 'hashes'].map((name) => new URL(`../vectors/${name}.json`, import.meta.url));
  write(codec!, existsSync(codec!) ? withNewTypes(JSON.parse(readFileSync(codec!, 'utf8'))) : recordCodec());
  if (!existsSync(hashes!)) write(hashes!, recordHashes());
}
