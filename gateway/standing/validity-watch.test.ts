import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { KeyInfo, RegionStatement } from '#trust';
import { memoryKeyStore, type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { testClock } from '../testing/region-pair.ts';
import { DAY_MS } from './validity.ts';
import { ValidityWatch } from './validity-watch.ts';

const NOW = Date.UTC(2026, 10, 22);
const HOUR_MS = 60 * 60 * 1000;

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let keys: readonly KeyInfo[];
beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
  keys = await (await memoryKeyStore('ES256', NOW)).list();
});

const clock = testClock(NOW);
let lines: Record<string, unknown>[];
let metrics: Metrics;
let own: RegionStatement;
let peers: RegionStatement[];
let watch: ValidityWatch;

beforeEach(() => {
  clock.at = NOW;
  lines = [];
  metrics = createMetrics();
  own = nantong.statement;
  peers = [uxin.statement];
  watch = new ValidityWatch({
    clock,
    metrics,
    log: createLog({ level: 'debug', region: '320600', clock }, { write: (line) => void lines.push(JSON.parse(line)) }),
    own: () => own,
    peers: () => peers,
    keys: async () => keys,
  });
});

/** What the log says of a subject of a region: level and days, in order. */
function warnings(subject: string, peer?: string): unknown[] {
  return lines
    .filter((line) => line['subject'] === subject && line['peer'] === peer)
    .map(({ level, days_left }) => [level, days_left]);
}

/** Looks every hour from 40 days before an end to a day after it. */
async function live(through: number): Promise<void> {
  for (let at = through - 40 * DAY_MS; at <= through + DAY_MS; at += HOUR_MS) {
    clock.at = at;
    await watch.look();
  }
}

test('each end is warned of once at 30, 7 and 1 days and at the end, ours and that of a peer', async () => {
  await watch.look();
  // Time goes forward only, so ends of the same moment are lived through once.
  for (const end of new Set(watch.list().map(({ notAfter }) => notAfter))) await live(end);
  const expected = [
    ['warn', 30],
    ['warn', 7],
    ['error', 1],
    ['error', 0],
  ];
  for (const subject of ['statement', 'signing', 'log', 'certificate', 'seal', 'tls']) {
    expect(warnings(subject)).toEqual(expected);
    expect(warnings(subject, '150626')).toEqual(expected);
  }
  expect(warnings('identity')).toEqual(expected);
  expect(lines.every(({ msg }) => !String(msg).includes('*'))).toBe(true);
});

test('a renewed statement is quiet, and warned of again when its own end comes', async () => {
  clock.at = own.expiresAt - 5 * DAY_MS;
  await watch.look();
  own = await nantong.restate({ serial: 2, expiresAt: own.expiresAt + 300 * DAY_MS });
  await watch.look();
  clock.at = own.expiresAt - 5 * DAY_MS;
  await watch.look();
  expect(warnings('statement').map((line) => (line as [string, number])[1])).toEqual([5, 5]);
});

test('the list begins with the most urgent and holds every key of ours and of the peers', async () => {
  await watch.look();
  const subjects = (region: string) =>
    watch
      .list()
      .filter((one) => one.region === region)
      .map(({ subject }) => subject)
      .toSorted();
  expect(subjects('320600')).toEqual(['certificate', 'identity', 'log', 'seal', 'signing', 'statement', 'tls']);
  expect(subjects('150626')).toEqual(['certificate', 'log', 'seal', 'signing', 'statement', 'tls']);
  clock.at = own.expiresAt - 3 * DAY_MS;
  const ends = watch.list().map(({ notAfter }) => notAfter);
  expect(ends).toEqual(ends.toSorted((a, b) => a - b));
  expect(watch.list().find(({ subject }) => subject === 'statement')).toMatchObject({ urgency: 'week', daysLeft: 3 });
});

test('the metrics tell the seconds that are left, and nothing of a region that was removed', async () => {
  await watch.look();
  clock.at = own.expiresAt - 60_000;
  expect(await metrics.text()).toContain('tongban_validity_seconds{region="320600",subject="statement"} 60\n');
  clock.at = own.expiresAt + 60_000;
  expect(await metrics.text()).toContain('tongban_validity_seconds{region="150626",subject="statement"} 0\n');
  peers = [];
  expect(await metrics.text()).not.toContain('150626');
});

test('a list of keys that cannot be read is told of, and the rest is still watched', async () => {
  const log = createLog(
    { level: 'info', region: '320600', clock },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const broken = { own: () => own, peers: () => peers, keys: () => Promise.reject(new Error('gone')) };
  clock.at = own.expiresAt - 2 * DAY_MS;
  await new ValidityWatch({ clock, metrics, log, ...broken }).look();
  expect(lines[0]).toMatchObject({ level: 'error', err: { class: 'Error' } });
  expect(warnings('statement')).toEqual([['warn', 2]]);
});

test('looks at once when it starts', async () => {
  clock.at = own.expiresAt;
  await watch.start();
  watch.stop();
  expect(warnings('statement')).toEqual([['error', 0]]);
});
