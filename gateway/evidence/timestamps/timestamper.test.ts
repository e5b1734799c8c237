import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAuthorities, verifyTimestamp } from '#trust';
import { NO_OPENSSL, OPENSSL, type TestAuthority, testAuthority } from '../../../trust/testing/timestamp-authority.ts';
import type { TimestampConfig } from '../../config/timestamp-config.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { until } from '../../testing/live-region.ts';
import { type TestClock, testClock } from '../../testing/region-pair.ts';
import { askAuthority } from './authority-client.ts';
import { Timestamper } from './timestamper.ts';

const NOTE = (size: number) =>
  `tongban/log/320600/1\n${size}\n${Buffer.alloc(32, size).toString('base64')}\n\n— x AAAA\n`;
const GRACE_MS = 60_000;

let folder: string;
let store: Store;
let clock: TestClock;
let authority: TestAuthority;
let server: Server;
/** How the authority behaves now. */
let behave: (query: Buffer, response: ServerResponse) => void;
let asked: number;
let open: Timestamper[];
let told: string[];
const log = { checkpoint: '' };

const honest = (query: Buffer, response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(authority.answer(query));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-timestamper-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  clock = testClock(Date.now());
  authority = await testAuthority();
  [asked, open, told, behave] = [0, [], [], honest];
  log.checkpoint = NOTE(5);
  server = createServer(async (request, response) => {
    asked += 1;
    behave(await bodyOf(request), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await Promise.all(open.map((one) => one.stop()));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
  authority.close();
  await rm(folder, { recursive: true });
});

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A timestamper whose first attempt has ended. */
async function started(settings: Partial<TimestampConfig> = {}): Promise<Timestamper> {
  const { port } = server.address() as AddressInfo;
  const timestamper = new Timestamper({
    store,
    clock,
    log,
    settings: {
      url: `http://127.0.0.1:${port}/tsr`,
      caFile: '',
      intervalMs: 3_600_000,
      graceMs: GRACE_MS,
      policy: 'refuse',
      authorityPolicy: undefined,
      ...settings,
    },
    authorities: readAuthorities(authority.ca),
    ask: askAuthority,
    nonce: () => randomBytes(8),
    pausesMs: [0, 1],
    onAnswered: () => void told.push('answered'),
    onFailed: (error, refusing) => void told.push(`${(error as { code?: string }).code}${refusing ? ' refusing' : ''}`),
  });
  open.push(timestamper);
  await timestamper.start();
  await until('the first attempt', () => log.checkpoint === '' || told.length > 0 || timestamper.status.lastSize > 0);
  return timestamper;
}

const stored = () => store.read.all<{ size: number; note: string; token: Buffer }>('SELECT * FROM log_timestamp');

describe.skipIf(!OPENSSL)(`a log stamped by an authority${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  it('has a timestamp for its newest state, and another when it has grown', async () => {
    const timestamper = await started();
    log.checkpoint = NOTE(9);
    await timestamper.stamp();
    await timestamper.stamp();
    const rows = await stored();
    expect(rows.map(({ size }) => size)).toEqual([5, 9]);
    for (const { note, token } of rows) verifyTimestamp(token, Buffer.from(note), readAuthorities(authority.ca));
    expect(timestamper.status).toMatchObject({ lastSize: 9, failingSince: undefined, refusing: false });
    expect(asked).toBe(2);
    expect(told).toEqual(['answered']);
  });

  it('asks nothing while it is empty or stands still', async () => {
    log.checkpoint = '';
    const timestamper = await started();
    await timestamper.stamp();
    expect(asked).toBe(0);
    log.checkpoint = NOTE(1);
    await timestamper.stamp();
    await timestamper.stamp();
    expect(asked).toBe(1);
  });
});

describe.skipIf(!OPENSSL)(`an authority that fails${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  const unavailable = expect.objectContaining({ code: 'TIMESTAMP_UNAVAILABLE' });

  it.each([
    [
      'answers with an error',
      'TIMESTAMP_UNAVAILABLE',
      (_: Buffer, response: ServerResponse) => response.writeHead(500).end(),
    ],
    ['hangs up', 'TIMESTAMP_UNAVAILABLE', (_: Buffer, response: ServerResponse) => response.destroy()],
    ['answers with a page', 'TIMESTAMP_UNAVAILABLE', (_: Buffer, response: ServerResponse) => response.end('<html>')],
    [
      'answers without end',
      'TIMESTAMP_UNAVAILABLE',
      (_: Buffer, response: ServerResponse) =>
        response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(Buffer.alloc(100_000)),
    ],
    [
      'answers with rubbish',
      'TIMESTAMP_INVALID',
      (_: Buffer, response: ServerResponse) =>
        response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end('rubbish'),
    ],
  ])('is told and kept in mind when it %s', async (_, code, how) => {
    behave = how;
    const timestamper = await started();
    expect(told).toEqual([code]);
    expect(asked).toBe(2);
    expect(timestamper.status).toMatchObject({ failingSince: clock.at, refusing: false });
    expect(await stored()).toEqual([]);
    timestamper.demandStamped();
  });

  it('stops new business after the grace time, until it answers again', async () => {
    behave = (_, response) => void response.writeHead(503).end();
    const timestamper = await started();
    clock.at += GRACE_MS;
    timestamper.demandStamped();
    clock.at += 1;
    expect(() => timestamper.demandStamped()).toThrow(unavailable);
    await timestamper.stamp();
    expect(told).toEqual(['TIMESTAMP_UNAVAILABLE', 'TIMESTAMP_UNAVAILABLE refusing']);
    behave = honest;
    await timestamper.stamp();
    timestamper.demandStamped();
    expect(told.at(-1)).toBe('answered');
    expect(timestamper.status).toMatchObject({ failingSince: undefined, refusing: false, lastSize: 5 });
  });

  it('has no new grace by a restart', async () => {
    behave = (_, response) => void response.writeHead(503).end();
    await (await started()).stop();
    clock.at += GRACE_MS + 1;
    const again = await started();
    expect(() => again.demandStamped()).toThrow(unavailable);
  });

  it('only warns when the policy is to warn', async () => {
    behave = (_, response) => void response.writeHead(503).end();
    const timestamper = await started({ policy: 'warn' });
    clock.at += GRACE_MS * 100;
    timestamper.demandStamped();
    await timestamper.stamp();
    expect(told).toEqual(['TIMESTAMP_UNAVAILABLE', 'TIMESTAMP_UNAVAILABLE']);
  });

  it('holds up no stop', async () => {
    behave = () => {};
    log.checkpoint = '';
    const timestamper = await started();
    log.checkpoint = NOTE(5);
    const stamping = timestamper.stamp();
    await until('it was asked', () => asked > 0);
    await timestamper.stop();
    await stamping;
    expect(told).toEqual([]);
  });
});
