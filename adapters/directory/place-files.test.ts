import { mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Adapter } from '../adapter.ts';
import { loadMapping } from '../mapping/load-mapping.ts';
import { CaseMaterials, outgoingFile, piecesOf, refusing } from '../testing/case-materials.ts';
import { NOW, testContext, testEvent } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { NO_SFTP, SftpServer } from '../testing/sftp-server.ts';
import { directoryKind } from './directory-adapter.ts';
import { writeDocuments } from './directory-sink.ts';
import { eventFileName } from './event-file.ts';
import type { FolderFiles } from './folder-files.ts';
import { localFiles } from './local-files.ts';
import { placeFiles } from './place-files.ts';

const MAPPING = `mapping: 1
out:
  - on: '*'
    reads: case
    document: { FILES: { each: files, fields: { file: file, sha256: material } } }
    files: [{ each: case.materials, material: digest }]
`;
const NAMES = ['营业执照.pdf', '申请书.pdf'];
const BIG = Buffer.alloc(1_500_000, '营业执照');
const SMALL = Buffer.from('%PDF-申请书');
const DOCUMENT = eventFileName(testEvent(1));
const FILES = eventFileName(testEvent(1), 'files');

for (const over of ['this machine', 'SFTP'] as const)
  describe.skipIf(over === 'SFTP' && NO_SFTP)(`files beside a document, on ${over}`, () => {
    let server: SftpServer | undefined;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let out: string;
    let materials: CaseMaterials;
    let found: CaseMaterials['found'];
    let adapter: Adapter;
    beforeAll(async () => {
      if (over === 'SFTP') server = await SftpServer.start();
    });
    afterAll(() => server?.close());
    beforeEach(async () => {
      folder = await temporaryFolder();
      out = join(folder.path, 'out');
      await mkdir(out);
      materials = new CaseMaterials([
        ['营业执照', BIG],
        ['申请书', SMALL],
      ]);
      await writeFile(join(folder.path, 'mapping.yaml'), MAPPING);
      const mapping = await loadMapping(join(folder.path, 'mapping.yaml'), { now: () => NOW });
      const { port, user, keyFile: key_file, hostKey: host_key } = server ?? {};
      const sftp = server && { host: '127.0.0.1', port: port!, user: user!, key_file: key_file!, host_key: host_key! };
      found = materials.found;
      const context = { ...testContext(), cases: { ...materials.desk, read: async () => found } };
      adapter = await directoryKind.create({ name: 'files', out, ...(sftp && { sftp }) }, context, mapping);
    });
    afterEach(async () => {
      await adapter.close();
      await folder.remove();
    });

    const deliver = (signal = new AbortController().signal) => adapter.sink!.deliver(testEvent(1), signal);
    const all = async () => (await readdir(out)).sort();
    const visible = async () => (await all()).filter((name) => !name.startsWith('.'));
    const content = (name: string) => readFile(join(out, FILES, name));

    async function expectWhole(): Promise<void> {
      expect(await all()).toEqual([FILES, DOCUMENT].sort());
      expect((await readdir(join(out, FILES))).sort()).toEqual([...NAMES].sort());
      expect([await content(NAMES[0]!), await content(NAMES[1]!)]).toEqual([BIG, SMALL]);
      const { FILES: named } = JSON.parse(await readFile(join(out, DOCUMENT), 'utf8'));
      expect(named).toEqual(NAMES.map((file, index) => ({ file, sha256: materials.digests[index] })));
    }

    it('are all there before it, and none is seen before all of them are whole', async () => {
      const seen: string[][] = [];
      materials.instead.set(materials.digests[1]!, async function* () {
        yield SMALL.subarray(0, 3);
        seen.push(await visible());
        yield SMALL.subarray(3);
      });
      await deliver();
      expect(seen).toEqual([[]]);
      await expectWhole();
      // The department's account, of our group, can take all of it away.
      expect((await stat(join(out, FILES))).mode & 0o777).toBe(0o770);
    });

    it('are written once, and never changed when the event comes again', async () => {
      await deliver();
      await writeFile(join(out, FILES, NAMES[0]!), 'stamped by the department');
      const before = await stat(join(out, FILES, NAMES[1]!));
      await deliver();
      expect(materials.opened).toHaveLength(2);
      expect((await content(NAMES[0]!)).toString()).toBe('stamped by the department');
      expect((await stat(join(out, FILES, NAMES[1]!))).ino).toBe(before.ino);
    });

    it('are left as they are when only the document was still missing', async () => {
      await deliver();
      const before = await stat(join(out, FILES, NAMES[0]!));
      await rename(join(out, DOCUMENT), join(folder.path, 'read'));
      await mkdir(join(out, `.${FILES}.tmp`));
      await deliver();
      expect(materials.opened).toHaveLength(2);
      expect((await stat(join(out, FILES, NAMES[0]!))).ino).toBe(before.ino);
      await expectWhole();
    });

    it('replace what an attempt left that was broken off', async () => {
      for (const name of [FILES, `.${FILES}.tmp`]) {
        await mkdir(join(out, name));
        for (const file of [...NAMES, `.${NAMES[0]}.tmp`, 'of another time.pdf'])
          await writeFile(join(out, name, file), 'half');
      }
      await deliver();
      await expectWhole();
    });

    it('take the place of a file or a link of their name, and what that leads to stays', async () => {
      const ours = join(folder.path, 'ours');
      await mkdir(ours);
      await writeFile(join(ours, NAMES[0]!), 'ours');
      await writeFile(join(out, FILES), '');
      await symlink(ours, join(out, `.${FILES}.tmp`));
      await deliver();
      await expectWhole();
      expect(await readFile(join(ours, NAMES[0]!), 'utf8')).toBe('ours');
    });

    it('are refused for good when a folder lies within theirs, and nothing of that is removed', async () => {
      await mkdir(join(out, FILES, 'deep'), { recursive: true });
      await writeFile(join(out, FILES, 'beside'), '');
      const error = await deliver().catch((reason: Error) => reason);
      expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
      expect(String(error)).toContain('has a folder that is not ours; move it away');
      expect(await all()).toEqual([FILES]);
      expect((await readdir(join(out, FILES))).sort()).toEqual(['beside', 'deep']);
    });

    it('do not stay when the next attempt names none', async () => {
      for (const name of [FILES, `.${FILES}.tmp`]) {
        await mkdir(join(out, name));
        await writeFile(join(out, name, NAMES[0]!), 'half');
      }
      found = { ...found, materials: [] };
      await deliver();
      expect(await all()).toEqual([DOCUMENT]);
    });

    it('leave no document when the delivery ends in the middle of one, and the next delivery brings everything', async () => {
      const stopping = new AbortController();
      materials.instead.set(materials.digests[0]!, async function* () {
        yield BIG.subarray(0, 1_000_000);
        stopping.abort();
        yield BIG.subarray(1_000_000);
      });
      await expect(deliver(stopping.signal)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE', retryable: true });
      expect(await visible()).toEqual([]);
      materials.instead.clear();
      await deliver();
      await expectWhole();
    });

    it.each([
      ['MATERIAL_PARKED', false, () => refusing('MATERIAL_PARKED')],
      ['NOT_FOUND', false, () => refusing('NOT_FOUND')],
      ['MATERIAL_UNSCANNED', true, () => refusing('MATERIAL_UNSCANNED')],
      ['MATERIAL_DIGEST', false, () => piecesOf(Buffer.from('other bytes'))],
    ] as const)('leave nothing behind when one is not handed out: %s', async (code, retryable, instead) => {
      materials.instead.set(materials.digests[1]!, instead);
      const error = await deliver().catch((reason: Error) => reason);
      expect(error).toMatchObject({ code: retryable ? 'PLATFORM_UNREACHABLE' : 'PLATFORM_REFUSED', retryable });
      expect(String(error)).toContain(`file 2 of the document (${code})`);
      expect(String(error)).not.toContain('申请书');
      expect(await all()).toEqual([]);
    });

    if (over === 'this machine')
      it('never leave their folder when the platform puts a link in its place meanwhile', async () => {
        const ours = join(folder.path, 'ours');
        await mkdir(ours);
        for (const name of NAMES) await writeFile(join(ours, name), 'ours');
        materials.instead.set(materials.digests[1]!, async function* () {
          await rename(join(out, `.${FILES}.tmp`), join(out, '.theirs'));
          await symlink(ours, join(out, `.${FILES}.tmp`));
          yield SMALL;
        });
        const error = await deliver().catch((reason: Error) => reason);
        expect(error).toMatchObject({ code: 'PLATFORM_UNREACHABLE', retryable: true });
        expect(String(error)).toContain('was exchanged while it was written');
        expect((await readdir(ours)).sort()).toEqual([...NAMES].sort());
        for (const name of NAMES) expect(await readFile(join(ours, name), 'utf8')).toBe('ours');
        expect(await visible()).not.toContain(DOCUMENT);

        materials.instead.clear();
        await rename(join(out, '.theirs'), join(folder.path, 'theirs'));
        await deliver();
        await expectWhole();
      });

    if (over === 'SFTP')
      it('go on after the other machine was away in the middle of one', async () => {
        const away = server!;
        materials.instead.set(materials.digests[0]!, async function* () {
          yield BIG.subarray(0, 1_000_000);
          await away.stop();
          yield BIG.subarray(1_000_000);
        });
        await expect(deliver()).rejects.toMatchObject({ retryable: true });
        expect(await visible()).toEqual([]);
        materials.instead.clear();
        await away.resume();
        await deliver();
        await expectWhole();
      });
  });

describe('a folder that others write into', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let [out, ours] = ['', ''];
  beforeEach(async () => {
    folder = await temporaryFolder();
    [out, ours] = [join(folder.path, 'out'), join(folder.path, 'ours')];
    await mkdir(out);
    await mkdir(ours, { mode: 0o700 });
    await writeFile(join(ours, 'a.pdf'), 'ours');
  });
  afterEach(() => folder.remove());

  const signal = new AbortController().signal;
  const file = outgoingFile(Buffer.from('theirs'));

  async function expectOursUntouched(): Promise<void> {
    expect(await readdir(ours)).toEqual(['a.pdf']);
    expect(await readFile(join(ours, 'a.pdf'), 'utf8')).toBe('ours');
    expect((await stat(ours)).mode & 0o777).toBe(0o700);
  }

  it('is not entered by a link that stands where it should be made', async () => {
    const planting: FolderFiles = {
      ...localFiles,
      async makeFolder(path) {
        await symlink(ours, path);
        await localFiles.makeFolder(path);
      },
    };
    await expect(placeFiles(planting, out, FILES, [file], signal)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expectOursUntouched();
  });

  it('is not emptied by a link that takes its place meanwhile', async () => {
    const place = join(out, FILES);
    await mkdir(place);
    await writeFile(join(place, 'a.pdf'), 'old');
    const swapping: FolderFiles = {
      ...localFiles,
      async entries(path) {
        const found = await localFiles.entries(path);
        await rename(place, join(out, 'before'));
        await symlink(ours, place);
        return found;
      },
    };
    await expect(placeFiles(swapping, out, FILES, [], signal)).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(await readdir(join(out, 'before'))).toEqual([]);
    await expectOursUntouched();
  });

  it('is refused for good when it cannot be removed', async () => {
    await mkdir(join(out, FILES));
    const denying = {
      ...localFiles,
      removeFolder: () => Promise.reject(Object.assign(new Error(), { code: 'EACCES' })),
    };
    const refused = { retryable: false, message: expect.stringContaining('belongs to another account; move it away') };
    await expect(placeFiles(denying, out, FILES, [file], signal)).rejects.toMatchObject(refused);
    expect(await readdir(join(out, FILES))).toEqual([]);
  });

  it('keeps no files of a document that is refused for good', async () => {
    const send = writeDocuments(localFiles, out, { format: 'csv' });
    for (const name of [FILES, `.${FILES}.tmp`]) {
      await mkdir(join(out, name));
      await writeFile(join(out, name, 'a.pdf'), 'of an earlier attempt');
    }
    const sent = send({ id: testEvent(1).id, event: testEvent(1), document: 'no table', files: [file] }, signal);
    await expect(sent).rejects.toMatchObject({ retryable: false });
    expect(await readdir(out)).toEqual([]);
  });
});

it('a file of any size takes little memory', async () => {
  const folder = await temporaryFolder();
  try {
    const piece = Buffer.alloc(256 * 1024, 'x');
    const size = 400 * piece.length;
    const materials = new CaseMaterials([['图', Buffer.alloc(size, 'x')]]);
    materials.instead.set(materials.digests[0]!, async function* () {
      for (let written = 0; written < size; written += piece.length) yield piece;
    });
    await writeFile(join(folder.path, 'mapping.yaml'), MAPPING);
    const mapping = await loadMapping(join(folder.path, 'mapping.yaml'), { now: () => NOW });
    const out = join(folder.path, 'out');
    await mkdir(out);
    const context = { ...testContext(), cases: materials.desk };
    const { sink } = await directoryKind.create({ name: 'files', out }, context, mapping);
    const before = process.memoryUsage().rss;
    await sink!.deliver(testEvent(1), new AbortController().signal);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
    expect((await stat(join(out, FILES, '图.pdf'))).size).toBe(size);
  } finally {
    await folder.remove();
  }
});
