import {
  linesOf,
  parseCheckpoint,
  type RegionStatement,
  readAgreement,
  readVolume,
  verifyAgreement,
  verifyBundle,
  verifyCheckpoint,
  verifyStatement,
} from '#trust';
import { factsOf } from '../facts.ts';
import { recorded } from '../seeds.ts';
import type { Target } from '../target.ts';

interface BundleVector {
  readonly statements: readonly string[];
  readonly bundle: { readonly authorizations: readonly object[] };
}

interface CheckpointVector {
  readonly statement: string;
  readonly at: number;
  readonly note_text: string;
}

interface VolumeVector {
  readonly statements: readonly [string, string];
  readonly lines: readonly string[];
}

/** Bundles of evidence, volumes of them, checkpoints and authorizations, of every suite. */
export async function evidenceTargets(): Promise<Target[]> {
  const cases = recorded<BundleVector>('bundle');
  return Promise.all([
    ...cases.map((vector) => ofBundles('evidence of a case', vector)),
    ...recorded<BundleVector>('check').map((vector) => ofBundles('evidence of a check', vector)),
    ...recorded<VolumeVector>('archive').map(ofVolumes),
    ...cases.map(ofAgreements),
    ...recorded<CheckpointVector>('checkpoint').map(ofCheckpoints),
  ]);
}

async function ofBundles(kind: string, { statements, bundle }: BundleVector): Promise<Target> {
  const regions = await Promise.all(statements.map(verifyStatement));
  return {
    name: `${kind} ${regions[0]!.suites[0]}`,
    seeds: [JSON.stringify(bundle)],
    take: async (input) => {
      const report = await verifyBundle(input as string, regions);
      if (!report.verified && report.faults.length === 0) throw new Error('not verified, and no fault is named');
      return report.verified ? factsOf([report.timeline, report.check ?? '']) : [];
    },
  };
}

async function ofVolumes({ statements: [own], lines }: VolumeVector): Promise<Target> {
  const region = await verifyStatement(own);
  return {
    name: `archive ${region.suites[0]}`,
    seeds: [lines.map((line) => `${line}\n`).join('')],
    take: async (input) => {
      const volume = readVolume(linesOf(inPieces(Buffer.from(input as string))), () => region);
      const facts: string[] = [];
      for (;;) {
        const { done, value } = await volume.next();
        facts.push(...factsOf(value));
        if (done) return facts;
      }
    },
  };
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += 1000) yield bytes.subarray(from, from + 1000);
}

async function ofAgreements({ statements, bundle }: BundleVector): Promise<Target> {
  const regions = new Map<string, RegionStatement>();
  for (const text of statements) {
    const statement = await verifyStatement(text);
    regions.set(statement.region, statement);
  }
  const [agreement] = bundle.authorizations;
  const [first] = regions.values();
  return {
    name: `authorization ${first!.suites[0]}`,
    seeds: [JSON.stringify(agreement)],
    take: (input) => {
      const { content } = readAgreement(input as string);
      verifyAgreement(input as string, (region) => regions.get(region), { signatures: 'complete' });
      return factsOf(content);
    },
  };
}

async function ofCheckpoints({ statement, at, note_text: note }: CheckpointVector): Promise<Target> {
  const region = await verifyStatement(statement);
  return {
    name: `checkpoint ${region.suites[0]}`,
    seeds: [note],
    take: (input) => {
      parseCheckpoint(input as string);
      return factsOf(verifyCheckpoint(input as string, region, at));
    },
  };
}
