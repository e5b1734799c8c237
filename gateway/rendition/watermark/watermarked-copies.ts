import { createHash } from 'node:crypto';
import { CodedError } from '#proto';
import type { MaterialStore } from '../../material/material-store.ts';
import type { Copy } from './copy.ts';
import { refused } from './fault.ts';
import { kindOf } from './kind.ts';
import { COPY_LIMITS } from './limits.ts';
import { copyInThread } from './thread.ts';
import type { CopyWords } from './words.ts';

/** Copies that are made or waited for: each file is held in memory. */
const MAX_AT_ONCE = 4;
/** Milliseconds that one copy may take. */
const LIMIT_MS = 30_000;
/** Counts up when the same words would be drawn otherwise. */
const DRAWING = 1;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface WatermarkOptions {
  readonly materials: Pick<MaterialStore, 'open'>;
  /** For which a copy serves, at most. */
  readonly days: number;
}

/**
 * Makes copies for reading of materials (材料水印件), one at a time. What is stored stays as it is, and no copy is stored:
 * it is made when somebody asks.
 */
export class WatermarkedCopies {
  readonly #options: WatermarkOptions;
  #count = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: WatermarkOptions) {
    this.#options = options;
  }

  /**
   * Until when a copy serves: for the days that the config says, or until the end of its case if that came before.
   *
   * @param from when the material came or was vouched for, milliseconds
   * @param ended when its case ended; undefined while it is open
   */
  validUntil(from: number, ended: number | undefined): number {
    return Math.min(from + this.#options.days * DAY_MS, ended ?? Number.POSITIVE_INFINITY);
  }

  /** Names a copy before it is made: the same file with the same words gives the same bytes. */
  nameOf(digest: string, words: CopyWords): string {
    return createHash('sha256')
      .update(JSON.stringify([DRAWING, digest, words]))
      .digest('base64url')
      .slice(0, 22);
  }

  /**
   * The copy of a material of a case.
   *
   * @param digest hex
   * @throws CodedError NOT_FOUND, BACK_PRESSURE when too many wait, WATERMARK_UNSUPPORTED, WATERMARK_REFUSED
   */
  async copy(conversation: string, digest: string, words: CopyWords): Promise<Copy> {
    if (this.#count >= MAX_AT_ONCE) throw new CodedError('BACK_PRESSURE', 'too many copies are being made');
    this.#count += 1;
    try {
      return await this.#inTurn(async () => {
        const { size, bytes } = await this.#options.materials.open(conversation, Buffer.from(digest, 'hex'));
        if (size > COPY_LIMITS.fileBytes) throw refused(`it is larger than ${COPY_LIMITS.fileBytes} bytes`);
        return copyInThread({ bytes: await collect(bytes), words }, LIMIT_MS);
      });
    } finally {
      this.#count -= 1;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** All of a file, but nothing beyond its beginning when it is of no kind of which copies are made. */
async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) {
    if (chunks.length === 0) kindOf(chunk);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
