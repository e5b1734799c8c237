import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { DOCUMENT_LIMITS, type DocumentReport } from '#trust';
import { PAGE, packOfd, plainPdf, sealedOfd, sealingCast, signPdf, testSigner } from '../../trust/testing/index.ts';
import { MaterialStore } from '../material/material-store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { permittedFields } from '../telemetry/log-fields.ts';
import { until } from '../testing/live-region.ts';
import { Documents } from './documents.ts';
import { Examinations, type ExaminationsOptions, type ExaminedNews } from './examinations.ts';

const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const DAY_MS = 24 * 60 * 60 * 1000;
const { authority, ...cast } = sealingCast();
const stranger = testSigner('某公证处', { kind: 'rsa', organisation: '某公证处' });
const sealed = sealedOfd(cast);

let now: number;
let folder: string;
let store: Store;
let materials: MaterialStore;
let named: { digest: string; mediaType: string }[];
let news: ExaminedNews[];
let logged: unknown[];
let running: Examinations[];

const clock = { now: () => now };

beforeEach(async () => {
  now = Date.now();
  folder = await mkdtemp(join(tmpdir(), 'tongban-examinations-'));
  [named, news, logged, running] = [[], [], [], []];
  await open();
});

afterEach(async () => {
  for (const one of running) await one.stop();
  await store.close();
  await rm(folder, { recursive: true });
});

async function open(): Promise<void> {
  store = await openSqliteStore(join(folder, 'gateway.db'));
  materials = new MaterialStore(store, clock, join(folder, 'materials'), 1_000_000);
}

function examinations(changes: Partial<ExaminationsOptions> = {}): Examinations {
  const log = { warn: note, error: note } as unknown as Log;
  const made = new Examinations({
    store,
    clock,
    log,
    documents: new Documents({ clock, materials, trust: authority.pem }),
    caseOf: async (conversation) =>
      conversation === CASE ? { number: '32060020261122000001', peer: '150626', materials: named } : undefined,
    emit: async (_tx, one) => void news.push(one),
    pauseMs: 0,
    ...changes,
  });
  running.push(made);
  return made;
}

function note(fields: object, text: string): void {
  logged.push({ ...permittedFields(fields), text });
}

/** Takes a file into the case. @returns its digest in hex */
async function upload(bytes: Buffer, mediaType: string): Promise<string> {
  const { digest } = await materials.take(
    CASE,
    (async function* () {
      yield bytes;
    })(),
  );
  named.push({ digest: digest.toString('hex'), mediaType });
  return digest.toString('hex');
}

async function waiting(): Promise<number> {
  const row = await store.read.get<{ n: number }>('SELECT count(*) AS n FROM material WHERE examination IS NULL');
  return row!.n;
}

const allSettled = () => until('all materials', async () => (await waiting()) === 0);

describe('every material that is declared as OFD or PDF', () => {
  it('is examined, and the result kept with it, told and dated', async () => {
    const files = {
      verified: await upload(packOfd(sealed), 'application/ofd'),
      unverifiable: await upload(signPdf(plainPdf(), stranger), 'application/pdf'),
      broken: await upload(packOfd(new Map(sealed).set(PAGE, Buffer.from('<ofd:Page/>'))), 'application/vnd.ofd'),
      none: await upload(plainPdf('another'), 'application/pdf'),
    };
    const noContainer = await upload(Buffer.from('no pdf at all'), 'application/pdf');
    const examined = examinations();
    examined.wake();
    await allSettled();
    const results = await examined.of(CASE);
    for (const [result, digest] of Object.entries(files))
      expect(results.get(digest)).toMatchObject({ result, at: now });
    expect(results.get(files.verified)).toMatchObject({ verdict: 'sealed', by: ['测试市行政审批局'] });
    expect(results.get(files.unverifiable)).toMatchObject({ verdict: 'untrusted', by: ['某公证处'] });
    expect(results.get(files.broken)).toMatchObject({ verdict: 'altered' });
    expect(results.get(files.none)).toMatchObject({ verdict: 'unsealed', by: [] });
    expect(results.get(noContainer)).toMatchObject({ result: 'unverifiable', verdict: 'refused' });
    expect(news).toHaveLength(5);
    const told = { conversation: CASE, number: '32060020261122000001', peer: '150626', at: now };
    for (const [result, material] of Object.entries(files)) expect(news).toContainEqual({ ...told, material, result });
  });

  it('is examined once, however often it is looked for, after a restart too', async () => {
    let count = 0;
    const counting = (): Partial<ExaminationsOptions> => {
      const documents = new Documents({ clock, materials, trust: authority.pem });
      const examineInBackground: Documents['examineInBackground'] = (...args) => {
        count += 1;
        return documents.examineInBackground(...args);
      };
      return { documents: { examineInBackground } };
    };
    await upload(packOfd(sealed), 'application/ofd');
    const [first, second] = [examinations(counting()), examinations(counting())];
    for (const one of [first, second, first]) one.wake();
    await allSettled();
    await Promise.all([first.stop(), second.stop()]);
    expect(news).toHaveLength(1);
    const before = count;
    await store.close();
    await open();
    const later = await upload(plainPdf(), 'application/pdf');
    const restarted = examinations(counting());
    restarted.wake();
    await allSettled();
    expect(count).toBe(before + 1);
    expect(news.map(({ material }) => material).slice(1)).toEqual([later]);
  });

  it('is examined by the next run when this one stops in the middle', async () => {
    const digest = await upload(packOfd(sealed), 'application/ofd');
    let begun = false;
    const waits: ExaminationsOptions['documents'] = {
      examineInBackground: (_conversation, _digest, stop) =>
        new Promise<DocumentReport>((_, reject) => {
          begun = true;
          stop.addEventListener('abort', () => reject(new CodedError('SHUTTING_DOWN')));
        }),
    };
    const first = examinations({ documents: waits });
    first.wake();
    await until('the examination', () => begun);
    await first.stop();
    expect({ waiting: await waiting(), news, logged }).toEqual({ waiting: 1, news: [], logged: [] });
    const second = examinations();
    second.wake();
    await allSettled();
    expect((await second.of(CASE)).get(digest)).toMatchObject({ result: 'verified' });
  });
});

