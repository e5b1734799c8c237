import { randomUUID } from 'node:crypto';
import { PlatformError } from '../adapter.ts';
import type { StreamedBody } from './post.ts';

const NEW_LINE = '\r\n';
const UNKNOWN_TYPE = 'application/octet-stream';

/** A file as one part of a form. */
export interface FilePart {
  /** Name of its field. */
  readonly field: string;
  /** What it is called. */
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  bytes(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * A form with one file, its fields before it (RFC 7578; names as the WHATWG standard for forms escapes them). The length is
 * known before the first byte is read.
 */
export function multipart(
  fields: readonly (readonly [name: string, value: string])[],
  file: FilePart,
): { readonly type: string; readonly body: StreamedBody } {
  const boundary = `tongban${randomUUID().replaceAll('-', '')}`;
  const words = fields.map(([name, value]) => part(boundary, `name="${escaped(name)}"`) + NEW_LINE + value + NEW_LINE);
  const type = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/.test(file.mediaType) ? file.mediaType : UNKNOWN_TYPE;
  const named = part(boundary, `name="${escaped(file.field)}"; filename="${escaped(file.name)}"`);
  const before = Buffer.from(`${words.join('')}${named}Content-Type: ${type}${NEW_LINE}${NEW_LINE}`);
  const after = Buffer.from(`${NEW_LINE}--${boundary}--${NEW_LINE}`);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: {
      length: before.length + file.size + after.length,
      async *bytes(signal) {
        yield before;
        yield* exactly(file, signal);
        yield after;
      },
    },
  };
}

/**
 * More bytes than were said would push the end of the form out of the request, which would then seem whole; fewer would let
 * the next request end it.
 */
async function* exactly({ size, bytes }: FilePart, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const piece of bytes(signal)) {
    read += piece.length;
    if (read > size) throw new PlatformError(false, 'a file of the document is larger than the case says');
    yield piece;
  }
  if (read < size) throw new PlatformError(false, 'a file of the document is smaller than the case says');
}

function part(boundary: string, disposition: string): string {
  return `--${boundary}${NEW_LINE}Content-Disposition: form-data; ${disposition}${NEW_LINE}`;
}

function escaped(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
