import { crc32, deflateRawSync } from 'node:zlib';

/** One file of a container for tests; what is set beside name and bytes is a lie, or a form that is rare. */
export interface TestFile {
  readonly name: string | Buffer;
  readonly bytes: Uint8Array;
  readonly stored?: boolean;
  /** Sizes and checksum follow the file, as streams write it. */
  readonly descriptor?: boolean;
  readonly flags?: number;
  readonly method?: number;
  /** Name, size and checksum that the directory tells. */
  readonly directoryName?: string;
  readonly size?: number;
  readonly crc?: number;
  /** Packed bytes instead of our own. */
  readonly packed?: Buffer;
  /** Bytes after the packed ones, still counted to them. */
  readonly tail?: Buffer;
}

export interface TestZipOptions {
  /** Bytes before the first file, between files and directory, after everything. */
  readonly before?: Buffer;
  readonly between?: Buffer;
  readonly after?: Buffer;
  /** Number of files that the end tells. */
  readonly count?: number;
  readonly comment?: string;
}

const DESCRIPTOR_FLAG = 8;
const UTF8_FLAG = 0x0800;

/** Writes a ZIP container (APPNOTE.TXT). */
export function buildZip(files: readonly TestFile[], options: TestZipOptions = {}): Buffer {
  const before = options.before ?? Buffer.alloc(0);
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = before.length;
  for (const file of files) {
    const { local, central } = writeFile(file, at);
    locals.push(local);
    directory.push(central);
    at += local.length;
  }
  const between = options.between ?? Buffer.alloc(0);
  const listed = Buffer.concat(directory);
  const comment = Buffer.from(options.comment ?? '');
  const count = options.count ?? files.length;
  const end = record([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, listed.length],
    [4, at + between.length],
    [2, comment.length],
  ]);
  return Buffer.concat([before, ...locals, between, listed, end, comment, options.after ?? Buffer.alloc(0)]);
}

function writeFile(file: TestFile, at: number): { local: Buffer; central: Buffer } {
  const { bytes, stored = false, descriptor = false } = file;
  const name = Buffer.from(file.name);
  const told = file.directoryName === undefined ? name : Buffer.from(file.directoryName);
  const packed = Buffer.concat([file.packed ?? (stored ? bytes : deflateRawSync(bytes)), file.tail ?? Buffer.alloc(0)]);
  const flags = (file.flags ?? UTF8_FLAG) | (descriptor ? DESCRIPTOR_FLAG : 0);
  const method = file.method ?? (stored ? 0 : 8);
  const crc = file.crc ?? crc32(bytes);
  const size = file.size ?? bytes.length;
  const later = (value: number) => (descriptor ? 0 : value);
  const local = Buffer.concat([
    record([
      [4, 0x04034b50],
      [2, 20],
      [2, flags],
      [2, method],
      [4, 0],
      [4, later(crc)],
      [4, later(packed.length)],
      [4, later(size)],
      [2, name.length],
      [2, 0],
    ]),
    name,
    packed,
    descriptor
      ? record([
          [4, 0x08074b50],
          [4, crc],
          [4, packed.length],
          [4, size],
        ])
      : Buffer.alloc(0),
  ]);
  const central = Buffer.concat([
    record([
      [4, 0x02014b50],
      [2, 20],
      [2, 20],
      [2, flags],
      [2, method],
      [4, 0],
      [4, crc],
      [4, packed.length],
      [4, size],
      [2, told.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, at],
    ]),
    told,
  ]);
  return { local, central };
}

function record(fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([bytes, value]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}
