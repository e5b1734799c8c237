import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '#trust';
import { freePort } from '../../proto/testing/free-port.ts';
import { throwawayRegion } from '../../trust/testing/index.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const open: LiveRegion[] = [];
const folders: string[] = [];

/** A live region whose clock is ahead of the others. */
async function region(code: string, aheadMs = 0): Promise<LiveRegion> {
  const folder = await makeRegionFolder(code);
  folders.push(folder);
  const live = await openLiveRegion(folder, { now: () => Date.now() + aheadMs });
  open.push(live);
  return live;
}

async function pair(aheadMs = 0): Promise<[LiveRegion, LiveRegion]> {
  const [nantong, uxin] = await Promise.all([region('320600'), region('150626', aheadMs)]);
  await pinEachOther(nantong, uxin);
  return [nantong, uxin];
}

/** The same region again, with another clock. */
async function restarted(live: LiveRegion, aheadMs = 0): Promise<LiveRegion> {
  await open.splice(open.indexOf(live), 1)[0]!.stop();
  const again = await openLiveRegion(live.folder, { now: () => Date.now() + aheadMs });
  open.push(again);
  return again;
}

/** Pins a region that lives nowhere but in its statement. */
async function pinStranger(here: LiveRegion, endpoint: string): Promise<void> {
  const stranger = await throwawayRegion('150626', { now: Date.now(), endpoint });
  await here.core.peers.pin(stranger.jwt, fingerprintOf(stranger.statement.identity));
}

function testEnvelopes(live: LiveRegion): Promise<{ state: string }[]> {
  return live.core.store.read.all<{ state: string }>("SELECT state FROM outbox WHERE type = 'Ping' ORDER BY position");
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((live) => live.stop()));
  await removeFolders(...folders.splice(0));
});

describe('a probe of a peer that is well', () => {
  it('goes the whole way: TCP, pinned TLS, hello, and an envelope with its signed receipt', async () => {
    const [nantong] = await pair();
    const report = await nantong.wire.probe.probe('150626');
    expect(report).toMatchObject({
      region: '150626',
      waiting: 0,
      contact: { address: '127.0.0.1', protocol: 'TLSv1.3' },
      statements: { ours: 1, oursHeldThere: 1, theirs: 1, theirsHeldHere: 1 },
    });
    expect(report).not.toHaveProperty('fault');
    expect(report.contact!.certificateUntil).toBeGreaterThan(Date.now() + DAY_MS);
    const row = await nantong.core.store.read.get<{ state: string; receipt: Buffer }>(
      'SELECT state, receipt FROM outbox WHERE id = ?',
      report.echo!.envelope,
    );
    expect(row).toMatchObject({ state: 'accepted', receipt: expect.any(Buffer) });
    expect(Math.abs(report.clock!.offsetMs)).toBeLessThanOrEqual(report.clock!.withinMs + 1);
  });

  it('measures how far the clock of the peer is off', async () => {
    const [nantong, uxin] = await pair(90_000);
    const ahead = (await nantong.wire.probe.probe('150626')).clock!;
    expect(Math.abs(ahead.offsetMs - 90_000)).toBeLessThanOrEqual(ahead.withinMs + 1);
    expect(ahead.withinMs).toBeLessThan(30_000);
    const behind = (await uxin.wire.probe.probe('320600')).clock!;
    expect(Math.abs(behind.offsetMs + 90_000)).toBeLessThanOrEqual(behind.withinMs + 1);
  });

  it('is one probe for all who ask at the same time', async () => {
    const [nantong] = await pair();
    const reports = await Promise.all([1, 2, 3].map(() => nantong.wire.probe.probe('150626')));
    expect(new Set(reports.map(({ echo }) => echo!.envelope)).size).toBe(1);
    expect(await testEnvelopes(nantong)).toEqual([{ state: 'accepted' }]);
  });
});

