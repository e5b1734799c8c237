import type { StatusWord } from '#trust';
import type { Transaction } from '../store/store.ts';
import type { CertificateRecord } from './library-rows.ts';
import type { Ground } from './notice/words.ts';

/** What became of a certificate of the library: what the library of the own region (A3) must learn. */
export interface CertificateNews {
  /**
   * We issued it, it came with a case from the region that did, or its status changed: by our decision, or the issuer
   * told us. `false-materials`: we revoked it since its materials were false (虚假材料), which the credit platform (A13) wants.
   */
  readonly event: 'issued' | 'received' | 'status-changed' | 'false-materials';
  /** As it is now. */
  readonly record: CertificateRecord;
  /** The certificate itself, an SD-JWT. */
  readonly text: string;
  /** The status before; only with `status-changed`. */
  readonly from?: StatusWord | undefined;
  /** Why the status changed; only with `status-changed` and `false-materials`. */
  readonly ground?: Ground | undefined;
  /** Identifier of the certificate that it replaces; only with `issued`. */
  readonly replaces?: string | undefined;
}

export type TellCertificateNews = (tx: Transaction, news: CertificateNews) => Promise<void>;
