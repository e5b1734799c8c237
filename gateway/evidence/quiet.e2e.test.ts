import { afterEach, expect, it } from 'vitest';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const open: LiveRegion[] = [];
const folders: string[] = [];
/** Milliseconds that the regions' clocks are ahead of the machine's. */
let ahead = 0;

afterEach(async () => {
  await Promise.all(open.splice(0).map((live) => live.stop()));
  await removeFolders(...folders.splice(0));
});

async function region(code: string): Promise<LiveRegion> {
  const folder = await makeRegionFolder(code);
  folders.push(folder);
  const live = await openLiveRegion(folder, { now: () => Date.now() + ahead });
  open.push(live);
  return live;
}

async function witnessed({ core }: LiveRegion): Promise<number> {
  const row = await core.store.read.get<{ size: number }>('SELECT max(size) AS size FROM cosignature');
  return row?.size ?? 0;
}

it('what came last before a silence is witnessed too', { timeout: 60_000 }, async () => {
  const [nantong, uxin] = [await region('320600'), await region('150626')];
  await pinEachOther(nantong, uxin);
  const ping = async () => {
    const conversation = nantong.core.newId();
    const envelope = { peer: '150626', conversation, name: 'Ping', payload: { note: '' } } as const;
    await nantong.core.store.write((tx) => nantong.core.outbox.enqueue(tx, envelope));
    await until('the receipt', () => nantong.core.outbox.pending('150626') === 0);
    await nantong.core.evidence.integrate();
  };
  await until('the first countersignature, beside traffic', async () => {
    await ping();
    return (await witnessed(nantong)) > 0;
  });
  await ping();
  const { size } = nantong.core.evidence;
  expect(await witnessed(nantong)).toBeLessThan(size);
  ahead = 61_000;
  await until('the countersignature without traffic', async () => (await witnessed(nantong)) === size, 30_000);
});
