import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PlatformError, type Submit } from '../adapter.ts';
import { testContext } from '../testing/context.ts';
import { Ledger, tryAgain } from '../testing/ledger.ts';
import { type HeldRecord, RecordTaking } from './record-taking.ts';

const SOON = { timeout: 5_000, interval: 5 };

let ledger: Ledger;
let context: ReturnType<typeof testContext>;
let stopping: AbortController;
let lost: AbortController;
let taking: RecordTaking;
/** What happened to records, by key, in order. */
let ends: string[];
let told: string[];

beforeEach(() => {
  ledger = new Ledger();
  context = testContext();
  [stopping, lost, ends, told] = [new AbortController(), new AbortController(), [], []];
  taking = open(20);
});
afterEach(async () => {
  stopping.abort();
  lost.abort();
  await taking.idle();
});

function open(retryMs: number): RecordTaking {
  return new RecordTaking({ platform: 'mq', atOnce: 8, retryMs, log: context.log, stopping: stopping.signal });
}

function record(key: string, changes: Partial<HeldRecord> = {}): HeldRecord {
  return {
    submission: { key, document: {}, wishes: [], problems: [] },
    lane: key.slice(0, 1),
    signal: lost.signal,
    tell: async ({ ok }) => void told.push(`${key} ${ok}`),
    end: () => ends.push(key),
    ...changes,
  };
}

it('lets go of a record after the platform was told, and not before', async () => {
  let tries = 0;
  const tell = async () => {
    tries += 1;
    expect(ends).toEqual([]);
    if (tries < 3) throw new PlatformError(true, 'nobody took it');
  };
  await taking.take(record('a1', { tell }), ledger.submit);
  await vi.waitFor(() => expect(ends).toEqual(['a1']), SOON);
  expect(tries).toBe(3);
  expect(context.lines).toMatchObject([
    { level: 'warn', fields: { adapter: 'mq', code: 'PLATFORM_UNREACHABLE' } },
    { level: 'warn', fields: { adapter: 'mq', code: 'PLATFORM_UNREACHABLE' } },
  ]);
});

it('holds up the lane alone of a record that is tried again', async () => {
  let isFree = false;
  const submit: Submit = async (submission, signal) =>
    submission.key === 'a1' && !isFree ? tryAgain('INTERNAL') : ledger.submit(submission, signal);
  for (const key of ['a1', 'a2', 'b1']) await taking.take(record(key), submit);
  await vi.waitFor(() => expect(ends).toEqual(['b1']), SOON);
  isFree = true;
  await vi.waitFor(() => expect(ends).toEqual(['b1', 'a1', 'a2']), SOON);
  expect(told).toEqual(['b1 true', 'a1 true', 'a2 true']);
});

it('leaves everything alone for a while when the gateway has too much to do', async () => {
  taking = open(60_000);
  ledger.answers.push(tryAgain('BACK_PRESSURE'));
  await taking.take(record('a1'), ledger.submit);
  await vi.waitFor(() => expect(context.lines).toHaveLength(1), SOON);
  await taking.take(record('b1'), ledger.submit);
  stopping.abort();
  lost.abort();
  await taking.idle();
  expect(ledger.calls).toHaveLength(1);
  expect([ends, told]).toEqual([[], []]);
});

it('begins nothing with a record that comes again in another way', async () => {
  await taking.take(record('a1', { isOurs: () => false }), ledger.submit);
  lost.abort();
  await taking.take(record('b1'), ledger.submit);
  await taking.idle();
  expect(ledger.calls).toEqual([]);
  expect(ends).toEqual([]);
});

it('brings what is under way to its end when what brought it is lost', async () => {
  const submit: Submit = async (submission, signal) => {
    lost.abort();
    expect(signal.aborted).toBe(false);
    return ledger.submit(submission, signal);
  };
  await taking.take(record('a1'), submit);
  await taking.idle();
  expect([told, ends]).toEqual([['a1 true'], ['a1']]);
});
