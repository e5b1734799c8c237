import { nextState } from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { agreements } from './agreement-table.ts';

/**
 * The peer's verdict on a proposal or an acceptance of ours. It may come after the agreement was revoked, and then
 * changes nothing.
 *
 * @param now milliseconds
 */
export async function settleAgreement(
  tx: Transaction,
  { name, conversation, peer, code }: Settled,
  books: AgreementBooks,
  now: number,
): Promise<void> {
  if (name !== 'AuthorizationProposal' && name !== 'AuthorizationAcceptance') return;
  const record = await agreements.ofConversation(tx, conversation, peer);
  if (!record) return;
  const failedBy = (other: 'proposer' | 'acceptor') => (code === 'EXPIRED' ? 'clock' : other);
  if (name === 'AuthorizationProposal' && record.state === 'proposed' && code !== '') {
    const state = nextState(record.state, 'proposal-failed', failedBy('acceptor'));
    await books.change(tx, record, { state, code }, now);
  }
  if (name === 'AuthorizationAcceptance' && record.state === 'accepted') {
    if (code === '') {
      const state = nextState(record.state, 'acceptance-receipted', 'proposer');
      await books.change(tx, record, { state, activated_at: now }, now);
    } else {
      const state = nextState(record.state, 'acceptance-failed', failedBy('proposer'));
      await books.change(tx, record, { state, document: record.proposal, code }, now);
    }
  }
}
