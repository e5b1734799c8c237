import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DeliverySink, PlatformError, type PlatformEvent } from '../adapter.ts';
import { testEvent } from './context.ts';

/** A sink together with the platform at its other end. */
export interface SinkBench {
  readonly sink: DeliverySink;
  /** Events that the platform has, as CloudEvents JSON, in its order, repetitions left out. */
  received(): Promise<Readonly<Record<string, unknown>>[]>;
  /** The platform fails in a way that passes … */
  breakDown(): Promise<void>;
  /** … and has passed. */
  recover(): Promise<void>;
  /** The platform will never take this event. */
  refuse(event: PlatformEvent): Promise<void>;
  close(): Promise<void>;
}

/** What every kind with a sink must do. */
export function sinkContract(kind: string, open: () => Promise<SinkBench>): void {
  describe(`delivery by ${kind}`, () => {
    const { signal } = new AbortController();
    let bench: SinkBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(async () => {
      await bench.close();
    });

    it('brings the whole event', async () => {
      const event = testEvent(7);
      await bench.sink.deliver(event, signal);
      expect(await bench.received()).toEqual([
        {
          specversion: '1.0',
          id: event.id,
          type: event.type,
          source: event.source,
          subject: event.subject,
          time: '2026-11-22T08:30:00.000Z',
          datacontenttype: 'application/json',
          sequence: '0000000000000007',
          data: event.data,
        },
      ]);
    });

    it('keeps the order of a subject', async () => {
      for (const sequence of [1, 2, 10, 11]) await bench.sink.deliver(testEvent(sequence), signal);
      expect(await sequences()).toEqual([1, 2, 10, 11]);
    });

    it('brings an event with unusual names unchanged', async () => {
      const event = testEvent(1, { id: '../../编号 "1"%\r\n', subject: '../..\\办件/\u0000'.repeat(30) });
      await bench.sink.deliver(event, signal);
      expect(await bench.received()).toEqual([
        expect.objectContaining({ id: event.id, subject: event.subject, data: event.data }),
      ]);
    });

    it('changes nothing when an event comes again', async () => {
      for (const sequence of [1, 2, 1]) await bench.sink.deliver(testEvent(sequence), signal);
      expect(await sequences()).toEqual([1, 2]);
    });

    it('reports a failure that passes as retryable, and then delivers', async () => {
      await bench.breakDown();
      expect((await failure(testEvent(1))).retryable).toBe(true);
      await bench.recover();
      expect(await bench.received()).toEqual([]);
      await bench.sink.deliver(testEvent(1), signal);
      expect(await sequences()).toEqual([1]);
    });

    it('reports a refusal as final and still delivers other events', async () => {
      await bench.refuse(testEvent(1));
      expect((await failure(testEvent(1))).retryable).toBe(false);
      await bench.sink.deliver(testEvent(2), signal);
      expect(await sequences()).toEqual([2]);
    });

    it('names no data of the event when it fails', async () => {
      await bench.refuse(testEvent(1));
      const { message } = await failure(testEvent(1));
      expect(message).not.toContain('150626-2026-1');
      expect(message).not.toContain('食品经营许可');
    });

    it('delivers nothing when it is aborted before', async () => {
      expect((await failure(testEvent(1), AbortSignal.abort())).retryable).toBe(true);
      expect(await bench.received()).toEqual([]);
    });

    it('leaves one event when it is aborted under way and tried again', async () => {
      const controller = new AbortController();
      const first = bench.sink.deliver(testEvent(1), controller.signal).catch((error: unknown) => error);
      controller.abort();
      const error = await first;
      if (error !== undefined) expect((error as PlatformError).retryable).toBe(true);
      await bench.sink.deliver(testEvent(1), signal);
      expect(await sequences()).toEqual([1]);
    });

    async function sequences(): Promise<number[]> {
      return (await bench.received()).map((event) => Number(event['sequence']));
    }

    /** Expects the delivery to fail, and to fail as the port promises. */
    async function failure(event: PlatformEvent, given: AbortSignal = signal): Promise<PlatformError> {
      const error = await bench.sink.deliver(event, given).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(PlatformError);
      const { code, retryable } = error as PlatformError;
      expect(code).toBe(retryable ? 'PLATFORM_UNREACHABLE' : 'PLATFORM_REFUSED');
      return error as PlatformError;
    }
  });
}
