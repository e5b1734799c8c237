import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle, writeBundle } from '#trust';
import { SAMPLE_TIME } from '../../proto/testing/payload-samples.ts';
import { type EvidenceCase, evidenceCase } from '../../trust/testing/evidence-case.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { revoking, type TestWitness, witnessedState } from '../../trust/testing/witnessed-case.ts';
import { readStatement, verifyCosignature } from './documents.ts';
import { verifyEvidence } from './evidence.ts';
import { Refused } from './wire.ts';

/** Both verifiers judge the bundles of a thief who dates back, with every kind of proof that reaches both. */
const HOUR = 3_600_000;
const SEEN = SAMPLE_TIME + HOUR / 2;
const REVOKED = SAMPLE_TIME + HOUR;

type Side = 'exporter' | 'peer' | 'third';
interface Situation {
  readonly what: string;
  readonly revoked: readonly (readonly [Side, ...('signing' | 'log')[]])[];
  readonly revokedAt?: number;
  readonly witnesses?: readonly Side[];
  readonly at?: number;
  /** Leaves fewer than the whole log. */
  readonly less?: number;
  readonly change?: (note: string) => string;
  readonly given?: readonly Side[];
}

const vectors = <T>(name: string) =>
  JSON.parse(readFileSync(new URL(`../../trust/vectors/${name}.json`, import.meta.url), 'utf8')) as T;

describe('the vectors of witnesses', () => {
  it.each(['cosignature-ed25519', 'cosignature-sm2-sm3'])('%s stand, and the bad ones are refused', (name) => {
    type Line = { what: string; note_text: string; line: string; code: string };
    const file = vectors<Line & { statement: string; at: number; bad: Line[] }>(name);
    const witness = readStatement(file.statement);
    const judge = ({ note_text, line }: Line) => verifyCosignature(note_text, line.slice(0, -1), witness);
    expect(judge(file)).toBe(file.at);
    const got = file.bad.map((bad) => {
      try {
        return [bad.what, judge(bad)];
      } catch (error) {
        return [bad.what, error instanceof Refused ? error.code : error];
      }
    });
    expect(got).toEqual(file.bad.map(({ what, code }) => [what, code]));
  });

  it.each(['witnessed-es256', 'witnessed-sm2-sm3'])('%s proves its case, and its changes fail', (name) => {
    type Bad = { what: string; value: unknown; where: string; code: string };
    const file = vectors<{ statements: string[]; bundle: object; timeline: object[]; bad: Bad[] }>(name);
    const good = verifyEvidence(JSON.stringify(file.bundle), file.statements);
    expect(good).toMatchObject({ verified: true, faults: [], envelopes: file.timeline });
    const got = file.bad.map(({ what, value }) => {
      const { faults } = verifyEvidence(JSON.stringify({ ...file.bundle, witnessed: value }), file.statements);
      return [what, faults[0]?.where, faults[0]?.code];
    });
    expect(got).toEqual(file.bad.map(({ what, where, code }) => [what, where, code]));
  });
});

