import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScanConfig } from '../config/materials-config.ts';
import { MaterialStore } from '../material/material-store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { createLog } from '../telemetry/log.ts';
import { until } from '../testing/live-region.ts';
import { Scans } from './scans.ts';
import { EICAR, type LittleClamd, startClamd } from './testing/little-clamd.ts';

const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const NOW = 1_793_000_000_000;
const clock = { now: () => NOW };
const logged: string[] = [];
const log = createLog({ level: 'warn', region: '320600', clock }, { write: (line) => void logged.push(line) });

let folder: string;
let store: Store;
let materials: MaterialStore;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-scans-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  materials = new MaterialStore(store, clock, join(folder, 'materials'), 1_000_000);
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await store.close();
  await rm(folder, { recursive: true });
});

async function scanner(options: Parameters<typeof startClamd>[0] = {}): Promise<LittleClamd> {
  const clamd = await startClamd(options);
  closing.push(() => clamd.stop());
  return clamd;
}

function scansBy(port: number, onUnavailable: ScanConfig['onUnavailable'] = 'hold'): Scans {
  const config = { clamd: { host: '127.0.0.1', port }, timeoutMs: 5_000, onUnavailable };
  const scans = new Scans({ store, clock, log, materials, config, pauseMs: 0 });
  closing.push(() => scans.stop());
  return scans;
}

async function taken(text: string): Promise<Buffer> {
  const bytes = (async function* () {
    yield Buffer.from(text);
  })();
  return (await materials.take(CASE, bytes)).digest;
}

const waits = () => logged.filter((line) => line.includes('materials wait for the malware scan')).length;
const triesOf = async () =>
  (await store.read.get<{ scan_tries: number }>('SELECT scan_tries FROM material'))!.scan_tries;
const stateOf = async (scans: Scans, digest: Buffer) => (await scans.of(CASE)).get(digest.toString('hex'))?.state;

