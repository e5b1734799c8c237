import { beforeEach, describe, expect, it } from 'vitest';
import type { Flight } from './flight.ts';
import type { PendingEnvelope } from './outbox.ts';
import { KILLERS, StreamKillers } from './stream-killers.ts';

const MINUTE_MS = 60_000;
let now = 0;
let killers: StreamKillers;

beforeEach(() => {
  now = 1_000_000;
  killers = new StreamKillers({ now: () => now });
});

const envelope = (position: number, conversation = `case ${position}`) =>
  ({ position, conversation }) as PendingEnvelope;
const flight = (...envelopes: PendingEnvelope[]) => ({ envelopes }) as unknown as Flight;
const [a, b, c] = [envelope(1), envelope(2), envelope(3)] as const;

describe('streams that end with batches unanswered', () => {
  it('are nothing while no batch was under way', () => {
    for (let n = 0; n < 10; n += 1) expect(killers.lost([])).toBeUndefined();
    expect(killers.isCareful).toBe(false);
  });

  it('let envelopes go one by one from the third on, until each of them was answered', () => {
    killers.lost([flight(a, b), flight(c)]);
    killers.lost([flight(a, b), flight(c)]);
    expect(killers.isCareful).toBe(false);
    killers.lost([flight(a, b), flight(c)]);
    expect(killers.isCareful).toBe(true);
    killers.answered([a, b]);
    expect(killers.isCareful).toBe(true);
    killers.answered([c]);
    expect(killers.isCareful).toBe(false);
  });

  it('count from the beginning after an answer to all of them, and when nothing is left to send', () => {
    killers.lost([flight(a, b)]);
    killers.lost([flight(a, b)]);
    killers.answered([a, b]);
    killers.lost([flight(a, b)]);
    expect(killers.isCareful).toBe(false);
    killers.lost([flight(a, b)]);
    killers.lost([flight(a, b)]);
    expect(killers.isCareful).toBe(true);
    killers.idle();
    expect(killers.isCareful).toBe(false);
  });
});

describe('an envelope that ends streams alone', () => {
  const kill = () => killers.lost([flight(b)]);

  it('is taken for the cause the third time, and rests for a minute, then longer, for an hour at most', () => {
    expect([kill(), kill()]).toEqual([undefined, undefined]);
    expect(killers.restOf(b.conversation)).toBeUndefined();
    expect(kill()).toBe(b);
    const rests = [1, 2, 4, 8, 16, 32, 60, 60];
    for (const [index, minutes] of rests.entries()) {
      if (index > 0) expect(kill()).toBe(b);
      expect(killers.restOf(b.conversation)).toBe(now + minutes * MINUTE_MS);
    }
  });

  it('is innocent once the peer answers it, also to the next one of its conversation', () => {
    for (let n = 0; n < 3; n += 1) kill();
    killers.answered([a]);
    expect(killers.restOf(b.conversation)).toBeDefined();
    killers.answered([b]);
    expect(killers.restOf(b.conversation)).toBeUndefined();
    const next = envelope(9, b.conversation);
    expect(killers.lost([flight(next)])).toBeUndefined();
  });

  it('is forgotten once the peer answers what stands in its place: a Skip has another position', () => {
    for (let n = 0; n < 3; n += 1) kill();
    killers.answered([envelope(9, b.conversation)]);
    expect(killers.restOf(b.conversation)).toBeUndefined();
    expect(killers.lost([flight(b)])).toBeUndefined();
  });

  it('may try at once when it is pardoned, and is known still', () => {
    for (let n = 0; n < 3; n += 1) kill();
    killers.pardon(b.conversation);
    expect(killers.restOf(b.conversation)).toBe(now);
    expect(kill()).toBe(b);
    expect(killers.restOf(b.conversation)).toBe(now + 2 * MINUTE_MS);
  });

  it('was not alone when others were under way', () => {
    kill();
    kill();
    expect(killers.lost([flight(a), flight(b)])).toBeUndefined();
    expect(killers.restOf(b.conversation)).toBeUndefined();
  });
});

it('remembers a bounded number of them', () => {
  for (let n = 0; n <= KILLERS; n += 1) for (let times = 0; times < 3; times += 1) killers.lost([flight(envelope(n))]);
  expect(killers.restOf('case 0')).toBeUndefined();
  expect(killers.restOf(`case ${KILLERS}`)).toBeDefined();
});
