import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { plainPdf } from '../../trust/testing/index.ts';
import { FileDesk } from './file-desk.ts';

const lengthOf = async (bytes: Buffer) => bytes.length;
const BUSY = expect.objectContaining({ code: 'BACK_PRESSURE' });

it('takes few files at once, of each address fewer, and lets go of them', async () => {
  const desk = new FileDesk();
  const coming = ['a', 'a', 'b', 'c'].map((address) => {
    const source = new PassThrough();
    return { source, done: desk.take(address, source, lengthOf) };
  });
  await expect(desk.take('d', Readable.from([Buffer.alloc(1)]), lengthOf)).rejects.toEqual(BUSY);
  coming[2]!.source.end('bytes');
  expect(await coming[2]!.done).toBe(5);
  await expect(desk.take('a', Readable.from([Buffer.alloc(1)]), lengthOf)).rejects.toEqual(BUSY);
  expect(await desk.take('d', Readable.from([Buffer.alloc(3)]), lengthOf)).toBe(3);
  coming[0]!.source.destroy(new Error('the client went away'));
  await expect(coming[0]!.done).rejects.toThrow('went away');
  expect(await desk.take('a', Readable.from([Buffer.alloc(2)]), lengthOf)).toBe(2);
  for (const { source } of coming) source.end();
  await Promise.all(coming.slice(1).map(({ done }) => done));
});

it('takes an IPv6 network for one caller', async () => {
  const desk = new FileDesk();
  const coming = ['2001:db8::1', '2001:db8::2'].map((address) => {
    const source = new PassThrough();
    return { source, done: desk.take(address, source, lengthOf) };
  });
  await expect(desk.take('2001:db8::3', Readable.from([Buffer.alloc(1)]), lengthOf)).rejects.toEqual(BUSY);
  expect(await desk.take('2001:db8:0:1::3', Readable.from([Buffer.alloc(1)]), lengthOf)).toBe(1);
  for (const { source } of coming) source.end();
  await Promise.all(coming.map(({ done }) => done));
  expect(await desk.take('2001:db8::3', Readable.from([Buffer.alloc(1)]), lengthOf)).toBe(1);
});

describe('a file that comes slowly', () => {
  const SLOW = expect.objectContaining({ code: 'REQUEST_INVALID', message: 'the file came too slowly' });
  const KIB = 1024;
  /** Nothing comes, nor an end. */
  const SILENT = -1;

  afterEach(() => void vi.useRealTimers());

  /** Sends so many bytes in each ten seconds, then ends; what became of it, and when in seconds. */
  async function sent(sizes: readonly number[]) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    const desk = new FileDesk();
    const source = new PassThrough({ highWaterMark: 64 * KIB * KIB });
    let seconds = 0;
    const done = desk.take('192.0.2.1', bodyOf(source), lengthOf).then(
      (value) => ({ value, seconds }),
      (error) => ({ error, seconds }),
    );
    for (const size of sizes) {
      if (size > 0) source.write(Buffer.alloc(size));
      await settled();
      seconds += 10;
      vi.advanceTimersByTime(10_000);
      await settled();
    }
    if (sizes.at(-1) !== SILENT) source.end();
    const outcome = await done;
    // Whatever became of it, its place is free, and nothing waits any more.
    expect(vi.getTimerCount()).toBe(0);
    const others = [1, 2].map((size) => desk.take('192.0.2.1', Readable.from([Buffer.alloc(size)]), lengthOf));
    expect(await Promise.all(others)).toEqual([1, 2]);
    return outcome;
  }

  it.each([
    ['nothing', [SILENT], 10],
    ['nothing more', [3000 * KIB, 0, 0, 0, 0, 0, SILENT], 60],
    ['a byte now and then', [1, 1, 1], 10],
    ['too little after a good beginning', [160 * KIB, 1, 1, 1], 30],
    ['enough, and has no end', new Array<number>(7).fill(400 * KIB), 60],
  ])('is given up: %s', async (_, sizes, seconds) => {
    expect(await sent(sizes)).toEqual({ error: SLOW, seconds });
  });

  it.each([
    ['the largest on the slowest line that it may come over', new Array<number>(5).fill(4 * KIB * KIB)],
    ['a scan over a bad line', new Array<number>(5).fill(80 * KIB)],
    ['one that stops for a while', [250 * KIB, 0, 0, 75 * KIB]],
  ])('is taken: %s', async (_, sizes) => {
    const value = sizes.reduce((sum, size) => sum + size);
    expect(await sent(sizes)).toEqual({ value, seconds: 10 * sizes.length });
  });

  /** A body as the API hands it over: it does not end before the next bytes of its sender come, even when destroyed. */
  function bodyOf(sender: PassThrough): Readable {
    async function* bytes() {
      yield* sender.iterator({ destroyOnReturn: false });
    }
    return Readable.from(bytes(), { objectMode: false });
  }

  /** Lets streams hand on what they have. */
  async function settled(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  }
});

it('examines in a thread, one file after the other, and goes on after one that cannot be', async () => {
  const desk = new FileDesk();
  const task = { bytes: plainPdf(), trust: '', now: 0 };
  const [bad, good] = await Promise.allSettled([
    desk.examine({ ...task, trust: 'no certificate' }),
    desk.examine(task),
  ]);
  expect(bad).toMatchObject({ reason: { code: 'VALIDATION_FAILED' } });
  expect(good).toMatchObject({ value: { report: { format: 'pdf', verdict: 'unsealed' }, signer: undefined } });
});
