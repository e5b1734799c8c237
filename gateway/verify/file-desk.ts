import { addAbortSignal, type Readable } from 'node:stream';
import { CodedError } from '#proto';
import { examineFile, type FileTask, type FileThreadResult } from './examine-file.ts';

/** Files from their first byte to the answer: each is held in memory. */
const MAX_AT_ONCE = 4;
/** Of one address. */
const MAX_EACH = 2;
/** Milliseconds in which a file must have arrived. */
const ARRIVAL_MS = 60_000;

/** Takes files of strangers in (公开核验): few at once, from each address fewer, and examines one at a time. */
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
    const held = this.#held.get(address) ?? 0;
    if (this.#count >= MAX_AT_ONCE || held >= MAX_EACH)
      throw new CodedError('BACK_PRESSURE', 'too many files are being examined');
    this.#count += 1;
    this.#held.set(address, held + 1);
    try {
      return await judge(await collect(source));
    } finally {
      this.#count -= 1;
      const left = this.#held.get(address)! - 1;
      if (left === 0) this.#held.delete(address);
      else this.#held.set(address, left);
    }
  }

  /** Examines a file when its turn has come. @throws CodedError VALIDATION_FAILED */
  examine(task: FileTask): Promise<FileThreadResult> {
    const turn = this.#turn.then(() => examineFile(task));
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

async function collect(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const late = AbortSignal.timeout(ARRIVAL_MS);
  try {
    for await (const chunk of addAbortSignal(late, source)) chunks.push(chunk as Buffer);
  } catch (error) {
    throw late.aborted ? new CodedError('REQUEST_INVALID', 'the file came too slowly') : error;
  }
  return Buffer.concat(chunks);
}
