import { randomUUIDv7 } from 'node:crypto';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CodedError, type messages } from '#proto';
import type { CheckStream } from '../outbound/peer-client.ts';
import { CheckLine } from './check-line.ts';

/** A group as it left. */
interface Left {
  readonly number: number;
  readonly size: number;
  readonly stream: Duplex;
}

let left: Left[];
let opened: number;
let seal: () => Promise<{ signedRoot: string; leaves: readonly Buffer[] }>;
let line: CheckLine<number, number>;

beforeEach(() => {
  left = [];
  opened = 0;
  seal = async () => ({ signedRoot: 'x', leaves: [] });
  line = new CheckLine<number, number>({
    open,
    write: (asked) => {
      const bytes = Buffer.alloc(asked < 0 ? 1024 * 1024 : 10);
      return { id: randomUUIDv7(), header: bytes, payload: bytes, payloadSalt: bytes, leaf: bytes, expiresAt: 0 };
    },
    seal: () => seal(),
    settle: async ({ questions }, { failures }) =>
      failures.length > 0
        ? new Map([...questions.keys()].map((id) => [id, { fault: new CodedError('EXPIRED') }]))
        : new Map([...questions].map(([id, { asked }]) => [id, { given: asked }])),
  });
});
afterEach(() => vi.useRealTimers());

function open(): CheckStream {
  opened += 1;
  const stream: Duplex = new Duplex({
    objectMode: true,
    read: () => {},
    write: ({ number, questions }: messages.CheckManyRequest, _encoding, done) => {
      left.push({ number, size: questions.length, stream });
      done();
    },
    final: (done) => {
      stream.push(null);
      done();
    },
  });
  const cancel = () => stream.destroy(Object.assign(new Error('cancelled'), { code: 1 }));
  return Object.assign(stream, { cancel }) as unknown as CheckStream;
}

const answer = ({ stream, number }: Left, failures: object[] = []) => stream.push({ answers: number, failures });
const ask = (count: number, from = 0) => Promise.all(Array.from({ length: count }, (_, n) => line.ask(from + n)));

it('keeps two groups under way; what waits becomes the next, whichever is answered first', async () => {
  const all = ask(1000);
  await vi.waitFor(() => expect(left).toHaveLength(2));
  await new Promise(setImmediate);
  expect(left.map(({ size }) => size)).toEqual([256, 256]);
  answer(left[1]!);
  await vi.waitFor(() => expect(left).toHaveLength(3));
  answer(left[0]!);
  await vi.waitFor(() => expect(left).toHaveLength(4));
  for (const group of left.slice(2)) answer(group);
  expect(await all).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  expect(left.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(opened).toBe(1);
});

it('ends the stream when nothing is left to ask, and opens one when there is again', async () => {
  for (const count of [1, 2]) {
    const asked = line.ask(7);
    await vi.waitFor(() => expect(left).toHaveLength(count));
    answer(left.at(-1)!);
    expect(await asked).toBe(7);
    await vi.waitFor(() => expect(left.at(-1)!.stream.writableEnded).toBe(true));
    expect([opened, left.at(-1)!.number]).toEqual([count, 1]);
  }
});

it('keeps groups within 2 MiB, and sends what is larger alone', async () => {
  const all = Promise.all([-1, -2, -3].map((asked) => line.ask(asked)));
  for (const count of [1, 2, 3]) {
    await vi.waitFor(() => expect(left.length).toBeGreaterThanOrEqual(count));
    answer(left[count - 1]!);
  }
  await all;
  expect(left.map(({ size }) => size)).toEqual([1, 1, 1]);
});

it('gives up a peer that stays silent, and goes on with the next stream', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const asked = ask(600).catch((error: unknown) => error);
  while (left.length < 2) await new Promise(setImmediate);
  const later = line.ask(9);
  vi.advanceTimersByTime(30_000);
  expect(await asked).toMatchObject({ code: 'PEER_UNREACHABLE' });
  while (left.length < 3) await new Promise(setImmediate);
  answer(left[2]!);
  expect(left[2]!.size).toBe(600 - 512 + 1);
  expect(await later).toBe(9);
  expect(opened).toBe(2);
});

it('fails only the questions whose group could not be sealed', async () => {
  seal = () => Promise.reject(new CodedError('SIGNER_UNAVAILABLE'));
  await expect(line.ask(1)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
  seal = async () => ({ signedRoot: 'x', leaves: [] });
  const asked = line.ask(2);
  await vi.waitFor(() => expect(left).toHaveLength(1));
  answer(left[0]!);
  expect(await asked).toBe(2);
});

it('hands failures to those who asked', async () => {
  const asked = line.ask(1);
  const failed = expect(asked).rejects.toMatchObject({ code: 'EXPIRED' });
  await vi.waitFor(() => expect(left).toHaveLength(1));
  answer(left[0]!, [{}]);
  await failed;
});

it('fails what is under way when the peer ends the stream, or answers what it was not asked', async () => {
  const first = line.ask(1).catch((error: unknown) => error);
  await vi.waitFor(() => expect(left).toHaveLength(1));
  left[0]!.stream.push(null);
  expect(await first).toMatchObject({ code: 'PEER_UNREACHABLE' });
  const second = line.ask(2).catch((error: unknown) => error);
  await vi.waitFor(() => expect(left).toHaveLength(2));
  answer({ ...left[1]!, number: 9 });
  expect(await second).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
});