describe('materials', () => {
  it('are scanned once each; what is flagged is set aside, what is not is handed out', async () => {
    const clamd = await scanner();
    const scans = scansBy(clamd.port);
    const [good, bad] = [await taken('good'), await taken(`x${EICAR}`)];
    await expect(scans.demandClean(CASE, good)).rejects.toMatchObject({ code: 'MATERIAL_UNSCANNED' });
    await until('both scans', async () => (await scans.of(CASE)).size === 2);
    await scans.demandClean(CASE, good);
    await expect(scans.demandClean(CASE, bad)).rejects.toMatchObject({ code: 'MATERIAL_PARKED' });
    expect((await scans.of(CASE)).get(bad.toString('hex'))).toEqual({
      state: 'parked',
      at: NOW,
      signature: 'Eicar-Test-Signature',
    });
    expect((await scans.parked(10)).map(({ digest }) => digest)).toEqual([bad]);
    await taken('later');
    scans.wake();
    await until('the later one', async () => (await scans.of(CASE)).size === 3);
    expect(clamd.scanned).toHaveLength(3);
  });

  it('wait for a scanner that is away, for as long as it takes, and over a restart', async () => {
    const { port, stop } = await startClamd();
    await stop();
    const digest = await taken('good');
    const before = scansBy(port);
    for (let n = 0; n < 3; n += 1) before.wake();
    await expect(before.demandClean(CASE, digest)).rejects.toMatchObject({ code: 'MATERIAL_UNSCANNED' });
    await before.stop();
    expect(await store.read.get('SELECT scan_tries, scan_state FROM material')).toEqual({
      scan_tries: 0,
      scan_state: '',
    });
    await scanner({ port });
    const scans = scansBy(port);
    scans.wake();
    await until('the scan', async () => (await stateOf(scans, digest)) === 'clean');
    await scans.demandClean(CASE, digest);
  });

  it('are handed out meanwhile where the config says so, and set aside all the same when flagged', async () => {
    const { port, stop } = await startClamd();
    await stop();
    const digest = await taken(EICAR);
    const scans = scansBy(port, 'pass');
    await scans.demandClean(CASE, digest);
    await scanner({ port });
    scans.wake();
    await until('the scan', async () => (await stateOf(scans, digest)) === 'parked');
    await expect(scans.demandClean(CASE, digest)).rejects.toMatchObject({ code: 'MATERIAL_PARKED' });
  });

  it.each(['hold', 'pass'] as const)(
    'that are too large for the scanner are treated as not scanned: %s',
    async (policy) => {
      const clamd = await scanner({ limit: 10 });
      const scans = scansBy(clamd.port, policy);
      const digest = await taken('more than ten bytes');
      scans.wake();
      await until('the scan', async () => (await scans.of(CASE)).size === 1);
      expect((await scans.of(CASE)).get(digest.toString('hex'))).toMatchObject({
        state: policy === 'hold' ? 'parked' : 'clean',
        code: 'MATERIAL_TOO_LARGE',
      });
    },
  );

  it('at which the scanner fails again and again are set aside, and hold up no others', async () => {
    const clamd = await scanner();
    clamd.say = (file) => (file.includes('poison') ? "stream: Can't allocate memory ERROR\0" : undefined);
    const digest = await taken('poison');
    const scans = scansBy(clamd.port);
    for (let tries = 1; tries <= 5; tries += 1) {
      scans.wake();
      await until('the try', async () => (await triesOf()) === tries);
    }
    scans.wake();
    await until('the end', async () => (await stateOf(scans, digest)) === 'parked');
    const other = await taken('other');
    scans.wake();
    await until('the other', async () => (await stateOf(scans, other)) === 'clean');
  });

  it.each([
    ['hold', 'accepts and closes', ''],
    ['hold', 'has an error for every file', "stream: Can't create temporary file ERROR\0"],
    ['pass', 'accepts and closes', ''],
  ] as const)('have no verdict (%s) by a scanner that %s, however often', async (policy, _, say) => {
    const clamd = await scanner();
    clamd.say = say;
    const digest = await taken(EICAR);
    for (let pass = 1; pass <= 7; pass += 1) {
      const before = waits();
      const scans = scansBy(clamd.port, policy);
      scans.wake();
      await until('the pass', async () => waits() > before);
      await scans.stop();
      expect(await stateOf(scans, digest)).toBeUndefined();
    }
    expect(await triesOf()).toBe(0);
    clamd.say = undefined;
    const scans = scansBy(clamd.port, policy);
    scans.wake();
    await until('the scan', async () => (await stateOf(scans, digest)) === 'parked');
    expect((await scans.of(CASE)).get(digest.toString('hex'))).toMatchObject({ signature: 'Eicar-Test-Signature' });
  });

  it('that bring the scanner down are found out: it was well right before', async () => {
    const clamd = await scanner();
    let isDown = false;
    clamd.say = (file) => {
      isDown ||= file.includes('poison');
      return isDown ? '' : undefined;
    };
    await taken('poison');
    const before = waits();
    const scans = scansBy(clamd.port);
    scans.wake();
    await until('the fall', async () => waits() > before);
    expect(await triesOf()).toBe(0);
    isDown = false;
    await until('the try', async () => (await triesOf()) === 1);
  });

  it('are released once, with who and why', async () => {
    const clamd = await scanner();
    const scans = scansBy(clamd.port);
    const [good, bad] = [await taken('good'), await taken(EICAR)];
    scans.wake();
    await until('both scans', async () => (await scans.of(CASE)).size === 2);
    const act = { by: 'zhang', reason: '误报' };
    expect(await scans.release(CASE, bad, act)).toMatchObject({ state: 'released', released: { ...act, at: NOW } });
    await scans.demandClean(CASE, bad);
    for (const digest of [bad, good])
      await expect(scans.release(CASE, digest, act)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(scans.release(CASE, Buffer.alloc(32), act)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await scans.parked(10)).toEqual([]);
  });

  it('are not looked at where no scanner is configured', async () => {
    const scans = new Scans({ store, clock, log, materials, config: undefined, pauseMs: 0 });
    const digest = await taken(EICAR);
    scans.wake();
    await scans.demandClean(CASE, digest);
    await scans.stop();
    expect(await scans.of(CASE)).toEqual(new Map());
  });
});
