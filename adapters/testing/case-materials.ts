import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { CodedError, type ErrorCode } from '#proto';
import type { CaseDesk } from '../adapter.ts';
import type { OutgoingFile } from '../mapping/outgoing-files.ts';

const PIECE_BYTES = 256 * 1024;

/** A case with materials as the gateway shows and opens it. */
export class CaseMaterials {
  /** The case in full. */
  readonly found: Readonly<Record<string, unknown>>;
  /** Digests, in the order of the materials. */
  readonly digests: readonly string[];
  /** Digests that were asked for, in order. */
  readonly opened: string[] = [];
  /** Codes of materials that are not handed out, by digest. */
  readonly withheld = new Map<string, ErrorCode>();
  /** What opening a material does in place of giving its bytes, by its digest. */
  readonly instead = new Map<string, () => AsyncIterable<Uint8Array>>();
  readonly #contents: ReadonlyMap<string, Uint8Array>;

  /** @param contents by the names of the materials; all of them PDF */
  constructor(contents: readonly (readonly [name: string, content: Uint8Array])[]) {
    const all = contents.map(([name, content]) => ({ name, content, digest: sha256(content) }));
    this.digests = all.map(({ digest }) => digest);
    this.#contents = new Map(all.map(({ digest, content }) => [digest, content]));
    const shown = all.map(({ name, content, digest }) => {
      return { name, digest, size: content.length, mediaType: 'application/pdf', grade: 'C' };
    });
    this.found = { number: '150626-1', reference: 'P-1', materials: shown };
  }

  get desk(): CaseDesk {
    return {
      read: async () => this.found,
      demandMaterial: async (_conversation, digest) => {
        this.#demand(digest);
      },
      openMaterial: async (_conversation, digest) => {
        this.opened.push(digest);
        const content = this.#demand(digest);
        return Readable.from(this.instead.get(digest)?.() ?? piecesOf(content), { objectMode: false });
      },
      bind: async () => {},
    };
  }

  #demand(digest: string): Uint8Array {
    const content = this.#contents.get(digest);
    const code = content ? this.withheld.get(digest) : 'NOT_FOUND';
    if (code) throw new CodedError(code);
    return content!;
  }
}

/** A PDF that goes out with a document. */
export function outgoingFile(content: Uint8Array, changes: Partial<OutgoingFile> = {}): OutgoingFile {
  const about = {
    name: 'a.pdf',
    material: sha256(content),
    size: content.length,
    mediaType: 'application/pdf',
    row: {},
  };
  return { ...about, content: 'content-of-a', reference: 'name-of-a', bytes: () => piecesOf(content), ...changes };
}

/** Fails with a code when it is read first. */
export async function* refusing(code: ErrorCode): AsyncGenerator<Uint8Array> {
  yield* [];
  throw new CodedError(code);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function* piecesOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < content.length; start += PIECE_BYTES) yield content.subarray(start, start + PIECE_BYTES);
}
