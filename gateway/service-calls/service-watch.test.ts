import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PlatformError } from '#adapters';
import { CodedError } from '#proto';
import { temporaryFolder } from '../../adapters/testing/folders.ts';
import type { CaseNews } from '../case/case-changes.ts';
import type { CaseFile } from '../case/case-file.ts';
import type { CaseService } from '../case/case-service.ts';
import { servicesOf } from '../config/services-config.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { ServiceWatch } from './service-watch.ts';

const START = Date.parse('2026-11-22T12:00:00+08:00');
const MINUTE = 60_000;
const EVERY = 120 * MINUTE;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
let now: number;
let asked: string[];
let isDead: boolean;
let isRetryable: boolean;
let isAnswering: boolean;
let errors: unknown[];
/** What is noted, and which cases there are. */
let files: Map<string, CaseFile>;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openSqliteStore(join(folder.path, 'gateway.db'));
  now = START;
  asked = [];
  errors = [];
  files = new Map();
  isDead = false;
  isRetryable = true;
  isAnswering = true;
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

/** A case with one parcel under way, named after the conversation. */
function mail(conversation: string): void {
  const sent = { kind: 'paper-sent', data: { carrier: 'EMS', trackingNumber: `T-${conversation}` } };
  files.set(conversation, { conversation, document: { notes: [sent], steps: {} } } as unknown as CaseFile);
}

const cases = {
  demand: async (key: string) => {
    const file = files.get(key);
    if (!file) throw new CodedError('NOT_FOUND');
    return file;
  },
  note: async (key: string, kind: string, data: object) => {
    const file = files.get(key)!;
    const notes = [...file.document.notes!, { kind, data }];
    files.set(key, { ...file, document: { ...file.document, notes } } as CaseFile);
    return file;
  },
} as unknown as CaseService;

function watch(hasPost = true): ServiceWatch {
  return new ServiceWatch({
    ...{ region: '320600', store, config: servicesOf({}), now: () => now },
    cases: () => cases,
    parcels: () =>
      hasPost
        ? async ({ trackingNumber }) => {
            asked.push(trackingNumber);
            if (isDead) throw new PlatformError(isRetryable, 'no answer');
            return [{ state: 'in-transit', at: START }];
          }
        : undefined,
    locker: () => undefined,
    isAnswering: () => isAnswering,
    onNoted: () => {},
    onError: (error) => errors.push(error),
  });
}

function hear(watching: ServiceWatch, conversation: string, event = 'paper-sent'): Promise<void> {
  return store.write((tx) => watching.heard(tx, { conversation, event, actor: '320600' } as CaseNews));
}

async function rows(): Promise<number> {
  return (await store.read.get<{ n: number }>('SELECT count(*) AS n FROM service_watch'))!.n;
}

it('asks from time to time, also after a restart, and never before', async () => {
  mail('a');
  await hear(watch(), 'a');
  now += EVERY - 1;
  await watch().look();
  expect(asked).toEqual([]);
  now += 1;
  await watch().look();
  await watch().look();
  expect(asked).toEqual(['T-a']);
  now += EVERY;
  await watch().look();
  expect(asked).toEqual(['T-a', 'T-a']);
  expect(files.get('a')!.document.notes!.filter(({ kind }) => kind === 'parcel-moved')).toHaveLength(1);
  expect(errors).toEqual([]);
});

it('begins nothing where there is nobody to ask, or nothing to ask about', async () => {
  await hear(watch(false), 'a');
  await hear(watch(), 'a', 'accept');
  expect(await rows()).toBe(0);
});

it('asks a post that is away again soon, and not about every parcel', async () => {
  const watching = watch();
  for (let n = 0; n < 250; n += 1) {
    mail(`c${n}`);
    await hear(watching, `c${n}`);
  }
  isDead = true;
  isAnswering = false;
  now += EVERY;
  await watching.look();
  expect(asked).toHaveLength(100);
  isDead = false;
  isAnswering = true;
  now += 5 * MINUTE;
  await watching.look();
  expect(new Set(asked).size).toBe(250);
  expect([...files.values()].every(({ document }) => document.notes!.length === 2)).toBe(true);
  expect(await rows()).toBe(250);
  expect(errors).toEqual([]);
});

it('tells the operator of an answer that nobody understands, and asks again', async () => {
  const watching = watch();
  mail('a');
  await hear(watching, 'a');
  [isDead, isRetryable] = [true, false];
  now += EVERY;
  await watching.look();
  expect(errors).toMatchObject([{ code: 'PLATFORM_REFUSED' }]);
  expect(files.get('a')!.document.notes).toHaveLength(1);
  isDead = false;
  now += 5 * MINUTE;
  await watching.look();
  expect(files.get('a')!.document.notes).toHaveLength(2);
  expect(errors).toHaveLength(1);
});

it('ends after so many days, with a case that is gone or erased, and when somebody signed the parcel in', async () => {
  const watching = watch();
  for (const key of ['late', 'erased', 'signed']) mail(key);
  for (const key of ['late', 'gone', 'erased', 'signed']) await hear(watching, key);
  files.set('erased', { ...files.get('erased')!, erasedAt: START });
  await cases.note('signed', 'paper-signed-in' as never, { trackingNumber: 'T-signed' });
  now += EVERY;
  await watching.look();
  expect(asked).toEqual(['T-late']);
  expect(await rows()).toBe(1);
  now += 30 * 24 * 60 * MINUTE;
  await watching.look();
  expect(asked).toEqual(['T-late']);
  expect(await rows()).toBe(0);
});

it('begins anew with another parcel, although it is just asking about the first', async () => {
  const watching = watch();
  mail('a');
  await hear(watching, 'a');
  now += 31 * 24 * 60 * MINUTE;
  const stale = watching.look();
  await hear(watching, 'a');
  await stale;
  expect(await rows()).toBe(1);
});

it('stops in the middle', async () => {
  const watching = watch();
  mail('a');
  await hear(watching, 'a');
  now += EVERY;
  await watching.stop();
  await watching.look();
  expect(asked).toEqual([]);
  expect(await rows()).toBe(1);
});