describe('a probe says where it got stuck', () => {
  it('at a region that is not pinned', async () => {
    const nantong = await region('320600');
    await expect(nantong.wire.probe.probe('150626')).rejects.toMatchObject({ code: 'PEER_NOT_PINNED' });
  });

  it('at a statement that has expired, without dialling', async () => {
    const [, uxin] = await pair();
    const later = await restarted(uxin, 370 * DAY_MS);
    const { fault, contact } = await later.wire.probe.probe('320600');
    expect(fault).toMatchObject({ stage: 'statement', fault: 'peer-statement-expired', code: 'STATEMENT_EXPIRED' });
    expect(contact).toBeUndefined();
  });

  it('at a name that nobody knows', async () => {
    const nantong = await region('320600');
    await pinStranger(nantong, 'gateway.uxin.invalid:7443');
    const { fault } = await nantong.wire.probe.probe('150626');
    expect(fault).toMatchObject({ stage: 'connect', fault: 'name-unknown', code: 'PEER_UNREACHABLE' });
  });

  it('at a port where nothing listens, and leaves no envelope behind', async () => {
    const nantong = await region('320600');
    await pinStranger(nantong, `127.0.0.1:${await freePort()}`);
    const { fault } = await nantong.wire.probe.probe('150626');
    expect(fault).toMatchObject({ stage: 'connect', fault: 'refused', code: 'PEER_UNREACHABLE' });
    expect(await testEnvelopes(nantong)).toEqual([]);
  });

  it('at a port that does not speak TLS', async () => {
    const nantong = await region('320600');
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await pinStranger(nantong, `127.0.0.1:${(server.address() as { port: number }).port}`);
    const { fault } = await nantong.wire.probe.probe('150626');
    server.close();
    expect(fault).toMatchObject({ stage: 'tls', fault: 'not-tls', code: 'PEER_UNREACHABLE' });
  });

  it('at a certificate that is not pinned, and sends nothing there', async () => {
    const [nantong, other] = [await region('320600'), await region('350500')];
    await pinStranger(nantong, other.core.own.endpoint);
    const { fault } = await nantong.wire.probe.probe('150626');
    expect(fault).toMatchObject({ stage: 'tls', fault: 'certificate-not-pinned', code: 'PEER_CERTIFICATE' });
    expect(await testEnvelopes(nantong)).toEqual([]);
  });

  it('at a peer that did not pin us', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await nantong.core.peers.pin(uxin.core.own.jwt, fingerprintOf(uxin.core.own.identity));
    const { fault, contact } = await nantong.wire.probe.probe('150626');
    expect(contact).toMatchObject({ protocol: 'TLSv1.3' });
    expect(fault).toMatchObject({ stage: 'hello', fault: 'unknown-there', code: 'PEER_UNKNOWN' });
    expect(await testEnvelopes(nantong)).toEqual([]);
  });

  it('at a peer that knows us by an expired statement', async () => {
    const [nantong, uxin] = await pair();
    await restarted(uxin, 370 * DAY_MS);
    const { fault } = await nantong.wire.probe.probe('150626');
    expect(fault).toMatchObject({ stage: 'hello', fault: 'our-statement-expired-there', code: 'STATEMENT_EXPIRED' });
  });

  it('at clocks that are too far apart, and sends no second envelope while the first one waits', async () => {
    const [nantong, uxin] = await pair(10 * MINUTE_MS);
    for (let times = 0; times < 2; times += 1) {
      const { fault, statements } = await nantong.wire.probe.probe('150626');
      expect(statements).toMatchObject({ oursHeldThere: 1 });
      expect(fault).toMatchObject({ stage: 'echo', fault: 'clock', code: 'SEAL_TIME' });
    }
    expect(await testEnvelopes(nantong)).toEqual([{ state: 'pending' }]);
    await restarted(uxin);
    await until('the right clock', () => nantong.core.outbox.pending('150626') === 0);
    expect(await nantong.wire.probe.probe('150626')).not.toHaveProperty('fault');
  });
});
