import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { receiptLeaf, TYP } from '#proto';
import { verifySeal } from '../envelope/open.ts';
import { readReceipt, verifyReceiptGroup } from '../envelope/receipt.ts';
import { VerificationError } from '../errors.ts';
import { verifyStatement } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import type { RecordedSeal } from '../testing/recording/forge.ts';
import { RECORDINGS } from '../testing/recording/record-vectors.ts';

interface Recorded {
  body: string;
  leaf: string;
  seal: RecordedSeal;
}

interface Vector {
  suite: string;
  statement: string;
  issuer: string;
  audience: string;
  envelope: { id: string; leaf: string; conversation: string; sequence: number };
  group: { signed_root: string; receipts: string[] };
  single: Recorded;
  bad: (Recorded & { what: string; code: string })[];
}

const read = (name: string): Vector => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));
const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe.each(['receipt-es256', 'receipt-ed25519', 'receipt-sm2-sm3'])('%s', (name) => {
  const vector = read(name);

  it('verifies as a group, and not with one changed or missing', async () => {
    const { group, issuer, audience } = vector;
    const statement = await verifyStatement(vector.statement);
    const bodies = group.receipts.map(bytes);
    expect(verifyReceiptGroup(Buffer.from(group.signed_root), bodies, statement)).toHaveLength(2);
    expect(bodies.map((body) => readReceipt(body, issuer, audience).code)).toEqual(['', 'ITEM_UNKNOWN']);
    expect(() => verifyReceiptGroup(Buffer.from(group.signed_root), bodies.slice(1), statement)).toThrow(
      expect.objectContaining({ code: 'ROOT_MISMATCH' }),
    );
  });

  it('verifies with a seal of its own', async () => {
    expect(await verify(vector, vector.single)).toBe(vector.single.leaf);
  });

  it.each(vector.bad)('is refused: $what ($code)', async ({ code, ...receipt }) => {
    await expect(verify(vector, receipt)).rejects.toThrow(expect.objectContaining({ code }));
  });

  it('would be recorded today with the same members', async () => {
    const fresh = (await RECORDINGS[name]!()) as Vector;
    expect(Object.keys(fresh)).toEqual(Object.keys(vector));
    expect(await verify(fresh, fresh.single)).toBe(fresh.single.leaf);
  });
});

/** What proto/README.md demands of a receipt that has a seal of its own. */
async function verify({ suite, statement, issuer, audience, envelope }: Vector, receipt: Recorded): Promise<string> {
  const leaf = receiptLeaf(suiteOf(suite).hash, bytes(receipt.body));
  const { signed_root, leaf_index, tree_size, inclusion_path } = receipt.seal;
  const seal = {
    signedRoot: Buffer.from(signed_root),
    leafIndex: leaf_index,
    treeSize: tree_size,
    inclusionPath: inclusion_path.map(bytes),
  };
  verifySeal(() => leaf, seal, TYP.receiptRoot, await verifyStatement(statement), { kind: 'history' });
  const body = readReceipt(bytes(receipt.body), issuer, audience);
  const { id, conversation, sequence } = envelope;
  const named = {
    id: body.envelopeId,
    leaf: body.leafHash.toString('hex'),
    conversation: body.conversation,
    sequence: body.sequence,
  };
  if (JSON.stringify(named) !== JSON.stringify({ id, leaf: envelope.leaf, conversation, sequence }))
    throw new VerificationError('RECEIPT_INVALID');
  return leaf.toString('hex');
}
