import { describe, expect, it } from 'vitest';
import { logLeaf } from '#proto';
import { verifyCheckpoint } from '../evidence/checkpoint.ts';
import { EMPTY_FRONTIER } from '../evidence/frontier.ts';
import { appendLeaves, verifyLogConsistency, verifyLogInclusion } from '../evidence/log.ts';
import { verifyStatement } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import { RECORDINGS } from '../testing/recording/record-vectors.ts';
import ed25519 from './checkpoint-ed25519.json' with { type: 'json' };
import es256 from './checkpoint-es256.json' with { type: 'json' };
import sm2 from './checkpoint-sm2-sm3.json' with { type: 'json' };
import logSha256 from './log-sha256.json' with { type: 'json' };
import logSm3 from './log-sm3.json' with { type: 'json' };

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const refused = expect.objectContaining({ code: 'LOG_PROOF_INVALID' });

type Inclusion = (typeof logSha256.inclusion)[number];
type Consistency = (typeof logSha256.consistency)[number];

describe.each([
  ['log-sha256', 'ES256', logSha256],
  ['log-sm3', 'SM2-SM3', logSm3],
] as const)('the recorded log of %s', (name, suite, log) => {
  const { hash } = suiteOf(suite);
  const verifyInclusion = ({ leaf, index, size, path, root }: Inclusion) =>
    verifyLogInclusion(hash, bytes(leaf), index, size, path.map(bytes), bytes(root));
  const verifyConsistency = ({ old_size, old_root, new_size, new_root, proof }: Consistency) =>
    verifyLogConsistency(hash, old_size, bytes(old_root), new_size, bytes(new_root), proof.map(bytes));

  it('has the recorded leaves and roots', () => {
    expect(log.entries.map((entry) => logLeaf(hash, bytes(entry)).toString('hex'))).toEqual(log.leaves);
    const roots = log.roots.map(
      (_, size) => appendLeaves(hash, EMPTY_FRONTIER, log.leaves.slice(0, size).map(bytes)).root,
    );
    expect(roots.map((root) => root.toString('hex'))).toEqual(log.roots);
  });

  it.each(log.inclusion)('holds leaf $index at size $size', (proof) => verifyInclusion(proof));
  it.each(log.consistency)('grew from $old_size to $new_size', (proof) => verifyConsistency(proof));
  it.each(log.bad.inclusion.map((proof, at) => [at, proof] as const))('refuses bad inclusion %i', (_, proof) => {
    expect(() => verifyInclusion(proof)).toThrow(refused);
  });
  it.each(log.bad.consistency.map((proof, at) => [at, proof] as const))('refuses bad consistency %i', (_, proof) => {
    expect(() => verifyConsistency(proof)).toThrow(refused);
  });

  it('would be recorded today in the same bytes', async () => {
    expect(await RECORDINGS[name]!()).toEqual(log);
  });
});

describe.each([
  ['ES256', es256],
  ['Ed25519', ed25519],
  ['SM2-SM3', sm2],
])('the recorded checkpoint of a region with %s keys', (_, { statement, at, note_text, bad, ...says }) => {
  it('says what was recorded', async () => {
    const { root, hash: _, ...state } = verifyCheckpoint(note_text, await verifyStatement(statement), at);
    expect({ ...state, root: root.toString('hex') }).toEqual({
      region: says.region,
      epoch: says.epoch,
      size: says.size,
      root: says.root,
    });
  });

  it.each(bad)('is refused: $what ($code)', async ({ code, ...one }) => {
    const region = await verifyStatement(statement);
    expect(() => verifyCheckpoint(one.note_text, region, one.at)).toThrow(expect.objectContaining({ code }));
  });
});
