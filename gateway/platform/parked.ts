import { CodedError } from '#proto';
import type { LetterDetail } from '../dead-letter/dead-letters.ts';
import type { Letter } from '../dead-letter/letter.ts';
import type { Sql, Transaction } from '../store/store.ts';

/** Events that are parked for a platform: each has an open dead letter (死信). */
export const parkedEvents = {
  /**
   * Makes a parked event wait again, due at once, as if it never had failed. It may arrive after later events of its
   * subject, whose sequence numbers show it.
   *
   * @throws CodedError CONFLICT when there is nothing to deliver any more
   */
  async unpark(tx: Transaction, { name, place, reason }: Letter): Promise<void> {
    if (reason === 'overflow')
      throw new CodedError(
        'CONFLICT',
        'these events are gone: let the platform read by the API what it missed; drop it',
      );
    await tx.run(
      `UPDATE platform_held SET state = 'waiting', attempts = 0, first_at = 0, due_at = 0
       WHERE adapter = ? AND position = ? AND state = 'parked'`,
      name,
      place,
    );
  },

  async remove(tx: Transaction, { name, place }: Letter): Promise<void> {
    await tx.run("DELETE FROM platform_held WHERE adapter = ? AND position = ? AND state = 'parked'", name, place);
  },

  async detail(sql: Sql, { name, place }: Letter): Promise<LetterDetail> {
    const held = await sql.get<{ attempts: number; message: string }>(
      'SELECT attempts, message FROM platform_held WHERE adapter = ? AND position = ?',
      name,
      place,
    );
    return held ?? {};
  },
};
