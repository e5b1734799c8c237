import type { Readable } from 'node:stream';
import { CodedError } from '#proto';
import { callerOf } from '../door/caller.ts';
import { examineFile, type FileTask, type FileThreadResult } from './examine-file.ts';

/** Files from their first byte to the answer: each is held in memory. */
const MAX_AT_ONCE = 4;
/** Of one caller. */
const MAX_EACH = 2;
/** Milliseconds in which a file must have arrived. */
const ARRIVAL_MS = 60_000;
/** Milliseconds after which it is looked at how much of it has arrived, each time. */
const ROUND_MS = 10_000;
/**
 * Bytes that must have come for each of those rounds, on average: 8 KiB a second, so that a citizen on a bad line can send
 * a scan. A line on which the largest file arrives in time is forty times as fast.
 */
const ROUND_BYTES = 80 * 1024;

/** Takes files of strangers in (公开核验): few at once, from each caller fewer, and examines one at a time. */
export class FileDesk {
  readonly #held = new Map<string, number>();
  #count = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Reads a file to its end and lets it be judged. Nothing of it is left afterwards.
   *
   * @param address whose file it is
   * @param source bounded by who gives it
   * @throws CodedError BACK_PRESSURE when too many are here, REQUEST_INVALID when it comes too slowly
   */
  async take<T>(address: string, source: Readable, judge: (bytes: Buffer) => Promise<T>): Promise<T> {
    const caller = callerOf(address);
    const held = this.#held.get(caller) ?? 0;
    if (this.#count >= MAX_AT_ONCE || held >= MAX_EACH)
      throw new CodedError('BACK_PRESSURE', 'too many files are being examined');
    this.#count += 1;
    this.#held.set(caller, held + 1);
    try {
      return await judge(await collect(source));
    } finally {
      this.#count -= 1;
      const left = this.#held.get(caller)! - 1;
      if (left === 0) this.#held.delete(caller);
      else this.#held.set(caller, left);
    }
  }

  /** Examines a file when its turn has come. @throws CodedError VALIDATION_FAILED */
  examine(task: FileTask): Promise<FileThreadResult> {
    const turn = this.#turn.then(() => examineFile(task));
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/**
 * Reads a file to its end. Whoever sends nothing, or a byte now and then, is not waited for: not even for the end of a
 * destroyed source, since one that waits for its sender ends when he likes.
 */
async function collect(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const slow = Promise.withResolvers<never>();
  let received = 0;
  let rounds = 0;
  const timer = setInterval(() => {
    rounds += 1;
    if (received < rounds * ROUND_BYTES || rounds * ROUND_MS >= ARRIVAL_MS)
      slow.reject(new CodedError('REQUEST_INVALID', 'the file came too slowly'));
  }, ROUND_MS);
  const arrive = async () => {
    for await (const chunk of source) {
      chunks.push(chunk as Buffer);
      received += (chunk as Buffer).length;
    }
  };
  try {
    await Promise.race([arrive(), slow.promise]);
    return Buffer.concat(chunks);
  } finally {
    clearInterval(timer);
    source.destroy();
    // The source may hold on to who reads it for as long as its sender stays.
    chunks.length = 0;
  }
}
