import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ScanConfig } from '../config/materials-config.ts';
import { MaterialStore } from '../material/material-store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { createLog } from '../telemetry/log.ts';
import { ScannerAway, scanStream } from './clamd.ts';
import { Scans } from './scans.ts';
import { EICAR } from './testing/little-clamd.ts';
import { CLAMD, NO_CLAMD, type RealClamd, realClamd, SIGNATURE, STREAM_BYTES } from './testing/real-clamd.ts';

const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const NOW = 1_793_000_000_000;
const clock = { now: () => NOW };
const never = new AbortController().signal;

async function* streamOf(...parts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

if (!CLAMD) it.skip(`ClamAV itself: ${NO_CLAMD}`);
else
  describe('ClamAV itself', () => {
    let clamd: RealClamd;
    let config: ScanConfig;
    let folder: string;
    let store: Store;
    let materials: MaterialStore;
    let scans: Scans;

    beforeAll(async () => {
      clamd = await realClamd();
      config = { clamd: { path: clamd.path }, timeoutMs: 10_000, onUnavailable: 'hold' };
    }, 30_000);

    afterAll(() => clamd?.stop());

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tongban-real-clamd-'));
      store = await openSqliteStore(join(folder, 'gateway.db'));
      materials = new MaterialStore(store, clock, join(folder, 'materials'), 10_000_000);
      scans = scansOf(materials);
    });

    afterEach(async () => {
      await scans.stop();
      await store.close();
      await rm(folder, { recursive: true });
    });

    function scansOf(opening: Pick<MaterialStore, 'open'>): Scans {
      const log = createLog({ level: 'silent', region: '320600', clock }, { write: () => undefined });
      return new Scans({ store, clock, log, materials: opening, config, pauseMs: 0 });
    }

    const taken = async (bytes: string | Buffer) => (await materials.take(CASE, streamOf(bytes))).digest;
    const scanned = (count: number) =>
      expect.poll(async () => (await scans.of(CASE)).size, { timeout: 10_000 }).toBe(count);
    const stateOf = async (digest: Buffer) => (await scans.of(CASE)).get(digest.toString('hex'))?.state;

    it('says of a file what we read from it: clean, found, also in what is packed, or too large', async () => {
      const scan = (...parts: (string | Buffer)[]) => scanStream(config, streamOf(...parts), never);
      const large = Buffer.alloc(300_000, 'x');
      expect(await scan(large, large, 'end')).toEqual({ verdict: 'clean' });
      expect(await scan()).toEqual({ verdict: 'clean' });
      const found = { verdict: 'flagged', signature: SIGNATURE };
      expect(await scan(large, EICAR.slice(0, 20), EICAR.slice(20))).toEqual(found);
      expect(await scan(gzipSync(EICAR))).toEqual(found);
      expect(await scan(Buffer.alloc(STREAM_BYTES), 'more')).toEqual({ verdict: 'too-large' });
    });

    it('has the material that it flags set aside, and every other one handed out', async () => {
      const [good, bad, large] = [await taken('good'), await taken(`x${EICAR}`), await taken(Buffer.alloc(2_000_000))];
      scans.wake();
      await scanned(3);
      await scans.demandClean(CASE, good);
      for (const digest of [bad, large])
        await expect(scans.demandClean(CASE, digest)).rejects.toMatchObject({ code: 'MATERIAL_PARKED' });
      expect((await scans.of(CASE)).get(bad.toString('hex'))).toMatchObject({ signature: SIGNATURE });
    });

    it('that is killed in the middle of a file leaves it waiting and held; once it is back all goes on', async () => {
      const [good, bad] = [await taken('good'), await taken(EICAR)];
      await scans.stop();
      const begun = Promise.withResolvers<void>();
      const killed = Promise.withResolvers<void>();
      const opening: Pick<MaterialStore, 'open'> = {
        open: async (conversation, digest) => {
          const opened = await materials.open(conversation, digest);
          async function* halting(): AsyncGenerator<Buffer> {
            begun.resolve();
            await killed.promise;
            for await (const bytes of opened.bytes) yield Buffer.from(bytes);
          }
          return { ...opened, bytes: halting() as unknown as typeof opened.bytes };
        },
      };
      scans = scansOf(opening);
      scans.wake();
      await begun.promise;
      await clamd.kill();
      killed.resolve();
      await expect(scanStream(config, streamOf('x'), never)).rejects.toBeInstanceOf(ScannerAway);
      for (const digest of [good, bad])
        await expect(scans.demandClean(CASE, digest)).rejects.toMatchObject({ code: 'MATERIAL_UNSCANNED' });
      expect(await store.read.all('SELECT scan_tries, scan_state FROM material')).toEqual(
        new Array(2).fill({ scan_tries: 0, scan_state: '' }),
      );
      await clamd.start();
      await scanned(2);
      expect([await stateOf(good), await stateOf(bad)]).toEqual(['clean', 'parked']);
    }, 30_000);
  });
