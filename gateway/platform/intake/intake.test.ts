import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { Submission, SubmissionOutcome, SubmissionSource, Wish } from '#adapters';
import { CodedError, type Problem } from '#proto';
import type { CaseFile } from '../../case/case-file.ts';
import type { AlsoDone } from '../../case/case-service.ts';
import { scrubCase } from '../../case/personal/scrub.ts';
import { keepCase } from '../../case/search/testing/kept-cases.ts';
import type { FiledLetter } from '../../dead-letter/letter.ts';
import { LetterBook } from '../../dead-letter/letter-book.ts';
import { letterTable } from '../../dead-letter/letter-table.ts';
import { openPostgresStore } from '../../store/postgres/postgres-store.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { testPostgres } from '../../store/testing/test-postgres.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { Intake } from './intake.ts';
import { parkedTable } from './parked-table.ts';
import { referenceTable } from './reference-table.ts';
import type { WishContext } from './take-wishes.ts';
import { takenTable } from './taken-table.ts';

const server = await testPostgres();
const DAY_MS = 24 * 60 * 60_000;
const ACT = { by: 'wang', role: 'sysadmin', reason: '映射已修正' } as const;
const MISSING: Problem = { pointer: '/SBSJ', code: 'REQUIRED', message: 'is required' };
const { signal } = new AbortController();

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  if (!('missing' in server)) await server.drop();
});

async function sqlite(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-intake-'));
  closing.push(() => rm(folder, { recursive: true }));
  return openSqliteStore(join(folder, 'gateway.db'));
}

async function postgres(): Promise<Store> {
  if ('missing' in server) throw new Error(server.missing);
  return openPostgresStore({ config: await server.database(), password: server.password, name: 'gateway' });
}

/** Cases as far as wishes reach them: an act is a count in the unit of work, and fails as `refusals` say. */
class Desk {
  readonly file: CaseFile;
  readonly refusals: (Error | undefined)[] = [];
  /** Held up until it resolves. */
  gate: Promise<void> = Promise.resolve();
  running = 0;
  most = 0;
  readonly #store: Store;

  constructor(store: Store, file: CaseFile) {
    this.#store = store;
    this.file = file;
  }

  async done(): Promise<number> {
    const row = await this.#store.read.get<{ value: number }>("SELECT value FROM counter WHERE name = 'acts'");
    return row?.value ?? 0;
  }

  readonly cases = {
    act: async (_key: string, _event: string, _data: unknown, _version: unknown, { also }: { also: AlsoDone }) => {
      this.running += 1;
      this.most = Math.max(this.most, this.running);
      await this.gate;
      // Outside of the unit of work, which may be run again.
      const refusal = this.refusals.shift();
      try {
        return await this.#store.write(async (tx) => {
          await tx.run(
            "INSERT INTO counter (name, value) VALUES ('acts', 1) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
          );
          await also(tx, this.file);
          if (refusal) throw refusal;
          return this.file;
        });
      } finally {
        this.running -= 1;
      }
    },
  } as unknown as WishContext['cases'];
}

interface Bench {
  readonly store: Store;
  readonly desk: Desk;
  readonly letters: LetterBook;
  readonly clock: { now: () => number };
  ahead: number;
  intake(): Intake;
  metrics(): Promise<string>;
  /** What the log says. */
  readonly warned: string[];
  submit(submission: Submission): Promise<SubmissionOutcome>;
  open(): Promise<FiledLetter[]>;
}

async function bench(store: Store, capacity = 10): Promise<Bench> {
  closing.push(() => store.close());
  const desk = new Desk(store, await keepCase(store, 1, {}));
  const metrics = createMetrics();
  const made = { ahead: 0 } as Bench;
  const clock = { now: () => 1_800_000_000_000 + made.ahead };
  const letters = new LetterBook({ store, clock, capacity });
  const warned: string[] = [];
  const log = { warn: (_fields: object, text: string) => void warned.push(text) };
  const intake = () => new Intake({ store, clock, cases: desk.cases, letters, metrics, log });
  const first = intake();
  return Object.assign(made, {
    ...{ store, desk, letters, clock, intake, warned },
    metrics: () => metrics.text(),
    submit: (submission: Submission) => first.submitFor('hall')(submission, signal),
    open: () => letterTable.list(store.read, {}, 10, Number.MAX_SAFE_INTEGER),
  });
}

