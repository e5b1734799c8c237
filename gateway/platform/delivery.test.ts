import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../adapters/testing/folders.ts';
import type { PlatformConfig } from '../config/config.ts';
import { directoryBench, type HttpBench, httpBench, type PlatformBench } from './testing/platform-bench.ts';
import { eventId, FIRST, openGateway, SECOND, type TestGateway, testNews, type World } from './testing/test-gateway.ts';

const DAY_MS = 24 * 60 * 60_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let world: World;
let gateways: TestGateway[];
let benches: PlatformBench[];
beforeEach(async () => {
  folder = await temporaryFolder();
  world = { ahead: 0, ids: 0 };
  gateways = [];
  benches = [];
});
afterEach(async () => {
  for (const gateway of gateways) await gateway.close();
  for (const bench of benches) await bench.close();
  await folder.remove();
});

async function open(configs: readonly PlatformConfig[], timing = {}): Promise<TestGateway> {
  const gateway = await openGateway(folder.path, configs, world, { timing });
  gateways.push(gateway);
  return gateway;
}

async function withHttp(name?: string): Promise<HttpBench> {
  const bench = await httpBench(name);
  benches.push(bench);
  return bench;
}

async function withDirectory(name?: string): Promise<PlatformBench> {
  const bench = await directoryBench(folder.path, name);
  benches.push(bench);
  return bench;
}

/** Waits until the platform has exactly these events, as numbers of the world, in this order. */
function arrives(bench: PlatformBench, ...expected: number[]) {
  const check = async () => expect((await bench.received()).map(({ id }) => id)).toEqual(expected.map(eventId));
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}

describe.each([
  ['http', () => withHttp()],
  ['directory', () => withDirectory()],
] as const)('events by %s', (_, bench) => {
  it('arrive in order, each once', async () => {
    const platform = await bench();
    const gateway = await open([platform.config]);
    await gateway.emit(FIRST, FIRST, SECOND, FIRST, SECOND);
    await arrives(platform, 1, 2, 3, 4, 5);
    expect(await platform.received()).toMatchObject([
      { subject: FIRST, sequence: '0000000000000001', source: 'urn:tongban:region:150626' },
      { subject: FIRST, sequence: '0000000000000002', type: 'cn.tongban.case.accept.v1' },
      { subject: SECOND, sequence: '0000000000000001' },
      { subject: FIRST, sequence: '0000000000000003', data: { state: 'accepted', actor: '320600' } },
      { subject: SECOND, sequence: '0000000000000002' },
    ]);
  });

  it('go on after a restart where they ended', async () => {
    const platform = await bench();
    const gateway = await open([platform.config]);
    await gateway.emit(FIRST);
    await arrives(platform, 1);
    await gateway.platforms.stop();
    await gateway.emit(FIRST, SECOND);
    await gateway.close();
    expect(await platform.received()).toHaveLength(1);
    await open([platform.config]);
    await arrives(platform, 1, 2, 3);
  });

  it('are known again when a lost cursor brings them twice', async () => {
    const platform = await bench();
    const gateway = await open([platform.config]);
    await gateway.emit(FIRST, FIRST);
    await arrives(platform, 1, 2);
    await gateway.platforms.stop();
    await gateway.store.write((tx) => tx.run('UPDATE platform_cursor SET position = 0'));
    await gateway.close();
    const again = await open([platform.config]);
    await again.emit(FIRST);
    await arrives(platform, 1, 2, 3);
  });

  it('wait for a platform that is away, while the others get theirs', async () => {
    const [platform, other] = [await bench(), await withHttp('other')];
    const gateway = await open([platform.config, other.config]);
    await gateway.emit(FIRST);
    await arrives(platform, 1);
    await platform.breakDown();
    await gateway.emit(FIRST, SECOND, FIRST);
    await arrives(other, 1, 2, 3, 4);
    await vi.waitFor(async () => {
      const [health, otherHealth] = await gateway.platforms.health();
      expect(health).toMatchObject({ behind: 3, parked: 0, lastCode: 'PLATFORM_UNREACHABLE' });
      expect(otherHealth).toMatchObject({ behind: 0, parked: 0, lastCode: '' });
    });
    await platform.recover();
    await vi.waitFor(async () => expect(await platform.received()).toHaveLength(4));
    expect(await sequencesOf(platform, FIRST)).toEqual([1, 2, 3]);
    await vi.waitFor(async () =>
      expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 0, parked: 0, lastCode: '' }),
    );
  });

  it('that a platform refuses are parked with an alarm, and the next follow', async () => {
    const platform = await bench();
    const poison = { n: 2, subject: FIRST, sequence: 2 };
    await platform.refuse(poison);
    const gateway = await open([platform.config]);
    await gateway.emit(FIRST, FIRST, FIRST, SECOND);
    await arrives(platform, 1, 3, 4);
    const parked = await gateway.parked();
    expect(parked).toMatchObject([
      {
        queue: 'platform',
        name: platform.config.name,
        id: `${platform.config.name}:2`,
        place: 2,
        subject: FIRST,
        sequence: 2,
        reason: 'refused',
        code: 'PLATFORM_REFUSED',
      },
    ]);
    expect((await gateway.deadLetters.show(parked[0]!.id)).detail).toEqual({
      attempts: 1,
      message: expect.stringMatching(/./),
    });
    const alarm = gateway.lines.filter(({ level }) => level === 'error');
    expect(alarm).toMatchObject([{ adapter: platform.config.name, conversation: FIRST, code: 'PLATFORM_REFUSED' }]);
    expect(await gateway.metrics()).toContain(
      `tongban_platform_deliveries_total{adapter="${platform.config.name}",outcome="failed"} 1`,
    );

    await platform.permit(poison);
    await gateway.retry(`${platform.config.name}:2`);
    await arrives(platform, 1, 3, 4, 2);
    await vi.waitFor(async () => expect(await gateway.parked()).toEqual([]));
  });
});

