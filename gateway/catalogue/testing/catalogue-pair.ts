import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { messages } from '#proto';
import { type ThrowawayRegion, throwawayRegion } from '../../../trust/testing/index.ts';
import {
  bringBack,
  handOver,
  pinEachOther,
  type TestClock,
  type TestGateway,
  testClock,
  testGateway,
} from '../../testing/region-pair.ts';
import { CatalogueService } from '../catalogue-service.ts';

export interface CatalogueSide extends TestGateway {
  readonly service: CatalogueService;
}

/** Two regions with their catalogues; Uxin publishes, Nantong receives. */
export interface CataloguePair {
  readonly nantong: CatalogueSide;
  readonly uxin: CatalogueSide;
  readonly clock: TestClock;
  /** Brings what Uxin has sent to Nantong. @returns the codes of the receipts */
  exchange(): Promise<string[]>;
  /** Sends a catalogue as Uxin's service would not. */
  send(catalogue: Partial<messages.CataloguePublished>): Promise<void>;
  close(): Promise<void>;
}

let regions: readonly ThrowawayRegion[] | undefined;

/** @param start milliseconds */
export async function cataloguePair(start: number): Promise<CataloguePair> {
  regions ??= await Promise.all(['320600', '150626'].map((code) => throwawayRegion(code, { now: start })));
  const folder = await mkdtemp(join(tmpdir(), 'catalogues-'));
  const clock = testClock(start);
  const open = async (region: ThrowawayRegion): Promise<CatalogueSide> => {
    const gateway = await testGateway(region, folder, clock);
    return { ...gateway, service: new CatalogueService(gateway) };
  };
  const [nantong, uxin] = [await open(regions[0]!), await open(regions[1]!)];
  await pinEachOther(nantong, uxin);
  const conversation = uxin.newId();
  return {
    nantong,
    uxin,
    clock,
    exchange: async () => {
      const verdicts = await handOver(uxin, nantong, nantong.service.incoming);
      await bringBack(uxin, nantong, verdicts, async () => {});
      return verdicts.map(({ code }) => code);
    },
    send: async (catalogue) => {
      const payload = { version: 1, scope: '跨省通办', items: [], part: 0, parts: 0, ...catalogue };
      await uxin.store.write((tx) =>
        uxin.outbox.enqueue(tx, { peer: '320600', conversation, name: 'CataloguePublished', payload }),
      );
    },
    close: async () => {
      for (const gateway of [nantong, uxin]) await gateway.close();
      await rm(folder, { recursive: true });
    },
  };
}
