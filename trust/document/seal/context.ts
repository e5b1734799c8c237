import type { X509Certificate } from 'node:crypto';
import type { HashName } from '../crypto/algorithms.ts';
import type { RevocationList } from '../crypto/revocation-list.ts';
import type { Certificate } from '../crypto/x509.ts';
import type { Party, SealForm, SealPicture } from '../report.ts';

/** What a seal is judged by. */
export interface JudgingContext {
  /** Milliseconds. */
  readonly now: number;
  /** The trust list. */
  readonly anchors: readonly Certificate[];
  /** The same certificates, as timestamps are verified with them. */
  readonly authorities: readonly X509Certificate[];
  /** Lists of revoked certificates; without them revocation is not checked. */
  readonly revocationLists?: readonly RevocationList[];
}

/** What a seal was set on. */
export interface SealedContent {
  /** Digest of it. */
  digest(hash: HashName): Buffer;
  /** All of it, for the few signatures that are over the content itself. */
  bytes(): Buffer;
}

/** What a seal says, once its bytes could be read. */
export interface JudgedSeal {
  readonly form: SealForm;
  readonly signer: Party | undefined;
  readonly seal: SealPicture | undefined;
  readonly algorithm: string;
  /** Milliseconds. */
  readonly signedAt: number | undefined;
  readonly timeFrom: 'signer' | 'timestamp';
}
