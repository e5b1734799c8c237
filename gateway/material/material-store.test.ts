import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '#proto';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type TestClock, testClock } from '../testing/region-pair.ts';
import { MaterialStore } from './material-store.ts';

const DAY = 24 * 60 * 60 * 1000;
const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const OTHER_CASE = '1f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const PEER = '320600';
const STRANGER = '350500';
const QUOTA = 10_000;

let folder: string;
let store: Store;
let clock: TestClock;
let materials: MaterialStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-material-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  clock = testClock(Date.parse('2026-11-20T09:00:00+08:00'));
  materials = new MaterialStore(store, clock, join(folder, 'materials'), QUOTA);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function* chunks(...parts: (string | Buffer)[]): AsyncIterable<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

/** Chunks after which the connection is cut. */
async function* cutAfter(...parts: string[]): AsyncIterable<Buffer> {
  yield* chunks(...parts);
  throw new Error('the connection was cut');
}

function sha256(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Opening of a push of a whole text. */
function opening(text: string, changes: Partial<{ conversation: string; size: number; offset: number }> = {}) {
  return { conversation: CASE, digest: sha256(text), size: Buffer.byteLength(text), offset: 0, ...changes };
}

function stageWhole(text: string, peer = PEER, conversation = CASE) {
  return materials.stage(peer, opening(text, { conversation }), chunks(text));
}

async function content(digest: Buffer, from = 0, conversation = CASE): Promise<string> {
  const { bytes } = await materials.open(conversation, digest, from);
  return (await buffer(bytes)).toString();
}

function missing(text: string, peer = PEER, conversation = CASE): Promise<Buffer[]> {
  return materials.missing(store.read, peer, conversation, [sha256(text)]);
}

function hold(text: string, conversation = CASE): Promise<void> {
  return store.write((tx) => materials.hold(tx, conversation, [sha256(text)]));
}

function rows() {
  return store.read.all('SELECT peer, size, state FROM material ORDER BY peer, size');
}

async function files(): Promise<string[]> {
  const entries = await readdir(join(folder, 'materials'), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

function partPath(text: string, peer = PEER): string {
  return join(folder, 'materials', 'arriving', peer, `${CASE}-${sha256(text).toString('hex')}`);
}

describe('a file that a window takes', () => {
  it('is named by its content and can be read, also from the middle', async () => {
    const taken = await materials.take(CASE, chunks('营业', '执照'));
    expect(taken).toEqual({ digest: sha256('营业执照'), size: 12 });
    expect(await content(taken.digest)).toBe('营业执照');
    expect(await content(taken.digest, 6)).toBe('执照');
    expect((await materials.open(CASE, taken.digest)).size).toBe(12);
  });

  it('may be taken twice, and is private to its case', async () => {
    await materials.take(CASE, chunks('same'));
    const { digest } = await materials.take(CASE, chunks('sa', 'me'));
    expect(await files()).toHaveLength(1);
    await expect(materials.open(OTHER_CASE, digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('fails whoever reads it after it was erased, and nobody who had only opened it', async () => {
    const { digest } = await materials.take(CASE, chunks('a file'));
    const [unread, read] = [await materials.open(CASE, digest), await materials.open(CASE, digest)];
    await materials.erase(CASE);
    await expect(buffer(read.bytes)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(unread.size).toBe(6);
  });

  it('leaves nothing when it is empty, too large or cut off', async () => {
    const block = Buffer.alloc(8 * 1024 * 1024);
    const tooLarge = chunks(...Array.from({ length: LIMITS.materialBytes / block.length + 1 }, () => block));
    await expect(materials.take(CASE, chunks())).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(materials.take(CASE, tooLarge)).rejects.toMatchObject({ code: 'MATERIAL_TOO_LARGE' });
    await expect(materials.take(CASE, cutAfter('half'))).rejects.toThrow('cut');
    expect(await rows()).toEqual([]);
    expect(await files()).toEqual([]);
  });
});

describe('a file that a peer stages', () => {
  it('is missing until it is whole, then there', async () => {
    const text = 'a plan of the kitchen';
    expect(await materials.status(PEER, CASE, sha256(text))).toEqual({ offset: 0, complete: false });
    expect(await missing(text)).toEqual([sha256(text)]);
    expect(await stageWhole(text)).toEqual({ offset: text.length, complete: true });
    expect(await materials.status(PEER, CASE, sha256(text))).toEqual({ offset: text.length, complete: true });
    expect(await missing(text)).toEqual([]);
    expect(await content(sha256(text))).toBe(text);
    expect(await stageWhole(text)).toEqual({ offset: text.length, complete: true });
  });

  it('comes in parts, each from where the last one was cut', async () => {
    const text = 'first second third';
    const digest = sha256(text);
    await expect(materials.stage(PEER, opening(text), cutAfter('first '))).rejects.toThrow('cut');
    expect(await materials.status(PEER, CASE, digest)).toEqual({ offset: 6, complete: false });
    expect(await materials.stage(PEER, opening(text, { offset: 6 }), chunks('second '))).toEqual({
      offset: 13,
      complete: false,
    });
    expect(await missing(text)).toEqual([digest]);
    await expect(materials.open(CASE, digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const last = await materials.stage(PEER, opening(text, { offset: 13 }), chunks('third'));
    expect(last).toEqual({ offset: text.length, complete: true });
    expect(await content(digest)).toBe(text);
  });

  it('is finished without another byte when all had come before the cut', async () => {
    await expect(materials.stage(PEER, opening('whole'), cutAfter('whole'))).rejects.toThrow('cut');
    expect(await missing('whole')).toHaveLength(1);
    const rest = await materials.stage(PEER, opening('whole', { offset: 5 }), chunks());
    expect(rest).toEqual({ offset: 5, complete: true });
    expect(await content(sha256('whole'))).toBe('whole');
  });

  it('is not taken from a place where the staged part does not end', async () => {
    await expect(materials.stage(PEER, opening('abcdef'), cutAfter('abc'))).rejects.toThrow('cut');
    for (const offset of [0, 2, 4]) {
      const wrong = materials.stage(PEER, opening('abcdef', { offset }), chunks('def'));
      await expect(wrong).rejects.toMatchObject({ code: 'MATERIAL_OFFSET' });
    }
    expect((await materials.status(PEER, CASE, sha256('abcdef'))).offset).toBe(3);
  });

  it('does not become smaller than what came', async () => {
    await expect(materials.stage(PEER, opening('abcdef'), cutAfter('abcdef'))).rejects.toThrow('cut');
    const smaller = materials.stage(PEER, opening('abcdef', { size: 1, offset: 6 }), chunks());
    await expect(smaller).rejects.toMatchObject({ code: 'MATERIAL_OFFSET' });
    expect(await rows()).toEqual([{ peer: PEER, size: 6, state: 'arriving' }]);
  });

  it('is thrown away when the bytes are not those of the digest, and can be sent again', async () => {
    const bad = materials.stage(PEER, opening('good'), chunks('evil'));
    await expect(bad).rejects.toMatchObject({ code: 'MATERIAL_DIGEST' });
    expect(await rows()).toEqual([]);
    expect(await files()).toEqual([]);
    expect(await stageWhole('good')).toEqual({ offset: 4, complete: true });
    expect(await content(sha256('good'))).toBe('good');
  });

  it('is thrown away when more bytes come than announced, and can be sent again', async () => {
    const long = materials.stage(PEER, opening('good'), chunks('go', 'od!'));
    await expect(long).rejects.toMatchObject({ code: 'MATERIAL_DIGEST' });
    expect(await materials.status(PEER, CASE, sha256('good'))).toEqual({ offset: 0, complete: false });
    expect((await stageWhole('good')).complete).toBe(true);
  });

  it.each([0, -1, LIMITS.materialBytes + 1])('has a size: not %i bytes', async (size) => {
    const wrong = materials.stage(PEER, opening('x', { size }), chunks('x'));
    await expect(wrong).rejects.toMatchObject({ code: 'MATERIAL_TOO_LARGE' });
    expect(await rows()).toEqual([]);
    expect(await files()).toEqual([]);
  });

  it('arrives on one call at a time', async () => {
    let go = () => {};
    const started = Promise.withResolvers<void>();
    async function* slow() {
      yield Buffer.from('abc');
      started.resolve();
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      yield Buffer.from('def');
    }
    const first = materials.stage(PEER, opening('abcdef'), slow());
    await started.promise;
    const second = materials.stage(PEER, opening('abcdef', { offset: 3 }), chunks('def'));
    await expect(second).rejects.toMatchObject({ code: 'MATERIAL_OFFSET' });
    go();
    expect(await first).toEqual({ offset: 6, complete: true });
    expect(await content(sha256('abcdef'))).toBe('abcdef');
  });

  it('is whole whichever of two calls at once wins', async () => {
    const both = await Promise.allSettled([stageWhole('twice'), stageWhole('twice')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await content(sha256('twice'))).toBe('twice');
    expect(await rows()).toEqual([{ peer: PEER, size: 5, state: 'staged' }]);
  });
});

describe('the quota of a peer', () => {
  const large = (letter: string) => letter.repeat(6000);

  it('counts what is announced, and refuses what goes beyond', async () => {
    await expect(materials.stage(PEER, opening(large('a')), cutAfter('aaa'))).rejects.toThrow('cut');
    const beyond = materials.stage(PEER, opening(large('b')), chunks(large('b')));
    await expect(beyond).rejects.toMatchObject({ code: 'MATERIAL_QUOTA' });
    expect(await rows()).toEqual([{ peer: PEER, size: 6000, state: 'arriving' }]);
    expect(await files()).toHaveLength(1);
  });

  it('is its own: another peer still has room', async () => {
    await stageWhole(large('a'));
    expect((await stageWhole(large('b'), STRANGER, OTHER_CASE)).complete).toBe(true);
  });

  it('does not count what an accepted envelope named', async () => {
    await stageWhole(large('a'));
    await hold(large('a'));
    expect((await stageWhole(large('b'))).complete).toBe(true);
  });

  it('lets the file itself go on', async () => {
    await expect(materials.stage(PEER, opening(large('a')), cutAfter('aaa'))).rejects.toThrow('cut');
    const rest = await materials.stage(PEER, opening(large('a'), { offset: 3 }), chunks('a'.repeat(5997)));
    expect(rest.complete).toBe(true);
  });
});

describe('a peer', () => {
  it('sees nothing of what another staged or we took in', async () => {
    await stageWhole('secret');
    await materials.take(CASE, chunks('ours'));
    for (const text of ['secret', 'ours']) {
      expect(await materials.status(STRANGER, CASE, sha256(text))).toEqual({ offset: 0, complete: false });
      expect(await missing(text, STRANGER)).toHaveLength(1);
      expect(await missing(text, PEER, OTHER_CASE)).toHaveLength(1);
    }
  });

  it('cannot disturb what another staged, even if it knows case and digest', async () => {
    await stageWhole('secret');
    const spoiled = materials.stage(STRANGER, opening('secret'), chunks('spoilt'));
    await expect(spoiled).rejects.toMatchObject({ code: 'MATERIAL_DIGEST' });
    await expect(materials.stage(STRANGER, opening('secret'), cutAfter('sec'))).rejects.toThrow('cut');
    expect(await missing('secret')).toEqual([]);
    expect(await content(sha256('secret'))).toBe('secret');
    expect(await rows()).toEqual([
      { peer: PEER, size: 6, state: 'staged' },
      { peer: STRANGER, size: 6, state: 'arriving' },
    ]);
  });

  it('may stage a file that we took in ourselves', async () => {
    await materials.take(CASE, chunks('both'));
    expect((await stageWhole('both')).complete).toBe(true);
    expect(await missing('both')).toEqual([]);
  });
});

describe('sweeping', () => {
  it('removes after a day what an upload left behind that a crash cut off', async () => {
    const uploads = join(folder, 'materials', 'uploads');
    await mkdir(uploads, { recursive: true });
    for (const [name, at] of [
      ['old', clock.at - DAY - 1000],
      ['young', clock.at - 1000],
    ] as const) {
      await writeFile(join(uploads, name), 'half');
      await utimes(join(uploads, name), at / 1000, at / 1000);
    }
    expect(await materials.sweep()).toBe(1);
    expect(await readdir(uploads)).toEqual(['young']);
  });

  it('removes after a day a file of ours whose row a crash prevented', async () => {
    let writes = 0;
    const frail = {
      read: store.read,
      write: (work: Parameters<Store['write']>[0]) => {
        writes += 1;
        return writes === 2 ? Promise.reject(new Error('the database is away')) : store.write(work);
      },
    } as Store;
    const cutOff = new MaterialStore(frail, clock, join(folder, 'materials'), QUOTA);
    await expect(cutOff.take(CASE, chunks('ours'))).rejects.toThrow('away');
    expect(await files()).toHaveLength(1);
    await expect(materials.open(CASE, sha256('ours'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    clock.at += DAY + 1;
    expect(await materials.sweep()).toBe(1);
    expect([await files(), await rows()]).toEqual([[], []]);
  });

  it('removes after a day what no envelope named, and nothing else', async () => {
    await stageWhole('named');
    await hold('named');
    await stageWhole('forgotten');
    await expect(materials.stage(PEER, opening('half'), cutAfter('ha'))).rejects.toThrow('cut');
    await materials.take(CASE, chunks('ours'));
    clock.at += DAY;
    await stageWhole('fresh');
    expect(await materials.sweep()).toBe(0);
    clock.at += 1;
    expect(await materials.sweep()).toBe(2);
    expect(await missing('forgotten')).toHaveLength(1);
    expect(await materials.status(PEER, CASE, sha256('half'))).toEqual({ offset: 0, complete: false });
    expect((await files()).sort()).toEqual(
      ['fresh', 'named', 'ours'].map((name) => sha256(name).toString('hex')).sort(),
    );
    expect(await content(sha256('named'))).toBe('named');
    expect(await content(sha256('ours'))).toBe('ours');
    expect((await stageWhole('forgotten')).complete).toBe(true);
  });

  it('keeps the file that another part of the case still has', async () => {
    await stageWhole('shared', STRANGER);
    await stageWhole('shared', PEER);
    await store.write((tx) => tx.run("UPDATE material SET state = 'held' WHERE peer = ?", PEER));
    clock.at += DAY + 1;
    expect(await materials.sweep()).toBe(1);
    expect(await rows()).toEqual([{ peer: PEER, size: 6, state: 'held' }]);
    expect(await content(sha256('shared'))).toBe('shared');
  });

  it('leaves alone what goes on arriving', async () => {
    await expect(materials.stage(PEER, opening('abcdef'), cutAfter('abc'))).rejects.toThrow('cut');
    clock.at += DAY + 1;
    const started = Promise.withResolvers<void>();
    const swept = Promise.withResolvers<void>();
    async function* slow() {
      started.resolve();
      await swept.promise;
      yield Buffer.from('def');
    }
    const resumed = materials.stage(PEER, opening('abcdef', { offset: 3 }), slow());
    await started.promise;
    expect(await materials.sweep()).toBe(0);
    swept.resolve();
    expect(await resumed).toEqual({ offset: 6, complete: true });
    expect(await content(sha256('abcdef'))).toBe('abcdef');
  });
});

describe('what a crash leaves', () => {
  it('a part that no row knows: the file comes again from its beginning', async () => {
    await mkdir(dirname(partPath('abcdef')), { recursive: true });
    await writeFile(partPath('abcdef'), 'stale bytes');
    expect(await materials.status(PEER, CASE, sha256('abcdef'))).toEqual({ offset: 0, complete: false });
    expect(await stageWhole('abcdef')).toEqual({ offset: 6, complete: true });
    expect(await content(sha256('abcdef'))).toBe('abcdef');
  });

  it('a row without its part: the file comes again from its beginning', async () => {
    await expect(materials.stage(PEER, opening('abcdef'), cutAfter('abc'))).rejects.toThrow('cut');
    await rm(partPath('abcdef'));
    expect(await materials.status(PEER, CASE, sha256('abcdef'))).toEqual({ offset: 0, complete: false });
    expect((await stageWhole('abcdef')).complete).toBe(true);
  });

  it('a part of which the last bytes were lost: it goes on from what is there', async () => {
    await expect(materials.stage(PEER, opening('abcdef'), cutAfter('abcd'))).rejects.toThrow('cut');
    await truncate(partPath('abcdef'), 2);
    expect(await materials.status(PEER, CASE, sha256('abcdef'))).toEqual({ offset: 2, complete: false });
    const rest = await materials.stage(PEER, opening('abcdef', { offset: 2 }), chunks('cdef'));
    expect(rest.complete).toBe(true);
    expect(await content(sha256('abcdef'))).toBe('abcdef');
  });

  it('a whole file that no row says is whole: it is taken again', async () => {
    await stageWhole('abcdef');
    await store.write((tx) => tx.run("UPDATE material SET state = 'arriving'"));
    expect(await missing('abcdef')).toHaveLength(1);
    expect((await stageWhole('abcdef')).complete).toBe(true);
    expect(await content(sha256('abcdef'))).toBe('abcdef');
    expect(await files()).toHaveLength(1);
  });

  it('files that only their owner can read', async () => {
    const { digest } = await materials.take(CASE, chunks('private'));
    const path = join(folder, 'materials', 'cases', CASE.slice(-2), CASE, digest.toString('hex'));
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect((await readFile(path)).toString()).toBe('private');
  });
});
