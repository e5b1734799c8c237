import { CodedError, type ErrorCode } from '#proto';

/** Whose sign is set on a document: the seal of an authority (电子印章), or the signature of a person (电子签名). */
export const SIGNATORIES = ['seal', 'signature'] as const;
export type Signatory = (typeof SIGNATORIES)[number];

/** Bounds of what a service is given and may give back. */
export const SEAL_LIMITS = {
  /** Bytes of a document that is to be sealed. */
  documentBytes: 16 * 1024 * 1024,
  /** Bytes that a seal may add: picture, certificates, signature. */
  addedBytes: 4 * 1024 * 1024,
} as const;

/** Where a seal is to be seen: on a page (from 1) at a point (1/72 inch from its left and its bottom), or beside a text. */
export type SealPlace =
  | { readonly page: number; readonly x: number; readonly y: number }
  | { readonly keyword: string };

/** A document that is to be sealed or signed. The document holds personal data. */
export interface SealRequest {
  /** Idempotency key: the same for the same document under the same seal, also after a restart. 64 hex digits. */
  readonly requestId: string;
  readonly signatory: Signatory;
  /** What the service calls the seal, or the signature of a person. */
  readonly seal: string;
  readonly document: Buffer;
  readonly mediaType: string;
  /** The service's own choice when absent. */
  readonly place?: SealPlace;
  /** Why, for the books of the service. Never personal data. */
  readonly reason: string;
  /** Who issues the document (颁发机构). */
  readonly authority: { readonly name: string; readonly code: string };
}

/** What came back. Nothing of it is proved: the caller holds it against what was sent. */
export interface SealedDocument {
  readonly document: Buffer;
}

/**
 * Port to a service that sets electronic seals and signatures (电子印章、电子签名服务).
 *
 * The caller keeps to `SEAL_LIMITS`, asks again with the same `requestId` after a failure that may pass, and believes
 * nothing of the answer before it was verified. In return an implementation
 * - hands back the document with exactly one more signature over the whole of it, appended to the bytes that were given;
 * - may be asked again with a `requestId` that was answered before, and then gives a document that is as good;
 * - gives up within a time of its own, and soon after `signal` aborts;
 * - reads no answer that is longer than `SEAL_LIMITS` allows, and logs nothing of a document.
 */
export interface SealService {
  /** @throws SealError, and nothing else */
  seal(request: SealRequest, signal: AbortSignal): Promise<SealedDocument>;
  /**
   * What the service calls the seals that it has for us; undefined when it does not tell. Sets no seal.
   *
   * @throws SealError, and nothing else
   */
  seals(signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** Frees everything. Must be called by whoever created the service; a second call does nothing. */
  close(): Promise<void>;
}

/** Why there is no sealed document: the service will not, cannot now, or gave an answer that is none. */
export type SealFault = 'refused' | 'unavailable' | 'malformed';

const CODES: Readonly<Record<SealFault, ErrorCode>> = {
  refused: 'SEAL_REFUSED',
  unavailable: 'SEAL_UNAVAILABLE',
  malformed: 'SEAL_WRONG',
};

/** Its message never holds anything of the document, a text of the service, or a secret. */
export class SealError extends CodedError {
  /** Only after `unavailable` the same request can succeed without anybody changing anything. */
  readonly fault: SealFault;

  constructor(fault: SealFault, detail: string, options?: ErrorOptions) {
    super(CODES[fault], detail, [], options);
    this.fault = fault;
  }
}
