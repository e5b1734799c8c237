import { type AgreementContent, type AuthorizationState, readAgreement } from '#trust';
import { type AgreementRecord, stateAt } from './agreement-table.ts';

/** An agreement as people and programs look at it. Times are milliseconds. */
export interface AgreementView {
  readonly id: string;
  /** Hex of the SHA-256 that envelopes cite. */
  readonly digest: string;
  readonly peer: string;
  readonly proposer: string;
  /** Now: `expired` when the validity has ended. */
  readonly state: AuthorizationState;
  /** Parties, grants, fields, validity and text. */
  readonly content: AgreementContent;
  /** The newest document as it is signed: one signature or both. */
  readonly document: string;
  /** Why the last proposal or acceptance failed; empty when it did not. */
  readonly code: string;
  readonly activatedAt: number | undefined;
  readonly revocation:
    | { readonly by: string; readonly reason: string; readonly forCause: boolean; readonly at: number }
    | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** @param now milliseconds */
export function viewOf(record: AgreementRecord, now: number): AgreementView {
  const { id, digest, peer, proposer, document, code, revoked_by, revoked_at, reason, for_cause } = record;
  return {
    id,
    digest: digest.toString('hex'),
    peer,
    proposer,
    state: stateAt(record, now),
    content: readAgreement(document).content,
    document,
    code,
    activatedAt: record.activated_at ?? undefined,
    revocation: revoked_at === null ? undefined : { by: revoked_by, reason, forCause: for_cause === 1, at: revoked_at },
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  };
}
