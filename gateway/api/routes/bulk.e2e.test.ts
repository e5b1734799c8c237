import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localUrl } from '../../config/address.ts';
import { authorize, caseInput, NO_MATERIALS } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { type LiveRegion, openLiveRegion, pinEachOther, removeFolders, until } from '../../testing/live-region.ts';

const CAPACITY = 40;

let nantong: ApiRegion;
let uxin: ApiRegion;
/** The other region once it was stopped and opened again. */
let reopened: LiveRegion | undefined;
let url: string;
/** Connections to the API that have ended. */
let closed = 0;

beforeAll(async () => {
  const fewEnvelopes = (folder: string) =>
    appendFile(join(folder, 'gateway.yaml'), `\nlimits:\n  outbox_per_peer: ${CAPACITY}\n`);
  [nantong, uxin] = await Promise.all([apiRegion('320600', fewEnvelopes), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
  nantong.api.app.server.on('connection', (socket) => socket.on('close', () => closed++));
  url = `${localUrl(await nantong.api.listen({ host: '127.0.0.1', port: 0 }))}/v1/cases/bulk`;
});

afterAll(async () => {
  await nantong?.close();
  await reopened?.stop();
  await uxin?.api.close(0);
  if (uxin) await removeFolders(uxin.folder);
});

const LINE = JSON.stringify(caseInput('150626', NO_MATERIALS));
const pending = () => nantong.live.core.outbox.pending('150626');
const cases = async () => (await nantong.counts())['case_file']!;

interface Said {
  readonly line: number;
  readonly conversation?: string;
  readonly code?: string;
  readonly errors?: readonly { pointer: string }[];
}

/** Sends chunks of lines and collects the answers as they come. */
async function send(chunks: Iterable<string> | AsyncIterable<string>, signal?: AbortSignal) {
  const said: Said[] = [];
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: await nantong.api.bearer('platform'), 'content-type': 'application/x-ndjson' },
    body: Readable.toWeb(Readable.from(chunks).map((chunk: string) => Buffer.from(chunk))) as ReadableStream,
    duplex: 'half',
    ...(signal && { signal }),
  } as RequestInit);
  const done = (async () => {
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      said.push(...lines.map((line) => JSON.parse(line) as Said));
    }
  })();
  return { answer, said, done };
}

/** Waits until the outbox takes no more. @returns how many it took; works that share a commit may go over its capacity */
async function full(said: readonly Said[]): Promise<number> {
  await until('a full outbox', () => pending() >= CAPACITY && said.length === pending());
  return pending();
}

test('answers line by line in the order of the lines; bad lines do not stop the rest', async () => {
  const before = await cases();
  const wrong = JSON.stringify({ ...caseInput('150626', NO_MATERIALS), mode: 'x', handler: {} });
  const lines = [LINE, 'not json', LINE, wrong, 'x'.repeat(70_000), '', LINE];
  const { answer, said, done } = await send(lines.map((line) => `${line}\n`));
  await done;
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  expect(said.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(said.map(({ code }) => code)).toEqual([
    undefined,
    'REQUEST_INVALID',
    undefined,
    'VALIDATION_FAILED',
    'REQUEST_INVALID',
    'REQUEST_INVALID',
    undefined,
  ]);
  expect(said[3]!.errors!.map(({ pointer }) => pointer)).toEqual(['/mode', '/handler/organisation', '/handler/staff']);
  expect(await cases()).toBe(before + 3);
  await until('the receipts', () => pending() === 0);
});

test('an answer comes while more lines are still to be sent', async () => {
  let more: () => void = () => {};
  async function* chunks() {
    yield `${LINE}\n`;
    await new Promise<void>((resolve) => {
      more = resolve;
    });
    yield LINE;
  }
  const { said, done } = await send(chunks());
  await until('the first answer', () => said.length === 1);
  more();
  await done;
  expect(said.map(({ line, code }) => [line, code])).toEqual([
    [1, undefined],
    [2, undefined],
  ]);
  await until('the receipts', () => pending() === 0);
});

test('a full outbox makes the lines wait; they go on when the other region takes envelopes again', async () => {
  await uxin.live.stop();
  const before = await cases();
  const { said, done } = await send(Array.from({ length: 100 }, () => `${LINE}\n`.repeat(10)));
  const taken = await full(said);
  expect(await cases()).toBe(before + taken);
  const one = await nantong.ask('POST', '/v1/cases/submit', { body: caseInput('150626', NO_MATERIALS) });
  expect(one).toMatchObject({ status: 429, json: { code: 'BACK_PRESSURE' } });
  reopened = await openLiveRegion(uxin.folder);
  await done;
  expect(said.map(({ line }) => line)).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
  expect(new Set(said.map(({ conversation }) => conversation)).size).toBe(1000);
  expect(said.filter(({ code }) => code)).toEqual([]);
  expect(await cases()).toBe(before + 1000);
  await until('the receipts', () => pending() === 0);
  const theirs = await reopened.core.store.read.get<{ n: number }>(
    "SELECT count(*) AS n FROM case_file WHERE state = 'transferred'",
  );
  expect(theirs!.n).toBe(await cases());
});

test('lines that wait are given up when the client goes away', async () => {
  await reopened!.stop();
  const before = await cases();
  const gone = new AbortController();
  const { said, done } = await send(
    Array.from({ length: 100 }, () => `${LINE}\n`.repeat(10)),
    gone.signal,
  );
  const taken = await full(said);
  const closedBefore = closed;
  gone.abort();
  await Promise.allSettled([done]);
  await until('the end of the connection', () => closed > closedBefore);
  reopened = await openLiveRegion(uxin.folder);
  await until('the receipts', () => pending() === 0);
  expect(await cases()).toBe(before + taken);
});
