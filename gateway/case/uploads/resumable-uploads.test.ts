import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { MaterialStore } from '../../material/material-store.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import type { CaseFile } from '../case-file.ts';
import { CaseMaterials } from '../case-materials.ts';
import { caseRepository } from '../case-repository.ts';
import { ResumableUploads, UPLOADS_PER_CALLER } from './resumable-uploads.ts';

const HOUR = 60 * 60 * 1000;
const QUOTA = 1000;
const HANDLER = { organisation: '某市政务服务中心', window: '1', staff: 'S1' };
const APPLICANT = {
  ...{
    kind: 'person',
    name: '示例申请人',
    documentType: 'passport',
    documentNumber: 'EX1234567',
    mobile: '13800000000',
  },
  address: '',
};
const TERMS = {
  ...{ promisedWorkingDays: 3, statutoryWorkingDays: 0, acceptanceWorkingDays: 0 },
  ...{ paperOriginals: false, silenceAccepts: false },
};

let folder: string;
let store: Store;
let materials: MaterialStore;
let uploads: ResumableUploads;
const clock = { at: 0, now: () => clock.at };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-uploads-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  clock.at = Date.parse('2026-11-23T10:00:00+08:00');
  materials = new MaterialStore(store, clock, join(folder, 'materials'), QUOTA);
  const taking = new CaseMaterials({ store, materials, now: clock.now });
  const demand = async (key: string) => {
    const file = await caseRepository.find(store.read, key);
    if (!file) throw new CodedError('NOT_FOUND');
    return file;
  };
  const cases = {
    demand,
    async demandTaking(key: string, name: string) {
      const file = await demand(key);
      taking.demandTaking(file, name);
      return file;
    },
    async addMaterial(key: string, upload: Parameters<CaseMaterials['add']>[1], bytes: AsyncIterable<Uint8Array>) {
      return taking.add(await demand(key), upload, bytes);
    },
  };
  uploads = new ResumableUploads({ store, clock, materials, cases });
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** A draft. @returns its conversation */
async function draft(n: number): Promise<string> {
  const conversation = `0f9e8d7c-6b5a-4c3d-8e1f-${String(n).padStart(12, '0')}`;
  const file: CaseFile = {
    ...{ conversation, number: `3206002026112300${String(n).padStart(4, '0')}`, role: 'receiving', peer: '150626' },
    ...{ peerNumber: '', item: 'EX018', mode: 'agency', state: 'draft', pending: undefined, authorizationId: 'a' },
    version: 1,
    document: {
      ...{ applicant: APPLICANT, form: {}, materials: [], handler: HANDLER, terms: TERMS, limits: [] },
      ...{ queryCode: `ABCDEF${String(n).padStart(4, 'G')}`, steps: {}, notes: [] },
    },
    createdAt: clock.at,
    updatedAt: clock.at,
  };
  await store.write((tx) => caseRepository.insert(tx, file));
  return conversation;
}

async function change(conversation: string, changes: Partial<CaseFile>): Promise<void> {
  await store.write(async (tx) => {
    const file = (await caseRepository.find(tx, conversation))!;
    await caseRepository.update(tx, { ...file, ...changes });
  });
}

async function erase(conversation: string): Promise<void> {
  await change(conversation, { state: 'withdrawn', erasedAt: clock.at });
  await materials.erase(conversation);
}

const digestOf = (content: string) => createHash('sha256').update(content).digest('hex');

function create(conversation: string, content: string, subject: string) {
  const wish = { name: '营业执照', grade: 'C', mediaType: 'text/plain', size: content.length } as const;
  return uploads.create(conversation, { ...wish, digest: digestOf(content) }, subject);
}

async function* pieces(...all: readonly (string | (() => Promise<void>))[]): AsyncIterable<Buffer> {
  for (const one of all) {
    if (typeof one === 'string') yield Buffer.from(one);
    else await one();
  }
}

const append = (conversation: string, content: string, offset: number, bytes: AsyncIterable<Uint8Array>) =>
  uploads.append(conversation, digestOf(content), offset, bytes);