describe('a gateway that is killed', () => {
  it('delivers again, under the same id, what it had not recorded', async () => {
    const platform = await withHttp();
    const gateway = await open([platform.config]);
    const { handler } = platform.server;
    platform.server.handler = async (request, response) => {
      await gateway.kill();
      handler(request, response);
    };
    await gateway.store.write(async (tx) => {
      for (let n = 0; n < 3; n += 1) await gateway.events.emit(tx, testNews(FIRST, 0));
    });
    await arrives(platform, 1);
    platform.server.handler = handler;
    await open([platform.config]);
    await arrives(platform, 1, 2, 3);
    await vi.waitFor(() => expect(platform.requested().slice(-3)).toEqual([1, 2, 3].map(eventId)));
  });

  it('still waits for the platform with the events that had failed, in order', async () => {
    const platform = await withHttp();
    await platform.breakDown();
    const gateway = await open([platform.config]);
    await gateway.emit(FIRST, FIRST, SECOND);
    await vi.waitFor(() => expect(new Set(platform.requested())).toEqual(new Set([eventId(1), eventId(3)])));
    await gateway.kill();
    await platform.recover();
    await open([platform.config]);
    await vi.waitFor(async () => expect(await platform.received()).toHaveLength(3));
    expect(await sequencesOf(platform, FIRST)).toEqual([1, 2]);
  });
});

it('a clock that was an hour ahead leaves no platform without its events for an hour', async () => {
  const platform = await withHttp();
  await platform.breakDown();
  world.ahead = 60 * 60_000;
  const gateway = await open([platform.config]);
  await gateway.emit(FIRST, SECOND);
  await vi.waitFor(() => expect(new Set(platform.requested())).toEqual(new Set([eventId(1), eventId(2)])));
  world.ahead = 0;
  await platform.recover();
  await vi.waitFor(async () => expect(await platform.received()).toHaveLength(2), { timeout: 10_000 });
});

