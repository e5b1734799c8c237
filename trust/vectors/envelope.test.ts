import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import { openMember, openSealed, readArrived, verifyGroup } from '../envelope/open.ts';
import { type RegionStatement, verifyStatement } from '../region/statement.ts';
import type { RecordedSeal } from '../testing/recording/forge.ts';
import { RECORDINGS } from '../testing/recording/record-vectors.ts';

interface Recorded {
  header: string;
  payload: string;
  payload_salt: string;
  leaf: string;
}

interface Vector {
  statement: string;
  sender: string;
  recipient: string;
  now: number;
  batch: { signed_root: string; envelopes: Recorded[] };
  single: Recorded & { seal: RecordedSeal };
  bad: (Recorded & { seal: RecordedSeal; what: string; code: string; now: number })[];
}

const read = (name: string): Vector => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));
const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe.each(['envelope-es256', 'envelope-ed25519', 'envelope-sm2-sm3'])('%s', (name) => {
  const vector = read(name);
  const { statement, sender, recipient, now, batch, single, bad } = vector;

  it('opens as a group, every leaf as recorded', async () => {
    const root = verifyGroup(
      Buffer.from(batch.signed_root),
      batch.envelopes.map(({ header }) => bytes(header)),
      await verifyStatement(statement),
      { kind: 'arrival', now },
    );
    expect(root.leaves.map((leaf) => leaf.toString('hex'))).toEqual(batch.envelopes.map(({ leaf }) => leaf));
    const opened = batch.envelopes.map((one) => openMember(readArrived(wire(one), sender, recipient), root, now));
    expect(opened.map(({ header }) => header.sequence)).toEqual([1, 2, 3]);
  });

  it('is no group with one missing, one more, or in another order', async () => {
    const headers = batch.envelopes.map(({ header }) => bytes(header));
    const region = await verifyStatement(statement);
    for (const group of [headers.slice(1), [...headers, headers[0]!], headers.toReversed()])
      expect(() => verifyGroup(Buffer.from(batch.signed_root), group, region, { kind: 'arrival', now })).toThrow(
        expect.objectContaining({ code: 'ROOT_MISMATCH' }),
      );
  });

  it('opens with a seal of its own', async () => {
    expect(open(single, single.seal, await verifyStatement(statement), now).leaf.toString('hex')).toBe(single.leaf);
  });

  it.each(bad)('is refused: $what ($code)', async ({ code, ...one }) => {
    const region = await verifyStatement(statement);
    expect(() => open(one, one.seal, region, one.now)).toThrow(expect.objectContaining({ code }));
  });

  it('would be recorded today with the same members and the same faults', async () => {
    const fresh = (await RECORDINGS[name]!()) as Vector;
    expect(Object.keys(fresh)).toEqual(Object.keys(vector));
    const region = await verifyStatement(fresh.statement);
    expect(open(fresh.single, fresh.single.seal, region, fresh.now).header.sequence).toBe(7);
    expect(fresh.bad.map(({ what, code }) => [what, code])).toEqual(bad.map(({ what, code }) => [what, code]));
  });

  function open(one: Recorded, seal: RecordedSeal, region: RegionStatement, at: number) {
    return openSealed(readArrived(wire(one), sender, recipient), sealOf(seal), region, at);
  }
});

function wire({ header, payload, payload_salt }: Recorded): messages.Envelope {
  return { header: bytes(header), payload: bytes(payload), payloadSalt: bytes(payload_salt), seal: null };
}

function sealOf(seal: RecordedSeal): messages.Seal {
  return {
    signedRoot: Buffer.from(seal.signed_root),
    leafIndex: seal.leaf_index,
    treeSize: seal.tree_size,
    inclusionPath: seal.inclusion_path.map(bytes),
  };
}
