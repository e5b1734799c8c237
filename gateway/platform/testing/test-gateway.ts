import { join } from 'node:path';
import type { Submit } from '#adapters';
import { testContext } from '../../../adapters/testing/context.ts';
import type { PlatformConfig } from '../../config/config.ts';
import { DeadLetters, type LetterKeeper } from '../../dead-letter/dead-letters.ts';
import type { FiledLetter } from '../../dead-letter/letter.ts';
import { LetterBook } from '../../dead-letter/letter-book.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { createLog } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import type { DeliveryTiming } from '../delivery.ts';
import type { QueueBounds } from '../delivery-queue.ts';
import { caseNews } from '../event-types.ts';
import { PlatformEvents } from '../platform-events.ts';
import { Platforms, type PlatformsContext } from '../platforms.ts';

export const FIRST = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
export const SECOND = '0a6a6e52-13c9-4a7e-8a51-0d3f1b9d7c22';

/** Short waits; an event is given up after a day, as in earnest. */
const TIMING: Partial<DeliveryTiming> = { firstWaitMs: 5, ceilingMs: 20, graceMs: 100 };

/** Ms by which the clock of every gateway runs ahead, and the number of the next id. */
export interface World {
  ahead: number;
  ids: number;
}

/** The id of the nth event of a world, counted from 1. */
export function eventId(n: number): string {
  return `0198c0de-0000-7000-8000-${String(n).padStart(12, '0')}`;
}

export interface TestGateway {
  readonly store: Store;
  readonly events: PlatformEvents;
  readonly platforms: Platforms;
  readonly deadLetters: DeadLetters;
  /** Lines of the log, as JSON. */
  readonly lines: Record<string, unknown>[];
  metrics(): Promise<string>;
  /** Open dead letters, the newest first. */
  parked(): Promise<FiledLetter[]>;
  /** Has an open letter delivered again. */
  retry(id: string): Promise<void>;
  /** Reports one event of a case for each subject, in one unit of work each. */
  emit(...subjects: string[]): Promise<void>;
  /** The process is gone: nothing more is written, nothing was stopped. */
  kill(): Promise<void>;
  /** An orderly end. */
  close(): Promise<void>;
}

/** As much of a gateway as the platforms need: a real database in the folder, and the adapters of the configuration. */
export async function openGateway(
  folder: string,
  configs: readonly PlatformConfig[],
  world: World,
  options: { submit?: Submit; timing?: Partial<DeliveryTiming>; letters?: number; bounds?: QueueBounds } = {},
): Promise<TestGateway> {
  const store = await openSqliteStore(join(folder, 'gateway.db'));
  const clock = { now: () => Date.now() + world.ahead };
  const lines: Record<string, unknown>[] = [];
  const metrics = createMetrics();
  const events = new PlatformEvents({
    clock,
    newId: () => {
      world.ids += 1;
      return eventId(world.ids);
    },
  });
  const letters = new LetterBook({ store, clock, ...(options.letters && { capacity: options.letters }) });
  await letters.start();
  const platforms = new Platforms({
    region: '150626',
    store,
    clock,
    random: () => 0.5,
    log: createLog({ level: 'debug', region: '150626', clock }, { write: (line) => void lines.push(JSON.parse(line)) }),
    metrics,
    events,
    letters,
    ...(options.bounds && { bounds: options.bounds }),
    desk: () => testContext().cases,
    intake: intakeOf(options.submit ?? (() => Promise.reject(new Error('this gateway takes no submissions')))),
    timing: { ...TIMING, ...options.timing },
  });
  const keepers = {
    ...{ peer: {} as LetterKeeper, platform: platforms.letterKeeper },
    intake: platforms.submissionKeeper,
  };
  const deadLetters = new DeadLetters({ store, clock, book: letters, keepers });
  const gateway: TestGateway = {
    store,
    events,
    platforms,
    deadLetters,
    lines,
    metrics: () => metrics.text(),
    parked: () => deadLetters.list({}, 10),
    retry: async (id) => void (await deadLetters.retry(id, { by: 'test', role: 'sysadmin', reason: 'mended' })),
    async emit(...subjects) {
      for (const subject of subjects) await store.write((tx) => events.emit(tx, testNews(subject, clock.now())));
    },
    kill: () => store.close(),
    async close() {
      await platforms.stop();
      await store.close();
    },
  };
  try {
    await platforms.start(configs);
  } catch (error) {
    await store.close();
    throw error;
  }
  return gateway;
}

/** An intake that asks somebody else what becomes of a submission, and parks nothing. */
export function intakeOf(submit: Submit): PlatformsContext['intake'] {
  const none = () => Promise.reject(new Error('nothing is parked here'));
  return { submitFor: () => submit, redo: none, drop: none, detail: none, purge: async () => {}, stop: async () => {} };
}

export function testNews(conversation: string, at: number) {
  const number = '15062620261122000001';
  return caseNews({ conversation, number, peer: '320600', event: 'accept', actor: '320600', state: 'accepted', at });
}
