import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PlatformError } from '#adapters';
import { CodedError } from '#proto';
import { creditQuery } from '../../adapters/testing/credit-contract.ts';
import { testQuery } from '../../adapters/testing/data-contract.ts';
import { placeFile, temporaryFolder } from '../../adapters/testing/folders.ts';
import { Ledger } from '../../adapters/testing/ledger.ts';
import { PlatformServer } from '../../adapters/testing/platform-server.ts';
import { httpBench } from './testing/platform-bench.ts';
import { FIRST, openGateway, SECOND, type World } from './testing/test-gateway.ts';

const DAY_MS = 24 * 60 * 60_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let world: World;
beforeEach(async () => {
  folder = await temporaryFolder();
  world = { ahead: 0, ids: 0 };
});
afterEach(() => folder.remove());

async function source(name: string) {
  const path = join(folder.path, name);
  await mkdir(path);
  return { path, config: { kind: 'directory', name, settings: { in: path, poll_ms: 20 } } };
}

describe('submissions of platforms', () => {
  it('reach the gateway, and the platform learns the outcome', async () => {
    const { path, config } = await source('counter');
    const ledger = new Ledger();
    const gateway = await openGateway(folder.path, [config], world, { submit: ledger.submit });
    await placeFile(path, 'one.json', '{"n":1}');
    await placeFile(path, 'two.json', '{"refuse":true}');
    await vi.waitFor(async () => {
      expect(await readdir(join(path, 'done'))).toContain('one.json.result.json');
      expect(await readdir(join(path, 'failed'))).toContain('two.json.error.json');
    });
    expect(ledger.cases.size).toBe(1);
    await gateway.close();
    await placeFile(path, 'three.json', '{}');
    expect(ledger.calls).toHaveLength(2);
  });

  it('are broken off when everything stops, and taken after the start', async () => {
    const { path, config } = await source('counter');
    const ledger = new Ledger();
    ledger.answers.push((_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)));
    const gateway = await openGateway(folder.path, [config], world, { submit: ledger.submit });
    await placeFile(path, 'one.json', '{}');
    await vi.waitFor(() => expect(ledger.calls).toHaveLength(1));
    await gateway.close();
    const again = await openGateway(folder.path, [config], world, { submit: ledger.submit });
    await vi.waitFor(async () => expect(await readdir(join(path, 'done'))).toHaveLength(2));
    expect(ledger.calls.map(({ key }) => key)).toEqual([ledger.calls[0]?.key, ledger.calls[0]?.key]);
    await again.close();
  });
});

it('keeps events when no platform wants any: one may read them by the API', async () => {
  const { config } = await source('counter');
  const gateway = await openGateway(folder.path, [config], world);
  await gateway.emit(FIRST);
  expect(await gateway.store.read.all('SELECT 1 FROM platform_event')).toHaveLength(1);
  expect(await gateway.platforms.health()).toEqual([]);
  await gateway.close();
});

it('names every wrong setting of all platforms at once, and runs nothing', async () => {
  const { path, config } = await source('counter');
  const ledger = new Ledger();
  await placeFile(path, 'one.json', '{}');
  const configs = [
    config,
    { kind: 'http', name: 'hall', settings: { url: 'ftp://x' } },
    { kind: 'pigeon', name: 'loft', settings: {} },
  ];
  const error = await openGateway(folder.path, configs, world, { submit: ledger.submit }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CodedError);
  expect(error).toMatchObject({
    code: 'CONFIG_INVALID',
    problems: [{ pointer: '/platforms/1/url' }, { pointer: '/platforms/1/auth' }, { pointer: '/platforms/2/kind' }],
  });
  expect(await readdir(path)).toEqual(['one.json']);
  expect(ledger.calls).toEqual([]);
});

describe('questions about data', () => {
  const setting = (name: string, host: string, kinds: readonly string[]) => ({
    kind: 'http-query',
    name,
    settings: { url: `http://${host}/`, kinds, auth: { type: 'none' }, timeout_ms: 200 },
  });
  const { signal } = new AbortController();

  it('go to the platform that answers their kind, and no word of them into the log', async () => {
    const platform = await new PlatformServer().listen();
    const configs = [setting('land', platform.host, ['real-estate']), setting('tax', platform.host, ['tax'])];
    const gateway = await openGateway(folder.path, configs, world);
    platform.handler = ({ body }, response) => {
      const { kind } = JSON.parse(body.toString()) as { kind: string };
      if (kind === 'tax') response.writeHead(503).end();
      else response.writeHead(200).end('{"found":false}');
    };
    expect(await gateway.platforms.answer(testQuery(), signal)).toEqual({ found: false });
    expect(gateway.platforms.answer(testQuery({ kind: 'marriage' }), signal)).toBeUndefined();
    await expect(gateway.platforms.answer(testQuery({ kind: 'tax' }), signal)).rejects.toBeInstanceOf(PlatformError);
    expect(gateway.lines).toMatchObject([{ level: 'warn', adapter: 'tax', peer: '320600', envelope: testQuery().id }]);
    expect(JSON.stringify(gateway.lines)).not.toMatch(/11370800MB28559184|核验/);
    await gateway.close();
    await platform.close();
  });

  it('have one platform each', async () => {
    const configs = [
      setting('land', 'x.example', ['real-estate']),
      setting('tax', 'x.example', ['tax', 'real-estate']),
    ];
    const error = await openGateway(folder.path, configs, world).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/platforms/1/kinds/1', code: 'DUPLICATE' }],
    });
  });
});

