import type { SealRequest } from '../seal.ts';
import type { ClientAnswer, ClientRequest } from './client.ts';

/** The words of one seal service: what it is asked, and what its answers mean. */
export interface SealWords {
  /** @throws SealError refused, when the request cannot be put into its words */
  ask(request: SealRequest): Promise<ClientRequest>;
  /**
   * The sealed document, or where at the service it is.
   *
   * @throws SealError for everything but an answer with a document
   */
  sealed(request: SealRequest, answer: ClientAnswer): Promise<Buffer | { readonly file: string }>;
  /** The question which seals there are; undefined where the words have none. */
  askSeals(): Promise<ClientRequest | undefined>;
  /** @throws SealError */
  seals(answer: ClientAnswer): Promise<readonly string[] | undefined>;
}

/** Bytes of an answer beside the document, which is base64. */
export const MAX_REST_BYTES = 64 * 1024;
