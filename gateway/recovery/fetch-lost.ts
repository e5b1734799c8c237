import { CodedError, decode, type messages } from '#proto';
import type { Clock } from '#trust';
import type { Sql, Store } from '../store/store.ts';
import { groupOf, type Sides, type VerifiedExchange, verifyExchanged } from './exchanged.ts';
import { type ArrivedGroup, fetchedTable } from './fetched.ts';
import { RECENT_GROUPS } from './group-frames.ts';
import { setAside } from './set-aside.ts';

/** Envelopes of one answer that may be set aside: each may hold a conversation. */
export const SET_ASIDE = 10_000;

/** Where what comes is kept. */
export interface FetchPlace {
  readonly store: Store;
  readonly clock: Clock;
}

/** What a fetch found out beside what it keeps. */
export interface FetchEnd {
  /** Newest state of our log that the peer holds; empty when it holds none. */
  readonly heldNote: string;
}

/**
 * Takes what a peer gives back, verifies all of it and keeps what this store lacks. Nothing is put in its place yet: an
 * answer that breaks off is asked for again and loses nothing. What does not verify is set aside, and stops nothing else.
 *
 * @param frames as they come; read in order
 * @throws CodedError what is wrong with a group; PROTOCOL_VIOLATION, also when the answer ends before its end or more than
 *   10,000 envelopes of it had to be set aside
 */
export async function fetchLost(
  place: FetchPlace,
  frames: AsyncIterable<messages.RecoverResponse>,
  sides: Sides,
): Promise<FetchEnd> {
  const groups = new Map<number, ArrivedGroup>();
  let heldNote: string | undefined;
  let count = 0;
  let aside = 0;
  for await (const { opening, group, exchanged, end } of frames) {
    if (opening) heldNote = opening.heldNote;
    else if (heldNote === undefined) throw violation('the first frame is the opening');
    else if (group) remember(groups, group);
    else if (exchanged) {
      if (!(await keep(place, exchanged, groups, sides))) aside += 1;
      if (aside > SET_ASIDE) throw violation('too much of the answer could not be verified');
      count += 1;
    } else if (end) {
      if (end.count !== count) throw violation(`${count} of ${end.count} envelopes came`);
      return { heldNote };
    }
  }
  throw violation('the answer ended before its end');
}

/** @returns false when it was set aside */
async function keep(
  { store, clock }: FetchPlace,
  exchanged: messages.ExchangedEnvelope,
  groups: ReadonlyMap<number, ArrivedGroup>,
  sides: Sides,
): Promise<boolean> {
  const seal = groups.get(exchanged.group);
  const receiptSeal = groups.get(exchanged.receiptGroup);
  if (!seal || !receiptSeal) throw violation('a group was named that did not come before');
  let verified: VerifiedExchange;
  try {
    if (await isKnown(store.read, exchanged.header, sides)) return true;
    verified = verifyExchanged(exchanged, seal.sealed, receiptSeal.sealed, sides);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    await store.write((tx) => setAside(tx, exchanged.header, sides, error.code, clock.now()));
    return false;
  }
  await store.write((tx) => fetchedTable.keep(tx, sides.peer.region, verified, exchanged, [seal, receiptSeal]));
  return true;
}

/** What is here with its verdict needs no word of the peer. */
async function isKnown(sql: Sql, header: Buffer, { own, peer }: Sides): Promise<boolean> {
  const { id, sender } = decode('EnvelopeHeader', header);
  const row =
    sender === own.region
      ? await sql.get("SELECT 1 FROM outbox WHERE id = ? AND state IN ('accepted', 'rejected')", id)
      : await sql.get('SELECT 1 FROM inbox WHERE sender = ? AND id = ?', peer.region, id);
  return row !== undefined;
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