const SITUATIONS: readonly (Situation & { readonly verified: boolean })[] = [
  { what: 'nothing was revoked', revoked: [], witnesses: ['third'], verified: true },
  { what: 'seals stand on receipts, receipts on nothing', revoked: [['exporter', 'signing']], verified: false },
  { what: 'receipts alone fall', revoked: [['peer', 'signing']], verified: false },
  {
    what: 'receipts stand on the peer as witness',
    revoked: [['peer', 'signing']],
    witnesses: ['peer'],
    verified: true,
  },
  { what: 'receipts stand on a third region', revoked: [['peer', 'signing']], witnesses: ['third'], verified: true },
  {
    what: 'everything stands on a third region',
    revoked: [
      ['peer', 'signing'],
      ['exporter', 'signing', 'log'],
    ],
    witnesses: ['third'],
    verified: true,
  },
  { what: 'the exporter is no witness', revoked: [['peer', 'signing']], witnesses: ['exporter'], verified: false },
  { what: 'a late witness', revoked: [['peer', 'signing']], witnesses: ['third'], at: REVOKED, verified: false },
  { what: 'an early state', revoked: [['peer', 'signing']], witnesses: ['third'], less: 14, verified: false },
  {
    what: 'a witness without statement',
    revoked: [['peer', 'signing']],
    witnesses: ['third'],
    given: ['exporter', 'peer'],
    verified: false,
  },
  {
    what: 'a witness whose key was revoked',
    revoked: [
      ['peer', 'signing'],
      ['third', 'log'],
    ],
    witnesses: ['third'],
    verified: false,
  },
  { what: 'seals decided late', revoked: [['exporter', 'signing']], revokedAt: SAMPLE_TIME + 90_000, verified: false },
  { what: 'the agreement is late too', revoked: [['exporter', 'signing']], revokedAt: SAMPLE_TIME, verified: false },
  { what: 'the checkpoint falls alone', revoked: [['exporter', 'log']], verified: false },
  { what: 'the checkpoint stands on a witness', revoked: [['exporter', 'log']], witnesses: ['peer'], verified: true },
  {
    what: 'an altered countersignature',
    revoked: [],
    witnesses: ['third'],
    change: (note) => note.replace(/.(.{20})\n$/, (all, rest) => `${all[0] === 'A' ? 'B' : 'A'}${rest}\n`),
    verified: false,
  },
  {
    what: 'an altered state',
    revoked: [],
    witnesses: ['third'],
    change: (note) => note.replace('/1\n', '/2\n'),
    verified: false,
  },
  { what: 'another line', revoked: [], witnesses: ['third'], change: (note) => `${note}hello\n`, verified: false },
  { what: 'no line end', revoked: [], witnesses: ['third'], change: (note) => note.slice(0, -1), verified: false },
];

describe.each([
  ['ES256', 'receiving', 'ES256'],
  ['Ed25519', 'handling', 'SM2-SM3'],
  ['SM2-SM3', 'receiving', 'ES256'],
] as const)('a bundle of %s, exported by the %s side of a region of %s', (suite, exportedBy, peerSuite) => {
  let played: EvidenceCase;
  let regions: Record<Side, ThrowawayRegion>;

  beforeAll(async () => {
    played = await evidenceCase(suite, exportedBy, peerSuite);
    const third = await throwawayRegion('350500', { suite: peerSuite, now: SAMPLE_TIME });
    regions = { exporter: played.exporter, peer: played.peer, third };
  });

  it.each(SITUATIONS)('is judged alike by both verifiers: $what', async ({ verified, ...situation }) => {
    const { revoked, revokedAt = REVOKED, witnesses, at = SEEN, less = 0, change = (note: string) => note } = situation;
    const signers = (witnesses ?? []).map(
      (side): TestWitness => ({ region: regions[side].region, log: regions[side].log, at }),
    );
    const state = await witnessedState(played, played.leaves.length - less, signers);
    const witnessed = witnesses && [{ ...state, checkpoint: change(state.checkpoint) }];
    const text = writeBundle({ ...played.input, ...(witnessed && { witnessed }) });
    const statements = await Promise.all(
      (situation.given ?? (['exporter', 'peer', 'third'] as const)).map((side) => {
        const [, ...purposes] = revoked.find(([whose]) => whose === side) ?? [side];
        return purposes.length > 0 ? revoking(regions[side], purposes, revokedAt) : regions[side].statement;
      }),
    );
    const product = await verifyBundle(text, statements);
    const ours = verifyEvidence(
      text,
      statements.map(({ jwt }) => jwt),
    );
    const first = (faults: readonly { where: string; code: string }[]) =>
      faults.slice(0, 1).map(({ where, code }) => `${where} ${code}`);
    expect({ verified: ours.verified, first: first(ours.faults), timeline: ours.envelopes }).toEqual({
      verified: product.verified,
      first: first(product.faults),
      timeline: product.timeline,
    });
    expect(product.verified).toBe(verified);
  });
});
