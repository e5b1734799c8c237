import { CodedError } from '#proto';
import { AuthorizationError, type AuthorizationWord, wordOf } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { type AgreementRecord, stateAt } from './agreement-record.ts';
import { agreements } from './agreement-table.ts';

/** Proposals that may answer one another before the two regions must begin anew. */
export const MAX_CHAIN = 10;

/**
 * Milliseconds after a renewal that came into force late, within which the other region's new cases may still cite the
 * old version: the acceptor learns only by a receipt that the renewal is in force.
 */
const LATE_RENEWAL_MS = 24 * 60 * 60 * 1000;

/** A proposal of a chain in which each answers the one before. */
export interface ChainLink {
  readonly id: string;
  readonly proposer: string;
  readonly state: AuthorizationWord;
  /** Milliseconds. */
  readonly createdAt: number;
}

/** Where an agreement comes from and what became of it. */
export interface Lineage {
  /** The proposals that led to it and those that answered it, the first one first; itself alone when there are none. */
  readonly chain: readonly ChainLink[];
  /** The agreement that it renews, and the renewals of it that came into force. */
  readonly renews: string | undefined;
  readonly renewedBy: readonly string[];
}

/** @param now milliseconds */
export async function lineageOf(sql: Sql, record: AgreementRecord, now: number): Promise<Lineage> {
  const chain = [...(await ancestors(sql, record)), ...(await answers(sql, record))];
  return {
    chain: chain.map((one) => {
      return { id: one.id, proposer: one.proposer, state: wordOf(stateAt(one, now)), createdAt: one.created_at };
    }),
    renews: record.supersedes || undefined,
    renewedBy: (await agreements.renewalsOf(sql, record.id)).map(({ id }) => id),
  };
}

/**
 * Demands that one more proposal may answer this one.
 *
 * @throws CodedError CONFLICT
 */
export async function demandRoomInChain(sql: Sql, record: AgreementRecord): Promise<void> {
  if ((await ancestors(sql, record)).length < MAX_CHAIN) return;
  throw new CodedError('CONFLICT', `${MAX_CHAIN} proposals have answered one another; talk, and propose anew`);
}

/**
 * The agreement that a new one is to renew: with the same peer, once in force, not yet renewed or revoked.
 *
 * @param now milliseconds
 * @throws AuthorizationError AUTHORIZATION_UNKNOWN, AUTHORIZATION_PENDING (a deferral), AUTHORIZATION_INACTIVE
 */
export async function demandRenewable(sql: Sql, id: string, peer: string, now: number): Promise<AgreementRecord> {
  const old = await agreements.find(sql, id);
  if (!old || old.peer !== peer) {
    throw new AuthorizationError('AUTHORIZATION_UNKNOWN', 'the authorization that it replaces is not known here');
  }
  const state = wordOf(stateAt(old, now));
  if (state === 'accepted') throw new AuthorizationError('AUTHORIZATION_PENDING');
  const renewable = state === 'active' || state === 'suspended' || state === 'expired';
  if (!renewable || old.activated_at === null || old.superseded_from !== null) {
    throw new AuthorizationError('AUTHORIZATION_INACTIVE', `the authorization that it replaces is ${state}`);
  }
  return old;
}

/** Lets an agreement that came into force take the place of the one that it renews, at once or when it begins. */
export async function succeed(tx: Transaction, books: AgreementBooks, record: AgreementRecord, now: number) {
  const old = record.supersedes === '' ? undefined : await agreements.find(tx, record.supersedes);
  if (!old || old.peer !== record.peer) return;
  const from = Math.max(record.valid_from, now);
  const late = from > record.valid_from;
  const replaced = {
    ...old,
    superseded_from: Math.min(old.superseded_from ?? from, from),
    cited_until: Math.min(old.cited_until ?? Number.POSITIVE_INFINITY, late ? from + LATE_RENEWAL_MS : from),
  };
  const { superseded_from, cited_until } = replaced;
  await books.change(tx, old, { state: stateAt(replaced, now), superseded_from, cited_until }, now);
}

/** A proposal and those that led to it, the first one first. */
async function ancestors(sql: Sql, record: AgreementRecord): Promise<AgreementRecord[]> {
  const found = [record];
  while (found[0]!.counters !== '' && found.length <= MAX_CHAIN) {
    const older = await agreements.find(sql, found[0]!.counters);
    if (!older) break;
    found.unshift(older);
  }
  return found;
}

/** The proposals that answered one, each the one before. */
async function answers(sql: Sql, record: AgreementRecord): Promise<AgreementRecord[]> {
  const found: AgreementRecord[] = [];
  for (let last = record; found.length < MAX_CHAIN; ) {
    const all = await agreements.counterTo(sql, last.id);
    const next = all.find(({ state }) => state !== 'draft') ?? all[0];
    if (!next) break;
    found.push(next);
    last = next;
  }
  return found;
}
