import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS, type messages } from '#proto';
import { type CheckStream, codedError, PeerClient } from '../outbound/peer-client.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
} from '../testing/live-region.ts';

let nantong: LiveRegion;
let uxin: LiveRegion;
let client: PeerClient;
const streams: CheckStream[] = [];

beforeAll(async () => {
  const folders = await Promise.all(['320600', '150626'].map((region) => makeRegionFolder(region)));
  [nantong, uxin] = (await Promise.all(folders.map((folder) => openLiveRegion(folder)))) as [LiveRegion, LiveRegion];
  await pinEachOther(nantong, uxin);
  const { core } = nantong;
  client = new PeerClient(core.peers.demand('150626'), core.keyring.tlsFor('150626'), core.clock);
});

afterAll(async () => {
  for (const stream of streams) stream.cancel();
  client?.close();
  await nantong?.stop();
  await uxin?.stop();
  if (nantong && uxin) await removeFolders(nantong.folder, uxin.folder);
});

/** A stream that counts its answers and knows the code with which it ends. */
function open() {
  const stream = client.checkMany();
  streams.push(stream);
  const frames: messages.CheckManyResponse[] = [];
  let noteFrame: () => void = () => {};
  const ended = new Promise<string>((resolve) => {
    stream.on('error', (error) => resolve(codedError(error).code));
    stream.on('end', () => resolve(''));
  });
  stream.on('data', (frame: messages.CheckManyResponse) => {
    frames.push(frame);
    noteFrame();
  });
  const ask = async (count: number, header = Buffer.from('x')): Promise<messages.CheckManyResponse> => {
    const next = new Promise<void>((resolve) => {
      noteFrame = resolve;
    });
    const questions = Array.from({ length: count }, () => ({ header, payload: header, payloadSalt: header }));
    stream.write({ number: frames.length + 1, signedRoot: Buffer.from('x'), questions });
    await Promise.race([next, ended]);
    return frames.at(-1)!;
  };
  return { stream, ask, ended };
}

test('what cannot be read fails question by question, and the stream goes on', async () => {
  const { stream, ask, ended } = open();
  for (const number of [1, 2]) {
    const { answers, envelopes, failures } = await ask(3);
    expect([answers, envelopes.length]).toEqual([number, 0]);
    expect(failures.map(({ code }) => code)).toEqual(['MALFORMED', 'MALFORMED', 'MALFORMED']);
  }
  stream.end();
  expect(await ended).toBe('');
});

test.each([
  ['of no question', 0, Buffer.from('x')],
  ['of more than 256', LIMITS.batchEnvelopes + 1, Buffer.from('x')],
  ['of more than 2 MiB', 2, Buffer.alloc(600 * 1024)],
])('a group %s ends the stream', async (_what, count, bytes) => {
  const { ask, ended } = open();
  await ask(count, bytes);
  expect(await ended).toBe('PROTOCOL_VIOLATION');
});

test('a fifth stream of one peer is turned away', async () => {
  const four = Array.from({ length: 4 }, open);
  for (const { ask } of four) await ask(1);
  const fifth = open();
  expect(await fifth.ended).toBe('BACK_PRESSURE');
  for (const { stream } of four) stream.end();
  for (const { ended } of four) expect(await ended).toBe('');
  const again = open();
  expect((await again.ask(1)).failures).toHaveLength(1);
  again.stream.end();
});

test('a region that is removed meanwhile gets no further answer', async () => {
  const { ask, ended } = open();
  expect((await ask(1)).failures).toHaveLength(1);
  await uxin.core.peers.remove('320600');
  await ask(1);
  expect(await ended).toBe('PEER_UNKNOWN');
  await pinEachOther(nantong, uxin);
});
