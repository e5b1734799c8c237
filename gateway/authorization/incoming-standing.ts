import type { messages } from '#proto';
import { AuthorizationError, hasEnded, stateAfterNews } from '#trust';
import type { Incoming } from '../peer/incoming.ts';
import type { Sql, Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { type AgreementRecord, stateAt, suspensionsOf } from './agreement-record.ts';
import { actorIn, outranks } from './agreement-rules.ts';
import { agreements } from './agreement-table.ts';

/** The peer lets no new case in for a while. What has ended stays as it is. */
export async function takeSuspension(
  tx: Transaction,
  { payload, peer, receivedAt }: Incoming,
  books: AgreementBooks,
): Promise<void> {
  const suspension = payload as messages.AuthorizationSuspension;
  const record = await demandNamed(tx, suspension, peer.region);
  const state = stateAfterNews(stateAt(record, receivedAt), 'suspend', actorIn(record, peer.region));
  if (hasEnded(state)) return;
  const own = { by: peer.region, reason: suspension.reason, at: Math.min(suspension.suspendedAt, receivedAt) };
  const suspensions = JSON.stringify([...suspensionsOf(record), own]);
  await books.change(tx, record, { state, suspensions }, receivedAt);
}

/** The peer lets new cases in again; whatever we suspended ourselves stays suspended. */
export async function takeResumption(
  tx: Transaction,
  { payload, peer, receivedAt }: Incoming,
  books: AgreementBooks,
): Promise<void> {
  const record = await demandNamed(tx, payload as messages.AuthorizationResumption, peer.region);
  const state = stateAfterNews(stateAt(record, receivedAt), 'resume', actorIn(record, peer.region));
  if (hasEnded(state)) return;
  const suspensions = JSON.stringify(suspensionsOf(record).filter(({ by }) => by !== peer.region));
  await books.change(tx, record, { state, suspensions }, receivedAt);
}

/** The peer ends it; what has ended stays as it is, unless it now ends for cause. */
export async function takeRevocation(
  tx: Transaction,
  { payload, peer, receivedAt }: Incoming,
  books: AgreementBooks,
): Promise<void> {
  const revocation = payload as messages.AuthorizationRevocation;
  const { reason, forCause } = revocation;
  const record = await demandNamed(tx, revocation, peer.region);
  if (record.state === 'draft') return;
  const before = stateAt(record, receivedAt);
  const event = forCause ? 'revoke-for-cause' : 'revoke';
  const state = stateAfterNews(before, event, actorIn(record, peer.region));
  const same = state === before;
  const asStrong = before === (forCause ? 'revoked-for-cause' : 'revoked');
  if (same && !(asStrong && outranks(peer.region, record))) return;
  const revoked_at = Math.min(revocation.revokedAt, receivedAt);
  await books.change(tx, record, { state, reason, revoked_by: peer.region, revoked_at }, receivedAt);
}

/** @throws AuthorizationError AUTHORIZATION_UNKNOWN */
export async function demandNamed(
  sql: Sql,
  { authorizationId, authorizationDigest }: { authorizationId: string; authorizationDigest: Buffer },
  peer: string,
): Promise<AgreementRecord> {
  const record = await agreements.find(sql, authorizationId);
  if (!record || record.peer !== peer || !record.digest.equals(authorizationDigest)) {
    throw new AuthorizationError('AUTHORIZATION_UNKNOWN');
  }
  return record;
}
