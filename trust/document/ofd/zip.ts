import { crc32, inflateRawSync } from 'node:zlib';
import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';

/** The files of a ZIP container, by their names. */
export interface ZipContainer {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** Unpacks a file and checks its length and checksum. @throws DocumentFault ofd-structure, zip-malformed */
  read(name: string): Buffer;
}

interface Entry {
  readonly name: string;
  readonly flags: number;
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
const DESCRIPTOR = 0x08074b50;
const FLAG = { encrypted: 0x0001, descriptor: 0x0008, strong: 0x0040, utf8: 0x0800, hidden: 0x2000 } as const;
const METHOD = { stored: 0, deflated: 8 } as const;
const ZIP64 = 0xffffffff;
/** Extra field of two sizes: its id 1 and its length 16. */
const ZIP64_SIZES = 0x0010_0001;
const MAX_COMMENT = 65_535;

/**
 * Reads a ZIP container strictly: the files and the directory are all that there is, each file stands once, the two
 * descriptions of each agree. Whatever two readers could read in two ways is refused. Nothing is unpacked before it is
 * asked for.
 *
 * @throws DocumentFault zip-malformed, zip-hidden, zip-name, zip-duplicate, zip-encrypted, zip-unsupported, zip-limit
 */
export function readZip(bytes: Buffer): ZipContainer {
  const { count, size, start } = readEnd(bytes);
  const entries = readDirectory(bytes, start, size, count);
  demandBounded(entries);
  const starts = demandTiled(bytes, entries, start);
  const files = demandDistinct(entries);
  return {
    names: [...files.keys()],
    has: (name) => files.has(name),
    read: (name) => {
      const entry = files.get(name);
      if (!entry) throw new DocumentFault('ofd-structure', `the file ${name} is missing`);
      return unpack(bytes, entry, starts.get(entry)!);
    },
  };
}

/** The record at the very end; a comment may stand after it, and nothing else. */
function readEnd(bytes: Buffer): { count: number; size: number; start: number } {
  const last = bytes.length - END.bytes;
  for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at -= 1) {
    if (bytes.readUInt32LE(at) !== END.signature || at + END.bytes + bytes.readUInt16LE(at + 20) !== bytes.length)
      continue;
    const [disk, startDisk, here, count] = [4, 6, 8, 10].map((offset) => bytes.readUInt16LE(at + offset));
    const size = bytes.readUInt32LE(at + 12);
    const start = bytes.readUInt32LE(at + 16);
    if (disk !== 0 || startDisk !== 0 || here !== count || count === 0xffff || start === ZIP64)
      throw new DocumentFault('zip-unsupported', 'the container has several parts or is of the 64-bit form');
    if (start + size !== at) throw new DocumentFault('zip-hidden', 'bytes stand between directory and end');
    return { count: count!, size, start };
  }
  throw new DocumentFault('zip-malformed', 'the end of the directory is missing, or bytes stand after it');
}

function readDirectory(bytes: Buffer, start: number, size: number, count: number): Entry[] {
  if (count > DOCUMENT_LIMITS.entries)
    throw new DocumentFault('zip-limit', `more than ${DOCUMENT_LIMITS.entries} files`);
  const entries: Entry[] = [];
  const end = start + size;
  let at = start;
  for (let index = 0; index < count; index += 1) {
    if (at + CENTRAL.bytes > end || bytes.readUInt32LE(at) !== CENTRAL.signature)
      throw malformed('the directory is cut short');
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const next = at + CENTRAL.bytes + nameBytes! + extraBytes! + commentBytes!;
    if (next > end) throw malformed('the directory is cut short');
    const flags = bytes.readUInt16LE(at + 8);
    entries.push({
      name: readName(bytes.subarray(at + CENTRAL.bytes, at + CENTRAL.bytes + nameBytes!), (flags & FLAG.utf8) !== 0),
      flags,
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      at: bytes.readUInt32LE(at + 42),
    });
    at = next;
  }
  if (at !== end) throw new DocumentFault('zip-hidden', 'bytes stand at the end of the directory');
  return entries;
}

/** A relative path with no way out of the container. Old writers in China name files in GB 18030 without saying so. */
function readName(bytes: Buffer, isUtf8: boolean): string {
  if (bytes.length === 0 || bytes.length > DOCUMENT_LIMITS.nameBytes)
    throw new DocumentFault('zip-name', 'a name is empty or too long');
  const name = decodeName(bytes, 'utf-8') ?? (isUtf8 ? undefined : decodeName(bytes, 'gb18030'));
  if (name === undefined) throw new DocumentFault('zip-name', 'a name is not text');
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  const isSafe = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isSafe || /[\\:\p{Cc}\p{Bidi_Control}]/u.test(path))
    throw new DocumentFault('zip-name', `the name ${JSON.stringify(name)} is not a plain relative path`);
  return name;
}

