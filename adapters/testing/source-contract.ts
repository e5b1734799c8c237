import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SubmissionSource } from '../adapter.ts';
import { Ledger, tryAgain } from './ledger.ts';

/** A platform that hands in cases, and sources that take them. */
export interface SourceBench {
  /** A new source at the same place, as after a restart. */
  open(): Promise<SubmissionSource>;
  /** Hands in a submission. Names sort in the order in which the source documents to take what waits. */
  put(name: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Hands in something that no source can read. */
  putPoison(name: string): Promise<void>;
  /** What the platform knows about a submission. */
  state(name: string): Promise<'waiting' | 'accepted' | 'refused'>;
  close(): Promise<void>;
}

/** What every kind with a source must do. */
export function sourceContract(kind: string, open: () => Promise<SourceBench>): void {
  describe(`submission by ${kind}`, () => {
    let bench: SourceBench;
    let ledger: Ledger;
    let sources: SubmissionSource[];
    beforeEach(async () => {
      bench = await open();
      ledger = new Ledger();
      sources = [];
    });
    afterEach(async () => {
      for (const source of sources) await source.stop();
      await bench.close();
    });

    it('takes what waits and what comes later, each once, and tells the platform', async () => {
      await bench.put('a', { n: 1 });
      await start();
      await becomes('a', 'accepted');
      await bench.put('b', { n: 2 });
      await becomes('b', 'accepted');
      expect(bodies()).toEqual([{ n: 1 }, { n: 2 }]);
      expect(ledger.cases.size).toBe(2);
    });

    it('takes one at a time, in order', async () => {
      const names = ['a', 'b', 'c', 'd'];
      for (const name of names.toReversed()) await bench.put(name, { name });
      await start();
      await becomes('d', 'accepted');
      expect(bodies()).toEqual(names.map((name) => ({ name })));
      expect(ledger.most).toBe(1);
    });

    it('tells the platform a refusal and does not offer it again', async () => {
      await bench.put('a', { refuse: true });
      const source = await start();
      await becomes('a', 'refused');
      await source.stop();
      await start();
      await bench.put('b', {});
      await becomes('b', 'accepted');
      expect(bodies()).toEqual([{ refuse: true }, {}]);
    });

    it.each(['INTERNAL', 'BACK_PRESSURE', 'SHUTTING_DOWN'] as const)(
      'tries again after %s, with the same key',
      async (code) => {
        ledger.answers.push(tryAgain(code), tryAgain(code));
        await bench.put('a', {});
        await start();
        await becomes('a', 'accepted');
        expect(ledger.calls).toHaveLength(3);
        expect(new Set(ledger.calls.map((call) => call.key)).size).toBe(1);
      },
    );

    it('tries again after a rejection', async () => {
      ledger.answers.push(() => Promise.reject(new Error('the database is away')));
      await bench.put('a', {});
      await start();
      await becomes('a', 'accepted');
      expect(ledger.cases.size).toBe(1);
    });

    it('offers a submission again after a restart in the middle: one effect', async () => {
      ledger.answers.push(async (submission, signal) => {
        await ledger.accept(submission, signal);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      await bench.put('a', {});
      const source = await start();
      await vi.waitFor(() => expect(ledger.cases.size).toBe(1));
      await source.stop();
      expect(await bench.state('a')).toBe('waiting');
      await start();
      await becomes('a', 'accepted');
      expect(ledger.calls).toHaveLength(2);
      expect(ledger.cases.size).toBe(1);
    });

    it('lets nothing unreadable hold up the others', async () => {
      await bench.putPoison('a');
      await bench.put('b', { n: 2 });
      await start();
      await becomes('b', 'accepted');
      await becomes('a', 'refused');
      expect(bodies()).toEqual([{ n: 2 }]);
    });

    it('lets nothing that always fails hold up the others', async () => {
      const failing = vi.fn(async () => tryAgain('INTERNAL'));
      const source = await start(async (submission, signal) =>
        (submission.body as { fail?: boolean }).fail ? failing() : ledger.submit(submission, signal),
      );
      await bench.put('a', { fail: true });
      await bench.put('b', {});
      await becomes('b', 'accepted');
      await vi.waitFor(() => expect(failing.mock.calls.length).toBeGreaterThan(1));
      await source.stop();
      expect(await bench.state('a')).toBe('waiting');
    });

    it('takes nothing more once it is stopped', async () => {
      const source = await start();
      await source.stop();
      const other = new Ledger();
      await bench.put('a', {});
      await start(other.submit);
      await becomes('a', 'accepted');
      expect(ledger.calls).toEqual([]);
      expect(other.calls).toHaveLength(1);
    });

    async function start(submit = ledger.submit): Promise<SubmissionSource> {
      const source = await bench.open();
      sources.push(source);
      await source.start(submit);
      return source;
    }

    function becomes(name: string, state: 'accepted' | 'refused') {
      return vi.waitFor(async () => expect(await bench.state(name)).toBe(state), { timeout: 10_000, interval: 10 });
    }

    function bodies(): unknown[] {
      return ledger.calls.map((call) => call.body);
    }
  });
}