describe('an event that fails again and again', () => {
  async function stumble() {
    const platform = await withHttp();
    const { handler } = platform.server;
    platform.server.handler = (request, response) => {
      if (request.body.toString().includes(eventId(1))) response.writeHead(500).end();
      else handler(request, response);
    };
    const gateway = await open([platform.config]);
    await gateway.emit(FIRST, FIRST, SECOND, FIRST, SECOND);
    return { platform, gateway, mend: () => void Object.assign(platform.server, { handler }) };
  }

  it('holds up its own subject only', async () => {
    const { platform, gateway, mend } = await stumble();
    await arrives(platform, 3, 5);
    const attempts = platform.requested().length;
    await vi.waitFor(() => expect(platform.requested().length).toBeGreaterThan(attempts + 5));
    expect(await gateway.parked()).toEqual([]);
    expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 3, parked: 0 });
    mend();
    await arrives(platform, 3, 5, 1, 2, 4);
  });

  it('is parked after a day, and its subject goes on', async () => {
    const { platform, gateway } = await stumble();
    await arrives(platform, 3, 5);
    world.ahead = DAY_MS - 60_000;
    const attempts = platform.requested().length;
    await vi.waitFor(() => expect(platform.requested().length).toBeGreaterThan(attempts + 5));
    expect(await gateway.parked()).toEqual([]);
    world.ahead = DAY_MS;
    await arrives(platform, 3, 5, 2, 4);
    expect(await gateway.parked()).toMatchObject([{ place: 1, reason: 'undeliverable', code: 'PLATFORM_UNREACHABLE' }]);
  });

  it('is not parked for its age before it had its chances', async () => {
    const { platform, gateway } = await stumble();
    await arrives(platform, 3, 5);
    await gateway.close();
    await setFailures(1);
    world.ahead = 2 * DAY_MS;
    const again = await open([platform.config]);
    await vi.waitFor(async () => expect(await again.parked()).toHaveLength(1));
    const [{ id } = { id: '' }] = await again.parked();
    expect((await again.deadLetters.show(id)).detail).toMatchObject({ attempts: 5 });
  });

  it('leaves turns to new events even when many such events are always due', async () => {
    const platform = await withHttp();
    const subjects = Array.from({ length: 8 }, (_, n) => `c0ffee00-0000-4000-8000-00000000000${n}`);
    const { handler } = platform.server;
    platform.server.handler = (request, response) => {
      if (subjects.some((subject) => request.body.includes(subject))) response.writeHead(500).end();
      else handler(request, response);
    };
    const gateway = await open([platform.config], { firstWaitMs: 1, ceilingMs: 1 });
    await gateway.emit(...subjects);
    await vi.waitFor(() => expect(new Set(platform.requested()).size).toBe(8));
    await gateway.emit(FIRST, SECOND, FIRST);
    await arrives(platform, 9, 10, 11);
  });

  async function setFailures(count: number) {
    const { store } = await openGateway(folder.path, [], world);
    await store.write((tx) => tx.run('UPDATE platform_held SET attempts = ? WHERE position = 1', count));
    await store.close();
  }
});

