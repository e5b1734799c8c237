import { merkleRoot } from '../envelope/merkle.ts';
import type { BundleInput } from '../evidence/bundle-format.ts';
import { signCheckpoint } from '../evidence/checkpoint.ts';
import { cosignCheckpoint } from '../evidence/cosignature.ts';
import { logConsistencyProof, type TileReader } from '../evidence/log.ts';
import type { Signer } from '../keys/signer.ts';
import { issueStatement, type RegionStatement, type StatementKey, verifyStatement } from '../region/statement.ts';
import { suiteOf } from '../suites.ts';
import type { EvidenceCase } from './evidence-case.ts';
import type { ThrowawayRegion } from './throwaway-region.ts';

/** Whoever countersigns, and when by its own clock (ms). */
export interface TestWitness {
  readonly region: string;
  readonly log: Signer;
  readonly at: number;
}

type Witnessed = NonNullable<BundleInput['witnessed']>[number];

/** The state of the exporter's log when it had its first `size` leaves, as its witnesses saw it. */
export async function witnessedState(
  { exporter, leaves }: Pick<EvidenceCase, 'exporter' | 'leaves'>,
  size: number,
  witnesses: readonly TestWitness[],
): Promise<Witnessed> {
  const { hash } = suiteOf(exporter.log.suite);
  const root = merkleRoot(hash, leaves.slice(0, size));
  const note = await signCheckpoint(exporter.log, { region: exporter.region, epoch: 1, size, root });
  const lines = witnesses.map(({ region, log, at }) => cosignCheckpoint(log, region, note, at));
  const reader: TileReader = { leaves: async (from, count) => leaves.slice(from, from + count), nodes: async () => [] };
  return {
    checkpoint: note + (await Promise.all(lines)).join(''),
    consistency: await logConsistencyProof(hash, size, leaves.length, reader),
  };
}

/** The region's next statement, which revokes its keys of these purposes as of a moment (ms). */
export async function revoking(
  { identity, statement, tls }: Pick<ThrowawayRegion, 'identity' | 'statement' | 'tls'>,
  purposes: readonly StatementKey['purpose'][],
  at: number,
): Promise<RegionStatement> {
  const { region, name, serial, issuedAt, expiresAt, endpoint } = statement;
  const keys = statement.keys.map(({ purpose, jwk, kid, notBefore, notAfter }) => ({
    purpose,
    jwk: { ...jwk, kid },
    notBefore,
    notAfter,
    ...(purposes.includes(purpose) ? { revoked: { at, reason: 'compromised' as const } } : {}),
  }));
  const content = { region, name, serial: serial + 1, issuedAt, expiresAt, endpoint, keys, tls: [tls.der] };
  return verifyStatement(await issueStatement(identity, content));
}
