import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ErrorCode } from '#proto';
import { throwawayRegion } from '../../trust/testing/index.ts';
import { bringBack, pinEachOther, type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { AnswerNotes } from './answers.ts';
import { Echoes } from './echo.ts';

const clock = testClock(Date.UTC(2026, 10, 22));

let folder: string;
let nantong: TestGateway;
let uxin: TestGateway;
let answers: AnswerNotes;
let echoes: Echoes;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-echo-'));
  nantong = await testGateway(await throwawayRegion('320600', { now: clock.at }), folder, clock);
  uxin = await testGateway(await throwawayRegion('150626', { now: clock.at }), folder, clock);
  await pinEachOther(nantong, uxin);
  answers = new AnswerNotes();
  echoes = new Echoes({ ...nantong, answers, waitMs: 2000 });
});

afterEach(async () => {
  await Promise.all([nantong.close(), uxin.close()]);
  await rm(folder, { recursive: true });
});

/** The test envelope that waits, once it does. */
async function sent(): Promise<string> {
  for (;;) {
    const [envelope] = await nantong.outbox.pendingAfter('150626', 0, 1);
    if (envelope) return envelope.id;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Says a code about the test envelope again and again, as a peer does with each resend. */
async function answering<T>(code: string, whileWaiting: Promise<T>): Promise<T> {
  const envelope = await sent();
  const timer = setInterval(() => answers.heard(envelope, code), 10);
  return whileWaiting.finally(() => clearInterval(timer));
}

async function decided(code: ErrorCode | ''): Promise<void> {
  await sent();
  const [envelope] = await nantong.outbox.pendingAfter('150626', 0, 1);
  await bringBack(nantong, uxin, [{ envelope: envelope!, name: 'Ping', code }], async () => {});
}

test.each([
  ['SEAL_TIME', 'clock'],
  ['KEY_UNKNOWN', 'key-refused'],
  ['KEY_NOT_VALID', 'key-refused'],
  ['KEY_REVOKED', 'key-refused'],
])('a refusal with %s tells at once: %s', async (code, fault) => {
  const failure = await answering(
    code,
    echoes.of('150626').catch((error: unknown) => error),
  );
  expect(failure).toMatchObject({ fault, code });
});

test('another refusal is told with its code when no receipt came in time', async () => {
  const failure = await answering(
    'ROOT_MISMATCH',
    echoes.of('150626').catch((error: unknown) => error),
  );
  expect(failure).toMatchObject({ fault: 'echo-refused', code: 'ROOT_MISMATCH' });
});

test('silence is told as such, and a second try waits for the first envelope', async () => {
  for (let times = 0; times < 2; times += 1)
    await expect(echoes.of('150626')).rejects.toMatchObject({ fault: 'echo-timeout', code: 'PEER_UNREACHABLE' });
  expect(nantong.outbox.pending('150626')).toBe(1);
});

test('a signed rejection is told with its code', async () => {
  const failed = echoes.of('150626').catch((error: unknown) => error);
  await decided('PAYLOAD_INVALID');
  expect(await failed).toMatchObject({ fault: 'echo-refused', code: 'PAYLOAD_INVALID' });
});

test('a receipt gives the four moments of the exchange', async () => {
  const { at } = clock;
  const echo = echoes.of('150626');
  await decided('');
  expect(await echo).toMatchObject({ sent: at, received: at, decided: at, settled: at });
});
