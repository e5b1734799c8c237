import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PlatformError } from '../adapter.ts';
import type { LogEntry } from './context.ts';

/** A platform that serves, and what was made of its settings. */
interface ServiceBench {
  /** From now on it takes requests and says nothing. */
  fallSilent(): void;
  /** From now on it fails in a way that passes … */
  breakDown(): void;
  /** … and has passed. */
  recover(): void;
  /** From now on it refuses everything for good. */
  refuse(): void;
  /** From now on it answers what is no JSON. */
  babble(): void;
  /** What the adapter logged. */
  readonly lines: readonly LogEntry[];
  close(): Promise<void>;
}

/** A service that does something. */
export interface OrderBench extends ServiceBench {
  /** Has it done; what is personal in it is `PERSONAL`. */
  order(id: string, signal: AbortSignal): Promise<void>;
  /** Ids of what it did, in its order: a repetition is known by its id. */
  done(): readonly string[];
}

/** A service that is asked. */
export interface QuestionBench extends ServiceBench {
  ask(signal: AbortSignal): Promise<unknown>;
  /** What it will say, and what that is in our words. */
  readonly says: unknown;
  /** How often it was asked. */
  asked(): number;
}

/** Stands in every order and question that holds something personal. */
export const PERSONAL = '13800000000';

const { signal } = new AbortController();

/** What every service that does something must do. */
export function orderContract(kind: string, open: () => Promise<OrderBench>): void {
  describe(`orders by ${kind}`, () => {
    let bench: OrderBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    it('reach the service in their order', async () => {
      for (const id of ['a', 'b', 'c']) await bench.order(id, signal);
      expect(bench.done()).toEqual(['a', 'b', 'c']);
    });

    it('have no second effect when they come again', async () => {
      for (const id of ['a', 'b', 'a']) await bench.order(id, signal);
      expect(bench.done()).toEqual(['a', 'b']);
    });

    it('fail for a while where the service does, and then arrive', async () => {
      bench.breakDown();
      expect((await failureOf(bench.order('a', signal))).retryable).toBe(true);
      bench.recover();
      expect(bench.done()).toEqual([]);
      await bench.order('a', signal);
      expect(bench.done()).toEqual(['a']);
    });

    it('fail for good where the service refuses', async () => {
      bench.refuse();
      expect((await failureOf(bench.order('a', signal))).retryable).toBe(false);
      expect(bench.done()).toEqual([]);
    });

    it('give up by themselves on a service that says nothing', async () => {
      bench.fallSilent();
      expect((await failureOf(bench.order('a', signal))).retryable).toBe(true);
    });

    it('are not begun after they were broken off', async () => {
      expect((await failureOf(bench.order('a', AbortSignal.abort()))).retryable).toBe(true);
      expect(bench.done()).toEqual([]);
    });

    it('name nothing personal when they fail, and log nothing', async () => {
      bench.refuse();
      expect((await failureOf(bench.order('a', signal))).message).not.toContain(PERSONAL);
      expect(bench.lines).toEqual([]);
    });
  });
}

/** What every service that is asked must do. */
export function questionContract(kind: string, open: () => Promise<QuestionBench>): void {
  describe(`questions by ${kind}`, () => {
    let bench: QuestionBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    it('give what the service says', async () => {
      expect(await bench.ask(signal)).toEqual(bench.says);
      expect(bench.asked()).toBe(1);
    });

    it('fail where the service does, and are not asked again by themselves', async () => {
      bench.breakDown();
      expect((await failureOf(bench.ask(signal))).retryable).toBe(true);
      bench.recover();
      expect(await bench.ask(signal)).toEqual(bench.says);
      expect(bench.asked()).toBe(2);
    });

    it('fail for good where the service refuses, or says what nobody can read', async () => {
      bench.refuse();
      expect((await failureOf(bench.ask(signal))).retryable).toBe(false);
      bench.babble();
      expect((await failureOf(bench.ask(signal))).retryable).toBe(false);
    });

    it('give up by themselves on a service that says nothing, and stop when they are told to', async () => {
      bench.fallSilent();
      expect((await failureOf(bench.ask(signal))).retryable).toBe(true);
      expect((await failureOf(bench.ask(AbortSignal.abort()))).retryable).toBe(true);
    });

    it('log nothing', async () => {
      bench.babble();
      await failureOf(bench.ask(signal));
      expect(bench.lines).toEqual([]);
    });
  });
}

async function failureOf(attempt: Promise<unknown>): Promise<PlatformError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
}
