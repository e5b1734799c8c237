import { VerificationError } from '../errors.ts';
import { VOLUME_LINE_BYTES } from './volume-format.ts';

/**
 * Cuts a volume into its lines, each without its line feed, and holds at most one line at a time.
 *
 * @param chunks bytes of the unpacked file
 * @throws VerificationError ARCHIVE_INVALID when a line is too long, is not UTF-8, or the last one has no end
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      const part = chunk.subarray(from, at);
      demandSize(size + part.length);
      yield textOf(decoder, [...parts, part]);
      parts = [];
      size = 0;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    demandSize(size);
  }
  if (size > 0) throw new VerificationError('ARCHIVE_INVALID', 'the volume ends in the middle of a line');
}

function demandSize(size: number): void {
  if (size >= VOLUME_LINE_BYTES)
    throw new VerificationError('ARCHIVE_INVALID', `a line has more than ${VOLUME_LINE_BYTES} bytes`);
}

function textOf(decoder: TextDecoder, parts: readonly Uint8Array[]): string {
  try {
    return decoder.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts));
  } catch {
    throw new VerificationError('ARCHIVE_INVALID', 'a line is not UTF-8');
  }
}
