import type { PayloadName } from '#proto';
import { nextState, stateAfterNews } from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { succeed } from './agreement-lineage.ts';
import type { AgreementRecord } from './agreement-record.ts';
import { agreements } from './agreement-table.ts';

/**
 * The peer's verdict on a message of ours about an agreement. It may come after the agreement has ended, and then
 * changes only what both regions must hold alike: the document, and whether it ever was in force.
 *
 * @param sayAgain sends anew what the peer never heard
 * @param now milliseconds
 */
export async function settleAgreement(
  tx: Transaction,
  { name, conversation, peer, code }: Settled,
  books: AgreementBooks,
  sayAgain: (tx: Transaction, record: AgreementRecord, name: PayloadName, now: number) => Promise<void>,
  now: number,
): Promise<void> {
  if (!name.startsWith('Authorization')) return;
  const record = await agreements.ofConversation(tx, conversation, peer);
  if (!record) return;
  const by = code === 'EXPIRED' ? 'clock' : undefined;
  if (name === 'AuthorizationProposal' && code !== '') return failProposal(tx, books, record, code, by, now);
  if (name === 'AuthorizationAcceptance') {
    if (code === '') return activate(tx, books, record, now);
    return failAcceptance(tx, books, record, code, by, now);
  }
  if (code === 'EXPIRED') await sayAgain(tx, record, name, now);
}

async function failProposal(
  tx: Transaction,
  books: AgreementBooks,
  record: AgreementRecord,
  code: string,
  by: 'clock' | undefined,
  now: number,
): Promise<void> {
  if (record.state === 'proposed') {
    const state = nextState(record.state, 'proposal-failed', by ?? 'acceptor');
    await books.change(tx, record, { state, code }, now);
  }
  const answered = record.counters === '' ? undefined : await agreements.find(tx, record.counters);
  if (answered?.state === 'countered') {
    const state = nextState(answered.state, 'counter-failed', by ?? 'proposer');
    await books.change(tx, answered, { state }, now);
  }
}

/** The proposer took our signature: it is in force there, whatever has happened here since. */
async function activate(tx: Transaction, books: AgreementBooks, record: AgreementRecord, now: number): Promise<void> {
  if (record.activated_at !== null) return;
  const waits = record.state === 'accepted';
  const state = waits ? nextState(record.state, 'acceptance-receipted', 'proposer') : record.state;
  await books.change(tx, record, { state, activated_at: now }, now);
  await succeed(tx, books, record, now);
}

/** The proposer did not take our signature, so the document has only its own. */
async function failAcceptance(
  tx: Transaction,
  books: AgreementBooks,
  record: AgreementRecord,
  code: string,
  by: 'clock' | undefined,
  now: number,
): Promise<void> {
  const waits = record.state === 'accepted';
  const state = waits ? stateAfterNews(record.state, 'acceptance-failed', by ?? 'proposer') : record.state;
  await books.change(tx, record, { state, document: record.proposal, code }, now);
}
