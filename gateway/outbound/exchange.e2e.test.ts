import { afterEach, describe, expect, it } from 'vitest';
import type { SuiteName } from '#trust';
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

async function region(code: string, suite: SuiteName = 'ES256'): Promise<LiveRegion> {
  const folder = await makeRegionFolder(code, { suite });
  folders.push(folder);
  const live = await openLiveRegion(folder);
  open.push(live);
  return live;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((live) => live.stop()));
  await removeFolders(...folders.splice(0));
});

function ping(from: LiveRegion, to: string, conversation: string, note = 'ping') {
  return from.core.store.write((tx) =>
    from.core.outbox.enqueue(tx, { peer: to, conversation, name: 'Ping', payload: { note } }),
  );
}

function outboxStates(live: LiveRegion) {
  return live.core.store.read.all<{ state: string; code: string; n: number }>(
    'SELECT state, code, count(*) AS n FROM outbox GROUP BY state, code ORDER BY state, code',
  );
}

describe('two gateways', () => {
  it('carry a Ping with a receipt', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await ping(nantong, '150626', nantong.core.newId());
    await until('the receipt', () => nantong.core.outbox.pending('150626') === 0);
    expect(await outboxStates(nantong)).toEqual([{ state: 'accepted', code: '', n: 1 }]);
    const inbox = await uxin.core.store.read.all('SELECT type, code FROM inbox');
    expect(inbox).toEqual([{ type: 'tongban.v1.Ping', code: '' }]);
  });

  it.each([
    ['ES256', 'Ed25519'],
    ['SM2-SM3', 'ES256'],
    ['Ed25519', 'SM2-SM3'],
  ] as const)('understand each other with keys of different suites: %s and %s', async (ours, theirs) => {
    const [nantong, uxin] = [await region('320600', ours), await region('150626', theirs)];
    await pinEachOther(nantong, uxin);
    await ping(nantong, '150626', nantong.core.newId());
    await ping(uxin, '320600', uxin.core.newId());
    await until('the receipts', () => nantong.core.outbox.pending('150626') + uxin.core.outbox.pending('320600') === 0);
    expect(await outboxStates(nantong)).toEqual([{ state: 'accepted', code: '', n: 1 }]);
    expect(await outboxStates(uxin)).toEqual([{ state: 'accepted', code: '', n: 1 }]);
  });

  it('carry many at once, each exactly once and in order', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    const conversations = Array.from({ length: 20 }, () => nantong.core.newId());
    const sent: Promise<unknown>[] = [];
    for (let n = 0; n < 100; n += 1)
      for (const conversation of conversations) sent.push(ping(nantong, '150626', conversation, `${n}`));
    await Promise.all(sent);
    await until('all receipts', () => nantong.core.outbox.pending('150626') === 0);
    expect(await outboxStates(nantong)).toEqual([{ state: 'accepted', code: '', n: 2000 }]);
    const gaps = await uxin.core.store.read.all(
      'SELECT conversation FROM (SELECT conversation, sequence, row_number() OVER (PARTITION BY conversation ORDER BY position) AS n FROM inbox) WHERE sequence <> n',
    );
    expect(gaps).toEqual([]);
  });

  it('go on after the receiver was away', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await until('the link', () => nantong.wire.dispatcher.link('150626')!.connected);
    await open.splice(open.indexOf(uxin), 1)[0]!.stop();
    await ping(nantong, '150626', nantong.core.newId());
    open.push(await openLiveRegion(uxin.folder));
    await until('the receipt', () => nantong.core.outbox.pending('150626') === 0);
    expect(await outboxStates(nantong)).toEqual([{ state: 'accepted', code: '', n: 1 }]);
  });
});
