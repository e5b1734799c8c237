import type { messages, Problem } from '#proto';
import {
  AuthorizationError,
  nextState,
  type RegionStatement,
  stateAfterNews,
  VerificationError,
  type VerifiedAgreement,
  verifyAgreement,
  wordOf,
} from '#trust';
import type { Incoming } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { demandRenewable, demandRoomInChain, succeed } from './agreement-lineage.ts';
import { type AgreementRecord, proposedRecord, stateAt } from './agreement-record.ts';
import { agreements } from './agreement-table.ts';
import { listsFit } from './granted-catalogues.ts';

/** Proposals of one peer that may wait for our operator. */
const UNDECIDED_PER_PEER = 100;

type Expectation = Parameters<typeof verifyAgreement>[2];

/** A proposal: a new agreement, an answer to a proposal of ours, or a renewal. */
export async function takeProposal(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  own: RegionStatement,
  books: AgreementBooks,
): Promise<void> {
  const { document, lists } = payload as messages.AuthorizationProposal;
  const { region } = peer;
  const expected = { signatures: 'proposed', at: receivedAt, proposer: region } as const;
  const { content, digest } = verified(document, peer, own, expected);
  const known = await agreements.find(tx, content.id);
  if (known) return demandSame(known, region, digest);
  const { conversation } = envelope.header;
  const items = lists.map((list) => list.items);
  if (!listsFit(content, items)) throw invalid('the lists beside it are not those of the catalogues that it names');
  const proposed = proposedRecord(document, items, { peer: region, proposer: region, conversation, at: receivedAt });
  if (proposed.valid_until <= receivedAt) throw invalid('the agreement ended before it arrived');
  if (await agreements.ofConversation(tx, conversation, region)) {
    throw invalid('the conversation is about another agreement');
  }
  if (proposed.supersedes !== '') await demandRenewable(tx, proposed.supersedes, region, receivedAt);
  if ((await agreements.undecided(tx, region)) >= UNDECIDED_PER_PEER) {
    throw new AuthorizationError('TRY_LATER', 'too many proposals wait for an answer');
  }
  if (proposed.counters !== '') await answer(tx, proposed, own.region, books, receivedAt);
  await books.open(tx, proposed);
}

/** The signature of the other region under what we proposed. */
export async function takeAcceptance(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  own: RegionStatement,
  books: AgreementBooks,
): Promise<void> {
  const { document } = payload as messages.AuthorizationAcceptance;
  const expected = { signatures: 'complete', at: receivedAt, proposer: own.region } as const;
  const { content, digest } = verified(document, peer, own, expected);
  const record = await agreements.find(tx, content.id);
  if (!record || record.peer !== peer.region) throw new AuthorizationError('AUTHORIZATION_UNKNOWN');
  if (record.proposer !== own.region || !record.digest.equals(digest)) throw invalid('it is not what we proposed');
  if (record.conversation !== envelope.header.conversation) throw invalid('it came in another conversation');
  if (record.activated_at !== null && record.document === document) return;
  const state = stateAt(record, receivedAt);
  if (state !== 'proposed') {
    throw new AuthorizationError('AUTHORIZATION_INACTIVE', `the authorization is ${wordOf(state)}`);
  }
  const next = nextState(state, 'acceptance-received', 'acceptor');
  await books.change(tx, record, { state: next, document, code: '', activated_at: receivedAt }, receivedAt);
  await succeed(tx, books, record, receivedAt);
}

/** Ends the proposal of ours that the peer answers with one of its own. */
async function answer(
  tx: Transaction,
  { counters, peer }: AgreementRecord,
  own: string,
  books: AgreementBooks,
  now: number,
): Promise<void> {
  const answered = await agreements.find(tx, counters);
  if (!answered || answered.peer !== peer || answered.proposer !== own) {
    throw new AuthorizationError('AUTHORIZATION_UNKNOWN', 'the proposal that it counters is not known here');
  }
  if (answered.activated_at !== null) {
    throw new AuthorizationError('AUTHORIZATION_INACTIVE', 'the proposal that it counters was accepted');
  }
  const others = await agreements.counterTo(tx, counters);
  if (others.length > 0) throw invalid('the proposal that it counters has been answered by another one');
  await demandRoomInChain(tx, answered).catch((cause) => {
    throw invalid('too many proposals have answered one another', [], cause);
  });
  const state = stateAfterNews(stateAt(answered, now), 'counter', 'acceptor');
  await books.change(tx, answered, { state }, now);
}

/** The same proposal once more has no effect; another one under its id is a fault. */
function demandSame(known: AgreementRecord, proposer: string, digest: Buffer): void {
  if (known.peer !== proposer || known.proposer !== proposer || !known.digest.equals(digest)) {
    throw invalid('the id of the agreement is taken by another one');
  }
}

/** The document, verified and between the sender and us. Whatever is wrong with it, the answer has one code. */
function verified(
  document: string,
  peer: RegionStatement,
  own: RegionStatement,
  expected: Expectation,
): VerifiedAgreement {
  try {
    const known = new Map([peer, own].map((statement) => [statement.region, statement]));
    const agreement = verifyAgreement(document, (region) => known.get(region), expected);
    if (agreement.content.parties.every((party) => known.has(party))) return agreement;
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    throw invalid(`${error.code}: ${error.message}`, error.problems, error);
  }
  throw invalid('the agreement is not between the sender and us');
}

function invalid(detail: string, problems: readonly Problem[] = [], cause?: unknown): VerificationError {
  return new VerificationError('AUTHORIZATION_INVALID', detail, problems, { cause });
}
