import { type AuthorizationState, hasEnded, nextState, readAgreement, stateAfterNews } from '#trust';

/** A row of the books: one agreement (相互授权) with one peer. Times are milliseconds. */
export interface AgreementRecord {
  readonly id: string;
  readonly digest: Buffer;
  readonly peer: string;
  /** Region that proposed it: the peer or we. */
  readonly proposer: string;
  readonly conversation: string;
  /** As last written; `stateAt` adds what time has done since. */
  readonly state: AuthorizationState;
  /** The document with the proposer's signature alone. */
  readonly proposal: string;
  /** The newest document: the proposal, or the one with both signatures. */
  readonly document: string;
  /** JSON: the lists of item codes behind the digests of the document's catalogues. */
  readonly lists: string;
  readonly valid_from: number;
  readonly valid_until: number;
  /** Id of the agreement that this one renews, and of the proposal that it counters; empty when there is none. */
  readonly supersedes: string;
  readonly counters: string;
  /** Why the last proposal or acceptance failed; empty when it did not. */
  readonly code: string;
  /** JSON: who has it suspended, why and since when. */
  readonly suspensions: string;
  /** When a renewal takes its place; null while none is in force. */
  readonly superseded_from: number | null;
  /** Before when a new case must have been sent that the other region rightly opens under it all the same. */
  readonly cited_until: number | null;
  readonly reason: string;
  readonly revoked_by: string;
  readonly revoked_at: number | null;
  /** When it first came into force here; null when it never did. */
  readonly activated_at: number | null;
  /** The last warning that it ends: so many days before; null before the first. */
  readonly warned_days: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** What may change in a row. */
export type AgreementChange = Partial<
  Pick<
    AgreementRecord,
    | 'state'
    | 'document'
    | 'code'
    | 'suspensions'
    | 'superseded_from'
    | 'cited_until'
    | 'reason'
    | 'revoked_by'
    | 'revoked_at'
    | 'activated_at'
    | 'warned_days'
  >
>;

/** That a region stopped new cases under an agreement, until it resumes. */
export interface Suspension {
  readonly by: string;
  readonly reason: string;
  /** Milliseconds. */
  readonly at: number;
}

/** The state of an agreement at a moment (ms), with what time has done since it was written: renewed or expired. */
export function stateAt(record: AgreementRecord, now: number): AuthorizationState {
  const { state, valid_until, superseded_from, activated_at } = record;
  const live = state !== 'draft' && !hasEnded(state);
  const lived = live && now >= valid_until ? nextState(state, 'expire', 'clock') : state;
  const renewed = activated_at !== null && superseded_from !== null && now >= superseded_from;
  return renewed ? stateAfterNews(lived, 'supersede', 'clock') : lived;
}

/** Who has it suspended now. */
export function suspensionsOf({ suspensions }: AgreementRecord): readonly Suspension[] {
  return JSON.parse(suspensions) as Suspension[];
}

/** The lists of item codes that its catalogues stand for. */
export function listsOf({ lists }: AgreementRecord): readonly (readonly string[])[] {
  return JSON.parse(lists) as string[][];
}

/** Where a proposal belongs. */
export interface ProposalPlace {
  readonly peer: string;
  readonly proposer: string;
  readonly conversation: string;
  /** Milliseconds. */
  readonly at: number;
}

/** The row of a proposal that was just made or just arrived. */
export function proposedRecord(
  proposal: string,
  lists: readonly (readonly string[])[],
  { peer, proposer, conversation, at }: ProposalPlace,
): AgreementRecord {
  const { content, digest } = readAgreement(proposal);
  return {
    id: content.id,
    digest,
    peer,
    proposer,
    conversation,
    state: 'proposed',
    proposal,
    document: proposal,
    lists: JSON.stringify(lists),
    valid_from: Date.parse(content.valid_from),
    valid_until: Date.parse(content.valid_until),
    supersedes: content.supersedes ?? '',
    counters: content.counters ?? '',
    code: '',
    suspensions: '[]',
    superseded_from: null,
    cited_until: null,
    reason: '',
    revoked_by: '',
    revoked_at: null,
    activated_at: null,
    warned_days: null,
    created_at: at,
    updated_at: at,
  };
}
