import { join } from 'node:path';
import type { Submit } from '#adapters';
import type { PlatformConfig } from '../../config/config.ts';
import { openSqliteStore } from '../../store/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { createLog } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import type { DeliveryTiming } from '../delivery.ts';
import { caseNews } from '../event-types.ts';
import { PlatformEvents } from '../platform-events.ts';
import { Platforms } from '../platforms.ts';

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
  /** Lines of the log, as JSON. */
  readonly lines: Record<string, unknown>[];
  metrics(): Promise<string>;
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
  options: { submit?: Submit; timing?: Partial<DeliveryTiming> } = {},
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
  const platforms = new Platforms({
    region: '150626',
    store,
    clock,
    random: () => 0.5,
    log: createLog({ level: 'debug', region: '150626', clock }, { write: (line) => void lines.push(JSON.parse(line)) }),
    metrics,
    events,
    submit: options.submit ?? (() => Promise.reject(new Error('this gateway takes no submissions'))),
    timing: { ...TIMING, ...options.timing },
  });
  const gateway: TestGateway = {
    store,
    events,
    platforms,
    lines,
    metrics: () => metrics.text(),
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

export function testNews(conversation: string, at: number) {
  const number = '15062620261122000001';
  return caseNews({ conversation, number, peer: '320600', event: 'accept', actor: '320600', state: 'accepted', at });
}
