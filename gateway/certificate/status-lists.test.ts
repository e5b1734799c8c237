import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { type Signer, STATUS_LIST_SIZE, type StatusReference, statusIn, verifyStatusList } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type PublishedList, StatusLists, type StatusListsOptions } from './status-lists.ts';

const NOW = Date.parse('2026-12-10T09:00:00+08:00');
const TTL_MS = 15 * 60 * 1000;

let folder: string;
let store: Store;
let own: ThrowawayRegion;
let time: number;
let signatures: number;
let broken: Error | undefined;
let failures: unknown[];
let lists: StatusLists;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-status-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  own = await throwawayRegion('150626', { now: NOW });
  time = NOW;
  signatures = 0;
  broken = undefined;
  failures = [];
  lists = open();
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

function open(changes: Partial<StatusListsOptions> = {}, base = 'https://150626.example/status-lists/'): StatusLists {
  const signer: Signer = {
    ...own.certificate,
    sign: (data) => {
      signatures += 1;
      return broken ? Promise.reject(broken) : own.certificate.sign(data);
    },
  };
  return new StatusLists({
    store,
    clock: { now: () => time },
    region: '150626',
    signer,
    publishing: { baseUri: base, ttlMs: TTL_MS, lifetimeMs: 24 * 60 * 60 * 1000 },
    random: (limit) => randomInt(limit),
    onError: (error) => failures.push(error),
    ...changes,
  });
}

const allocate = (from = lists) => store.write((tx) => from.allocate(tx));
const mark = (reference: StatusReference, word: 'valid' | 'revoked' | 'suspended') =>
  store.write((tx) => lists.mark(tx, reference, word));

function said({ text }: PublishedList, { uri, idx }: StatusReference): string {
  const of = { issuer: '150626', uri };
  return statusIn(verifyStatusList(text, of, { statementOf: () => own.statement, now: time }), idx);
}

async function rows(): Promise<{ n: number; allocated: number; entries: number; marked: number }[]> {
  return store.read.all(
    `SELECT n, allocated, count(*) AS entries, sum(status <> 'valid') AS marked
     FROM status_list JOIN status_entry ON list = n GROUP BY n ORDER BY n`,
  );
}

describe('an entry', () => {
  it('is free, of nobody else, and says nothing of the order', async () => {
    const taken = await Promise.all(Array.from({ length: 300 }, () => allocate()));
    const numbers = taken.map(({ idx }) => idx);
    expect(new Set(numbers).size).toBe(300);
    expect(numbers.every((idx) => idx >= 0 && idx < STATUS_LIST_SIZE)).toBe(true);
    expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
    const list = await lists.published(1);
    expect(new Set(taken.map((reference) => said(list, reference)))).toEqual(new Set(['valid']));
    expect(taken[0]!.uri).toBe('https://150626.example/status-lists/1');
  });

  it('stands among decoys from the first certificate on', async () => {
    await allocate();
    const [{ marked, entries, allocated } = { marked: 0, entries: 0, allocated: 0 }] = await rows();
    expect(allocated).toBe(1);
    expect(entries).toBe(marked + 1);
    // One entry in 1024, but for those that fell on one another.
    expect(marked).toBeGreaterThan(1000);
    expect(marked).toBeLessThanOrEqual(1024);
  });

  it('is taken with the unit of work that issues, or not at all', async () => {
    const failed = store.write(async (tx) => {
      await lists.allocate(tx);
      throw new Error('the issuing failed');
    });
    await expect(failed).rejects.toThrow('the issuing failed');
    expect(await rows()).toEqual([]);
    expect(await lists.addresses()).toEqual([]);
  });

  it('is looked for again when it is taken', async () => {
    const first = await allocate();
    const numbers = [first.idx, first.idx, 5, 6].values();
    const taken = await allocate(open({ random: () => numbers.next().value! }));
    expect([5, 6]).toContain(taken.idx);
  });

  it('comes from the next list when one is full, and the full one goes on', async () => {
    const first = await allocate();
    await store.write((tx) => tx.run('UPDATE status_list SET allocated = 1000000'));
    const second = await allocate();
    expect(second.uri).toBe('https://150626.example/status-lists/2');
    await mark(first, 'revoked');
    expect(said(await lists.published(1), first)).toBe('revoked');
    expect(said(await lists.published(2), second)).toBe('valid');
    expect(await lists.addresses()).toEqual([first.uri, second.uri]);
  });

  it('is in a new list when the address changes; the old list keeps the one that certificates carry', async () => {
    const before = await allocate();
    const moved = open({}, 'https://status.example/status-lists/');
    const after = await allocate(moved);
    expect(after.uri).toBe('https://status.example/status-lists/2');
    expect(said(await moved.published(1), before)).toBe('valid');
  });

  it('is never given out twice because the random numbers are none', async () => {
    const stuck = open({ random: () => 3 });
    await expect(allocate(stuck)).rejects.toThrow(RangeError);
    expect(await rows()).toEqual([]);
  });
});

