import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from '../bench/children.ts';
import { askProgram } from '../bench/gateways/gateway-process.ts';
import { CASE_INPUT, ITEM_WITH_MATERIALS } from '../bench/sample-case.ts';
import type { Random } from '../fuzz/random.ts';
import type { AuditReport } from './audit/audit.ts';
import type { AuditedStore, AuditTask } from './audit/task.ts';
import type { Effort, Play, Round } from './round.ts';
import { fetchFiles } from './stage/fetch-files.ts';
import { Ledger } from './stage/ledger.ts';
import { Load } from './stage/load.ts';
import type { RegionUnderTest } from './stage/region-under-test.ts';
import { Stage, type StoreKind } from './stage/stage.ts';

const AUDITOR = fileURLToPath(new URL('./audit/main.ts', import.meta.url));
/** Characters of a complaint that are told. */
const MESSAGE = 600;
/** What no log of a process may hold, of everybody in the cases. */
const { applicant, form } = CASE_INPUT;
const PERSONAL = [
  applicant.name,
  applicant.documentNumber,
  applicant.mobile,
  applicant.address,
  form.法定代表人,
  form.食品安全管理员,
  form.经营场所,
];

export interface RunRoundOptions {
  readonly children: Children;
  /** Is made; holds everything of the round afterwards. */
  readonly folder: string;
  readonly store: StoreKind;
  /** Processes of each region. */
  readonly replicas: number;
  readonly effort: Effort;
  readonly random: Random;
  /** Ends the round, in vain. */
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What came of one round. */
export interface RoundReport extends AuditReport {
  readonly round: string;
  readonly kills: number;
  readonly seconds: number;
}

/**
 * Hands cases in while the round disturbs the gateways, lets them recover, ends them and has everything audited.
 *
 * @throws Error when the gateways do not recover
 */
export async function runRound(round: Round, options: RunRoundOptions): Promise<RoundReport> {
  const { children, folder, store, replicas, effort, random, signal, now } = options;
  const began = performance.now();
  const ground = await round.prepare({ random, store, effort });
  let stage: Stage | undefined;
  let kills = 0;
  try {
    stage = await Stage.set({ ...ground, children, folder, store, replicas, now });
    const ledger = new Ledger();
    const withFiles = Math.ceil(effort.cases / 100);
    const load = new Load({
      api: stage.sender.api,
      ledger,
      random,
      cases: effort.cases,
      withFiles,
      share: ground.firstShare ?? 1,
    });
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const killed = () => {
      kills += 1;
    };
    const play: Play = { stage, load, ledger, random, effort, signal: either, now, killed };
    await Promise.all(
      [load.run(either), ground.disturb(play)].map((work) =>
        work.catch((error: unknown) => {
          failed.abort();
          throw error;
        }),
      ),
    );
    await stage.heal();
    ledger.settled(await stage.settle(signal, now));
    await ground.afterwards?.(play);
    await fetchFiles(stage, ledger, signal);
    await stage.stopGateways();
    const report = await auditStage(stage, ledger, { children, folder, mustBeTold: ground.mustBeTold === true });
    return { round: round.name, kills, seconds: Math.round((performance.now() - began) / 1000), ...report };
  } finally {
    await Promise.all(stage?.regions.map((region) => region.discard()) ?? []);
    await stage?.server?.kill();
    await stage?.close();
    await ground.close?.();
  }
}

/** Has the auditor, and the gateways' own recheck of their logs, look at what is left. */
export async function auditStage(
  stage: Stage,
  ledger: Ledger,
  {
    children,
    folder,
    mustBeTold,
  }: { readonly children: Children; readonly folder: string; readonly mustBeTold: boolean },
): Promise<AuditReport> {
  const task: AuditTask = {
    sender: await auditedRegion(stage, stage.sender),
    receiver: await auditedRegion(stage, stage.receiver),
    ledger: join(folder, 'ledger.json'),
    keyedItem: ITEM_WITH_MATERIALS.code,
    personal: PERSONAL,
    mustBeTold,
  };
  const file = join(folder, 'task.json');
  await ledger.write(task.ledger);
  await writeFile(file, JSON.stringify(task), { mode: 0o600 });
  const report = await askProgram<AuditReport>(children, AUDITOR, [file]);
  const own = await Promise.all(stage.regions.map((region) => ownVerdict(region)));
  const faults = own.flatMap((fault) => fault ?? []);
  const findings = faults.map((message) => ({ kind: 'log' as const, where: 'tongban log verify', message }));
  return { ...report, logFaults: report.logFaults + faults.length, findings: [...report.findings, ...findings] };
}

/** @returns what `tongban log verify` complains of; undefined for nothing */
async function ownVerdict(region: RegionUnderTest): Promise<string | undefined> {
  return region.tongban<unknown>(['log', 'verify']).then(
    () => undefined,
    (error: Error) => error.message.slice(0, MESSAGE),
  );
}

async function auditedRegion({ server }: Stage, region: RegionUnderTest) {
  const store: AuditedStore = server
    ? { kind: 'postgres', url: server.urlOf(`region_${region.region}`), password: server.password }
    : { kind: 'sqlite', path: join(region.folder, 'gateway.db') };
  const { folder, logs } = region;
  return { region: region.region, folder, logs, statement: await region.readStatement(), store };
}
