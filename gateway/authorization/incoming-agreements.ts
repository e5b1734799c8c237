import type { ErrorCode, messages, PayloadName, Problem } from '#proto';
import {
  AuthorizationError,
  nextState,
  type RegionStatement,
  VerificationError,
  type VerifiedAgreement,
  verifyAgreement,
} from '#trust';
import type { Incoming, IncomingHandler } from '../peer/incoming.ts';
import type { Peers } from '../peer/peers.ts';
import type { Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { type AgreementRecord, agreements, proposedRecord, stateAt } from './agreement-table.ts';
import { escalates } from './revocation.ts';

/** Proposals of one peer that may wait for our operator. */
const UNDECIDED_PER_PEER = 100;

type Expectation = Parameters<typeof verifyAgreement>[2];

/**
 * What the other region does with agreements, by type of message.
 *
 * Codes of rejections: AUTHORIZATION_INVALID (the document, whatever is wrong with it), AUTHORIZATION_UNKNOWN,
 * AUTHORIZATION_INACTIVE. Deferral: TRY_LATER when too many proposals of the peer are undecided.
 */
export function incomingAgreements(peers: Peers, books: AgreementBooks): Partial<Record<PayloadName, IncomingHandler>> {
  return {
    AuthorizationProposal: (tx, incoming) => takeProposal(tx, incoming, peers.own, books),
    AuthorizationAcceptance: (tx, incoming) => takeAcceptance(tx, incoming, peers.own, books),
    AuthorizationRevocation: (tx, incoming) => takeRevocation(tx, incoming, books),
  };
}

async function takeProposal(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  own: RegionStatement,
  books: AgreementBooks,
): Promise<void> {
  const { document } = payload as messages.AuthorizationProposal;
  const expected = { signatures: 'proposed', at: receivedAt, proposer: peer.region } as const;
  const { content, digest } = verified(document, peer, own, expected);
  const known = await agreements.find(tx, content.id);
  if (known) return demandSame(known, peer.region, digest);
  const { conversation } = envelope.header;
  const proposed = proposedRecord(document, { peer: peer.region, proposer: peer.region, conversation, at: receivedAt });
  if (proposed.valid_until <= receivedAt) throw invalid('the agreement ended before it arrived');
  if (await agreements.ofConversation(tx, conversation, peer.region)) {
    throw invalid('the conversation is about another agreement');
  }
  if ((await agreements.undecided(tx, peer.region)) >= UNDECIDED_PER_PEER) {
    throw new AuthorizationError('TRY_LATER', 'too many proposals wait for an answer');
  }
  await books.open(tx, proposed);
}

/** The same proposal once more has no effect; another one under its id is a fault. */
function demandSame(known: AgreementRecord, proposer: string, digest: Buffer): void {
  if (known.peer !== proposer || known.proposer !== proposer || !known.digest.equals(digest)) {
    throw invalid('the id of the agreement is taken by another one');
  }
}

async function takeAcceptance(
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
  const state = stateAt(record, receivedAt);
  if (state === 'active' && record.document === document) return;
  if (state !== 'proposed') throw new AuthorizationError('AUTHORIZATION_INACTIVE', `the authorization is ${state}`);
  const next = nextState(state, 'acceptance-received', 'acceptor');
  await books.change(tx, record, { state: next, document, code: '', activated_at: receivedAt }, receivedAt);
}

/** Ends the agreement whatever its validity; what has ended stays as it is, unless it now ends for cause. */
async function takeRevocation(
  tx: Transaction,
  { payload, peer, receivedAt }: Incoming,
  books: AgreementBooks,
): Promise<void> {
  const revocation = payload as messages.AuthorizationRevocation;
  const { authorizationId, authorizationDigest, reason, forCause } = revocation;
  const record = await agreements.find(tx, authorizationId);
  if (!record || record.peer !== peer.region || !record.digest.equals(authorizationDigest)) {
    throw new AuthorizationError('AUTHORIZATION_UNKNOWN');
  }
  if (record.state === 'draft') return;
  if (record.state === 'revoked' && !escalates(record, forCause)) return;
  const change = {
    state: 'revoked',
    reason,
    for_cause: forCause ? 1 : 0,
    revoked_by: peer.region,
    revoked_at: Math.min(revocation.revokedAt, receivedAt),
  } as const;
  await books.change(tx, record, change, receivedAt);
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
  const code: ErrorCode = 'AUTHORIZATION_INVALID';
  return new VerificationError(code, detail, problems, { cause });
}
