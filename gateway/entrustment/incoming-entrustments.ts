import type { messages, PayloadName } from '#proto';
import {
  AuthorizationError,
  type EntrustmentLink,
  readEntrustment,
  readRevocation,
  VerificationError,
  verifyRevocation,
} from '#trust';
import type { Incoming, IncomingHandler } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';
import { type EntrustmentRecord, entrustmentRecord, entrustments } from './entrustment-table.ts';
import { verifyUpcoming } from './standing.ts';

/** Links of one region that are kept. */
const LINKS_PER_REGION = 10_000;

/**
 * What another region shows and revokes.
 *
 * Codes of rejections: ENTRUSTMENT_INVALID (also for a signature or a key that does not serve), ENTRUSTMENT_WIDENED,
 * ENTRUSTMENT_DEPTH, ENTRUSTMENT_CYCLE, ENTRUSTMENT_INACTIVE, ENTRUSTMENT_REVOKED, ENTRUSTMENT_UNKNOWN. Deferral:
 * TRY_LATER when too many links of the region are kept.
 */
export const incomingEntrustments: Partial<Record<PayloadName, IncomingHandler>> = {
  EntrustmentPublished: takeShown,
  EntrustmentRevoked: takeRevoked,
};

async function takeShown(tx: Transaction, { envelope, payload, peer, receivedAt }: Incoming): Promise<void> {
  const { chain, authorizationId } = payload as messages.EntrustmentPublished;
  // Unverified as yet: good for looking up whether one of them was revoked.
  const shown = believed(() => chain.map((text, index) => readEntrustment(text, `/${index}`)));
  const known = await knownAmong(tx, shown);
  // A region shows what is its own to give, so nothing but its own statement counts.
  const statementOf = (region: string) => (region === peer.region ? peer : undefined);
  const { links, last } = believed(() => verifyUpcoming(chain, known, statementOf, receivedAt));
  for (const link of links) {
    if (!known.some(({ document }) => document === link.text)) await keep(tx, link, receivedAt);
    await entrustments.show(tx, {
      entrustment: link.content.id,
      peer: peer.region,
      conversation: envelope.header.conversation,
      authorization_id: link === last ? authorizationId : '',
      shown_at: receivedAt,
      code: '',
    });
  }
}

/** Everything that was passed on from the link ends with it, without a word about each. */
async function takeRevoked(tx: Transaction, { payload, peer, receivedAt }: Incoming): Promise<void> {
  const { revocation } = payload as messages.EntrustmentRevoked;
  const { entrustment } = believed(() => readRevocation(revocation));
  const record = await entrustments.ofDigest(tx, Buffer.from(entrustment, 'base64url').toString('hex'));
  if (record?.region !== peer.region) throw new AuthorizationError('ENTRUSTMENT_UNKNOWN');
  const { revoked_at } = believed(() => verifyRevocation(revocation, peer, receivedAt));
  if (record.revocation === '') await entrustments.revoke(tx, record.id, revocation, revoked_at, receivedAt);
}

async function knownAmong(tx: Transaction, links: readonly EntrustmentLink[]): Promise<EntrustmentRecord[]> {
  const records = await Promise.all(links.map(({ digest }) => entrustments.ofDigest(tx, digest.toString('hex'))));
  return records.filter((record) => record !== undefined);
}

async function keep(tx: Transaction, link: EntrustmentLink, at: number): Promise<void> {
  const record = entrustmentRecord(link, at);
  if (await entrustments.find(tx, record.id)) throw invalid('the id of a link is taken by another one');
  if ((await entrustments.count(tx, record.region)) >= LINKS_PER_REGION) {
    throw new AuthorizationError('TRY_LATER', 'too many entrustments of this region are kept');
  }
  await entrustments.insert(tx, record);
}

/** Runs what verifies. A signature or a key that does not serve makes the chain invalid, whatever is wrong with it. */
function believed<T>(verify: () => T): T {
  try {
    return verify();
  } catch (error) {
    if (!(error instanceof VerificationError) || error.code.startsWith('ENTRUSTMENT_')) throw error;
    throw invalid(`${error.code}: ${error.message}`, error);
  }
}

function invalid(detail: string, cause?: VerificationError): VerificationError {
  return new VerificationError('ENTRUSTMENT_INVALID', detail, cause?.problems ?? [], { cause });
}
