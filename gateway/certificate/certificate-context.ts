import {
  type CertificateTypes,
  type Clock,
  type RegionStatement,
  type Signer,
  type VerifiedCertificate,
  verifyCertificate,
} from '#trust';
import type { Store } from '../store/store.ts';
import type { TellCertificateNews } from './library-news.ts';
import type { IncomingNotices } from './notice/incoming-notices.ts';
import type { DecisionContext } from './status-decision.ts';
import type { StatusLists } from './status-lists.ts';
import type { StatusReader } from './status-reader.ts';

/** What the library of certificates works with. */
export interface CertificateContext {
  readonly store: Store;
  readonly clock: Clock;
  /** Our own region. */
  readonly region: string;
  /** The region's certificate key. */
  readonly signer: Signer;
  /** The statement of a pinned region or of our own; undefined for any other. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  readonly types: CertificateTypes;
  /** Our status lists. */
  readonly statusLists: StatusLists;
  /** Those of other regions. */
  readonly statusReader: Pick<StatusReader, 'statusOf'>;
  /** Tells other regions what we decide. */
  readonly outgoingNotices: DecisionContext['outgoingNotices'];
  /** What other regions told us. */
  readonly incomingNotices: Pick<IncomingNotices, 'wordOn' | 'arrived'>;
  /** Tells the platforms of our own region what becomes of the library, in the unit of work in which it does. */
  readonly tell: TellCertificateNews;
}

/** What of a certificate is demanded beyond that it is genuine. */
export type VerificationDemands = Pick<Parameters<typeof verifyCertificate>[1], 'typeCode' | 'binding'>;

/**
 * A certificate as the statements that we have prove it.
 *
 * @throws VerificationError the codes of `verifyCertificate`
 */
export function verifiedBy(
  { statementOf, types, clock }: CertificateContext,
  text: string,
  demands: VerificationDemands = {},
): VerifiedCertificate {
  return verifyCertificate(text, { statementOf, now: clock.now(), types, ...demands });
}
