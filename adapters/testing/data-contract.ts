import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataQuery, type DataSource, PlatformError } from '../adapter.ts';

/** A platform that holds records of one kind by their first parameter, and the source that asks it. */
export interface DataBench {
  readonly source: DataSource;
  put(value: string, fields: Readonly<Record<string, string>>): Promise<void>;
  /** Questions that the platform got. */
  asked(): Promise<readonly DataQuery[]>;
  /** From now on it takes questions and says nothing. */
  fallSilent(): Promise<void>;
  /** From now on it fails. */
  breakDown(): Promise<void>;
  recover(): Promise<void>;
  close(): Promise<void>;
}

/** A question of the kind that the bench answers. */
export function testQuery(changes: Partial<DataQuery> = {}): DataQuery {
  return {
    id: '0198c0de-0000-7000-8000-000000000001',
    region: '320600',
    item: 'EX018',
    kind: 'real-estate',
    parameters: [{ name: 'owner_code', type: 'social-credit-code', value: '11370800MB28559184' }],
    fields: ['address', 'area'],
    purpose: '核验经营场所',
    legalBasis: '国务院关于在线政务服务的若干规定第八条',
    ...changes,
  };
}

/** What every kind with answers must do. */
export function dataContract(kind: string, open: () => Promise<DataBench>): void {
  describe(`answers by ${kind}`, () => {
    const { signal } = new AbortController();
    let bench: DataBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    it('says what the platform holds, asked with the whole question', async () => {
      await bench.put('11370800MB28559184', { address: '示例街1号·甲', area: '88' });
      expect(bench.source.kinds).toEqual(['real-estate']);
      const finding = await bench.source.answer(testQuery(), signal);
      expect(finding).toEqual({ found: true, fields: { address: '示例街1号·甲', area: '88' } });
      expect(await bench.asked()).toEqual([testQuery()]);
    });

    it('says that there is no record only when the platform says so', async () => {
      expect(await bench.source.answer(testQuery(), signal)).toEqual({ found: false });
      await bench.breakDown();
      expect((await failure(testQuery())).retryable).toBe(true);
      await bench.recover();
      expect(await bench.source.answer(testQuery(), signal)).toEqual({ found: false });
    });

    it('gives up by itself on a platform that says nothing', async () => {
      await bench.fallSilent();
      expect((await failure(testQuery())).retryable).toBe(true);
    });

    it('stops when it is told to', async () => {
      await bench.fallSilent();
      const controller = new AbortController();
      const failed = failure(testQuery(), controller.signal);
      controller.abort();
      expect((await failed).retryable).toBe(true);
      expect((await failure(testQuery(), AbortSignal.abort())).retryable).toBe(true);
    });

    it('answers several questions at once', async () => {
      const values = Array.from({ length: 20 }, (_, n) => `value ${n}`);
      for (const value of values) await bench.put(value, { address: value });
      const questions = values.map((value) => testQuery({ parameters: [{ name: 'a', type: 'text', value }] }));
      const findings = await Promise.all(questions.map((query) => bench.source.answer(query, signal)));
      expect(findings).toEqual(values.map((value) => ({ found: true, fields: { address: value } })));
    });

    it('names nothing of the question when it fails', async () => {
      await bench.breakDown();
      const { message } = await failure(testQuery());
      expect(message).not.toMatch(/11370800MB28559184|核验/);
    });

    /** Expects the question to fail, and to fail as the port promises. */
    async function failure(query: DataQuery, given: AbortSignal = signal): Promise<PlatformError> {
      const error = await bench.source.answer(query, given).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(PlatformError);
      return error as PlatformError;
    }
  });
}