describe('a copy', () => {
  let reference: StatusReference;
  beforeEach(async () => {
    reference = await allocate();
  });

  it('is signed once and serves until half of its time to live is over', async () => {
    const first = await lists.published(1);
    time += TTL_MS / 2 - 1;
    expect(await lists.published(1)).toBe(first);
    expect(signatures).toBe(1);
    time += 1;
    const next = await lists.published(1);
    expect(next.issuedAt).toBe(time);
    expect(signatures).toBe(2);
  });

  it('is signed once for all who ask at the same time', async () => {
    const copies = await Promise.all(Array.from({ length: 20 }, () => lists.published(1)));
    expect(new Set(copies).size).toBe(1);
    expect(signatures).toBe(1);
  });

  it('says a change at once, and a thousand changes cost one signature', async () => {
    await lists.published(1);
    time += 1000;
    const others = await Promise.all(Array.from({ length: 50 }, () => allocate()));
    await Promise.all([...others, reference].map((one) => mark(one, 'suspended')));
    const copy = await lists.published(1);
    for (const one of [...others, reference]) expect(said(copy, one)).toBe('suspended');
    expect(signatures).toBe(2);
    time += 1000;
    await mark(reference, 'valid');
    expect(said(await lists.published(1), reference)).toBe('valid');
  });

  it('is not signed more than once a second, whatever changes', async () => {
    const first = await lists.published(1);
    await mark(reference, 'revoked');
    time += 999;
    expect(await lists.published(1)).toBe(first);
    time += 1;
    expect(said(await lists.published(1), reference)).toBe('revoked');
  });

  it('says nothing of a change that was undone', async () => {
    await lists.published(1);
    const failed = store.write(async (tx) => {
      await lists.mark(tx, reference, 'revoked');
      throw new Error('the change failed');
    });
    await expect(failed).rejects.toThrow('the change failed');
    time += 5000;
    expect(said(await lists.published(1), reference)).toBe('valid');
    expect(signatures).toBe(1);
  });

  it('is always issued later than the one before, after a restart and with a clock that went back too', async () => {
    const first = await lists.published(1);
    const again = await open().published(1);
    expect(again.issuedAt).toBe(first.issuedAt + 1000);
    time -= 60_000;
    const back = await open().published(1);
    expect(back.issuedAt).toBe(again.issuedAt + 1000);
  });

  it('still serves while the signer is away, until something changes or it expires', async () => {
    const first = await lists.published(1);
    broken = new CodedError('SIGNER_UNAVAILABLE');
    time += TTL_MS;
    expect(await lists.published(1)).toBe(first);
    expect(failures).toEqual([broken]);
    await mark(reference, 'revoked');
    await expect(lists.published(1)).rejects.toBe(broken);
    const tried = signatures;
    for (let more = 0; more < 20; more += 1) await expect(lists.published(1)).rejects.toBe(broken);
    expect(signatures).toBe(tried);
    broken = undefined;
    time += 1000;
    const after = await lists.published(1);
    expect(said(after, reference)).toBe('revoked');
    expect(after.issuedAt).toBe(time);
    broken = new CodedError('SIGNER_UNAVAILABLE');
    time += 24 * 60 * 60 * 1000;
    await expect(lists.published(1)).rejects.toBe(broken);
  });

  it('is not made of a list that there is not', async () => {
    await expect(lists.published(2)).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    expect(signatures).toBe(0);
  });
});
