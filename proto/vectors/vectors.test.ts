import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decode, encode, type MessageInput, type MessageName } from '../codec.ts';
import { envelopeLeaf, type Hash, logLeaf, payloadDigest, receiptLeaf, treeNode } from '../signing-bytes.ts';
import { recordCodec, recordHashes } from '../testing/record-vectors.ts';
import codec from './codec.json' with { type: 'json' };
import hashes from './hashes.json' with { type: 'json' };

const sha256: Hash = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('the recorded messages', () => {
  it.each(codec.messages)('$name: decoding and encoding give what was recorded', ({ name, message, bytes: hex }) => {
    const fields = unmark(message) as MessageInput<MessageName>;
    expect(decode(name as MessageName, bytes(hex))).toMatchObject(fields);
    expect(encode(name as MessageName, fields).toString('hex')).toBe(hex);
  });

  it('are of every type that there is, and of no other: `node proto/testing/record-vectors.ts` adds new ones', () => {
    const today = recordCodec().messages.map(({ name }) => name);
    expect(codec.messages.map(({ name }) => name).sort()).toEqual(today.sort());
  });
});

describe('the recorded hashes', () => {
  it('are leaves and digests', () => {
    const { envelope_leaf, receipt_leaf, payload_digest, log_leaf } = hashes;
    expect(envelopeLeaf(sha256, bytes(envelope_leaf.header)).toString('hex')).toBe(envelope_leaf.leaf);
    expect(receiptLeaf(sha256, bytes(receipt_leaf.body)).toString('hex')).toBe(receipt_leaf.leaf);
    expect(logLeaf(sha256, bytes(log_leaf.entry)).toString('hex')).toBe(log_leaf.leaf);
    const { salt, payload, digest } = payload_digest;
    expect(payloadDigest(sha256, bytes(salt), bytes(payload)).toString('hex')).toBe(digest);
  });

  it.each(hashes.trees)('are a tree of $leaves.length leaves, level by level', ({ leaves, root }) => {
    let level: readonly Buffer[] = leaves.map(bytes);
    while (level.length > 1) {
      const below = level;
      level = below.flatMap((node, at) =>
        at % 2 ? [] : [at + 1 < below.length ? treeNode(sha256, node, below[at + 1]!) : node],
      );
    }
    expect((level[0] ?? sha256()).toString('hex')).toBe(root);
  });

  it('are what would be recorded today', () => {
    expect(recordHashes()).toEqual(hashes);
  });

  it('take the length of the header before the header', () => {
    const header = bytes(hashes.envelope_leaf.header);
    const input = `00${header.length.toString(16).padStart(8, '0')}${hashes.envelope_leaf.header}`;
    expect(sha256(bytes(input)).toString('hex')).toBe(hashes.envelope_leaf.leaf);
  });
});

/** Turns `{"bytes": hex}` back into bytes. */
function unmark(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmark);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]![0] === 'bytes') return bytes(String(entries[0]![1]));
  return Object.fromEntries(entries.map(([name, member]) => [name, unmark(member)]));
}
