// Polls records from a platform, or sends it events, through a mapping; the parent hears how fast that went and how much
// memory it took. Started by the benchmark in conformance/bench with the arguments in or out, cases.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Adapter, AdapterContext, PlatformEvent, SubmissionOutcome } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';

const MAPPING = fileURLToPath(new URL('./http-mapping.yaml', import.meta.url));
const PLATFORM = fileURLToPath(new URL('./http-platform.ts', import.meta.url));
/** Cases whose events are under way at once. */
const AT_ONCE = 16;
const DONE: SubmissionOutcome = {
  ok: true,
  conversation: '0198c0de-0000-7000-8000-000000000001',
  caseNumber: '320600-2026-000001',
};

/** Memory counts once everything has run: after a fifth of it. */
class Memory {
  #before = 0;

  mark(done: number, all: number): void {
    if (done === Math.ceil(all / 5)) this.#before = process.memoryUsage().rss;
  }

  growth(): number {
    return process.memoryUsage().rss - this.#before;
  }
}

const [direction = '', cases = ''] = process.argv.slice(2);
process.send?.(await measure(direction === 'in' ? take : deliver, Number(cases)));

type Work = (adapter: Adapter, cases: number, memory: Memory) => Promise<void>;

async function measure(work: Work, count: number): Promise<{ per_s: number; growth_mib: number }> {
  const platform = fork(PLATFORM, [String(count)]);
  const [port] = await once(platform, 'message');
  const adapter = await createAdapter('http', settings(Number(port)), context());
  const memory = new Memory();
  try {
    const began = performance.now();
    await work(adapter, count, memory);
    const ms = performance.now() - began;
    return { per_s: Math.round((count * 1000) / ms), growth_mib: Math.round(memory.growth() / 1024 / 1024) };
  } finally {
    await adapter.close();
    await ended(platform);
  }
}

function settings(port: number) {
  const pages = { by: 'cursor', name: 'after', next: 'data.next', resume: false };
  const success = { at: 'code', is: [200] };
  const poll = { path: '/cases', records: 'data.list', key: ['id'], lane: 'projectNo', pages, success, most: 100_000 };
  return { name: 'bench', url: `http://127.0.0.1:${port}/`, auth: { type: 'none' }, mapping: MAPPING, poll };
}

async function deliver({ sink }: Adapter, events: number, memory: Memory): Promise<void> {
  const { signal } = new AbortController();
  let next = 0;
  const lane = async () => {
    while (next < events) {
      next += 1;
      memory.mark(next, events);
      await sink!.deliver(eventOf(next), signal);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function take({ source }: Adapter, cases: number, memory: Memory): Promise<void> {
  let taken = 0;
  return new Promise((resolve, reject) => {
    void source!.start(async ({ wishes, problems }) => {
      if (wishes.length !== 1 || problems.length > 0)
        reject(new Error(`a record was not understood: ${JSON.stringify(problems)}`));
      taken += 1;
      memory.mark(taken, cases);
      if (taken === cases) resolve();
      return DONE;
    });
  });
}

async function ended(platform: ChildProcess): Promise<void> {
  const exit = once(platform, 'exit');
  platform.disconnect();
  await exit;
}

function eventOf(number: number): PlatformEvent {
  return {
    id: `0198c0de-0000-7000-8000-${String(number).padStart(12, '0')}`,
    type: 'cn.tongban.case.transferred.v1',
    source: 'urn:tongban:region:320600',
    subject: `0198c0de-0000-7000-9000-${String(number).padStart(12, '0')}`,
    time: Date.UTC(2026, 10, 22, 8, 30),
    sequence: 1,
    data: { caseNumber: `320600-2026-${number}`, item: '食品经营许可' },
  };
}

function context(): AdapterContext {
  const fail = (_: unknown, message: string): never => {
    throw new Error(message);
  };
  let place: string | undefined;
  return {
    now: Date.now,
    region: '320600',
    log: { info: () => {}, warn: fail, error: fail },
    cases: {
      read: async () => undefined,
      demandMaterial: fail as never,
      openMaterial: fail as never,
      bind: async () => {},
    },
    state: {
      read: async () => place,
      write: async (text) => {
        place = text;
      },
    },
  };
}