async function filesLeft(): Promise<string[]> {
  const found = await readdir(join(folder, 'materials'), { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map(({ name }) => name);
}

async function rowsLeft(): Promise<number> {
  const { n } = (await store.read.get<{ n: number }>(
    'SELECT (SELECT count(*) FROM material) + (SELECT count(*) FROM material_upload) AS n',
  ))!;
  return n;
}

const BIG = 'a'.repeat(900);
const OTHER = 'b'.repeat(900);

it('leaves each caller a quota of its own', async () => {
  const conversation = await draft(1);
  await create(conversation, BIG, 'hall');
  await append(conversation, BIG, 0, pieces('a'));
  await create(conversation, OTHER, 'locker');
  expect((await append(conversation, OTHER, 0, pieces(OTHER))).material).toMatchObject({ size: 900 });
  const third = 'c'.repeat(900);
  await create(conversation, third, 'hall');
  await expect(append(conversation, third, 0, pieces('c'))).rejects.toMatchObject({ code: 'MATERIAL_QUOTA' });
});

it('leaves each caller a number of uploads of its own, over all cases', async () => {
  for (let n = 0; n < UPLOADS_PER_CALLER / 16; n += 1) {
    const conversation = await draft(n);
    for (let file = 0; file < 16; file += 1) await create(conversation, `file ${file}`, 'hall');
  }
  const more = await draft(99);
  await expect(create(more, BIG, 'hall')).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
  await create(more, BIG, 'locker');
  expect(await store.read.all('SELECT share FROM material_upload WHERE conversation = ?', more)).toHaveLength(1);
});

it('ends a day after its last byte, whatever is said of it without bytes', async () => {
  const conversation = await draft(1);
  const { expiresAt } = await create(conversation, BIG, 'hall');
  await append(conversation, BIG, 0, pieces());
  clock.at += 23 * HOUR;
  expect((await append(conversation, BIG, 0, pieces(''))).state.expiresAt).toBe(expiresAt);
  expect((await create(conversation, BIG, 'hall')).expiresAt).toBe(expiresAt);
  clock.at += HOUR + 1;
  await expect(append(conversation, BIG, 0, pieces())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await materials.sweep()).toBe(1);
  expect(await filesLeft()).toEqual([]);
});

it('is renewed by a byte, also where the line breaks behind it', async () => {
  const conversation = await draft(1);
  await create(conversation, BIG, 'hall');
  clock.at += 23 * HOUR;
  const cut = async () => {
    throw new Error('the connection was cut');
  };
  await expect(append(conversation, BIG, 0, pieces('a', cut))).rejects.toThrow('cut');
  clock.at += 23 * HOUR;
  expect(await materials.sweep()).toBe(0);
  expect((await append(conversation, BIG, 1, pieces(BIG.slice(1)))).material).toBeDefined();
});

it.each([
  ['was erased', erase],
  ['was closed', (conversation: string) => change(conversation, { state: 'withdrawn' })],
])('leaves no bytes behind of a case that %s between two parts', async (_name, end) => {
  const conversation = await draft(1);
  await create(conversation, BIG, 'hall');
  await append(conversation, BIG, 0, pieces('a'));
  await end(conversation);
  await expect(append(conversation, BIG, 1, pieces('a'))).rejects.toMatchObject({ code: 'CONFLICT' });
  expect([await filesLeft(), await rowsLeft()]).toEqual([[], 0]);
});

it.each([
  ['a part', 'a'],
  ['the whole', BIG],
])('leaves no bytes behind of a case that is erased while %s comes', async (_name, part) => {
  const conversation = await draft(1);
  await create(conversation, BIG, 'hall');
  const coming = pieces(part, () => erase(conversation));
  await expect(append(conversation, BIG, 0, coming)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect([await filesLeft(), await rowsLeft()]).toEqual([[], 0]);
});

it('waits with the case for the receipt of an act', async () => {
  const conversation = await draft(1);
  await create(conversation, BIG, 'hall');
  await append(conversation, BIG, 0, pieces('a'));
  await change(conversation, { pending: { event: 'transfer', settled: false } });
  await expect(append(conversation, BIG, 1, pieces('a'))).rejects.toMatchObject({ code: 'CONFLICT' });
  await change(conversation, { pending: undefined });
  expect((await append(conversation, BIG, 1, pieces(BIG.slice(1)))).material).toBeDefined();
});