function decodeName(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function demandBounded(entries: readonly Entry[]): void {
  for (const { name, flags, method, packed, size, at } of entries) {
    if (flags & (FLAG.encrypted | FLAG.strong | FLAG.hidden))
      throw new DocumentFault('zip-encrypted', `the file ${name} is encrypted`);
    if (method !== METHOD.stored && method !== METHOD.deflated)
      throw new DocumentFault('zip-unsupported', `the file ${name} is packed by the method ${method}`);
    if (packed === ZIP64 || size === ZIP64 || at === ZIP64)
      throw new DocumentFault('zip-unsupported', `the file ${name} is of the 64-bit form`);
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > DOCUMENT_LIMITS.unpackedBytes)
    throw new DocumentFault('zip-limit', `the files unpack to more than ${DOCUMENT_LIMITS.unpackedBytes} bytes`);
}

/**
 * The files follow one another from the first byte to the directory: none overlaps, none hides between.
 *
 * @returns where the packed bytes of each begin
 */
function demandTiled(bytes: Buffer, entries: readonly Entry[], directory: number): Map<Entry, number> {
  const starts = new Map<Entry, number>();
  let at = 0;
  for (const entry of [...entries].sort((a, b) => a.at - b.at)) {
    if (entry.at !== at)
      throw new DocumentFault('zip-hidden', `bytes stand before the file ${entry.name}, or files overlap`);
    const start = demandSameHeader(bytes, entry, directory);
    starts.set(entry, start);
    at = start + entry.packed + descriptorBytes(bytes, entry, start + entry.packed, directory);
    if (at > directory) throw malformed(`the file ${entry.name} is cut short`);
  }
  if (at !== directory) throw new DocumentFault('zip-hidden', 'bytes stand before the directory');
  return starts;
}

/** The header before a file says what the directory says. @returns where the packed bytes begin */
function demandSameHeader(bytes: Buffer, entry: Entry, directory: number): number {
  const { at, name } = entry;
  if (at + LOCAL.bytes > directory || bytes.readUInt32LE(at) !== LOCAL.signature)
    throw malformed(`the header of the file ${name} is missing`);
  const [flags, method] = [6, 8].map((offset) => bytes.readUInt16LE(at + offset));
  const nameEnd = at + LOCAL.bytes + bytes.readUInt16LE(at + 26);
  const start = nameEnd + bytes.readUInt16LE(at + 28);
  if (start > directory) throw malformed(`the header of the file ${name} is cut short`);
  const crc = bytes.readUInt32LE(at + 14);
  const { packed, size } = localSizes(bytes, at, bytes.subarray(nameEnd, start));
  const sameName = readName(bytes.subarray(at + LOCAL.bytes, nameEnd), (flags! & FLAG.utf8) !== 0) === name;
  const later = (flags! & FLAG.descriptor) !== 0 && crc === 0 && packed === 0 && size === 0;
  const sameSizes = later || (crc === entry.crc && packed === entry.packed && size === entry.size);
  // Some writers say only once that the name is UTF-8.
  const sameFlags = (flags! | FLAG.utf8) === (entry.flags | FLAG.utf8);
  if (!sameName || !sameSizes || method !== entry.method || !sameFlags)
    throw malformed(`the file ${name} is described in two ways`);
  return start;
}

/** Some writers give the sizes of small files in 64 bits, here only (APPNOTE.TXT 4.5.3). */
function localSizes(bytes: Buffer, at: number, extra: Buffer): { packed: number; size: number } {
  const [packed, size] = [18, 22].map((offset) => bytes.readUInt32LE(at + offset));
  const isLong = packed === ZIP64 && size === ZIP64 && extra.length >= 20 && extra.readUInt32LE(0) === ZIP64_SIZES;
  if (!isLong) return { packed: packed!, size: size! };
  return { size: Number(extra.readBigUInt64LE(4)), packed: Number(extra.readBigUInt64LE(12)) };
}

/** Bytes of the data descriptor after a file that was written as a stream (APPNOTE.TXT 4.3.9). */
function descriptorBytes(
  bytes: Buffer,
  { flags, crc, packed, size, name }: Entry,
  at: number,
  directory: number,
): number {
  if ((flags & FLAG.descriptor) === 0) return 0;
  const signed = at + 16 <= directory && bytes.readUInt32LE(at) === DESCRIPTOR;
  const start = signed ? at + 4 : at;
  if (start + 12 > directory) throw malformed(`the file ${name} is cut short`);
  const said = [0, 4, 8].map((offset) => bytes.readUInt32LE(start + offset));
  if (said[0] !== crc || said[1] !== packed || said[2] !== size)
    throw malformed(`the file ${name} is described in two ways`);
  return start + 12 - at;
}

/** Folders are left out. Names that a system without case or composed characters takes for the same are the same. */
function demandDistinct(entries: readonly Entry[]): Map<string, Entry> {
  const files = new Map<string, Entry>();
  const seen = new Set<string>();
  for (const entry of entries) {
    const folded = entry.name.normalize('NFC').toLowerCase().replace(/\/$/, '');
    if (seen.has(folded)) throw new DocumentFault('zip-duplicate', `the file ${entry.name} stands twice`);
    seen.add(folded);
    if (!entry.name.endsWith('/')) files.set(entry.name, entry);
    else if (entry.size > 0) throw malformed(`the folder ${entry.name} has bytes`);
  }
  return files;
}

function unpack(bytes: Buffer, { name, method, crc, packed, size }: Entry, start: number): Buffer {
  const raw = bytes.subarray(start, start + packed);
  const content = method === METHOD.stored ? raw : inflate(raw, size, name);
  if (content.length !== size || crc32(content) !== crc) throw malformed(`the file ${name} does not have its checksum`);
  return content;
}

function inflate(raw: Buffer, size: number, name: string): Buffer {
  try {
    // With `info` Node tells how many bytes were used: what follows the end of the stream would be hidden.
    const { buffer, engine } = inflateRawSync(raw, { maxOutputLength: Math.max(1, size), info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    if (engine.bytesWritten !== raw.length) throw new DocumentFault('zip-hidden', `bytes stand after the file ${name}`);
    return buffer;
  } catch (error) {
    if (error instanceof DocumentFault) throw error;
    throw malformed(`the file ${name} does not unpack to what the directory says`);
  }
}

function malformed(detail: string): DocumentFault {
  return new DocumentFault('zip-malformed', detail);
}
