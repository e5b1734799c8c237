import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SealError, type SealRequest, type SealService, SIGNATORIES } from '../seal.ts';

/** A service with one seal, and a document for it. */
export interface SealBench {
  readonly service: SealService;
  /** What the service calls the seal. */
  readonly seal: string;
  readonly document: Buffer;
  /** Demands that a document is another one with exactly one more good signature, over the whole of it. */
  demandSealed(before: Buffer, after: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** What every service of seals must do, wherever its keys are. */
export function sealContract(kind: string, open: () => Promise<SealBench>): void {
  describe(`seals by ${kind}`, () => {
    const { signal } = new AbortController();
    let bench: SealBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    const requestOf = (changes: Partial<SealRequest> = {}): SealRequest => ({
      requestId: 'a'.repeat(64),
      signatory: 'seal',
      seal: bench.seal,
      document: bench.document,
      mediaType: 'application/pdf',
      reason: '电子证照：食品经营许可证',
      authority: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
      ...changes,
    });
    const sealed = async (changes: Partial<SealRequest> = {}) =>
      (await bench.service.seal(requestOf(changes), signal)).document;

    it.each(SIGNATORIES)('sets a %s on a document, whose bytes stay as they were', async (signatory) => {
      const given = Buffer.from(bench.document);
      const document = await sealed({ signatory });
      expect(document.subarray(0, given.length).equals(given)).toBe(true);
      expect(bench.document.equals(given)).toBe(true);
      await bench.demandSealed(given, document);
    });

    it('sets one on a document that has one already', async () => {
      const once = await sealed();
      await bench.demandSealed(once, await sealed({ requestId: 'b'.repeat(64), document: once }));
    });

    it('gives a document that is as good when the same is asked again', async () => {
      await sealed();
      await bench.demandSealed(bench.document, await sealed());
    });

    it('takes a place for what is seen, a point or a text', async () => {
      for (const place of [{ page: 1, x: 400, y: 200 }, { keyword: '印章' }]) {
        const requestId = 'page' in place ? 'c'.repeat(64) : 'd'.repeat(64);
        await bench.demandSealed(bench.document, await sealed({ requestId, place }));
      }
    });

    it('sets several at once', async () => {
      const ids = Array.from({ length: 8 }, (_, index) => String(index).repeat(64));
      const documents = await Promise.all(ids.map((requestId) => sealed({ requestId })));
      for (const document of documents) await bench.demandSealed(bench.document, document);
    });

    it('says which seals it has', async () => {
      expect(await bench.service.seals(signal)).toEqual([bench.seal]);
    });

    it('refuses what is no document, and names nothing of it', async () => {
      const error = await failure({ document: Buffer.from('示例甲 is no PDF') });
      expect(error).toMatchObject({ fault: 'refused', code: 'SEAL_REFUSED' });
      expect(error.message).not.toContain('示例甲');
    });

    it('stops when it is told to', async () => {
      expect(await failure({}, AbortSignal.abort())).toMatchObject({ fault: 'unavailable', code: 'SEAL_UNAVAILABLE' });
    });

    it('may be closed twice', async () => {
      await bench.service.close();
      await bench.service.close();
    });

    /** Expects the request to fail, and to fail as the port promises. */
    async function failure(changes: Partial<SealRequest>, given: AbortSignal = signal): Promise<SealError> {
      const error = await bench.service.seal(requestOf(changes), given).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(SealError);
      return error as SealError;
    }
  });
}
