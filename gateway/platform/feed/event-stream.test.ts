import { afterEach, expect, test, vi } from 'vitest';
import { CodedError } from '#proto';
import type { FedEvent } from './event-feed.ts';
import { EventStream, type StreamTiming } from './event-stream.ts';

const LONG = 60_000;
const streams: EventStream[] = [];

afterEach(() => {
  for (const { readable } of streams.splice(0)) readable.destroy();
});

function eventOf(position: number, text = ''): FedEvent {
  const about = { type: 'cn.tongban.case.receive.v1', source: 'urn:tongban:region:320600', subject: 'x' };
  return { position, event: { ...about, id: `${position}`, time: 0, sequence: position, data: { text } } };
}

/** A stream of the events that there are, and what it said so far. */
function open(events: FedEvent[], timing: Partial<StreamTiming> = {}, isRead = true) {
  let ended = 0;
  let said = '';
  const feed = {
    after: async (position: number, limit: number) => events.filter((one) => one.position > position).slice(0, limit),
  };
  const stream = new EventStream(feed, 0, () => (ended += 1), {
    ...{ heartbeatMs: LONG, patienceMs: LONG, lifeMs: LONG },
    ...timing,
  });
  streams.push(stream);
  const read = () => stream.readable.on('data', (chunk: Buffer) => (said += chunk.toString()));
  if (isRead) read();
  return { stream, read, said: () => said, ended: () => ended };
}

test('gives what there is, then what comes, each with its position', async () => {
  const events = [eventOf(1)];
  const { stream, said } = open(events);
  await vi.waitFor(() => expect(said()).toContain('id: 1\ndata: {"specversion":"1.0"'));
  events.push(eventOf(2));
  stream.wake();
  await vi.waitFor(() => expect(said()).toContain('id: 2\n'));
});

test('says that it lives while nothing happens', async () => {
  const { said } = open([], { heartbeatMs: 20 });
  await vi.waitFor(() => expect(said()).toMatch(/^: tongban\n\n: \n\n: \n\n/));
});

test('holds little for a slow reader, and ends with the reason when he takes nothing', async () => {
  const events = Array.from({ length: 500 }, (_, n) => eventOf(n + 1, 'x'.repeat(4_000)));
  const { stream, read, said, ended } = open(events, { patienceMs: 50 }, false);
  await vi.waitFor(() => expect(stream.readable.readableLength).toBeGreaterThan(10_000));
  expect(stream.readable.readableLength).toBeLessThan(100_000);
  await vi.waitFor(() => expect(stream.hasEnded).toBe(true));
  read();
  await vi.waitFor(() => expect(said()).toMatch(/event: end\ndata: \{"reason":"slow"/));
  await vi.waitFor(() => expect(ended()).toBe(1));
});

test.each([
  ['stopping', (stream: EventStream) => stream.end('stopping')],
  ['renew', () => {}],
] as const)('ends with the word %s, and the place to go on', async (reason, end) => {
  const { stream, said, ended } = open([eventOf(7)], { lifeMs: reason === 'renew' ? 50 : LONG });
  await vi.waitFor(() => expect(said()).toContain('id: 7'));
  end(stream);
  await vi.waitFor(() => expect(ended()).toBe(1));
  const last = JSON.parse(said().split('event: end\ndata: ')[1]!);
  expect(last).toMatchObject({ reason, after: 7 });
});

test('says when events were removed that it had not given', async () => {
  let said = '';
  const feed = { after: () => Promise.reject(new CodedError('EVENTS_GONE')) };
  const stream = new EventStream(feed, 0, () => {});
  streams.push(stream);
  stream.readable.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await vi.waitFor(() => expect(said).toContain('"reason":"gone"'));
});
