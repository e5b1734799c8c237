import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_TIME } from '../../proto/testing/payload-samples.ts';
import type { RegionStatement, StatementKey } from '../region/statement.ts';
import { type EvidenceCase, evidenceCase } from '../testing/evidence-case.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { revoking, type TestWitness, witnessedState } from '../testing/witnessed-case.ts';
import { verifyBundle } from './bundle.ts';
import { type BundleInput, writeBundle } from './bundle-format.ts';

/**
 * Everything in these bundles was signed with keys that a thief may have as well: nothing in a signature tells who made
 * it, nor when. Only what others saw before the revocation does.
 */
const HOUR = 3_600_000;
/** The case plays in the first ten minutes; all its entries are in the log then. */
const SEEN = SAMPLE_TIME + HOUR / 2;
const REVOKED = SAMPLE_TIME + HOUR;

let played: EvidenceCase;
let third: ThrowawayRegion;

beforeAll(async () => {
  played = await evidenceCase();
  third = await throwawayRegion('350500', { now: SAMPLE_TIME });
});

interface Situation {
  /** Whose keys are revoked, and of which purposes. */
  readonly exporter?: readonly StatementKey['purpose'][];
  readonly peer?: readonly StatementKey['purpose'][];
  readonly witness?: readonly StatementKey['purpose'][];
  readonly revokedAt?: number;
  readonly witnesses?: readonly TestWitness[];
  /** Leaves that the witnessed state has; all when absent. */
  readonly size?: number;
  readonly change?: (one: Witnessed) => Witnessed;
  /** Statements that the verifier does not have. */
  readonly without?: string;
}
type Witnessed = NonNullable<BundleInput['witnessed']>[number];

const by = (region: Pick<ThrowawayRegion, 'region' | 'log'>, at = SEEN): TestWitness => ({
  region: region.region,
  log: region.log,
  at,
});

async function judge(situation: Situation) {
  const { exporter, peer, witness, revokedAt = REVOKED, witnesses = [], size, change = (one) => one } = situation;
  const state = await witnessedState(played, size ?? played.leaves.length, witnesses);
  const text = writeBundle({ ...played.input, ...(situation.witnesses ? { witnessed: [change(state)] } : {}) });
  const given: RegionStatement[] = [];
  for (const [region, purposes] of [
    [played.exporter, exporter],
    [played.peer, peer],
    [third, witness],
  ] as const)
    given.push(purposes ? await revoking(region, purposes, revokedAt) : region.statement);
  return verifyBundle(
    text,
    given.filter(({ region }) => region !== situation.without),
  );
}

const faultsOf = async (situation: Situation) =>
  (await judge(situation)).faults.map(({ where, code }) => `${where} ${code}`);

describe('seals under a key that was revoked later', () => {
  it('stand on the receipts of the other region from before', async () => {
    const report = await judge({ exporter: ['signing'], witnesses: [by(played.peer)] });
    expect(report.faults).toEqual([]);
    expect(report.verified).toBe(true);
    expect(report.notes).toContainEqual(
      expect.objectContaining({
        where: 'envelopes/0/seal',
        what: 'revoked-key',
        message: expect.stringContaining('the receipt of 150626 from 20'),
      }),
    );
  });

  it('fall when the other region decided after the revocation: a thief may have dated them back', async () => {
    const found = await faultsOf({ exporter: ['signing'], revokedAt: SAMPLE_TIME + 90_000, witnesses: [by(third)] });
    // The first envelope was decided before that, the third and the last ones after.
    expect(found).not.toContain('envelopes/0/seal KEY_REVOKED');
    expect(found).toContain('envelopes/2/seal KEY_REVOKED');
    expect(found).toContain('envelopes/5/seal KEY_REVOKED');
  });

  it('do not stand on receipts that fall themselves', async () => {
    const found = await faultsOf({ exporter: ['signing'], peer: ['signing'] });
    expect(found).toContain('envelopes/0/seal KEY_REVOKED');
    expect(found).toContain('envelopes/0/receipt KEY_REVOKED');
    expect(found).toContain('envelopes/1/seal KEY_REVOKED');
  });
});

