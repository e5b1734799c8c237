import { beforeEach, expect, test, vi } from 'vitest';
import { CodedError } from '#proto';
import { TOO_LONG } from './lines.ts';
import { submitLine } from './submit-line.ts';
import { WaitingRoom } from './waiting-room.ts';

const CAPACITY = 3;

/** An outbox of one peer, as far as lines notice it. */
const outbox = { held: 0, refused: 0 };
let gone: AbortController;
let room: WaitingRoom;

beforeEach(() => {
  Object.assign(outbox, { held: 0, refused: 0 });
  gone = new AbortController();
  room = new WaitingRoom(gone.signal);
});

async function submit(input: unknown) {
  if (outbox.held >= CAPACITY) {
    outbox.refused += 1;
    throw new CodedError('BACK_PRESSURE');
  }
  outbox.held += 1;
  const { n } = input as { n: number };
  return { conversation: `conversation ${n}`, number: `number ${n}` };
}

const lineOf = (n: number) => JSON.stringify({ n, handlingRegion: '150626' });

test('says conversation and number, or what is wrong with the line', async () => {
  const good = await submitLine(lineOf(5), 7, 'platform hall', submit, room);
  expect(good).toMatch(/\n$/);
  expect(JSON.parse(good)).toEqual({ line: 7, conversation: 'conversation 5', number: 'number 5' });
  for (const bad of ['{', '', TOO_LONG] as const)
    expect(JSON.parse(await submitLine(bad, 8, 'platform hall', submit, room))).toMatchObject({
      line: 8,
      code: 'REQUEST_INVALID',
    });
  const break_ = () => Promise.reject(new Error('SELECT secret FROM people'));
  const internal = { line: 9, code: 'INTERNAL', message: 'an unexpected error; see the log', errors: [] };
  expect(JSON.parse(await submitLine('{}', 9, 'platform hall', break_, room))).toEqual(internal);
  expect(outbox.held).toBe(1);
});

test('lines wait while the outbox is full, few try in vain, and each goes once', async () => {
  const done: number[] = [];
  const all = Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      submitLine(lineOf(n), n + 1, 'platform hall', submit, room).then(() => done.push(n)),
    ),
  );
  await vi.waitUntil(() => done.length === CAPACITY && room.isTaken('150626'));
  const refusedAtFirst = outbox.refused;
  while (done.length < 40) {
    const before = done.length;
    outbox.held = 0;
    await vi.waitUntil(() => done.length >= Math.min(before + CAPACITY, 40));
  }
  await all;
  expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  // If all tried whenever any did, it were hundreds.
  expect(outbox.refused - refusedAtFirst).toBeLessThan(150);
  await vi.waitUntil(() => !room.isTaken('150626'));
});

test('another peer is not held up', async () => {
  outbox.held = CAPACITY;
  const waiting = submitLine(lineOf(1), 1, 'platform hall', submit, room);
  await vi.waitUntil(() => room.isTaken('150626'));
  const free = async () => ({ conversation: 'c', number: 'n' });
  const other = JSON.stringify({ handlingRegion: '350500' });
  expect(JSON.parse(await submitLine(other, 2, 'platform hall', free, room))).toMatchObject({ conversation: 'c' });
  outbox.held = 0;
  expect(JSON.parse(await waiting)).toMatchObject({ conversation: 'conversation 1' });
});

test('nobody waits for longer than the client stays', async () => {
  outbox.held = CAPACITY;
  const waiting = Array.from({ length: 5 }, (_, n) => submitLine(lineOf(n), n + 1, 'platform hall', submit, room));
  await vi.waitUntil(() => room.isTaken('150626'));
  gone.abort();
  for (const text of await Promise.all(waiting)) expect(JSON.parse(text)).not.toHaveProperty('conversation');
  expect(outbox.held).toBe(CAPACITY);
});