describe('a material that cannot be examined', () => {
  const failing = (code: 'VALIDATION_FAILED' | 'INTERNAL', counted: { n: number }): Partial<ExaminationsOptions> => ({
    documents: {
      examineInBackground: async () => {
        counted.n += 1;
        throw new CodedError(code, '张三 13800000000');
      },
    },
  });

  it('since it takes too long is said to be so', async () => {
    const digest = await upload(plainPdf(), 'application/pdf');
    const examined = examinations(failing('VALIDATION_FAILED', { n: 0 }));
    examined.wake();
    await allSettled();
    expect((await examined.of(CASE)).get(digest)).toEqual({
      result: 'unverifiable',
      code: 'VALIDATION_FAILED',
      by: [],
      at: now,
    });
  });

  it('since it is too large is not even opened', async () => {
    const digest = await upload(plainPdf(), 'application/pdf');
    await store.write((tx) => tx.run('UPDATE material SET size = ?', DOCUMENT_LIMITS.fileBytes + 1));
    const counted = { n: 0 };
    const examined = examinations(failing('INTERNAL', counted));
    examined.wake();
    await allSettled();
    expect((await examined.of(CASE)).get(digest)).toMatchObject({ code: 'MATERIAL_TOO_LARGE' });
    expect(counted.n).toBe(0);
  });

  it('is tried three times, holds up no other, and is logged without what it says', async () => {
    const bad = await upload(plainPdf('one'), 'application/pdf');
    now += 1;
    const good = await upload(plainPdf('two'), 'application/pdf');
    const counted = { n: 0 };
    const documents = new Documents({ clock, materials, trust: '' });
    const examined = examinations({
      documents: {
        examineInBackground: (conversation, digest, stop) => {
          if (digest.toString('hex') !== bad) return documents.examineInBackground(conversation, digest, stop);
          counted.n += 1;
          return Promise.reject(new CodedError('INTERNAL', '张三 13800000000'));
        },
      },
    });
    for (let tries = 1; tries <= 3; tries += 1) {
      examined.wake();
      await until('a try', () => counted.n === tries);
    }
    await until('the other', async () => (await examined.of(CASE)).has(good));
    expect(logged).toHaveLength(3);
    expect(JSON.stringify(logged)).not.toMatch(/张三|138/);
    examined.wake();
    await allSettled();
    expect((await examined.of(CASE)).get(bad)).toMatchObject({ result: 'unverifiable', code: 'VALIDATION_FAILED' });
    expect(counted.n).toBe(3);
  });
});

describe('what is not examined', () => {
  it('are files of other types, and nobody is told', async () => {
    await upload(Buffer.from('\x89PNG', 'latin1'), 'image/png');
    await upload(plainPdf(), 'application/octet-stream');
    const examined = examinations();
    examined.wake();
    await allSettled();
    expect([...(await examined.of(CASE)).keys()]).toEqual([]);
    expect(news).toEqual([]);
  });

  it('are files that no case names yet, until one does; after a day they are left alone', async () => {
    const digest = await upload(plainPdf(), 'application/pdf');
    const [entry] = named.splice(0);
    let asked = 0;
    const caseOf: ExaminationsOptions['caseOf'] = async () => {
      asked += 1;
      return { number: '1', peer: '150626', materials: named };
    };
    const examined = examinations({ caseOf });
    examined.wake();
    await until('a look', () => asked === 1);
    expect(await waiting()).toBe(1);
    named.push(entry!);
    examined.wake();
    await allSettled();
    expect((await examined.of(CASE)).get(digest)).toMatchObject({ result: 'none' });
    await upload(plainPdf('nobody names me'), 'application/pdf');
    named.pop();
    now += DAY_MS + 1;
    examined.wake();
    await allSettled();
    expect(news).toHaveLength(1);
  });
});
