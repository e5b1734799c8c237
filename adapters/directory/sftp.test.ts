import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter, AdapterContext } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { placeFile, placeFolder, temporaryFolder } from '../testing/folders.ts';
import { filesOf, Ledger } from '../testing/ledger.ts';
import { NO_SFTP, SftpServer } from '../testing/sftp-server.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { sourceContract } from '../testing/source-contract.ts';
import { eventFileName } from './event-file.ts';
import { SftpFiles } from './sftp-files.ts';

const POLL_MS = 20;

describe.skipIf(NO_SFTP)(`a folder of another machine${NO_SFTP ? `: ${NO_SFTP}` : ''}`, () => {
  let server: SftpServer;
  beforeAll(async () => {
    server = await SftpServer.start();
  });
  afterAll(() => server.close());

  const over = (changes: object = {}) => ({
    host: '127.0.0.1',
    port: server.port,
    user: server.user,
    key_file: server.keyFile,
    host_key: server.hostKey,
    ...changes,
  });

  sinkContract('directory over SFTP', async () => {
    const folder = await temporaryFolder();
    const out = join(folder.path, 'out');
    await mkdir(out);
    const adapter = await createAdapter('directory', { name: 'files', out, sftp: over() }, testContext());
    const refused = new Set<string>();
    return {
      sink: adapter.sink!,
      async received() {
        const names = (await readdir(out)).filter((name) => !refused.has(name)).sort();
        return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(out, name), 'utf8'))));
      },
      breakDown: () => server.stop(),
      recover: () => server.resume(),
      async refuse(event) {
        refused.add(eventFileName(event));
        await writeFile(join(out, eventFileName(event)), 'something else');
      },
      async close() {
        await adapter.close();
        await folder.remove();
      },
    };
  });

  sourceContract('directory over SFTP', async () => {
    const folder = await temporaryFolder();
    const adapters: Adapter[] = [];
    return {
      async open() {
        const config = { name: 'files', in: folder.path, poll_ms: POLL_MS, sftp: over() };
        adapters.push(await createAdapter('directory', config, testContext()));
        return adapters.at(-1)!.source!;
      },
      put: (name, body) => placeFile(folder.path, `${name}.json`, JSON.stringify(body)),
      putPoison: (name) => placeFile(folder.path, `${name}.json`, '{"half": '),
      async state(name) {
        const has = async (path: string) => (await list(join(folder.path, path))).includes(`${name}.json`);
        if (await has('.')) return 'waiting';
        return (await has('done')) ? 'accepted' : (await has('failed')) ? 'refused' : 'waiting';
      },
      async close() {
        for (const adapter of adapters) await adapter.close();
        await folder.remove();
      },
    };
  });

  describe('behaves', () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let ledger: Ledger;
    let context: ReturnType<typeof testContext>;
    let adapter: Adapter | undefined;
    beforeEach(async () => {
      folder = await temporaryFolder();
      ledger = new Ledger();
      context = testContext();
    });
    afterEach(async () => {
      await adapter?.close();
      adapter = undefined;
      await folder.remove();
    });

    it('hands over files in folders, and reports beside them', async () => {
      let content = '';
      ledger.answers.push(async (submission, signal) => {
        content = await text(await filesOf(submission)[0]!.open(signal));
        return ledger.accept(submission, signal);
      });
      const files = [{ name: '营业执照', path: 'scans/营业执照.pdf' }];
      const big = '字'.repeat(300_000);
      await placeFolder(folder.path, '件1', { 'case.json': JSON.stringify({ files }), 'scans/营业执照.pdf': big });
      await start(context);
      await vi.waitFor(
        async () => expect(await list(join(folder.path, 'done'))).toEqual(['件1', '件1.result.json']),
        10_000,
      );
      expect(content).toBe(big);
    });

    it('goes on after the other machine was away', async () => {
      await start(context);
      await placeFile(folder.path, 'a.json', '{"n": 1}');
      await vi.waitFor(async () => expect(await list(join(folder.path, 'done'))).toContain('a.json'), 10_000);
      await server.stop();
      await vi.waitFor(() => expect(context.lines).toContainEqual(expect.objectContaining({ level: 'error' })), 10_000);
      await placeFile(folder.path, 'b.json', '{"n": 2}');
      await server.resume();
      await vi.waitFor(async () => expect(await list(join(folder.path, 'done'))).toContain('b.json'), 10_000);
      expect(ledger.cases.size).toBe(2);
    });

    it('lists only so many entries, the first by their names, and says so once', async () => {
      for (const name of ['d', 'b', 'e', 'a', 'c']) await placeFile(folder.path, `${name}.json`, '{}');
      const files = new SftpFiles(over(), context.log, undefined, 3);
      for (let n = 0; n < 2; n += 1)
        expect((await files.entries(folder.path)).map(({ name }) => name)).toEqual(['a.json', 'b.json', 'c.json']);
      await files.close();
      expect(context.lines).toEqual([
        { level: 'warn', fields: { count: 3 }, message: expect.stringContaining('too many') },
      ]);
    });

    it('gives up a server that is there and does not answer, and comes again', async () => {
      const pipe = join(folder.path, 'pipe');
      execFileSync('mkfifo', [pipe]);
      for (const patience of [
        { answerMs: 500, fileMs: 60_000 },
        { answerMs: 60_000, fileMs: 500 },
      ]) {
        const files = new SftpFiles(over(), context.log, patience);
        // Opening a pipe that nobody writes holds up everything that is asked on the same connection.
        const held = text(await files.open(pipe));
        await Promise.all([
          expect(files.look(folder.path)).rejects.toMatchObject({ code: 'EIO' }),
          expect(held).rejects.toThrow(),
        ]);
        expect(await files.look(folder.path)).toMatchObject({ kind: 'folder' });
        await files.close();
      }
    });

    it('writes no file on with another connection than it began with: there the handle is of another one', async () => {
      const files = new SftpFiles(over(), context.log);
      const [isOpen, isLost] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const report = async function* () {
        yield Buffer.from('{"re');
        isOpen.resolve();
        await isLost.promise;
        yield Buffer.from('port"}');
      };
      let reported: Promise<void> | undefined;
      const scan = async function* () {
        yield Buffer.from('AAAA');
        await server.stop();
        await server.resume();
        await vi.waitFor(() => files.look(folder.path), 10_000);
        reported = files.write(folder.path, 'report.json', report());
        await isOpen.promise;
        yield Buffer.from('BBBB');
      };
      try {
        await expect(files.write(folder.path, 'scan.pdf', scan())).rejects.toMatchObject({ code: 'EIO' });
        isLost.resolve();
        await reported;
        expect(await list(folder.path)).toEqual(['report.json']);
        expect(await readFile(join(folder.path, 'report.json'), 'utf8')).toBe('{"report"}');
      } finally {
        await files.close();
      }
    });

    it('shows no file that is shorter than what was written', async () => {
      const files = new SftpFiles(over(), context.log);
      const pieces = async function* () {
        yield Buffer.from('AAAA');
        await truncate(join(folder.path, '.scan.pdf.tmp'), 2);
      };
      try {
        await expect(files.write(folder.path, 'scan.pdf', pieces())).rejects.toMatchObject({ code: 'EIO' });
        expect(await list(folder.path)).toEqual([]);
      } finally {
        await files.close();
      }
    });

    it('replaces what a crash left half written', async () => {
      const out = join(folder.path, 'out');
      await mkdir(out);
      await writeFile(join(out, `.${eventFileName(testEvent(1))}.tmp`), 'x'.repeat(10_000));
      adapter = await createAdapter('directory', { name: 'files', out, sftp: over() }, context);
      await adapter.sink!.deliver(testEvent(1), new AbortController().signal);
      expect(await list(out)).toEqual([eventFileName(testEvent(1))]);
      expect(JSON.parse(await readFile(join(out, eventFileName(testEvent(1))), 'utf8'))).toMatchObject({
        sequence: expect.anything(),
      });
    });

    it.each([
      ['the key of another host', () => ({ host_key: `SHA256:${'A'.repeat(43)}` })],
      ['a key of ours that it does not know', () => ({ key_file: server.strangerKey })],
    ])('does nothing with %s', async (_, changes) => {
      const out = join(folder.path, 'out');
      await mkdir(out);
      adapter = await createAdapter('directory', { name: 'files', out, sftp: over(changes()) }, context);
      const delivery = adapter.sink!.deliver(testEvent(1), new AbortController().signal);
      await expect(delivery).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE', retryable: true });
      expect(await list(out)).toEqual([]);
    });

    async function start(given: AdapterContext): Promise<void> {
      const config = { name: 'files', in: folder.path, poll_ms: POLL_MS, sftp: over() };
      adapter = await createAdapter('directory', config, given);
      await adapter.source!.start(ledger.submit);
    }
  });
});

function list(path: string): Promise<string[]> {
  return readdir(path).then(
    (names) => names.sort(),
    () => [],
  );
}
