import { createHash, randomBytes } from 'node:crypto';
import { appendFile, copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StorageKey } from '#trust';
import { DataVault } from '../at-rest/data-vault.ts';
import { sealingStatus } from '../at-rest/status.ts';
import { atRestOf, storageKey } from '../at-rest/testing/open-vault.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { MaterialStore } from './material-store.ts';
import { CHUNK_BYTES, HEAD_BYTES, STORED_CHUNK } from './sealed-file.ts';

const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const OTHER_CASE = '1f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const PEER = '320600';
const OLD = storageKey('old');
const NEW = storageKey('new', 'SM4-GCM', 1);

let folder: string;
let store: Store;
let keys: StorageKey[];
let materials: MaterialStore;
let look: () => Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-sealed-material-'));
  keys = [OLD];
  await open();
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function open(): Promise<void> {
  const vault = new DataVault();
  store = await openSqliteStore(join(folder, 'gateway.db'), vault);
  materials = new MaterialStore(store, { now: () => 1000 }, join(folder, 'materials'), 2 ** 30);
  const files = [{ name: 'files', step: (place: string) => materials.seal(place) }];
  const atRest = atRestOf(store, vault, { keys: () => keys, files });
  await atRest.open();
  look = () => atRest.look();
}

async function reopen(...under: StorageKey[]): Promise<void> {
  await store.close();
  keys = under;
  await open();
}

async function* chunks(bytes: Buffer, size = 100_000): AsyncIterable<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function* cutAfter(bytes: Buffer): AsyncIterable<Buffer> {
  yield* chunks(bytes);
  throw new Error('the connection was cut');
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

async function content(digest: Buffer, from = 0, conversation = CASE): Promise<Buffer> {
  const { bytes } = await materials.open(conversation, digest, from);
  return buffer(bytes);
}

function fileOf(digest: Buffer, conversation = CASE): string {
  return join(folder, 'materials', 'cases', conversation.slice(-2), conversation, digest.toString('hex'));
}

const BROKEN = { code: 'AT_REST_BROKEN' };

describe('a sealed file', () => {
  it.each([1, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 77])(
    'of %i bytes is named by its content, holds nothing of it, and is read from anywhere',
    async (size) => {
      const bytes = randomBytes(size);
      const { digest, size: taken } = await materials.take(CASE, chunks(bytes));
      expect({ digest, taken }).toEqual({ digest: sha256(bytes), taken: size });
      const stored = await readFile(fileOf(digest));
      if (size > 20) expect(stored.includes(bytes.subarray(0, 16))).toBe(false);
      for (const from of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 5].filter((at) => at <= size))
        expect(await content(digest, from)).toEqual(bytes.subarray(from));
      expect(await readdir(join(folder, 'materials', 'uploads'))).toEqual([]);
    },
  );

  it('arrives in pieces of any length, and goes on where it was cut', async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: CHUNK_BYTES + 10 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(pieces, async (lengths) => {
        const bytes = randomBytes(lengths.reduce((sum, length) => sum + length, 0));
        const opening = { conversation: CASE, digest: sha256(bytes), size: bytes.length };
        for (const length of lengths) {
          const { offset } = await materials.status(PEER, CASE, opening.digest);
          const piece = bytes.subarray(offset, offset + length);
          const isCut = offset + length < bytes.length;
          const pushed = materials.stage(PEER, { ...opening, offset }, isCut ? cutAfter(piece) : chunks(piece));
          if (isCut) await expect(pushed).rejects.toThrow('cut');
          else expect(await pushed).toEqual({ offset: bytes.length, complete: true });
        }
        expect(await content(opening.digest)).toEqual(bytes);
        await materials.erase(CASE);
      }),
      { numRuns: 20 },
    );
  });

  it('loses no more than its last chunk when a crash tears that', async () => {
    const bytes = randomBytes(2 * CHUNK_BYTES + 500);
    const opening = { conversation: CASE, digest: sha256(bytes), size: bytes.length };
    await expect(materials.stage(PEER, { ...opening, offset: 0 }, cutAfter(bytes.subarray(0, -100)))).rejects.toThrow();
    const part = join(folder, 'materials', 'arriving', PEER, `${CASE}-${opening.digest.toString('hex')}.sealed`);
    await truncate(part, (await stat(part)).size - 7);
    const { offset } = await materials.status(PEER, CASE, opening.digest);
    expect(offset).toBe(2 * CHUNK_BYTES);
    await materials.stage(PEER, { ...opening, offset }, chunks(bytes.subarray(offset)));
    expect(await content(opening.digest)).toEqual(bytes);
  });

  it('is refused when other bytes came than its name says', async () => {
    const digest = sha256(Buffer.from('another'));
    const pushed = materials.stage(
      PEER,
      { conversation: CASE, digest, size: 4, offset: 0 },
      chunks(Buffer.from('file')),
    );
    await expect(pushed).rejects.toMatchObject({ code: 'MATERIAL_DIGEST' });
    expect(await materials.status(PEER, CASE, digest)).toEqual({ offset: 0, complete: false });
  });
});