it('leaves the platform alone as long as it asks, but tries at once when an operator says so', async () => {
  const [platform, other] = [await withHttp(), await withHttp('other')];
  const { handler } = platform.server;
  await platform.refuse({ n: 1, subject: SECOND, sequence: 1 });
  const gateway = await open([platform.config, other.config]);
  await gateway.emit(SECOND);
  await vi.waitFor(async () => expect(await gateway.parked()).toHaveLength(1));
  platform.server.handler = (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end();
  await gateway.emit(FIRST);
  await vi.waitFor(() => expect(platform.server.requests).toHaveLength(2));
  platform.server.handler = handler;
  await gateway.emit(FIRST, SECOND);
  await arrives(other, 1, 2, 3, 4);
  expect(platform.server.requests).toHaveLength(2);

  world.ahead = 3_590_000;
  await gateway.emit(SECOND);
  await arrives(other, 1, 2, 3, 4, 5);
  expect(platform.server.requests).toHaveLength(2);
  world.ahead = 3_601_000;
  await gateway.emit(SECOND);
  await arrives(platform, 2, 3, 4, 5, 6);

  platform.server.handler = (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end();
  await gateway.emit(FIRST);
  await vi.waitFor(async () =>
    expect((await gateway.platforms.health())[0]).toMatchObject({ lastCode: 'PLATFORM_UNREACHABLE' }),
  );
  await platform.permit({ n: 1, subject: SECOND, sequence: 1 });
  platform.server.handler = handler;
  await gateway.retry('hall:1');
  await arrives(platform, 2, 3, 4, 5, 6, 1);
});

describe('stopping in the middle of a delivery', () => {
  it('waits for an answer that comes in time, and does not deliver again', async () => {
    const platform = await withHttp();
    const gateway = await open([platform.config], { graceMs: 10_000 });
    const { handler } = platform.server;
    let answer = () => {};
    platform.server.handler = (request, response) => {
      answer = () => handler(request, response);
    };
    await gateway.emit(FIRST, FIRST);
    await vi.waitFor(() => expect(platform.server.requests).toHaveLength(1));
    const stopped = gateway.platforms.stop();
    answer();
    await stopped;
    expect(platform.server.requests).toHaveLength(1);
    await gateway.close();
    platform.server.handler = handler;
    await open([platform.config]);
    await arrives(platform, 1, 2);
    expect(platform.requested()).toEqual([eventId(1), eventId(2)]);
  });

  it('breaks off when no answer comes, and delivers again after the start', async () => {
    const platform = await withHttp();
    const gateway = await open([platform.config], { graceMs: 10 });
    const { handler } = platform.server;
    platform.server.handler = () => {};
    await gateway.emit(FIRST, FIRST);
    await vi.waitFor(() => expect(platform.server.requests).toHaveLength(1));
    await gateway.close();
    expect(platform.server.requests).toHaveLength(1);
    platform.server.handler = handler;
    await open([platform.config]);
    await arrives(platform, 1, 2);
    expect(platform.requested()).toEqual([1, 1, 2].map(eventId));
  });
});

it('reads a bounded number of events at once and has one delivery under way', async () => {
  const platform = await withHttp();
  const { handler } = platform.server;
  let [running, most] = [0, 0];
  platform.server.handler = (request, response) => {
    running += 1;
    most = Math.max(most, running);
    response.on('finish', () => {
      running -= 1;
    });
    setImmediate(() => handler(request, response));
  };
  const gateway = await open([platform.config]);
  const lengths: number[] = [];
  const read = gateway.store.read.all.bind(gateway.store.read);
  vi.spyOn(gateway.store.read, 'all').mockImplementation(async (text, ...values) => {
    const rows = await read(text, ...values);
    lengths.push(rows.length);
    return rows;
  });
  await gateway.store.write(async (tx) => {
    for (let n = 0; n < 250; n += 1) await gateway.events.emit(tx, testNews(FIRST, 0));
  });
  await vi.waitFor(async () => expect(await platform.received()).toHaveLength(250), { timeout: 15_000 });
  expect(await sequencesOf(platform, FIRST)).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  expect(Math.max(...lengths)).toBe(100);
  expect(most).toBe(1);
});

it('delivers again what the database could not record', async () => {
  const platform = await withHttp();
  const gateway = await open([platform.config]);
  const { write } = gateway.store;
  const { handler } = platform.server;
  platform.server.handler = (request, response) => {
    vi.spyOn(gateway.store, 'write').mockRejectedValueOnce(new Error('the disk is full'));
    platform.server.handler = handler;
    handler(request, response);
  };
  await write.call(gateway.store, async (tx) => {
    await gateway.events.emit(tx, testNews(FIRST, 0));
    await gateway.events.emit(tx, testNews(FIRST, 0));
  });
  await arrives(platform, 1, 2);
  expect(platform.requested()).toEqual([1, 1, 2].map(eventId));
  expect(gateway.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

it('brings a new platform only what happens from then on', async () => {
  const [platform, late] = [await withHttp(), await withDirectory()];
  const gateway = await open([platform.config]);
  await gateway.emit(FIRST, FIRST);
  await arrives(platform, 1, 2);
  await gateway.close();
  const again = await open([platform.config, late.config]);
  await again.emit(FIRST);
  await arrives(late, 3);
  await arrives(platform, 1, 2, 3);
  expect(await readdir(join(folder.path, 'counter'))).toHaveLength(1);
});

async function sequencesOf(bench: PlatformBench, subject: string): Promise<number[]> {
  const events = await bench.received();
  return events.filter((event) => event.subject === subject).map(({ sequence }) => Number(sequence));
}

describe('a queue that is full', () => {
  const stumbling = { firstWaitMs: 1, ceilingMs: 1, giveUpAttempts: 1, giveUpAfterMs: 0 };

  it('parks no more than the book takes, and goes on trying', async () => {
    const platform = await withHttp();
    platform.server.handler = (_, response) => response.writeHead(422).end();
    const gateway = await openGateway(folder.path, [platform.config], world, { timing: stumbling, letters: 2 });
    gateways.push(gateway);
    await gateway.emit(...Array.from({ length: 4 }, (_, n) => `c0ffee00-0000-4000-8000-00000000000${n}`));
    await vi.waitFor(() => expect(platform.server.requests.length).toBeGreaterThan(6));
    expect(await gateway.parked()).toHaveLength(2);
    expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 2, parked: 2 });
  });

  it('lets no more be held than may, and new ones wait before it', async () => {
    const platform = await withHttp();
    platform.server.handler = (_, response) => response.writeHead(503).end();
    const bounds = { behind: 1000, held: 3 };
    const gateway = await openGateway(folder.path, [platform.config], world, { timing: { ceilingMs: 5 }, bounds });
    gateways.push(gateway);
    await gateway.emit(...Array.from({ length: 9 }, (_, n) => `c0ffee00-0000-4000-8000-00000000000${n}`));
    await vi.waitFor(() => expect(platform.server.requests.length).toBeGreaterThan(20));
    const held = await gateway.store.read.get<{ n: number }>('SELECT count(*) AS n FROM platform_held');
    expect(held!.n).toBe(3);
    expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 9, parked: 0 });
  });

  it('leaves the oldest events out, one letter says which, and the platform sees it by the numbers', async () => {
    const platform = await withHttp();
    platform.server.handler = (_, response) => response.writeHead(503).end();
    const timing = { firstWaitMs: 5_000, ceilingMs: 5_000 };
    const first = await open([platform.config], timing);
    await first.emit(FIRST, FIRST, FIRST, FIRST, FIRST, FIRST);
    await vi.waitFor(() => expect(platform.server.requests).toHaveLength(1));
    await first.close();
    gateways.length = 0;
    const bounds = { behind: 2, held: 10 };
    const gateway = await openGateway(folder.path, [platform.config], world, { timing, bounds });
    gateways.push(gateway);
    await vi.waitFor(async () => expect(await gateway.parked()).toHaveLength(1));
    const [letter] = await gateway.parked();
    expect(letter).toMatchObject({ id: 'hall:2-4', reason: 'overflow', sequence: 3, code: 'BACK_PRESSURE' });
    await expect(gateway.retry(letter!.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await gateway.deadLetters.drop(letter!.id, { by: 'test', role: 'sysadmin', reason: 'read by the API' });
    expect(await gateway.parked()).toEqual([]);
    expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 3 });
  });
});

it('parks an event whose data do not open, alone, and delivers it once they do', async () => {
  const platform = await withHttp();
  const gateway = await open([platform.config]);
  await gateway.store.write(async (tx) => {
    for (const subject of [FIRST, FIRST, SECOND]) await gateway.events.emit(tx, testNews(subject, 0));
    await tx.run("UPDATE platform_event SET data = '~tb:damaged' WHERE position = 1");
  });
  await arrives(platform, 2, 3);
  expect(await gateway.parked()).toMatchObject([{ id: 'hall:1', reason: 'refused', code: 'AT_REST_LOCKED' }]);
  expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 0, parked: 1, lastCode: '' });
  await gateway.retry('hall:1');
  await vi.waitFor(async () => expect(await gateway.parked()).toHaveLength(1));
  expect(platform.requested()).toEqual([2, 3].map(eventId));

  await gateway.store.write((tx) =>
    tx.run('UPDATE platform_event SET data = (SELECT data FROM platform_event WHERE position = 2) WHERE position = 1'),
  );
  await gateway.retry('hall:1');
  await arrives(platform, 2, 3, 1);
  await vi.waitFor(async () => expect(await gateway.parked()).toEqual([]));
});

