import { readFile } from 'node:fs/promises';
import { CodedError } from '#proto';
import {
  type Clock,
  DOCUMENT_LIMITS,
  type DocumentReport,
  examineDocument,
  examineInThread,
  NOBODY,
  readTrustList,
} from '#trust';
import type { MaterialStore } from '../material/material-store.ts';
import type { RevocationFolder } from './revocation-folder.ts';

const PDF_START = Buffer.from('%PDF-');
/** Documents under examination or waiting for it: each is held in memory. */
const MAX_AT_ONCE = 4;
/** Milliseconds that one examination may take. */
const LIMIT_MS = 30_000;
/** Bytes up to which a file without a signature is judged at once: a thread takes longer to begin than to look. */
const SMALL_BYTES = 4 * 1024 * 1024;

export interface DocumentsOptions {
  readonly clock: Clock;
  readonly materials: MaterialStore;
  /** PEM of the trust list, as `readTrustText` gives it. */
  readonly trust: string;
  /** Lists of revoked certificates; without them revocation is not checked. */
  readonly revocation?: Pick<RevocationFolder, 'lists'> | undefined;
}

/**
 * Examines departments' own files (部门自有文件): OFD and PDF that carry their own seals. They are stored and handed out as
 * they are; what is said about them is computed when somebody asks, so that it rests on the trust list of that moment.
 */
export class Documents {
  readonly #options: DocumentsOptions;
  #count = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DocumentsOptions) {
    this.#options = options;
  }

  /**
   * Examines a document, one at a time.
   *
   * @throws CodedError BACK_PRESSURE when too many wait, MATERIAL_TOO_LARGE, VALIDATION_FAILED when it takes too long
   */
  async examine(source: AsyncIterable<Uint8Array>): Promise<DocumentReport> {
    if (this.#count >= MAX_AT_ONCE) throw new CodedError('BACK_PRESSURE', 'too many documents are being examined');
    this.#count += 1;
    try {
      return await this.#examineInTurn(await collect(source));
    } finally {
      this.#count -= 1;
    }
  }

  /** Examines a material of a case. @throws CodedError NOT_FOUND, or as `examine` */
  async examineMaterial(conversation: string, digest: Buffer): Promise<DocumentReport> {
    const { bytes } = await this.#options.materials.open(conversation, digest);
    return this.examine(bytes);
  }

  /**
   * Examines a material of a case when nobody waits for it; one at a time, else it would take the place of those who do.
   *
   * @throws CodedError NOT_FOUND, MATERIAL_TOO_LARGE, VALIDATION_FAILED, SHUTTING_DOWN when it was stopped
   */
  async examineInBackground(conversation: string, digest: Buffer, stop: AbortSignal): Promise<DocumentReport> {
    const { bytes } = await this.#options.materials.open(conversation, digest);
    return this.#examineInTurn(await collect(bytes), stop);
  }

  #examineInTurn(bytes: Buffer, stop?: AbortSignal): Promise<DocumentReport> {
    const { trust, revocation, clock } = this.#options;
    return this.#inTurn(async () => {
      if (isUnsigned(bytes)) return examineDocument(bytes, NOBODY, clock.now());
      const revocationLists = (await revocation?.lists()) ?? [];
      return examineInThread({ bytes, trust, revocationLists, now: clock.now() }, LIMIT_MS, stop);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/**
 * Reads the trust list that the config names and makes sure that it is one.
 *
 * @returns PEM; empty without a file
 * @throws CodedError CONFIG_INVALID
 */
export async function readTrustText(file: string | undefined): Promise<string> {
  if (file === undefined) return '';
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CodedError('CONFIG_INVALID', `cannot read the trust list for documents ${file} (${error.code})`);
  });
  readTrustList(text);
  return text;
}

/** Whether a file is a PDF in which no signature stands; its byte range cannot be compressed (ISO 32000-1, 12.8.1). */
function isUnsigned(bytes: Buffer): boolean {
  return bytes.length <= SMALL_BYTES && bytes.subarray(0, 5).equals(PDF_START) && !bytes.includes('/ByteRange');
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > DOCUMENT_LIMITS.fileBytes)
      throw new CodedError(
        'MATERIAL_TOO_LARGE',
        `files of more than ${DOCUMENT_LIMITS.fileBytes} bytes travel unchanged but are not examined`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
