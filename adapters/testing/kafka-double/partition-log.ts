import { crc32c, Reader, type RecordsBatch, readRecordsBatch } from '@platformatic/kafka';

/** Places within a batch of records (record batch, version 2). */
const LAST_OFFSET_DELTA = 23;
const PRODUCER = 43;
const SEQUENCE = 53;
const CRC = 17;
const CHECKED = 21;

/** One partition of a topic of the double: batches as they were produced, at offsets of its own. */
export class PartitionLog {
  readonly #batches: { readonly first: bigint; readonly last: bigint; readonly bytes: Buffer }[] = [];
  /** Last batch of each producer, by which it knows a repetition. */
  readonly #last = new Map<string, { readonly sequence: number; readonly first: bigint }>();
  #next = 0n;

  get next(): bigint {
    return this.#next;
  }

  /** @returns the offset of its first record, as before when an idempotent producer repeats itself */
  append(given: Buffer): bigint {
    if (given.readUInt32BE(CRC) !== crc32c(given.subarray(CHECKED))) throw new Error('a batch has a wrong checksum');
    const producer = given.subarray(PRODUCER, SEQUENCE).toString('hex');
    const sequence = given.readInt32BE(SEQUENCE);
    const before = this.#last.get(producer);
    if (given.readBigInt64BE(PRODUCER) >= 0n && before?.sequence === sequence) return before.first;
    const bytes = Buffer.from(given);
    const first = this.#next;
    const last = first + BigInt(bytes.readInt32BE(LAST_OFFSET_DELTA));
    bytes.writeBigInt64BE(first);
    this.#batches.push({ first, last, bytes });
    this.#last.set(producer, { sequence, first });
    this.#next = last + 1n;
    return first;
  }

  /** Whole batches from the one with this offset on. */
  read(from: bigint, maxBytes: number): Buffer {
    const found: Buffer[] = [];
    let size = 0;
    for (const { bytes } of this.#batches.filter(({ last }) => last >= from)) {
      if (size > 0 && size + bytes.length > maxBytes) break;
      found.push(bytes);
      size += bytes.length;
    }
    return Buffer.concat(found);
  }

  batches(): RecordsBatch[] {
    return this.#batches.map(({ bytes }) => readRecordsBatch(Reader.from(bytes)));
  }
}
