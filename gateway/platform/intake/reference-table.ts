import { CodedError } from '#proto';
import type { Sql, Transaction } from '../../store/store.ts';

/** Characters of a platform's own number, at most. */
export const REFERENCE_LENGTH = 128;

/** Whether a text can be a platform's own number: a database cannot hold, or people tell apart, what has control characters. */
export function isReference(text: string): boolean {
  return text !== '' && text.length <= REFERENCE_LENGTH && !/\p{Cc}/u.test(text);
}

/** A case as one platform calls it. */
export interface NamedCase {
  /** Name of the platform. */
  readonly adapter: string;
  /** The platform's own number (平台办件号). */
  readonly reference: string;
  readonly conversation: string;
}

/** Numbers that platforms gave to cases: at most one for each platform and case. Erased with the case. */
export const referenceTable = {
  /** The conversation that a platform means by its own number. */
  async conversationOf(sql: Sql, adapter: string, reference: string): Promise<string | undefined> {
    const row = await sql.get<{ conversation: string }>(
      'SELECT conversation FROM platform_reference WHERE adapter = ? AND reference = ?',
      adapter,
      reference,
    );
    return row?.conversation;
  },

  /** The number that a platform gave to a case. */
  async referenceOf(sql: Sql, adapter: string, conversation: string): Promise<string | undefined> {
    const row = await sql.get<{ reference: string }>(
      'SELECT reference FROM platform_reference WHERE adapter = ? AND conversation = ?',
      adapter,
      conversation,
    );
    return row?.reference;
  },

  /**
   * Binds a number to a case; the same once more changes nothing.
   *
   * @param at milliseconds
   * @throws CodedError CONFLICT when the number belongs to another case, or the case has another number
   */
  async bind(tx: Transaction, { adapter, reference, conversation }: NamedCase, at: number): Promise<void> {
    const bound = await tx.run(
      `INSERT INTO platform_reference (adapter, reference, conversation, bound_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      ...[adapter, reference, conversation, at],
    );
    if (bound === 1 || (await this.conversationOf(tx, adapter, reference)) === conversation) return;
    throw new CodedError('CONFLICT', 'the number of the platform belongs to another case, or the case has another one');
  },
};
