import type { Sql, Transaction } from '../store/store.ts';

/** The beginning of an epoch of our log after the first. */
export interface LogEpoch {
  readonly epoch: number;
  /** Leaves that it took over from the epoch before. */
  readonly kept: number;
  /** Last state that was signed in that; empty for an empty log. */
  readonly checkpoint: string;
}

/** Epochs (新序) of our own log: a restored store goes on with the leaves that it has, under a number that nobody has seen. */
export const logEpochs = {
  async open(tx: Transaction, { epoch, kept, checkpoint }: LogEpoch, now: number): Promise<void> {
    await tx.run(
      'INSERT INTO log_epoch (epoch, kept, checkpoint, opened_at) VALUES (?, ?, ?, ?)',
      epoch,
      kept,
      checkpoint,
      now,
    );
  },

  /** How many leaves of an epoch that has ended stand in the log of today; undefined for an epoch that goes on. */
  async keptOf(sql: Sql, epoch: number): Promise<number | undefined> {
    const row = await sql.get<{ kept: number | null }>(
      'SELECT min(kept) AS kept FROM log_epoch WHERE epoch > ?',
      epoch,
    );
    return row?.kept ?? undefined;
  },

  /** What we signed last for a peer about an epoch. */
  async openingFor(sql: Sql, epoch: number, peer: string): Promise<string | undefined> {
    const row = await sql.get<{ text: string }>(
      'SELECT text FROM log_opening WHERE epoch = ? AND peer = ? ORDER BY log_position DESC LIMIT 1',
      epoch,
      peer,
    );
    return row?.text;
  },

  async keepOpening(
    tx: Transaction,
    { epoch, peer, text, logPosition }: { epoch: number; peer: string; text: string; logPosition: number },
  ): Promise<void> {
    await tx.run(
      'INSERT INTO log_opening (epoch, peer, text, log_position) VALUES (?, ?, ?, ?)',
      epoch,
      peer,
      text,
      logPosition,
    );
  },
};
