import { CodedError } from '#proto';

/** Bytes at the beginning of a file that tell what it is. */
export const HEAD_BYTES = 1024;
/** Says nothing about a file, and makes a browser do nothing with it. */
export const ANY_BYTES = 'application/octet-stream';

/** What a file is, told by its bytes: how it begins, and the media types that it may be declared as. */
interface FileKind {
  readonly name: string;
  readonly begins: (head: Buffer) => boolean;
  readonly types: RegExp;
}

const NEVER = /^$/;

const KINDS: readonly FileKind[] = [
  { name: 'PDF', begins: starts('%PDF-'), types: /^application\/pdf$/ },
  { name: 'PNG', begins: starts('\x89PNG\r\n\x1a\n'), types: /^image\/png$/ },
  { name: 'JPEG', begins: starts('\xff\xd8\xff'), types: /^image\/jpe?g$/ },
  { name: 'GIF', begins: starts('GIF87a', 'GIF89a'), types: /^image\/gif$/ },
  { name: 'TIFF', begins: starts('II*\0', 'MM\0*'), types: /^image\/tiff$/ },
  {
    name: 'ZIP',
    begins: starts('PK\x03\x04', 'PK\x05\x06'),
    types: /^application\/(zip|x-zip-compressed|(vnd\.|x-)?ofd|vnd\.openxmlformats-officedocument\..+)$/,
  },
  {
    name: 'OLE',
    begins: starts('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
    types: /^application\/(msword|vnd\.ms-.+|x-ole-storage)$/,
  },
  { name: 'RAR', begins: starts('Rar!\x1a\x07'), types: /^application\/(vnd\.rar|x-rar-compressed)$/ },
  { name: '7z', begins: starts('7z\xbc\xaf\x27\x1c'), types: /^application\/x-7z-compressed$/ },
  { name: 'gzip', begins: starts('\x1f\x8b\x08'), types: /^application\/(gzip|x-gzip)$/ },
  // What a machine or a browser would run is no material under any name.
  { name: 'program', begins: isProgram, types: NEVER },
  { name: 'HTML', begins: isMarkup, types: NEVER },
];

/**
 * Passes bytes on unless they are recognisably of another kind than declared. Bytes that nobody recognises pass: a scan
 * has many formats.
 *
 * @throws CodedError VALIDATION_FAILED, before the first byte is passed on
 */
export async function* declaredAs(mediaType: string, bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { head, all } = await peek(bytes);
  const kind = kindOf(head);
  if (kind && mediaType.toLowerCase() !== ANY_BYTES && !kind.types.test(mediaType.toLowerCase())) {
    await all.return?.();
    const message = `the file is declared as ${mediaType}, but its bytes are those of a ${kind.name} file`;
    const problem = { pointer: '/headers/x-media-type', code: 'FORMAT', message };
    throw new CodedError('VALIDATION_FAILED', message, [problem]);
  }
  yield* all;
}

/** The media type under which a file may be handed out: the declared one where its bytes show it, else {@link ANY_BYTES}. */
export function shownType(mediaType: string, head: Buffer): string {
  const declared = mediaType.toLowerCase();
  return kindOf(head)?.types.test(declared) ? declared : ANY_BYTES;
}

/** Reads the beginning. @returns all bytes again, to be read once */
export async function peek<T extends Uint8Array>(
  bytes: AsyncIterable<T>,
): Promise<{ head: Buffer; all: AsyncIterableIterator<T> }> {
  const source = bytes[Symbol.asyncIterator]();
  const read: T[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const next = await source.next();
    if (next.done) break;
    read.push(next.value);
    length += next.value.length;
  }
  const head = Buffer.concat(read).subarray(0, HEAD_BYTES);
  // No generator: one that never began would not let go of its source.
  const all: AsyncIterableIterator<T> = {
    next: () => (read.length > 0 ? Promise.resolve({ done: false, value: read.shift()! }) : source.next()),
    return: async () => {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => all,
  };
  return { head, all };
}

function kindOf(head: Buffer): FileKind | undefined {
  return KINDS.find(({ begins }) => begins(head));
}

function starts(...signatures: readonly string[]): (head: Buffer) => boolean {
  const bytes = signatures.map((signature) => Buffer.from(signature, 'latin1'));
  return (head) => bytes.some((signature) => head.subarray(0, signature.length).equals(signature));
}

/** Two letters alone may begin any text. */
function isProgram(head: Buffer): boolean {
  const isWindows = head.subarray(0, 2).toString('latin1') === 'MZ' && head.includes('PE\0\0');
  return isWindows || starts('\x7fELF', '#!/', '\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe')(head);
}

function isMarkup(head: Buffer): boolean {
  return /^(\ufeff|\s|<!--[\s\S]*?-->|<\?xml[^>]*>)*<(!doctype html|html|head|body|script|iframe|svg)\b/i.test(
    head.toString('utf8'),
  );
}
