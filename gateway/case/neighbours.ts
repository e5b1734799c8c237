import type { Mode, messages, RevocationGround } from '#proto';
import type { AuthorizedUse, CertificateContent, Right } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';
import type { Desk } from './case-changes.ts';
import type { Applicant } from './case-file.ts';
import type { CreditVerdict } from './credit/credit-check.ts';

/** What a case needs to know of an item (事项). */
export interface ItemFacts {
  readonly digest: Buffer;
  readonly modes: readonly string[];
  readonly promisedWorkingDays: number;
  readonly statutoryWorkingDays: number;
  readonly acceptanceWorkingDays: number;
  readonly paperOriginals: boolean;
  readonly silenceAccepts: boolean;
  /** P2: whether a window may see the applicant by video. */
  readonly remoteVideo: boolean;
  /** Clauses on which it rests (设定依据). */
  readonly legalBasis: readonly string[];
  readonly materials: readonly messages.MaterialRule[];
  /** JSON Schema of what the applicant fills in; empty where any form is taken. */
  readonly formSchema: string;
  /** Name of the certificate that the item produces. */
  readonly result: string;
}

/** An authorization as a header cites it. */
export interface Citation {
  readonly id: string;
  readonly digest: Buffer;
}

/** What the department wants in a certificate, beside what the case knows. */
export interface CertificateWish {
  readonly typeName: string;
  readonly item: string;
  readonly conversation: string;
  readonly caseNumber: string;
  readonly holder: { readonly name: string; readonly documentType: string; readonly number: string };
  readonly authority: { readonly name: string; readonly code: string };
  readonly number?: string;
  readonly validFrom?: number;
  readonly validUntil?: number;
  readonly fields: CertificateContent['fields'];
  /** Identifier of the certificate of ours that it replaces (换证). */
  readonly replaces?: string;
}

/** A signed certificate that is not kept yet. */
export interface SignedCertificate {
  readonly text: string;
  readonly identifier: string;
  readonly typeName: string;
  /** Keeps it, inside the unit of work of the act. */
  readonly keep: (tx: Transaction) => Promise<void>;
}

/** The neighbouring rooms, as the cases see them. */
export interface CaseNeighbours extends Desk {
  /** @param digest the version in hex; the one that holds now when it is left out */
  readonly itemOf: (sql: Sql, region: string, item: string, digest?: string) => Promise<ItemFacts | undefined>;
  /** An authorization that permits the first message of a case. @throws AuthorizationError */
  readonly permit: (use: AuthorizedUse) => Citation;
  /** The authorization under which a case goes on. @throws AuthorizationError */
  readonly permitUnder: (authorizationId: string, use: AuthorizedUse) => Citation;
  /** The right for an act that sends no message. @throws AuthorizationError RIGHT_MISSING */
  readonly demandRight: (
    authorizationId: string,
    use: Pick<AuthorizedUse, 'item' | 'receiving' | 'handling'> & { readonly mode: Mode; readonly right: Right },
  ) => void;
  readonly signCertificate: (wish: CertificateWish) => Promise<SignedCertificate>;
  readonly demandPeer: (region: string) => void;
  /** Revokes a certificate of ours with all that follows, in the caller's unit of work; one that has ended stays as it is. */
  readonly revokeCertificate: (
    tx: Transaction,
    identifier: string,
    why: { readonly ground: RevocationGround; readonly reason: string; readonly by: string },
  ) => Promise<void>;
  /** Asks our credit platform (A13); `unknown` when it does not answer, undefined when we have none. */
  readonly creditOf: (applicant: Applicant) => Promise<CreditVerdict | undefined>;
  /** A message of the handling side was not taken by the other region: an operator must look. */
  readonly alarm: (conversation: string, event: string, code: string) => void;
}
