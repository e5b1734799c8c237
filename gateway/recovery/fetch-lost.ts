import { CodedError, type messages } from '#proto';
import type { Store } from '../store/store.ts';
import { groupOf, type Sides, verifyExchanged } from './exchanged.ts';
import { type ArrivedGroup, fetchedTable } from './fetched.ts';
import { RECENT_GROUPS } from './group-frames.ts';

/** What a fetch found out beside what it keeps. */
export interface FetchEnd {
  /** Newest state of our log that the peer holds; empty when it holds none. */
  readonly heldNote: string;
}

/**
 * Takes what a peer gives back, verifies all of it and keeps what this store lacks. Nothing is put in its place yet: an
 * answer that breaks off is asked for again and loses nothing.
 *
 * @param frames as they come; read in order
 * @throws CodedError what is wrong with a frame; PROTOCOL_VIOLATION, also when the answer ends before its end
 */
export async function fetchLost(
  store: Store,
  frames: AsyncIterable<messages.RecoverResponse>,
  sides: Sides,
): Promise<FetchEnd> {
  const peer = sides.peer.region;
  const groups = new Map<number, ArrivedGroup>();
  let heldNote: string | undefined;
  let count = 0;
  for await (const { opening, group, exchanged, end } of frames) {
    if (opening) heldNote = opening.heldNote;
    else if (heldNote === undefined) throw violation('the first frame is the opening');
    else if (group) remember(groups, group);
    else if (exchanged) {
      await keep(store, peer, exchanged, groups, sides);
      count += 1;
    } else if (end) {
      if (end.count !== count) throw violation(`${count} of ${end.count} envelopes came`);
      return { heldNote };
    }
  }
  throw violation('the answer ended before its end');
}

async function keep(
  store: Store,
  peer: string,
  exchanged: messages.ExchangedEnvelope,
  groups: ReadonlyMap<number, ArrivedGroup>,
  sides: Sides,
): Promise<void> {
  const seal = groups.get(exchanged.group);
  const receiptSeal = groups.get(exchanged.receiptGroup);
  if (!seal || !receiptSeal) throw violation('a group was named that did not come before');
  const verified = verifyExchanged(exchanged, seal.sealed, receiptSeal.sealed, sides);
  const { id } = verified.envelope.header;
  const known = verified.isOwn
    ? await store.read.get("SELECT 1 FROM outbox WHERE id = ? AND state IN ('accepted', 'rejected')", id)
    : await store.read.get('SELECT 1 FROM inbox WHERE sender = ? AND id = ?', peer, id);
  if (known) return;
  await store.write((tx) => fetchedTable.keep(tx, peer, verified, exchanged, [seal, receiptSeal]));
}

function remember(groups: Map<number, ArrivedGroup>, { number, signedRoot, leaves }: messages.SealedGroup): void {
  groups.set(number, { sealed: groupOf(signedRoot.toString('latin1'), leaves), row: undefined });
  for (const old of groups.keys()) {
    if (groups.size <= RECENT_GROUPS) return;
    groups.delete(old);
  }
}

function violation(what: string): CodedError {
  return new CodedError('PROTOCOL_VIOLATION', what);
}
