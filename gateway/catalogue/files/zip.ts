import { crc32, inflateRawSync } from 'node:zlib';
import { SheetFault } from './sheet.ts';

interface Entry {
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where its local header stands. */
  readonly at: number;
}

/** APPNOTE.TXT 4.3: signatures of the records, and the bytes that each has before its variable part. */
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const END = { signature: 0x06054b50, bytes: 22 } as const;
const ENCRYPTED = 0x0001;
const STORED = 0;
const DEFLATED = 8;
const MAX_COMMENT = 65_535;
const MAX_ENTRIES = 1000;
/** Bytes of all files together, unpacked: a small file may claim to be endless. */
const MAX_UNPACKED = 128 * 1024 * 1024;

/** The files of a workbook: a ZIP container. Nothing is unpacked before it is asked for. */
export class WorkbookFiles {
  readonly #bytes: Buffer;
  readonly #entries: ReadonlyMap<string, Entry>;

  /** @throws SheetFault ZIP, TOO_LARGE */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#entries = directoryOf(bytes);
    const total = [...this.#entries.values()].reduce((sum, { size }) => sum + size, 0);
    if (total > MAX_UNPACKED)
      throw new SheetFault('TOO_LARGE', `the workbook unpacks to more than ${MAX_UNPACKED} bytes`);
  }

  /** The text of a file; undefined when there is none. @throws SheetFault ZIP */
  read(name: string): string | undefined {
    const entry = this.#entries.get(name);
    return entry && new TextDecoder('utf-8').decode(unpack(this.#bytes, entry));
  }
}

function directoryOf(bytes: Buffer): Map<string, Entry> {
  const { count, start } = endOf(bytes);
  const entries = new Map<string, Entry>();
  let at = start;
  for (let index = 0; index < count; index += 1) {
    if (at + CENTRAL.bytes > bytes.length || bytes.readUInt32LE(at) !== CENTRAL.signature) throw broken();
    const [name, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (bytes.readUInt16LE(at + 8) & ENCRYPTED)
      throw new SheetFault('ZIP', 'the workbook is protected by a password; save it without one');
    const next = at + CENTRAL.bytes + name + extra + comment;
    entries.set(bytes.toString('utf8', at + CENTRAL.bytes, at + CENTRAL.bytes + name), {
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      at: bytes.readUInt32LE(at + 42),
    });
    at = next;
  }
  return entries;
}

function endOf(bytes: Buffer): { count: number; start: number } {
  const last = bytes.length - END.bytes;
  for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at -= 1) {
    if (bytes.readUInt32LE(at) !== END.signature) continue;
    const count = bytes.readUInt16LE(at + 10);
    if (count > MAX_ENTRIES) throw new SheetFault('TOO_LARGE', `the workbook has more than ${MAX_ENTRIES} files`);
    return { count, start: bytes.readUInt32LE(at + 16) };
  }
  throw broken();
}

function unpack(bytes: Buffer, { method, crc, packed, size, at }: Entry): Buffer {
  if (at + LOCAL.bytes > bytes.length || bytes.readUInt32LE(at) !== LOCAL.signature) throw broken();
  const start = at + LOCAL.bytes + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  const raw = bytes.subarray(start, start + packed);
  if (raw.length !== packed || (method !== STORED && method !== DEFLATED)) throw broken();
  const content = method === STORED ? raw : inflated(raw, size);
  if (content.length !== size || crc32(content) !== crc) throw broken();
  return content;
}

function inflated(raw: Buffer, size: number): Buffer {
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw broken();
  }
}

function broken(): SheetFault {
  return new SheetFault('ZIP', 'the workbook is damaged, or no .xlsx file; save it anew');
}