it('passes by an event whose data do not open, also while the book of letters is full', async () => {
  const platform = await withHttp();
  const gateway = await openGateway(folder.path, [platform.config], world, { letters: 1 });
  gateways.push(gateway);
  await gateway.store.write(async (tx) => {
    for (const subject of [SECOND, FIRST]) await gateway.events.emit(tx, testNews(subject, 0));
    await tx.run("UPDATE platform_event SET data = '~tb:damaged'");
  });
  await gateway.emit('c0ffee00-0000-4000-8000-000000000000');
  await arrives(platform, 3);
  expect(await gateway.parked()).toHaveLength(1);
  expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 1, parked: 1 });
});

it('gives a parked event up for good when it is dropped', async () => {
  const platform = await withHttp();
  await platform.refuse({ n: 1, subject: FIRST, sequence: 1 });
  const gateway = await open([platform.config]);
  await gateway.emit(FIRST, FIRST);
  await arrives(platform, 2);
  await gateway.deadLetters.drop('hall:1', { by: 'test', role: 'sysadmin', reason: 'nobody wants it' });
  expect(await gateway.store.read.all('SELECT * FROM platform_held')).toEqual([]);
  const [closed] = await gateway.deadLetters.list({ closed: true }, 10);
  expect(closed).toMatchObject({ id: 'hall:1', closing: { outcome: 'dropped', reason: 'nobody wants it' } });
  await expect(gateway.retry('hall:1')).rejects.toMatchObject({ code: 'CONFLICT' });
});