describe('receipts under a key that was revoked later', () => {
  it('fall without a witness, and with them what rested on them', async () => {
    const report = await judge({ peer: ['signing'] });
    expect(report.verified).toBe(false);
    expect(report.faults).toContainEqual(
      expect.objectContaining({ where: 'envelopes/0/receipt', code: 'KEY_REVOKED' }),
    );
    // What the peer sent stands on the receipts of the exporter.
    expect(report.faults.map(({ where }) => where)).not.toContain('envelopes/1/seal');
  });

  it.each([
    ['the other region of the case', () => by(played.peer)],
    ['a third region', () => by(third)],
  ])('stand on a checkpoint that %s countersigned before', async (_, witness) => {
    const report = await judge({ peer: ['signing'], witnesses: [witness()] });
    expect(report.faults).toEqual([]);
    expect(report.notes).toContainEqual(expect.objectContaining({ where: 'envelopes/0/receipt', what: 'revoked-key' }));
  });

  it('stand even when every signing key of both regions is revoked', async () => {
    const report = await judge({ peer: ['signing'], exporter: ['signing'], witnesses: [by(third)] });
    expect(report.faults).toEqual([]);
    expect(report.verified).toBe(true);
  });

  it('fall when the countersignature is from after the revocation', async () => {
    const found = await faultsOf({ peer: ['signing'], witnesses: [by(third, REVOKED)] });
    expect(found).toContain('envelopes/0/receipt KEY_REVOKED');
    expect(await faultsOf({ peer: ['signing'], witnesses: [by(third, REVOKED - 1000)] })).toEqual([]);
  });

  it('fall when the witnessed state is from before their entry', async () => {
    const entry = played.input.envelopes[0]!.log[1]!.index;
    const enough = await faultsOf({ peer: ['signing'], witnesses: [by(third)], size: entry + 1 });
    expect(enough).not.toContain('envelopes/0/receipt KEY_REVOKED');
    expect(enough).toContain('envelopes/2/receipt KEY_REVOKED');
    const tooFew = await faultsOf({ peer: ['signing'], witnesses: [by(third)], size: entry });
    expect(tooFew).toContain('envelopes/0/receipt KEY_REVOKED');
  });
});

