import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  NO_OPENSSL,
  OPENSSL,
  type TestAuthority,
  testAuthority,
} from '../../../../trust/testing/timestamp-authority.ts';
import type { TimestampConfig } from '../../../config/timestamp-config.ts';
import { checkTimestamps } from './check-timestamps.ts';

const HOUR_MS = 60 * 60 * 1000;

describe.skipIf(!OPENSSL)(`the timestamp authority${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  let authority: TestAuthority;
  let other: TestAuthority;
  let server: Server;
  let folder: string;
  let config: TimestampConfig;

  beforeAll(async () => {
    [authority, other] = [await testAuthority(), await testAuthority()];
    server = createServer(async (request, response) => {
      const answer = authority.answer(await buffer(request));
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(answer);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    folder = await mkdtemp(join(tmpdir(), 'tongban-stamps-'));
    await writeFile(join(folder, 'ca.pem'), authority.ca);
    await writeFile(join(folder, 'other.pem'), other.ca);
    config = {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`,
      caFile: join(folder, 'ca.pem'),
      intervalMs: HOUR_MS,
      graceMs: 24 * HOUR_MS,
      policy: 'warn',
      authorityPolicy: undefined,
    };
  });

  afterAll(async () => {
    server.close();
    authority.close();
    other.close();
    await rm(folder, { recursive: true });
  });

  const clock = { now: Date.now };
  const check = (changes: Partial<TimestampConfig> = {}, failingSince?: number, now: () => number = Date.now) =>
    checkTimestamps({ ...config, ...changes }, failingSince, { now });
  /** Nobody listens on port 1. */
  const nowhere = { url: 'http://127.0.0.1:1/tsa' };

  it('is fine when it gives a real stamp', async () => {
    expect(await checkTimestamps(config, undefined, clock)).toMatchObject([
      { level: 'fine', zh: expect.stringContaining('给出有效时间戳') },
    ]);
  });

  it('tells that our clock is off', async () => {
    const findings = await check({}, undefined, () => Date.now() - HOUR_MS);
    expect(findings).toMatchObject([
      { level: 'fine' },
      { what: 'clock', level: 'warning', zh: expect.stringMatching(/慢约 360\d 秒/), page: 'docs/runbooks/clock.md' },
    ]);
  });

  it('is a warning when it does not answer, with the time since', async () => {
    expect(await check(nowhere, Date.UTC(2026, 10, 22))).toMatchObject([
      {
        level: 'warning',
        zh: expect.stringMatching(/自 2026-11-22 08:00:00 起.*TIMESTAMP_UNAVAILABLE/),
        page: 'docs/runbooks/timestamp-authority.md',
      },
    ]);
  });

  it('is wrong when nothing new will be accepted without it', async () => {
    const refuse = { ...nowhere, policy: 'refuse' } as const;
    expect(await check(refuse, Date.now() - HOUR_MS)).toMatchObject([
      { level: 'wrong', zh: expect.stringContaining('起网关将不再收新件') },
    ]);
    expect(await check(refuse, Date.now() - 25 * HOUR_MS)).toMatchObject([
      { level: 'wrong', zh: expect.stringContaining('宽限期已过,网关不再收新件') },
    ]);
  });

  it('is wrong when its stamp leads to another certificate, or ours cannot be read', async () => {
    expect(await check({ caFile: join(folder, 'other.pem') })).toMatchObject([
      {
        level: 'wrong',
        zh: expect.stringContaining('TIMESTAMP_INVALID'),
        todo: { zh: expect.stringContaining('ca_file') },
      },
    ]);
    expect(await check({ caFile: join(folder, 'absent.pem') })).toMatchObject([
      { level: 'wrong', zh: expect.stringContaining('CONFIG_INVALID') },
    ]);
  });
});