describe('a sealed file that somebody touched', () => {
  let bytes: Buffer;
  let digest: Buffer;
  let path: string;

  beforeEach(async () => {
    bytes = randomBytes(2 * CHUNK_BYTES + 500);
    ({ digest } = await materials.take(CASE, chunks(bytes)));
    path = fileOf(digest);
  });

  /** What is handed out before it fails. */
  async function read(from = 0): Promise<number> {
    let length = 0;
    const { bytes: opened } = await materials.open(CASE, digest, from);
    try {
      for await (const chunk of opened) length += chunk.length;
    } catch (error) {
      expect(error).toMatchObject(BROKEN);
      return length;
    }
    throw new Error('it was read to the end');
  }

  it('fails at the first byte that is another', async () => {
    const stored = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(stored.length - HEAD_BYTES - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const altered = Buffer.from(stored);
        altered[HEAD_BYTES + at]! ^= by;
        await writeFile(path, altered);
        expect(await read()).toBe(Math.floor(at / STORED_CHUNK) * CHUNK_BYTES);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['cut off within a chunk', -1, 2 * CHUNK_BYTES],
    ['cut off behind a chunk', -(500 + 28), CHUNK_BYTES],
    ['cut off behind its head', -(2 * STORED_CHUNK + 528), 0],
  ])('fails when it is %s', async (_how, change, handedOut) => {
    await truncate(path, (await stat(path)).size + change);
    expect(await read()).toBe(handedOut);
  });

  it('fails when something was added, its chunks change places, or its head is altered', async () => {
    const stored = await readFile(path);
    await appendFile(path, stored.subarray(HEAD_BYTES, HEAD_BYTES + 100));
    expect(await read()).toBe(2 * CHUNK_BYTES);
    const [head, first, second] = [0, HEAD_BYTES, HEAD_BYTES + STORED_CHUNK].map((from, index) =>
      stored.subarray(from, index === 0 ? HEAD_BYTES : from + STORED_CHUNK),
    );
    await writeFile(path, Buffer.concat([head!, second!, first!, stored.subarray(HEAD_BYTES + 2 * STORED_CHUNK)]));
    expect(await read()).toBe(0);
    const wrong = Buffer.from(stored);
    wrong[40]! ^= 1;
    await writeFile(path, wrong);
    expect(await read()).toBe(0);
  });

  it('opens under no other name, and in no other case', async () => {
    const other = await materials.take(CASE, chunks(Buffer.from('another file')));
    await copyFile(path, fileOf(other.digest));
    await expect(content(other.digest)).rejects.toMatchObject(BROKEN);
    const there = await materials.take(OTHER_CASE, chunks(bytes));
    await copyFile(path, fileOf(there.digest, OTHER_CASE));
    await expect(content(digest, 0, OTHER_CASE)).rejects.toMatchObject(BROKEN);
  });
});

describe('files of before, and new storage keys', () => {
  it('are sealed in the background, and read the same all the time', async () => {
    await reopenPlain();
    const bytes = randomBytes(CHUNK_BYTES + 3);
    const { digest } = await materials.take(CASE, chunks(bytes));
    expect(await readFile(fileOf(digest))).toEqual(bytes);
    await reopen(OLD);
    expect(await content(digest)).toEqual(bytes);
    await look();
    expect((await readFile(fileOf(digest))).includes(bytes.subarray(0, 32))).toBe(false);
    expect(await content(digest, 5)).toEqual(bytes.subarray(5));
  });

  it('that are not what their name says stay as they are, and are told of', async () => {
    await reopenPlain();
    const { digest } = await materials.take(CASE, chunks(Buffer.from('a file')));
    await writeFile(fileOf(digest), 'another');
    await reopen(OLD);
    expect(await materials.seal('')).toEqual({ place: undefined, sealed: 0, broken: 1 });
    expect(await readFile(fileOf(digest), 'utf8')).toBe('another');
  });

  it('are wrapped under the newest storage key, and need the old one no more', async () => {
    const bytes = randomBytes(1000);
    const { digest } = await materials.take(CASE, chunks(bytes));
    const before = await readFile(fileOf(digest));
    await reopen(OLD, NEW);
    await look();
    const after = await readFile(fileOf(digest));
    expect(after.subarray(HEAD_BYTES)).toEqual(before.subarray(HEAD_BYTES));
    await reopen(NEW);
    expect(await content(digest)).toEqual(bytes);
    const later = await materials.take(CASE, chunks(Buffer.from('later')));
    expect((await content(later.digest)).toString()).toBe('later');
  });

  it('keep the old key as well until the next one comes: a crash leaves one that opens', async () => {
    const { digest } = await materials.take(CASE, chunks(Buffer.from('a file')));
    await reopen(OLD, NEW);
    await look();
    const torn = await readFile(fileOf(digest));
    torn.fill(0xff, 16 + 128, HEAD_BYTES);
    await writeFile(fileOf(digest), torn);
    expect((await content(digest)).toString()).toBe('a file');
  });

  describe('that come while a file streams in', () => {
    const bytes = Buffer.from('机密'.repeat(100_000));
    const opening = { conversation: CASE, digest: sha256(bytes), size: bytes.length, offset: 0 };

    /** Half of the file, then a look at these keys that walks through everything else, then the rest. */
    async function* whileKeysCome(...come: StorageKey[]): AsyncIterable<Buffer> {
      yield bytes.subarray(0, 300_000);
      keys = come;
      await look();
      await look();
      yield bytes.subarray(300_000);
    }

    async function expectSealedUnderNew(): Promise<void> {
      expect((await readFile(fileOf(opening.digest))).includes('机密')).toBe(false);
      const { covered, parts, done, broken } = await sealingStatus(store.read);
      expect({ covered, done, broken }).toEqual({ covered: parts, done: parts, broken: 0 });
      await reopen(NEW);
      expect((await content(opening.digest)).equals(bytes)).toBe(true);
    }

    it('do not leave it under the old one alone', async () => {
      expect(await materials.stage(PEER, opening, whileKeysCome(OLD, NEW))).toMatchObject({ complete: true });
      await expectSealedUnderNew();
    });

    it.each([
      ['a peer', () => materials.stage(PEER, opening, whileKeysCome(NEW))],
      ['the own side', () => materials.take(CASE, whileKeysCome(NEW))],
    ])('do not leave it in the clear when it is the first one: a file of %s', async (_who, bring) => {
      await reopenPlain();
      await bring();
      await expectSealedUnderNew();
      expect(await readdir(join(folder, 'materials', 'uploads')).catch(() => [])).toEqual([]);
    });
  });

  it('are not brought back by it when their case is erased', async () => {
    await reopenPlain();
    for (let n = 0; n < 5; n += 1) await materials.take(CASE, chunks(Buffer.from(`file ${n}`)));
    await reopen(OLD);
    await Promise.all([look(), materials.erase(CASE)]);
    const left = await readdir(join(folder, 'materials'), { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
  });

  /** As a gateway without a storage key. */
  async function reopenPlain(): Promise<void> {
    await store.close();
    await rm(join(folder, 'gateway.db'));
    keys = [];
    await open();
  }
});