describe('a dishonest exporter, or a thief,', () => {
  it('proves nothing by a countersignature of its own', async () => {
    const report = await judge({ peer: ['signing'], witnesses: [by(played.exporter)] });
    expect(report.faults).toContainEqual(
      expect.objectContaining({ where: 'envelopes/0/receipt', code: 'KEY_REVOKED' }),
    );
    expect(report.notes).toContainEqual(
      expect.objectContaining({
        where: 'witnessed/0',
        what: 'not-counted',
        message: expect.stringContaining('its own'),
      }),
    );
  });

  it('proves nothing by a countersignature in the name of another', async () => {
    const asThird = { region: third.region, log: played.exporter.log, at: SEEN };
    const report = await judge({ peer: ['signing'], witnesses: [asThird] });
    expect(report.faults).toContainEqual(
      expect.objectContaining({ where: 'envelopes/0/receipt', code: 'KEY_REVOKED' }),
    );
    expect(report.notes).toContainEqual(expect.objectContaining({ where: 'witnessed/0', what: 'not-counted' }));
  });

  it('is found out by a changed time in a good countersignature', async () => {
    const backdate = (one: Witnessed): Witnessed => {
      const lines = one.checkpoint.split('\n');
      const [dash, name, text] = lines[5]!.split(' ');
      const bytes = Buffer.from(text!, 'base64');
      bytes.writeBigUInt64BE(BigInt(SEEN / 1000 - 60), 4);
      lines[5] = [dash, name, bytes.toString('base64')].join(' ');
      return { ...one, checkpoint: lines.join('\n') };
    };
    const found = await faultsOf({ peer: ['signing'], witnesses: [by(third, REVOKED)], change: backdate });
    expect(found).toContain('witnessed/0 CHECKPOINT_INVALID');
    expect(found).toContain('envelopes/0/receipt KEY_REVOKED');
  });

  it('proves nothing by a witness whose log key was stolen and revoked too', async () => {
    const report = await judge({ peer: ['signing'], witness: ['log'], witnesses: [by(third)] });
    expect(report.faults).toContainEqual(
      expect.objectContaining({ where: 'envelopes/0/receipt', code: 'KEY_REVOKED' }),
    );
    const whole = await faultsOf({ peer: ['signing', 'log'], witnesses: [by(played.peer)] });
    expect(whole).toContain('envelopes/0/receipt KEY_REVOKED');
  });

  it('proves nothing by a witness that the verifier does not know, which is said', async () => {
    const report = await judge({ peer: ['signing'], witnesses: [by(third)], without: '350500' });
    expect(report.faults).toContainEqual(
      expect.objectContaining({ where: 'envelopes/0/receipt', code: 'KEY_REVOKED' }),
    );
    expect(report.notes).toContainEqual(
      expect.objectContaining({ what: 'not-counted', message: expect.stringContaining('350500') }),
    );
  });

  it.each([
    ['a state of another log', async (one: Witnessed) => ({ ...one, ...(await otherLog()) }), 'LOG_PROOF_INVALID'],
    ['no proof of growth', (one: Witnessed) => ({ ...one, consistency: [] }), 'LOG_PROOF_INVALID'],
    [
      'no signature of the log',
      (one: Witnessed) => ({ ...one, checkpoint: dropLine(one.checkpoint, 4) }),
      'CHECKPOINT_INVALID',
    ],
    ['no note at all', (one: Witnessed) => ({ ...one, checkpoint: 'hello\n' }), 'CHECKPOINT_INVALID'],
  ])('is found out by a witnessed checkpoint with %s', async (_, change, code) => {
    const size = played.leaves.length - 1;
    const state = await change(await witnessedState(played, size, [by(third)]));
    const found = await faultsOf({ peer: ['signing'], witnesses: [], change: () => state });
    expect(found).toContain(`witnessed/0 ${code}`);
    expect(found).toContain('envelopes/0/receipt KEY_REVOKED');
  });
});

describe('a checkpoint under a log key that was revoked later', () => {
  it('falls alone, and stands when others had seen it before', async () => {
    expect(await faultsOf({ exporter: ['log'] })).toContain('checkpoint KEY_REVOKED');
    expect(await faultsOf({ exporter: ['log'], witnesses: [by(third)], size: played.leaves.length - 1 })).toContain(
      'checkpoint KEY_REVOKED',
    );
    expect(await faultsOf({ exporter: ['log'], witnesses: [by(third)] })).toEqual([]);
  });
});

describe('an authorization under a key that was revoked later', () => {
  it('stands on the envelopes that cite it, and falls with them', async () => {
    const report = await judge({ exporter: ['signing'], revokedAt: SAMPLE_TIME + 1000 });
    expect(report.faults).toContainEqual(expect.objectContaining({ where: 'authorizations/0', code: 'KEY_REVOKED' }));
    expect((await judge({ exporter: ['signing'] })).checks).toContainEqual({ what: 'authorizations', ok: true });
  });
});

describe('a bundle without witnesses', () => {
  it('is as good as ever while no key is revoked, and so is one with them', async () => {
    expect((await judge({})).verified).toBe(true);
    expect((await judge({ witnesses: [by(third)] })).verified).toBe(true);
  });
});

async function otherLog(): Promise<Witnessed> {
  const leaves = played.leaves.with(0, Buffer.alloc(32));
  return witnessedState({ ...played, leaves }, leaves.length - 1, [by(third)]);
}

function dropLine(note: string, at: number): string {
  return note
    .split('\n')
    .filter((_, index) => index !== at)
    .join('\n');
}
