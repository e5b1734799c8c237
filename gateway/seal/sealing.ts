import { createHash } from 'node:crypto';
import type { SealPlace, SealRequest, SealService, Signatory } from '#adapters';
import { CodedError } from '#proto';
import { type Clock, demandAddedSeal, type TrustList } from '#trust';

/** A seal of others that our documents carry. */
export interface ForeignSeal {
  readonly name: string;
  readonly code: string;
  readonly signatory: Signatory;
  /** Codes of the authorities whose documents carry it; undefined: all. */
  readonly authorities: readonly string[] | undefined;
  readonly place: SealPlace | undefined;
  /** Whoever may have signed. */
  readonly pinned: TrustList;
}

export interface SealingOptions {
  readonly clock: Clock;
  /** Seals with the region's own key. */
  readonly own: SealService;
  /** Sets the seals of others; absent when the config names none. */
  readonly service: SealService | undefined;
  readonly seals: readonly ForeignSeal[];
  readonly onSealed: (seal: string) => void;
  readonly onFailed: (seal: string, error: CodedError) => void;
}

/** What is to be sealed beside its bytes. */
export interface SealingWords {
  /** 颁发机构. */
  readonly authority: SealRequest['authority'];
  /** For the books of the service; never personal data. */
  readonly reason: string;
}

const PDF = 'application/pdf';

/**
 * Sets on our documents the seals that they have to carry (签章): first those of others, each held against what was sent
 * before it counts, and last the region's own, which covers them all. Without every one of them there is no document.
 */
export class Sealing {
  readonly #options: SealingOptions;

  constructor(options: SealingOptions) {
    this.#options = options;
  }

  /**
   * Seals a PDF.
   *
   * @throws CodedError SEAL_REFUSED, SEAL_UNAVAILABLE, SEAL_WRONG; KEY_MISSING, SIGNER_WRONG and others of the custody of
   *   the seal key
   */
  async seal(document: Buffer, words: SealingWords): Promise<Buffer> {
    const { seals, own } = this.#options;
    let sealed = document;
    for (const seal of seals) if (carries(seal, words)) sealed = await this.#setForeign(seal, sealed, words);
    const request = { ...words, signatory: 'seal', seal: 'region', document: sealed } as const;
    return (await own.seal(identified(request), NEVER)).document;
  }

  /** Frees what the services hold. */
  async close(): Promise<void> {
    await this.#options.service?.close();
  }

  async #setForeign(seal: ForeignSeal, document: Buffer, words: SealingWords): Promise<Buffer> {
    const { service, clock, onSealed, onFailed } = this.#options;
    const { name, code, signatory, place, pinned } = seal;
    try {
      const request = identified({ ...words, signatory, seal: code, document, ...(place && { place }) });
      const sealed = await service!.seal(request, NEVER);
      demandAddedSeal(document, sealed.document, pinned, clock.now());
      onSealed(name);
      return sealed.document;
    } catch (error) {
      if (error instanceof CodedError) onFailed(name, error);
      throw error;
    }
  }
}

/** The services have limits of time of their own. */
const NEVER = new AbortController().signal;

function carries({ authorities }: ForeignSeal, { authority }: SealingWords): boolean {
  return authorities === undefined || authorities.includes(authority.code);
}

/** The id follows from the document and the seal, so that the same is never sealed as something else. */
function identified(request: Omit<SealRequest, 'requestId' | 'mediaType'>): SealRequest {
  const { signatory, seal, document } = request;
  const requestId = createHash('sha256').update(`${signatory}\n${seal}\n`).update(document).digest('hex');
  return { ...request, requestId, mediaType: PDF };
}
