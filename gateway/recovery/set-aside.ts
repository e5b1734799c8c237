import { CodedError, decode, type ErrorCode, payloadName } from '#proto';
import { type ArrivedEnvelope, readArrived } from '#trust';
import { inbox } from '../inbound/inbox.ts';
import { recoveredEnvelopes } from '../outbound/recovered-envelopes.ts';
import type { Transaction } from '../store/store.ts';
import type { Sides } from './exchanged.ts';
import { heldConversations } from './held-conversations.ts';
import { recoveryTable } from './recovery-table.ts';

/** Numbers beyond it nobody ever came to: what names one is made up. */
const LONGEST = 1_000_000_000;

/**
 * Sets aside what a peer gave back and nobody can verify, as under a key that was revoked since: it is counted, and holds
 * its conversation. The number that it names is passed over, so that the conversation can go on once somebody has looked;
 * a peer that names a wrong one spoils a conversation with itself, and no more.
 *
 * @param header as it came; of one that cannot be read nothing but the number of such is kept
 * @param code why it does not verify
 * @param now milliseconds
 */
export async function setAside(
  tx: Transaction,
  header: Buffer,
  sides: Sides,
  code: ErrorCode,
  now: number,
): Promise<void> {
  const peer = sides.peer.region;
  await recoveryTable.countAside(tx, peer);
  const named = readHeader(header, sides);
  if (!named) return;
  const { id, conversation, sequence, type, sender } = named;
  if (sender !== peer) await recoveredEnvelopes.passNumber(tx, peer, conversation, sequence);
  else if (sequence >= (await inbox.expected(tx, peer, conversation)))
    await inbox.consume(tx, peer, conversation, sequence);
  // Somebody looked, and the peer was asked again.
  if (await heldConversations.wasReleased(tx, conversation, peer, id)) return;
  const what = { code, envelope: id, type: payloadName(type) ?? '' };
  await heldConversations.hold(tx, { conversation, peer, reason: 'unverified', ...what, notedAt: now });
}

function readHeader(header: Buffer, { own, peer }: Sides): ArrivedEnvelope['header'] | undefined {
  const none = Buffer.alloc(0);
  try {
    const isOwn = decode('EnvelopeHeader', header).sender === own.region;
    const [sender, recipient] = isOwn ? [own.region, peer.region] : [peer.region, own.region];
    const named = readArrived({ header, payload: none, payloadSalt: none, seal: null }, sender, recipient).header;
    return named.sequence <= LONGEST ? named : undefined;
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
