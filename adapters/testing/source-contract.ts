import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Submission, SubmissionSource } from '../adapter.ts';
import { bodyOf, Ledger, tryAgain } from './ledger.ts';

/** A platform that hands in cases, and sources that take them. */
export interface SourceBench {
  /** A new source at the same place, as after a restart. */
  open(): Promise<SubmissionSource>;
  /** Hands in a submission. Names sort in the order in which the source documents to take what waits. */
  put(name: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Hands in a submission of one of several cases. Absent where a source takes one after the other, whatever the case. */
  putInLane?(lane: string, name: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Hands in a submission with a field that nobody has told the source of: the platform has a new version. */
  putWithMore?(name: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Hands in a submission in which a field that is needed has another name now. */
  putRenamed?(name: string): Promise<void>;
  /** Hands in something that no source can read. */
  putPoison(name: string): Promise<void>;
  /** Whether whoever hands in what nobody can read is told so while he waits for the answer, so that nothing is parked. */
  readonly answersPoison?: true;
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

    it('offers many submissions again over restarts in the middle: one effect each', async () => {
      const names = Array.from({ length: 12 }, (_, index) => `n${String(index).padStart(2, '0')}`);
      for (const name of names) await put(name, { name }, name);
      for (let restart = 1; restart <= 3; restart += 1) {
        const before = ledger.calls.length;
        // What is under way is done, and then the answer is lost.
        const source = await start(async (submission, signal) => {
          await ledger.submit(submission, signal);
          if (ledger.calls.length < before + 2) return tryAgain('INTERNAL');
          return new Promise((_, reject) => {
            const lose = () => reject(signal.reason);
            signal.addEventListener('abort', lose);
            if (signal.aborted) lose();
          });
        });
        await vi.waitFor(() => expect(ledger.calls.length).toBeGreaterThanOrEqual(before + 2), { timeout: 10_000 });
        await source.stop();
      }
      await start();
      for (const name of names) await becomes(name, 'accepted');
      expect([...ledger.cases.values()].map(nameOf).sort()).toEqual(names);
    });

    it('keeps the order of each case, and lets other cases pass', async ({ skip }) => {
      if (!bench.putInLane) skip(`${kind} takes one after the other, whatever the case`);
      for (const name of ['a1', 'a2', 'b1']) await put(name, { name }, name.slice(0, 1));
      let othersPassed = false;
      await start(async (submission, signal) => {
        if (nameOf(submission) !== 'a1' || othersPassed) return ledger.submit(submission, signal);
        ledger.calls.push(submission);
        return tryAgain('INTERNAL');
      });
      await becomes('b1', 'accepted');
      expect([await bench.state('a1'), await bench.state('a2')]).toEqual(['waiting', 'waiting']);
      othersPassed = true;
      await becomes('a2', 'accepted');
      expect([...ledger.cases.values()].map(nameOf)).toEqual(['b1', 'a1', 'a2']);
      const offered = ledger.calls.map(nameOf);
      expect(offered.indexOf('a2')).toBeGreaterThan(offered.lastIndexOf('a1'));
    });

    it('waits while the gateway has too much to do, and loses nothing', async () => {
      const names = ['a', 'b', 'c', 'd'];
      for (const name of names) await put(name, { name }, name);
      let isFull = true;
      await start(async (submission, signal) => {
        if (!isFull) return ledger.submit(submission, signal);
        ledger.calls.push(submission);
        return tryAgain('BACK_PRESSURE');
      });
      await vi.waitFor(() => expect(ledger.calls.length).toBeGreaterThan(2), { timeout: 10_000 });
      for (const name of names) expect(await bench.state(name)).toBe('waiting');
      expect(ledger.cases.size).toBe(0);
      isFull = false;
      for (const name of names) await becomes(name, 'accepted');
      expect(ledger.cases.size).toBe(names.length);
    });

    it('lets nothing unreadable hold up the others', async () => {
      await bench.putPoison('a');
      await bench.put('b', { n: 2 });
      await start();
      await becomes('b', 'accepted');
      await becomes('a', 'refused');
      expect(bodies()).toEqual([{ n: 2 }]);
    });

    it('has what nobody can read parked with the reasons, once', async ({ skip }) => {
      if (bench.answersPoison) skip(`${kind} tells whoever waits for the answer`);
      await bench.putPoison('a');
      const source = await start();
      await becomes('a', 'refused');
      await source.stop();
      await start();
      await bench.put('b', {});
      await becomes('b', 'accepted');
      const parked = ledger.calls.filter(({ problems }) => problems.length > 0);
      expect(new Set(parked.map(({ key }) => key)).size).toBe(1);
      expect(parked[0]).toMatchObject({ key: expect.stringMatching(/^.{1,64}$/), wishes: [] });
      expect(ledger.cases.size).toBe(1);
    });

    it('takes no notice of fields that are new', async ({ skip }) => {
      if (!bench.putWithMore) skip(`${kind} leaves fields to the gateway here`);
      await bench.putWithMore!('a', { n: 1 });
      await start();
      await becomes('a', 'accepted');
      expect(bodies()).toEqual([{ n: 1 }]);
    });

    it('has a record parked in which a needed field is gone, and goes on', async ({ skip }) => {
      if (!bench.putRenamed) skip(`${kind} leaves fields to the gateway here`);
      await bench.putRenamed!('a');
      await bench.put('b', { n: 2 });
      await start();
      await becomes('b', 'accepted');
      await becomes('a', 'refused');
      expect(bodies()).toEqual([{ n: 2 }]);
      const [parked] = ledger.calls.filter(({ problems }) => problems.length > 0);
      expect(parked?.problems[0]).toMatchObject({ pointer: expect.any(String), message: expect.any(String) });
    });

    it('understands anew what was parked', async ({ skip }) => {
      await bench.put('a', { n: 1 });
      const source = await start();
      if (!source.again) skip(`${kind} has it handed in again`);
      await becomes('a', 'accepted');
      const [{ key, document }] = ledger.calls as [Submission];
      const kept = JSON.parse(JSON.stringify(document));
      const understood = await source.again!(key, kept);
      expect(understood).toMatchObject({ key, problems: [] });
      expect(bodyOf(understood)).toEqual({ n: 1 });
    });

    it('lets nothing that always fails hold up the others', async () => {
      const failing = vi.fn(async () => tryAgain('INTERNAL'));
      const source = await start(async (submission, signal) =>
        (bodyOf(submission) as { fail?: boolean }).fail ? failing() : ledger.submit(submission, signal),
      );
      await put('a', { fail: true }, 'a');
      await put('b', {}, 'b');
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

    /** Of what could be understood. */
    function bodies(): unknown[] {
      return ledger.calls.filter(({ problems }) => problems.length === 0).map(bodyOf);
    }

    function nameOf(submission: Submission): string | undefined {
      return (bodyOf(submission) as { name?: string } | undefined)?.name;
    }

    function put(name: string, body: Readonly<Record<string, unknown>>, lane: string): Promise<void> {
      return bench.putInLane ? bench.putInLane(lane, name, body) : bench.put(name, body);
    }
  });
}
