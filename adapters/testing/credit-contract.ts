import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PlatformError } from '../adapter.ts';
import type { CreditFinding, CreditQuery, CreditSource } from '../credit.ts';

/** A platform that knows applicants by their number, and the source that asks it. Whom it does not know is `unknown`. */
export interface CreditBench {
  readonly source: CreditSource;
  put(documentNumber: string, finding: CreditFinding): Promise<void>;
  /** Questions that the platform got. */
  asked(): Promise<readonly CreditQuery[]>;
  /** From now on it takes questions and says nothing. */
  fallSilent(): Promise<void>;
  /** From now on it fails. */
  breakDown(): Promise<void>;
  close(): Promise<void>;
}

export const creditQuery: CreditQuery = {
  id: '0198c0de-0000-7000-8000-000000000002',
  documentType: 'social-credit-code',
  documentNumber: '92320600MA00000038',
  name: '测试食品有限公司',
};

/** What every kind that asks about credit must do. */
export function creditContract(kind: string, open: () => Promise<CreditBench>): void {
  describe(`credit checks by ${kind}`, () => {
    const { signal } = new AbortController();
    let bench: CreditBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    it.each<CreditFinding>([
      { result: 'good', code: '' },
      { result: 'restricted', code: 'SX-01.2' },
      { result: 'unknown', code: '' },
    ])('say what the platform says: $result', async (finding) => {
      await bench.put(creditQuery.documentNumber, finding);
      expect(await bench.source.check(creditQuery, signal)).toEqual(finding);
      expect(await bench.asked()).toEqual([creditQuery]);
    });

    it('fail where it fails, and never guess', async () => {
      await bench.put(creditQuery.documentNumber, { result: 'good', code: '' });
      await bench.breakDown();
      expect((await failure()).retryable).toBe(true);
    });

    it('give up by themselves on a platform that says nothing', async () => {
      await bench.fallSilent();
      expect((await failure()).retryable).toBe(true);
    });

    it('stop when they are told to', async () => {
      await bench.fallSilent();
      expect((await failure(AbortSignal.abort())).retryable).toBe(true);
    });

    it('name nothing of the applicant when they fail', async () => {
      await bench.breakDown();
      expect((await failure()).message).not.toMatch(/92320600MA00000038|测试食品/);
    });

    async function failure(given: AbortSignal = signal): Promise<PlatformError> {
      const error = await bench.source.check(creditQuery, given).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PlatformError);
      return error as PlatformError;
    }
  });
}