describe('questions about credit', () => {
  const setting = (name: string, host: string) => ({
    kind: 'http-credit',
    name,
    settings: { url: `http://${host}/`, auth: { type: 'none' }, timeout_ms: 200 },
  });
  const { signal } = new AbortController();

  it('are answered by the credit platform; a dead one knows nothing, and no word of them goes into the log', async () => {
    const platform = await new PlatformServer().listen();
    const gateway = await openGateway(folder.path, [setting('credit', platform.host)], world);
    platform.handler = (_, response) => response.writeHead(200).end('{"result":"restricted","code":"S1"}');
    expect(await gateway.platforms.credit(creditQuery, signal)).toEqual({
      result: 'restricted',
      code: 'S1',
      source: 'credit',
    });
    expect(gateway.lines).toEqual([]);
    await platform.close();
    expect(await gateway.platforms.credit(creditQuery, signal)).toEqual({
      result: 'unknown',
      code: 'PLATFORM_UNREACHABLE',
      source: 'credit',
    });
    expect(gateway.lines).toMatchObject([{ level: 'warn', adapter: 'credit' }]);
    expect(JSON.stringify(gateway.lines)).not.toMatch(/92320600MA00000038|测试食品/);
    await gateway.close();
  });

  it('are asked of nobody where there is no credit platform, and of one only', async () => {
    const gateway = await openGateway(folder.path, [], world);
    expect(gateway.platforms.credit(creditQuery, signal)).toBeUndefined();
    await gateway.close();
    const two = [setting('one', 'x.example'), setting('two', 'x.example')];
    const error = await openGateway(folder.path, two, world).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/platforms/1/kind', code: 'DUPLICATE' }],
    });
  });
});

it('hands log lines of an adapter on, with fields of the list only', async () => {
  const { path, config } = await source('counter');
  const ledger = new Ledger();
  ledger.answers.push({ ok: false, code: 'BACK_PRESSURE', message: 'not now', problems: [] });
  const gateway = await openGateway(folder.path, [config], world, { submit: ledger.submit });
  await placeFile(path, 'zhang-san.json', '{}');
  await vi.waitFor(() => expect(ledger.calls).toHaveLength(2));
  expect(gateway.lines).toMatchObject([
    { level: 'warn', adapter: 'counter', code: 'BACK_PRESSURE', msg: expect.stringContaining('tried again') },
  ]);
  expect(JSON.stringify(gateway.lines)).not.toContain('zhang');
  await gateway.close();
});

it('retries only what is parked, at platforms that it has', async () => {
  const platform = await httpBench();
  await platform.refuse({ n: 1, subject: FIRST, sequence: 1 });
  const gateway = await openGateway(folder.path, [platform.config], world);
  await gateway.emit(FIRST, SECOND);
  await vi.waitFor(async () => expect(await platform.received()).toHaveLength(1));
  for (const id of ['hall:2', 'hall:99', 'other:1'])
    await expect(gateway.retry(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await gateway.platforms.health()).toEqual([
    { name: 'hall', kind: 'http', behind: 0, parked: 1, lastCode: '' },
  ]);
  expect(platform.server.requests).toHaveLength(2);
  await gateway.close();
  await platform.close();
});

it('removes events a week after every platform has them; parked ones stay', async () => {
  const platform = await httpBench();
  await platform.refuse({ n: 1, subject: FIRST, sequence: 1 });
  const gateway = await openGateway(folder.path, [platform.config], world);
  await gateway.emit(FIRST, FIRST);
  await vi.waitFor(async () => expect((await gateway.platforms.health())[0]).toMatchObject({ behind: 0, parked: 1 }));
  await gateway.close();
  for (const [ahead, left] of [
    [6 * DAY_MS, [1, 2]],
    [8 * DAY_MS, [1]],
  ] as const) {
    world.ahead = ahead;
    const again = await openGateway(folder.path, [platform.config], world);
    await again.platforms.stop();
    const rows = await again.store.read.all<{ position: number }>('SELECT position FROM platform_event');
    expect(rows.map(({ position }) => position)).toEqual(left);
    await again.close();
  }
  await platform.close();
});
