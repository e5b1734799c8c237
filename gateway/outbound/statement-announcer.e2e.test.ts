import { afterEach, describe, expect, it } from 'vitest';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  renewStatement,
  until,
} from '../testing/live-region.ts';

const open: LiveRegion[] = [];
const folders: string[] = [];

async function region(code: string): Promise<LiveRegion> {
  const folder = await makeRegionFolder(code);
  folders.push(folder);
  const live = await openLiveRegion(folder);
  open.push(live);
  return live;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((live) => live.stop()));
  await removeFolders(...folders.splice(0));
});

describe('a renewed region statement', () => {
  it('reaches the peers by itself, and the exchange goes on', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await until('the link', () => nantong.wire.dispatcher.link('150626')!.connected);
    await open.splice(open.indexOf(nantong), 1)[0]!.stop();
    const serial = await renewStatement(nantong);
    const renewed = await openLiveRegion(nantong.folder);
    open.push(renewed);
    await until('the new statement', () => uxin.core.peers.get('320600')?.serial === serial);
    await until('its receipt', () => renewed.core.outbox.pending('150626') === 0);
    const ping = { peer: '150626', conversation: renewed.core.newId(), name: 'Ping', payload: { note: '' } } as const;
    await renewed.core.store.write((tx) => renewed.core.outbox.enqueue(tx, ping));
    await until('the receipt', () => renewed.core.outbox.pending('150626') === 0);
    const back = { ...ping, peer: '320600', conversation: uxin.core.newId() };
    await uxin.core.store.write((tx) => uxin.core.outbox.enqueue(tx, back));
    await until('the way back', () => uxin.core.outbox.pending('320600') === 0);
    expect(
      await renewed.core.store.read.all("SELECT type, state FROM outbox WHERE type <> 'Ping' ORDER BY position"),
    ).toEqual([{ type: 'StatementPublished', state: 'accepted' }]);
  });
});
