import { CodedError, LIMITS, type messages, UUID } from '#proto';
import { type RegionStatement, verifyCheckpoint } from '#trust';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { Sql } from '../store/store.ts';

/** Newest rows that are looked at for the marks: what happened last is what a store that was put back lacks. */
const LOOKED_AT = 20_000;

/** What a hello says of the other side's store. */
export interface HelloMarks {
  readonly marks: readonly { conversation: string; sequence: number; receipted: number }[];
  readonly heldNote: string;
}

/** What we know of a peer's store: how far the newest conversations came, and the newest state of its log. */
export async function marksFor(sql: Sql, peer: string): Promise<HelloMarks> {
  const decided = await sql.all<{ conversation: string; n: number }>(
    `SELECT conversation, max(sequence) AS n FROM inbox
     WHERE sender = ? AND position > (SELECT coalesce(max(position), 0) FROM inbox) - ?
     GROUP BY conversation ORDER BY max(position) DESC LIMIT ?`,
    peer,
    LOOKED_AT,
    LIMITS.helloMarks / 2,
  );
  const receipted = await sql.all<{ conversation: string; n: number }>(
    `SELECT conversation, max(sequence) AS n FROM outbox
     WHERE peer = ? AND state IN ('accepted', 'rejected')
       AND position > (SELECT coalesce(max(position), 0) FROM outbox) - ?
     GROUP BY conversation ORDER BY max(position) DESC LIMIT ?`,
    peer,
    LOOKED_AT,
    LIMITS.helloMarks / 2,
  );
  const marks = [
    ...decided.map(({ conversation, n }) => ({ conversation, sequence: n, receipted: 0 })),
    ...receipted.map(({ conversation, n }) => ({ conversation, sequence: 0, receipted: n })),
  ];
  const held = await sql.get<{ note: string }>('SELECT note FROM peer_checkpoint WHERE region = ?', peer);
  return { marks, heldNote: held?.note ?? '' };
}

/**
 * Whether a peer knows of numbers that this store never gave, or of verdicts that it never reached. Nobody signed what
 * it says: it is a reason to exchange nothing with this peer, and no more.
 *
 * @throws CodedError PROTOCOL_VIOLATION when the marks exceed their bounds
 */
export async function isBehind(sql: Sql, peer: string, marks: readonly messages.HighWaterMark[]): Promise<boolean> {
  if (marks.length > LIMITS.helloMarks || marks.some(({ conversation }) => !UUID.test(conversation)))
    throw new CodedError('PROTOCOL_VIOLATION', `a hello has at most ${LIMITS.helloMarks} marks of conversations`);
  for (const { conversation, sequence, receipted } of marks) {
    const row = await sql.get<{ next_out: number; next_in: number }>(
      'SELECT next_out, next_in FROM conversation WHERE id = ? AND peer = ?',
      conversation,
      peer,
    );
    if (sequence >= (row?.next_out ?? 1) || receipted >= (row?.next_in ?? 1)) return true;
  }
  return false;
}

/**
 * Whether our log key signed a state that our log was never in, and no newer epoch of ours explains it.
 *
 * @param note what a peer holds of our log; anything that we did not sign says nothing
 */
export async function isForeign(note: string, own: RegionStatement, log: EvidenceLog): Promise<boolean> {
  if (note === '') return false;
  try {
    const state = verifyCheckpoint(note, own);
    return state.epoch >= log.epoch && !(await log.contains(state));
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
