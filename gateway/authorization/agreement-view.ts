import { type AgreementContent, type AuthorizationWord, catalogueLists, hasEnded, readAgreement, wordOf } from '#trust';
import type { Lineage } from './agreement-lineage.ts';
import { type AgreementRecord, listsOf, type Suspension, stateAt, suspensionsOf } from './agreement-record.ts';

/** An agreement as people and programs look at it. Times are milliseconds. */
export interface AgreementView {
  readonly id: string;
  /** Hex of the SHA-256 that envelopes cite. */
  readonly digest: string;
  readonly peer: string;
  readonly proposer: string;
  /** Now: `expired` when the validity has ended, `superseded` when a renewal has taken its place. */
  readonly state: AuthorizationWord;
  /** Parties, grants, fields, validity and text. */
  readonly content: AgreementContent;
  /** Why the last proposal or acceptance failed; empty when it did not. */
  readonly code: string;
  readonly activatedAt: number | undefined;
  /** Who has it suspended; only those may resume. */
  readonly suspensions: readonly Suspension[];
  /** When its renewal takes or took its place. */
  readonly supersededFrom: number | undefined;
  readonly revocation:
    | { readonly by: string; readonly reason: string; readonly forCause: boolean; readonly at: number }
    | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The items that a catalogue in an agreement stands for. */
export interface CatalogueView {
  readonly scope: string;
  readonly digest: string;
  readonly items: readonly string[];
}

/** Everything about one agreement but its contacts. */
export interface AgreementDetails extends AgreementView {
  /** The newest document as it is signed: one signature or both. */
  readonly document: string;
  readonly catalogues: readonly CatalogueView[];
  readonly lineage: Lineage;
}

/** @param now milliseconds */
export function viewOf(record: AgreementRecord, now: number): AgreementView {
  const { id, digest, peer, proposer, document, code, revoked_by, revoked_at, reason } = record;
  const state = stateAt(record, now);
  const forCause = state === 'revoked-for-cause';
  return {
    id,
    digest: digest.toString('hex'),
    peer,
    proposer,
    state: wordOf(state),
    content: readAgreement(document).content,
    code,
    activatedAt: record.activated_at ?? undefined,
    suspensions: hasEnded(state) ? [] : suspensionsOf(record),
    supersededFrom: record.superseded_from ?? undefined,
    revocation: revoked_at === null ? undefined : { by: revoked_by, reason, forCause, at: revoked_at },
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  };
}

/** @param now milliseconds */
export function detailsOf(record: AgreementRecord, lineage: Lineage, now: number): AgreementDetails {
  const view = viewOf(record, now);
  const lists = catalogueLists(listsOf(record));
  const named = view.content.grants.flatMap(({ catalogue }) => catalogue ?? []);
  const catalogues = [...new Map(named.map((one) => [`${one.scope} ${one.digest}`, one])).values()];
  return {
    ...view,
    document: record.document,
    catalogues: catalogues.map(({ scope, digest }) => ({ scope, digest, items: lists.get(digest) ?? [] })),
    lineage,
  };
}
