import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ScanConfig } from '../config/materials-config.ts';

/** Bytes of a piece of the stream. */
const PIECE = 64 * 1024;
/** Bytes of an answer that are read. */
const LONGEST_ANSWER = 1_000;

/** What a scanner said of a file. */
export type ScanVerdict =
  | { readonly verdict: 'clean' }
  /** The name of what was found. */
  | { readonly verdict: 'flagged'; readonly signature: string }
  /** The scanner does not take files of this size. */
  | { readonly verdict: 'too-large' };

/** There is no scanner there, whatever the file. */
export class ScannerAway extends Error {}

/**
 * The scanner hung up in the middle of a file, and what it said of it was lost if it said anything: a write that comes after
 * its end throws away what was not read yet. Slowly asked again, it is heard.
 */
export class ScannerHungUp extends Error {}

/**
 * Has clamd look at a file (command INSTREAM: pieces behind their length, a length of nothing ends them).
 *
 * @param pauseMs after each piece, in which the scanner can be heard
 * @throws ScannerAway when there is none; ScannerHungUp; Error when it does not answer about this file in time, or not as
 *   clamd does
 */
export async function scanStream(
  { clamd, timeoutMs }: ScanConfig,
  bytes: AsyncIterable<Uint8Array>,
  stop: AbortSignal,
  pauseMs = 0,
): Promise<ScanVerdict> {
  const socket = connect(clamd);
  const within = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
  const abort = () => socket.destroy();
  within.addEventListener('abort', abort, { once: true });
  let answer = '';
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    if (answer.length < LONGEST_ANSWER) answer += text;
    // Nothing comes behind it, and it may come before everything was sent.
    if (answer.includes('\0')) socket.destroy();
  });
  // What is wrong with the connection shows in the answer that is missing.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', resolve));
  const hasSaidEnough = () => socket.destroyed || answer !== '';
  // One at a time, with a look at what came in between: a scanner that has said enough closes, and the first write after
  // that would throw its unread answer away.
  const write = async (...data: readonly (Uint8Array | string)[]) => {
    if (hasSaidEnough()) return;
    socket.cork();
    for (const part of data.slice(0, -1)) socket.write(part);
    const written = new Promise<void>((resolve) => socket.write(data.at(-1)!, () => setImmediate(resolve)));
    socket.uncork();
    await Promise.race([written, closed]);
  };
  try {
    if (within.aborted) abort();
    await Promise.race([once(socket, 'connect').catch(() => {}), closed]);
    if (socket.destroyed) throw new ScannerAway('the malware scanner cannot be reached');
    await write('zINSTREAM\0');
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE);
        await write(lengthOf(piece.length), piece);
        if (pauseMs > 0 && !hasSaidEnough()) await pause(pauseMs);
      }
      if (hasSaidEnough()) break;
    }
    await write(lengthOf(0));
    await closed;
    if (answer === '' && !within.aborted) throw new ScannerHungUp('the malware scanner did not answer: it hung up');
    return readVerdict(answer);
  } finally {
    within.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/**
 * Whether the scanner gives a verdict at all: what it failed at just before was then the file. It is shown a few harmless
 * bytes: PING is answered by a clamd, too, that has no room left for any file.
 */
export async function isAnswering(config: ScanConfig, stop: AbortSignal): Promise<boolean> {
  const harmless = (async function* () {
    yield Buffer.from('tongban');
  })();
  try {
    return (await scanStream(config, harmless, stop)).verdict === 'clean';
  } catch {
    return false;
  }
}

function lengthOf(count: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(count);
  return length;
}

function readVerdict(answer: string): ScanVerdict {
  const said = answer.replace(/[\0\n]+$/, '');
  if (said === 'stream: OK') return { verdict: 'clean' };
  const [, signature] = /^stream: (.{1,200}) FOUND$/.exec(said) ?? [];
  if (signature !== undefined) return { verdict: 'flagged', signature };
  if (/size limit exceeded/i.test(said)) return { verdict: 'too-large' };
  throw new Error(
    said === '' ? 'the malware scanner did not answer' : 'the malware scanner did not answer as clamd does',
  );
}