function act(desk: Desk, changes: object = {}): Wish {
  return {
    ...{ do: 'act', case: { conversation: desk.file.conversation }, act: 'accept', data: {}, files: [] },
    ...changes,
  } as Wish;
}

function submission(wishes: readonly Wish[], changes: Partial<Submission> = {}): Submission {
  return { key: 'row-1', document: { SBLSH: 'A-1', SQRMC: '张示例' }, wishes, problems: [], ...changes };
}

const missing = 'missing' in server ? server.missing : '';

describe.each([
  ['SQLite', sqlite, ''],
  ['PostgreSQL', postgres, missing],
] as const)('what platforms hand in, on %s', (_, open, absent) => {
  const on = it.skipIf(absent);
  const why = absent && `: ${absent}`;

  on(`is done once, whatever is handed in again, and answered the same${why}`, async () => {
    const { desk, submit, metrics } = await bench(await open());
    const wanted = submission([act(desk), act(desk, { act: 'approve', reference: 'A-1' })]);
    const first = await submit(wanted);
    expect(first).toEqual({ ok: true, conversation: desk.file.conversation, caseNumber: desk.file.number });
    expect(await submit(wanted)).toEqual(first);
    expect(await desk.done()).toBe(2);
    expect(await metrics()).toMatch(/tongban_platform_submissions_total\{adapter="hall",outcome="repeated"\} 1/);
  });

  on(`goes on after an end between two steps, and after one in the middle of a step${why}`, async () => {
    const { desk, submit, intake, open: letters } = await bench(await open());
    const wanted = submission([act(desk), act(desk, { act: 'approve' })]);
    desk.refusals.push(undefined, new Error('the process is gone'));
    await expect(submit(wanted)).rejects.toThrow('gone');
    expect(await desk.done()).toBe(1);
    expect(await intake().submitFor('hall')(wanted, signal)).toMatchObject({ ok: true });
    expect(await desk.done()).toBe(2);
    expect(await letters()).toEqual([]);
  });

  on(`waits for itself when it comes twice at once; others do not wait${why}`, async () => {
    const { desk, submit } = await bench(await open());
    let goOn = () => {};
    desk.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    const twice = [submit(submission([act(desk)])), submit(submission([act(desk)]))];
    const other = submit(submission([act(desk)], { key: 'row-2' }));
    await vi.waitFor(() => expect(desk.running).toBe(2));
    goOn();
    expect(await Promise.all([...twice, other])).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    expect({ done: await desk.done(), most: desk.most }).toEqual({ done: 2, most: 2 });
  });

  on(`is left to the platform when it can succeed later: nothing is parked${why}`, async () => {
    const { store, desk, submit, open: letters } = await bench(await open());
    desk.refusals.push(new CodedError('BACK_PRESSURE'));
    expect(await submit(submission([act(desk)]))).toMatchObject({ ok: false, code: 'BACK_PRESSURE' });
    const waiting = await keepCase(store, 2, { pending: { event: 'transfer', settled: false } });
    const soon = act(desk, { case: { number: waiting.number } });
    expect(await submit(submission([soon], { key: 'row-2' }))).toMatchObject({ ok: false, code: 'TRY_LATER' });
    expect({ done: await desk.done(), letters: await letters() }).toEqual({ done: 0, letters: [] });
  });

  on(`is forgotten with the case that it names${why}`, async () => {
    const { store, desk, submit } = await bench(await open());
    await submit(submission([act(desk, { reference: 'A-1' })]));
    await store.write((tx) => scrubCase(tx, desk.file, 1));
    expect(await referenceTable.referenceOf(store.read, 'hall', desk.file.conversation)).toBeUndefined();
  });

  on(`means a case by any of its three names, and no other${why}`, async () => {
    const { store, desk, submit } = await bench(await open());
    const { conversation, number } = desk.file;
    const other = await keepCase(store, 2, {});
    const as = (names: object, key: string, more: object = {}) =>
      submit(submission([act(desk, { case: names, ...more })], { key }));
    expect(await as({ number }, 'k1', { reference: 'A-1' })).toMatchObject({ ok: true, conversation });
    expect(await as({ reference: 'A-1' }, 'k2')).toMatchObject({ ok: true, conversation });
    expect(await as({ reference: 'A-2' }, 'k3')).toMatchObject({ ok: false, code: 'TRY_LATER' });
    expect(await as({}, 'k4')).toMatchObject({ ok: false, code: 'VALIDATION_FAILED' });
    expect(await as({ number }, 'k5', { reference: 'x'.repeat(129) })).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await as({ number }, 'k6', { reference: 'A-2' })).toMatchObject({ code: 'CONFLICT' });
    expect(await as({ conversation: other.conversation }, 'k7', { reference: 'A-1' })).toMatchObject({
      code: 'CONFLICT',
    });
    for (const names of [{ number: 'A\0' }, { reference: 'A\0' }, { conversation: 'A\0' }])
      expect(await as(names, `k7 ${Object.keys(names)}`)).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    expect(await as({ number }, 'k7', { reference: 'A-3\0' })).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await as({ number }, 'k8', { act: 'sing' })).toMatchObject({ problems: [{ pointer: '/act' }] });
    expect(await desk.done()).toBe(2);
    expect(await referenceTable.conversationOf(store.read, 'other', 'A-1')).toBeUndefined();
  });

  on(`waits for the number of a case that the platform has not told yet, and not for ever${why}`, async () => {
    const made = await bench(await open());
    const { store, desk, submit, open: letters, intake, clock } = made;
    const { conversation } = desk.file;
    const decides = (reference: string, key: string) => submission([act(desk, { case: { reference } })], { key });
    for (const [reference, key] of [
      ['A-1', 'k1'],
      ['A-9', 'k9'],
    ] as const)
      expect(await submit(decides(reference, key))).toMatchObject({ ok: false, code: 'TRY_LATER' });
    expect({ done: await desk.done(), letters: await letters() }).toEqual({ done: 0, letters: [] });
    await store.write((tx) =>
      referenceTable.bind(tx, { adapter: 'hall', reference: 'A-1', conversation }, clock.now()),
    );
    expect(await submit(decides('A-1', 'k1'))).toMatchObject({ ok: true, conversation });
    made.ahead = 2 * 60_000;
    expect(await submit(decides('A-9', 'k9'))).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    // A restart remembers nothing, and what is parked has had its time.
    expect(await intake().submitFor('hall')(decides('A-9', 'k9'), signal)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await letters()).toHaveLength(1);
    expect(await desk.done()).toBe(1);
  });

  on(
    `is parked with its document and the reasons when it is refused, in one letter however often it comes${why}`,
    async () => {
      const { store, desk, intake, submit, open: letters, metrics } = await bench(await open());
      const bad = submission([], { problems: [MISSING] });
      const refused = { ok: false, code: 'MAPPING_FAILED', problems: [MISSING] };
      expect(await submit(bad)).toMatchObject(refused);
      expect(await submit(bad)).toMatchObject(refused);
      const [letter, ...more] = await letters();
      expect(more).toEqual([]);
      expect(letter).toMatchObject({
        queue: 'intake',
        name: 'hall',
        type: 'document',
        sequence: 0,
        code: 'MAPPING_FAILED',
      });
      expect(await intake().detail(store.read, letter!)).toMatchObject({
        key: 'row-1',
        attempts: 2,
        problems: [MISSING],
      });
      expect(JSON.stringify(letter)).not.toContain('张示例');
      // Understood by now, and refused for something else.
      desk.refusals.push(new CodedError('ILLEGAL_TRANSITION'));
      expect(await submit(submission([act(desk)]))).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      expect(await letters()).toMatchObject([
        { id: letter!.id, type: 'act', sequence: 1, subject: desk.file.conversation, code: 'ILLEGAL_TRANSITION' },
      ]);
      expect(await metrics()).toMatch(/outcome="refused"\} 3/);
    },
  );

  on(`closes its letter when the platform hands it in again and it is done${why}`, async () => {
    const { store, desk, submit, open: letters } = await bench(await open());
    await submit(submission([], { problems: [MISSING] }));
    const [letter] = await letters();
    expect(await submit(submission([act(desk)]))).toMatchObject({ ok: true });
    expect(await letters()).toEqual([]);
    const [closed] = await letterTable.history(store.read, letter!.id, 1);
    expect(closed?.closing).toMatchObject({ outcome: 'retried', by: 'platform:hall' });
    expect(await parkedTable.find(store.read, 'hall', 'row-1')).toBeUndefined();
  });

  on(`is understood anew when an operator has mended the mapping, and done once${why}`, async () => {
    const { store, desk, intake, submit, open: letters } = await bench(await open());
    await submit(submission([], { problems: [MISSING] }));
    const [letter] = await letters();
    let understood = submission([], { problems: [MISSING] });
    const asked: unknown[] = [];
    const source = {
      again: async (key: string, document: unknown) => {
        asked.push([key, document]);
        return understood;
      },
    } as unknown as SubmissionSource;
    const one = intake();
    await expect(one.redo(letter!, ACT, source)).rejects.toMatchObject({ code: 'CONFLICT', problems: [MISSING] });
    desk.refusals.push(new CodedError('BACK_PRESSURE'));
    understood = submission([act(desk)]);
    await expect(one.redo(letter!, ACT, source)).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
    expect(await letters()).toHaveLength(1);
    await Promise.allSettled([one.redo(letter!, ACT, source), one.redo(letter!, ACT, source)]);
    expect({ done: await desk.done(), letters: await letters() }).toEqual({ done: 1, letters: [] });
    expect(asked[0]).toEqual(['row-1', { SBLSH: 'A-1', SQRMC: '张示例' }]);
    expect((await letterTable.history(store.read, letter!.id, 1))[0]?.closing).toMatchObject({
      ...ACT,
      outcome: 'retried',
    });
    expect(await submit(submission([act(desk)]))).toMatchObject({ ok: true });
    expect(await desk.done()).toBe(1);
  });

  on(
    `is told to the platform when an operator had it done, once, and never when it is refused again${why}`,
    async () => {
      const { store, desk, intake, submit, open: letters, warned } = await bench(await open());
      let understood = submission([], { problems: [MISSING] });
      let isAway = false;
      const told: unknown[] = [];
      const source = {
        again: async (key: string) => ({ ...understood, key }),
        told: async (...args: unknown[]) => {
          told.push(args);
          if (isAway) throw new Error('away');
        },
      } as unknown as SubmissionSource;
      for (const key of ['a', 'b']) await submit(submission([], { key, problems: [MISSING] }));
      const [second, first] = await letters();
      await expect(intake().redo(first!, ACT, source)).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(told).toEqual([]);
      understood = submission([act(desk)]);
      await intake().redo(first!, ACT, source);
      const { conversation, number: caseNumber } = desk.file;
      expect(told).toEqual([['a', { SBLSH: 'A-1', SQRMC: '张示例' }, { ok: true, conversation, caseNumber }]]);
      await expect(intake().redo(first!, ACT, source)).rejects.toMatchObject({ code: 'CONFLICT' });
      expect([told.length, warned]).toEqual([1, []]);
      isAway = true;
      await intake().redo(second!, ACT, source);
      expect([told.length, warned]).toEqual([2, [expect.stringContaining('was not told')]]);
      expect({ done: await desk.done(), letters: await letters() }).toEqual({ done: 2, letters: [] });
      expect(await parkedTable.find(store.read, 'hall', 'b')).toBeUndefined();
    },
  );

  on(`is not given up while it is being done: the later of the two learns of the other${why}`, async () => {
    const { store, desk, intake, submit, open: letters, clock } = await bench(await open());
    await submit(submission([], { problems: [MISSING] }));
    const [letter] = await letters();
    let goOn = () => {};
    desk.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    const source = { again: async () => submission([act(desk)]) } as unknown as SubmissionSource;
    const one = intake();
    const done = one.redo(letter!, ACT, source);
    await vi.waitFor(() => expect(desk.running).toBe(1));
    await expect(store.write((tx) => one.drop(tx, letter!))).rejects.toMatchObject({ code: 'CONFLICT' });
    goOn();
    await done;
    expect((await letterTable.history(store.read, letter!.id, 1))[0]?.closing).toMatchObject({ outcome: 'retried' });

    // Its removal was decided before, and is written in the middle of what is done.
    await submit(submission([], { key: 'row-2', problems: [MISSING] }));
    const [second] = await letters();
    desk.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    const late = one.redo(second!, ACT, source);
    late.catch(() => {});
    await vi.waitFor(() => expect(desk.running).toBe(1));
    await store.write(async (tx) => {
      await parkedTable.remove(tx, second!.place);
      const found = (await letterTable.history(tx, second!.id, 1))[0]!;
      await letterTable.close(tx, found.position, { ...ACT, outcome: 'dropped', successor: '', at: clock.now() });
    });
    goOn();
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await desk.done()).toBe(2);
  });

  on(`says so where nobody can understand it anew, and can be given up${why}`, async () => {
    const { store, intake, submit, open: letters } = await bench(await open());
    await submit(submission([], { problems: [MISSING] }));
    await submit(submission([], { key: 'row-2', document: 'x'.repeat(1_048_576), problems: [MISSING] }));
    const again = { again: () => Promise.reject(new Error('not asked')) } as unknown as SubmissionSource;
    const [large, letter] = await letters();
    const conflict = { code: 'CONFLICT', message: expect.stringMatching(/hand it in again/) };
    await expect(intake().redo(letter!, ACT, undefined)).rejects.toMatchObject(conflict);
    await expect(intake().redo(large!, ACT, again)).rejects.toMatchObject(conflict);
    await store.write((tx) => intake().drop(tx, letter!));
    await expect(intake().redo(letter!, ACT, again)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await intake().detail(store.read, letter!)).toEqual({});
  });

  on(`says when a mended mapping wants something else than what was done${why}`, async () => {
    const { desk, submit } = await bench(await open());
    desk.refusals.push(undefined, new CodedError('ILLEGAL_TRANSITION'));
    await submit(submission([act(desk), act(desk, { act: 'approve' })]));
    const other = await submit(submission([act(desk, { act: 'deny' })]));
    expect(other).toMatchObject({
      ok: false,
      code: 'CONFLICT',
      message: expect.stringMatching(/act accept.*act deny/),
    });
    expect(await desk.done()).toBe(1);
  });

  on(`makes the platform wait when too much is parked, and drops nothing${why}`, async () => {
    const { desk, submit, open: letters } = await bench(await open(), 2);
    for (const key of ['a', 'b']) await submit(submission([], { key, problems: [MISSING] }));
    expect(await submit(submission([], { key: 'c', problems: [MISSING] }))).toMatchObject({ code: 'BACK_PRESSURE' });
    expect(await submit(submission([], { key: 'b', problems: [MISSING] }))).toMatchObject({ code: 'MAPPING_FAILED' });
    expect(await submit(submission([act(desk)], { key: 'd' }))).toMatchObject({ ok: true });
    expect(await letters()).toHaveLength(2);
  });

  on(`is waited for at the end, and not begun after it${why}`, async () => {
    const { desk, intake } = await bench(await open());
    const one = intake();
    let goOn = () => {};
    desk.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    const under = one.submitFor('hall')(submission([act(desk)]), signal);
    await vi.waitFor(() => expect(desk.running).toBe(1));
    let hasStopped = false;
    const stopped = one.stop().then(() => {
      hasStopped = true;
    });
    expect(await one.submitFor('hall')(submission([act(desk)], { key: 'b' }), signal)).toMatchObject({
      code: 'SHUTTING_DOWN',
    });
    expect(hasStopped).toBe(false);
    goOn();
    await stopped;
    expect([await under, await desk.done()]).toMatchObject([{ ok: true }, 1]);
  });

  on(`is forgotten after 90 days, but for what is parked half done${why}`, async () => {
    const made = await bench(await open());
    const { store, desk, submit, intake } = made;
    await submit(submission([act(desk)], { key: 'whole' }));
    desk.refusals.push(undefined, new CodedError('ILLEGAL_TRANSITION'));
    await submit(submission([act(desk), act(desk)], { key: 'half' }));
    const left = async () => [
      (await takenTable.of(store.read, 'hall', 'whole')).size,
      (await takenTable.of(store.read, 'hall', 'half')).size,
    ];
    made.ahead = 89 * DAY_MS;
    await intake().purge(() => true);
    expect(await left()).toEqual([1, 1]);
    made.ahead = 91 * DAY_MS;
    await intake().purge(() => false);
    expect(await left()).toEqual([1, 1]);
    await intake().purge(() => true);
    expect(await left()).toEqual([0, 1]);
  });
});
