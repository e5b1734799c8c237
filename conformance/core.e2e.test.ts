import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyStore, openFileKeyStore, type RegionStatement, verifyConformanceResult } from '#trust';
import { core } from './plans/core.ts';
import { type ActingRegion, openRegionFolder, readStatement } from './region-folder.ts';
import type { Report } from './report.ts';
import { type Result, runPlan } from './run-plan.ts';
import { type Fault, startBrokenPeer } from './testing/broken-peer.ts';
import { FAULTS } from './testing/faults.ts';
import { type GatewayPair, init, PASSPHRASE, run, startPair } from './testing/gateways.ts';
import { Workbench } from './workbench.ts';

const RUNNER = fileURLToPath(new URL('./main.ts', import.meta.url));
/** A peer with no fault: what the relay alone does. */
const NO_FAULT: Fault = { name: 'none', noticedBy: [] };

describe('plan core between two gateways', () => {
  let pair: GatewayPair;
  let target: RegionStatement;
  let targetKeys: KeyStore;
  let acting: ActingRegion;

  beforeAll(async () => {
    pair = await startPair();
    target = await readStatement(join(pair.handling, 'statement.jwt'));
    targetKeys = await openFileKeyStore(join(pair.handling, 'keys'), PASSPHRASE);
    acting = await openRegionFolder(pair.receiving, PASSPHRASE, target);
  });

  afterAll(() => pair?.stop());

  const runner = (as: string, statement: string) =>
    run(RUNNER, [
      'run',
      '--as',
      as,
      '--target',
      statement,
      '--plan',
      'core',
      '--report',
      join(pair.folder, 'report'),
      '--json',
    ]);

  /** The checks that a peer with a fault does not pass, and why. @param checks that are made */
  async function failuresOf(fault: Fault, checks = core): Promise<Record<string, string>> {
    const peer = await startBrokenPeer(fault, target, targetKeys, acting);
    const bench = await Workbench.open(acting, { ...target, endpoint: peer.endpoint }, Date.now);
    try {
      const failed = (await runPlan(checks, bench)).filter(({ outcome }: Result) => outcome === 'failed');
      return Object.fromEntries(failed.map(({ check, detail }) => [check.id, detail]));
    } finally {
      bench.close();
      peer.stop();
    }
  }

  it('passes, with nothing left out but what the agreement makes impossible', async () => {
    const { code, out } = await runner(pair.receiving, join(pair.handling, 'statement.jwt'));
    const report = JSON.parse(out) as Report;
    expect(report.results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(report).toMatchObject({ target: '150626', as: '320600', plan: 'core', failed: 0, skipped: 0 });
    expect(report.passed).toBe(core.length);
    expect(code).toBe(0);
    expect(JSON.parse(await readFile(join(pair.folder, 'report', 'report.json'), 'utf8'))).toEqual(report);
    expect(await readFile(join(pair.folder, 'report', 'report.md'), 'utf8')).toContain('符合 / conforms');
    const result = await readFile(join(pair.folder, 'report', 'result.jwt'), 'utf8');
    expect(verifyConformanceResult(result.trim(), acting.statement)).toMatchObject({
      target: '150626',
      identity: target.identity,
      plan: 'core',
      passed: core.length,
      failed: 0,
      skipped: 0,
    });
  });

  it('skips, with a reason, what the acting region was granted no right for', async () => {
    const { code, out } = await runner(pair.handling, join(pair.receiving, 'statement.jwt'));
    const report = JSON.parse(out) as Report;
    const of = (outcome: string) => report.results.filter((result) => result.outcome === outcome);
    expect(of('failed')).toEqual([]);
    expect(of('skipped').map(({ id }) => id)).toContain('case.transfer');
    expect(of('skipped').every(({ detail }) => detail !== '')).toBe(true);
    expect(code).toBe(0);
  });

  it('passes through a relay that changes nothing', async () => {
    expect(await failuresOf(NO_FAULT)).toEqual({});
  });

  it.each(FAULTS)('fails a peer that $name, and names what is wrong', async (fault) => {
    const checks = core.filter(({ id }) => fault.noticedBy.includes(id));
    expect(Object.keys(await failuresOf(fault, checks)).sort()).toEqual([...fault.noticedBy].sort());
  });

  it('says that a target cannot be reached', async () => {
    const stopped = join(pair.folder, '350500');
    await init(stopped, '350500');
    const { code, err } = await runner(pair.receiving, join(stopped, 'statement.jwt'));
    expect(err).toContain('PEER_UNREACHABLE');
    expect(code).toBe(3);
  });
});
