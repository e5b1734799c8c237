import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import { testContext } from '../testing/context.ts';
import { placeFile, placeFolder, temporaryFolder } from '../testing/folders.ts';
import { bodyOf, filesOf, Ledger, REFUSED, tryAgain } from '../testing/ledger.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { sourceContract } from '../testing/source-contract.ts';
import { eventFileName } from './event-file.ts';

/** So rare that only what the file system reports can start a round. */
const NEVER_POLL = 3_600_000;

sinkContract('directory', async () => {
  const folder = await temporaryFolder();
  const out = join(folder.path, 'out');
  await mkdir(out);
  const adapter = await createAdapter('directory', { name: 'files', out }, testContext());
  const refused = new Set<string>();
  return {
    sink: adapter.sink!,
    async received() {
      const names = (await readdir(out)).filter((name) => !refused.has(name)).sort();
      return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(out, name), 'utf8'))));
    },
    breakDown: () => rename(out, `${out}.away`),
    recover: () => rename(`${out}.away`, out),
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

for (const shape of ['files', 'folders'] as const) {
  sourceContract(`directory with ${shape}`, async () => {
    const folder = await temporaryFolder();
    const entry = (name: string) => (shape === 'files' ? `${name}.json` : name);
    const put = (name: string, content: string) =>
      shape === 'files'
        ? placeFile(folder.path, entry(name), content)
        : placeFolder(folder.path, name, { 'case.json': content });
    return {
      async open() {
        const config = { name: 'files', in: folder.path, poll_ms: 20 };
        const adapter = await createAdapter('directory', config, testContext());
        return adapter.source!;
      },
      put: (name, body) => put(name, JSON.stringify(body)),
      putPoison: (name) => put(name, '{"half": '),
      async state(name) {
        const has = async (path: string) => (await list(join(folder.path, path))).includes(entry(name));
        if (await has('.')) return 'waiting';
        return (await has('done')) ? 'accepted' : (await has('failed')) ? 'refused' : 'waiting';
      },
      close: () => folder.remove(),
    };
  });
}

