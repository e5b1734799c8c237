import type { AcceptedCase, FetchedFile, PostedEnvelope } from '../stage/ledger.ts';

/** Where the rows of a region are. */
export type AuditedStore =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly password: string };

export interface AuditedRegion {
  readonly region: string;
  /** Folder of the gateway, which has ended. */
  readonly folder: string;
  /** Files with what its processes said. */
  readonly logs: readonly string[];
  /** Compact JWS: the newest statement. */
  readonly statement: string;
  readonly store: AuditedStore;
}

/** Everything that an auditor is told; the rest it reads. */
export interface AuditTask {
  readonly sender: AuditedRegion;
  readonly receiver: AuditedRegion;
  /** File with what was done and what was answered. */
  readonly ledger: string;
  /** Item of the cases that were opened under a key each. */
  readonly keyedItem: string;
  /** Texts about people that no log of a process may hold. */
  readonly personal: readonly string[];
  /** Whether the receiver's platform must have been told of every case. */
  readonly mustBeTold: boolean;
}

/** The ledger as it was written down. */
export interface WrittenLedger {
  readonly accepted: readonly AcceptedCase[];
  readonly keyed: number;
  /** Milliseconds. */
  readonly settledAt: number;
  readonly posted: readonly PostedEnvelope[];
  readonly told: readonly string[];
  readonly fetched: readonly FetchedFile[];
}
