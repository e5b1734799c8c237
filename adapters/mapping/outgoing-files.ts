import { createHash } from 'node:crypto';
import { CodedError, ERROR_CODES, LIMITS } from '#proto';
import { type CaseDesk, PlatformError } from '../adapter.ts';
import type { MappedMaterial } from './mapping.ts';

/** A material that goes out with a document (随件材料). */
export interface OutgoingFile {
  /** Safe on every file system, alone among the files of its document. */
  readonly name: string;
  /** SHA-256 of its bytes, hex. */
  readonly material: string;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** Stands in its document where its bytes belong in base64, and where that belongs by which the platform calls it. */
  readonly content: string;
  readonly reference: string;
  /** Further columns, where the platform takes it as a row. */
  readonly row: Readonly<Record<string, unknown>>;
  /**
   * Its bytes, a piece at a time; they end well only if they are those of the digest.
   *
   * @throws PlatformError final when the gateway does not hand the material out or it is not what it was; never with its name
   */
  bytes(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * Asks for every material before the first of them is read.
 *
 * @param conversation of the case whose materials they are
 * @throws PlatformError as reading the one that is not handed out would
 */
export async function demandMaterials(
  mapped: readonly MappedMaterial[],
  conversation: string,
  cases: Pick<CaseDesk, 'demandMaterial'>,
): Promise<void> {
  for (const [index, { material }] of mapped.entries()) {
    try {
      await cases.demandMaterial(conversation, material);
    } catch (error) {
      throw asPlatformError(error, nameOf(index));
    }
  }
}

/** @param conversation of the case whose materials they are */
export function outgoingFiles(
  mapped: readonly MappedMaterial[],
  conversation: string,
  cases: Pick<CaseDesk, 'openMaterial'>,
): OutgoingFile[] {
  return mapped.map(({ file: name, material, size, mediaType, content, reference, row = {} }, index) => {
    const what = nameOf(index);
    return { name, material, size, mediaType, content, reference, row, bytes };

    async function* bytes(signal: AbortSignal): AsyncGenerator<Uint8Array> {
      try {
        const digest = createHash('sha256');
        let read = 0;
        for await (const piece of await cases.openMaterial(conversation, material)) {
          if (signal.aborted) throw new PlatformError(true, 'the delivery was broken off');
          read += (piece as Uint8Array).length;
          if (read > LIMITS.materialBytes) throw new PlatformError(false, `${what} is larger than a material may be`);
          digest.update(piece as Uint8Array);
          yield piece as Uint8Array;
        }
        if (digest.digest('hex') !== material)
          throw new PlatformError(false, `${what} (MATERIAL_DIGEST): its bytes are not those that the case has named`);
      } catch (error) {
        throw asPlatformError(error, what);
      }
    }
  });
}

/** All bytes of a file, which is no larger than it was said to be. */
export async function wholeOf(file: OutgoingFile, signal: AbortSignal): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(file.size);
  let read = 0;
  for await (const piece of file.bytes(signal)) {
    if (read + piece.length > file.size)
      throw new PlatformError(false, 'a file of the document is larger than the case says');
    whole.set(piece, read);
    read += piece.length;
  }
  return whole.subarray(0, read);
}

function nameOf(index: number): string {
  return `file ${index + 1} of the document`;
}

/** What is no refusal of the gateway, such as a disk that does not answer, may pass. */
function asPlatformError(error: unknown, what: string): PlatformError {
  if (error instanceof PlatformError) return error;
  if (!(error instanceof CodedError)) return new PlatformError(true, `${what} cannot be read now`, { cause: error });
  const { retryable, en } = ERROR_CODES[error.code];
  return new PlatformError(retryable, `${what} (${error.code}): ${en}`, { cause: error });
}