describe('the folder of submissions', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let ledger: Ledger;
  let context: ReturnType<typeof testContext>;
  const adapters: Adapter[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
    ledger = new Ledger();
    context = testContext();
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.close();
    await folder.remove();
  });

  it('is watched: nobody has to wait for the next poll', async () => {
    await start(NEVER_POLL);
    await placeFile(folder.path, 'a.json', '{}');
    await appears('done', 'a.json');
  });

  it('hands over the files of a folder', async () => {
    let content = '';
    ledger.answers.push(async (submission, signal) => {
      content = await text(await filesOf(submission)[0]!.open(signal));
      return ledger.accept(submission, signal);
    });
    const files = [
      { name: '营业执照', path: 'scans/营业执照.PDF' },
      { name: 'photo', path: 'photo.png' },
    ];
    await placeFolder(folder.path, 'a', {
      'case.json': JSON.stringify({ item: 'x', files }),
      'scans/营业执照.PDF': '%PDF-',
      'photo.png': 'png',
    });
    await start(NEVER_POLL);
    await appears('done', 'a');
    expect(bodyOf(ledger.calls[0]!)).toEqual({ item: 'x' });
    expect(filesOf(ledger.calls[0]!).map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['营业执照', 'application/pdf'],
      ['photo', 'image/png'],
    ]);
    expect(content).toBe('%PDF-');
    expect((await list(join(folder.path, 'done', 'a'))).sort()).toEqual(['case.json', 'photo.png', 'scans']);
  });

  it('tells who placed it what became of it', async () => {
    await placeFile(folder.path, 'good.json', '{}');
    await placeFile(folder.path, 'wrong.json', '{"refuse": true}');
    await placeFile(folder.path, 'zz.json', '{"n": 2}');
    await start(NEVER_POLL);
    await appears('done', 'zz.json');
    expect(await report('done', 'good.json.result.json')).toEqual({
      conversation: 'conversation-1',
      caseNumber: '320600-2026-1',
    });
    expect(await report('failed', 'wrong.json.error.json')).toEqual({
      code: 'VALIDATION_FAILED',
      title: '输入有误 one or more fields are wrong',
      detail: 'two fields are wrong',
      problems: REFUSED.ok ? [] : REFUSED.problems,
      key: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('leaves alone what is unfinished or no submission', async () => {
    const others = ['.a.json', 'b.json.tmp', 'c.json.part', 'd.pdf', 'E.TMP'];
    for (const name of others) await writeFile(join(folder.path, name), '{}');
    await mkdir(join(folder.path, 'f.part'));
    await placeFile(folder.path, 'z.json', '{}');
    await start(NEVER_POLL);
    await appears('done', 'z.json');
    expect(ledger.calls).toHaveLength(1);
    expect((await list(folder.path)).sort()).toEqual([...others, 'done', 'f.part'].sort());
  });

  it('keeps what was settled before under the same name', async () => {
    await start(NEVER_POLL);
    await placeFile(folder.path, 'a.json', '{"n": 1}');
    await appears('done', 'a.json');
    await placeFile(folder.path, 'a.json', '{"n": 2}');
    await appears('done', 'a.json.2');
    expect(await readFile(join(folder.path, 'done', 'a.json'), 'utf8')).toBe('{"n": 1}');
    expect(await report('done', 'a.json.2.result.json')).toMatchObject({ caseNumber: '320600-2026-2' });
  });

  it('finishes what a crash left between the report and the move', async () => {
    await mkdir(join(folder.path, 'done'));
    await writeFile(join(folder.path, 'done', 'a.json.result.json'), '{"half": ');
    await writeFile(join(folder.path, 'done', '.a.json.result.json.tmp'), '');
    await placeFile(folder.path, 'a.json', '{}');
    await start(NEVER_POLL);
    await appears('done', 'a.json');
    expect(await report('done', 'a.json.result.json')).toMatchObject({ caseNumber: '320600-2026-1' });
    expect((await list(join(folder.path, 'done'))).sort()).toEqual(['a.json', 'a.json.result.json']);
  });

  it('settles a submission whose name leaves no room for a report', async () => {
    const name = `${'办'.repeat(80)}.json`;
    await writeFile(join(folder.path, 'short'), '{}');
    await rename(join(folder.path, 'short'), join(folder.path, name));
    await start(NEVER_POLL);
    await vi.waitFor(async () => expect(await list(join(folder.path, 'done'))).toHaveLength(2));
    expect(await list(folder.path)).toEqual(['done']);
  });

  it('offers nothing else while the gateway has too much to do', async () => {
    ledger.answers.push(tryAgain('BACK_PRESSURE'));
    await placeFile(folder.path, 'a.json', '{}');
    await placeFile(folder.path, 'b.json', '{}');
    await start(NEVER_POLL);
    await vi.waitFor(() => expect(context.lines).toHaveLength(1));
    await adapters[0]?.close();
    expect(ledger.calls).toHaveLength(1);
    expect(await list(folder.path)).toEqual(expect.arrayContaining(['a.json', 'b.json']));
  });

  it('does not offer what failed again at every change, only at the next poll', async () => {
    ledger.answers.push(tryAgain('INTERNAL'));
    await placeFile(folder.path, 'a.json', '{"n": 1}');
    await start(NEVER_POLL);
    for (const name of ['b.json', 'c.json']) {
      await placeFile(folder.path, name, '{}');
      await appears('done', name);
    }
    expect(ledger.calls.filter((call) => (bodyOf(call) as { n?: number }).n === 1)).toHaveLength(1);
    expect(await list(folder.path)).toContain('a.json');
  });

  it('logs codes, never names or contents', async () => {
    ledger.answers.push(tryAgain('INTERNAL'), () => Promise.reject(new Error('王小明')));
    await placeFile(folder.path, '王小明.json', '{"name": "王小明"}');
    await placeFile(folder.path, '王小红.json', '{"name": "王小红"}');
    await start(20);
    await appears('done', '王小明.json');
    await appears('done', '王小红.json');
    expect(context.lines.length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(context.lines)).not.toContain('王小');
    expect(context.lines[0]).toMatchObject({ level: 'warn', fields: { adapter: 'files', code: 'INTERNAL' } });
  });

  it('survives that the folder goes away and comes back', async () => {
    await start(20);
    await rename(folder.path, `${folder.path}.away`);
    await vi.waitFor(() => expect(context.lines).toContainEqual(expect.objectContaining({ level: 'error' })));
    await rename(`${folder.path}.away`, folder.path);
    await placeFile(folder.path, 'a.json', '{}');
    await appears('done', 'a.json');
  });

  async function start(pollMs: number): Promise<void> {
    const config = { name: 'files', in: folder.path, poll_ms: pollMs };
    const adapter = await createAdapter('directory', config, context);
    adapters.push(adapter);
    await adapter.source!.start(ledger.submit);
  }

  function appears(where: 'done' | 'failed', name: string) {
    const path = join(folder.path, where);
    return vi.waitFor(async () => expect(await list(path)).toContain(name), { timeout: 10_000, interval: 10 });
  }

  async function report(where: 'done' | 'failed', name: string): Promise<unknown> {
    return JSON.parse(await readFile(join(folder.path, where, name), 'utf8'));
  }
});

function list(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
