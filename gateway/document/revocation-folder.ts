import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import { DOCUMENT_LIMITS, revocationListsIn } from '#trust';

/** A file of the folder as it was when it was read. */
interface ReadFile {
  readonly changedAt: number;
  readonly size: number;
  /** DER, in memory that threads share; empty for a file that cannot be used. */
  readonly lists: readonly Uint8Array[];
}

/** Hidden files are those that something is still writing. */
const HIDDEN = /^\./;

/**
 * The lists of revoked certificates (CRL) that operators put into a folder, PEM or DER. A file that is new or was
 * replaced counts from the next examination on, without a restart.
 */
export class RevocationFolder {
  readonly #folder: string;
  readonly #onUnusable: (error: unknown) => void;
  #files = new Map<string, ReadFile>();
  /** Whether the folder as a whole was complained about. */
  #isInTrouble = false;

  constructor(folder: string, onUnusable: (error: unknown) => void) {
    this.#folder = folder;
    this.#onUnusable = onUnusable;
  }

  /** Every list that is there now. What cannot be used is left out: of its certificates nothing is known then. */
  async lists(): Promise<readonly Uint8Array[]> {
    let trouble: unknown;
    const names = await readdir(this.#folder).catch((error: unknown) => {
      trouble = error;
      return [];
    });
    const files = new Map<string, ReadFile>();
    let bytes = 0;
    for (const name of names.filter((one) => !HIDDEN.test(one)).sort()) {
      const file = await this.#file(name);
      bytes += file.lists.reduce((sum, list) => sum + list.length, 0);
      if (files.size >= DOCUMENT_LIMITS.revocationFiles || bytes > DOCUMENT_LIMITS.revocationBytes) {
        trouble = new CodedError('CONFIG_INVALID', 'there are too many revocation lists, or too large ones');
        break;
      }
      files.set(name, file);
    }
    if (trouble && !this.#isInTrouble) this.#onUnusable(trouble);
    this.#isInTrouble = trouble !== undefined;
    this.#files = files;
    return [...files.values()].flatMap(({ lists }) => lists);
  }

  async #file(name: string): Promise<ReadFile> {
    const path = join(this.#folder, name);
    const { mtimeMs: changedAt, size } = await stat(path).catch(() => ({ mtimeMs: 0, size: 0 }));
    const known = this.#files.get(name);
    if (known?.changedAt === changedAt && known.size === size) return known;
    try {
      if (size > DOCUMENT_LIMITS.revocationFileBytes) throw new CodedError('CONFIG_INVALID', 'the list is too large');
      return { changedAt, size, lists: revocationListsIn(await readFile(path)).map(shared) };
    } catch (error) {
      this.#onUnusable(error);
      return { changedAt, size, lists: [] };
    }
  }
}

/**
 * Makes sure that there is such a folder.
 *
 * @param onUnusable told once of every file that cannot be used, and of a folder that cannot be read any more
 * @throws CodedError CONFIG_INVALID
 */
export async function openRevocationFolder(
  folder: string | undefined,
  onUnusable: (error: unknown) => void,
): Promise<RevocationFolder | undefined> {
  if (folder === undefined) return undefined;
  await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const message = `cannot read the folder of revocation lists ${folder} (${cause.code})`;
    throw new CodedError('CONFIG_INVALID', message, [], { cause });
  });
  return new RevocationFolder(folder, onUnusable);
}

function shared(bytes: Buffer): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
