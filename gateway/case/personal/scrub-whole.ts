import type { Sql, Transaction } from '../../store/store.ts';
import { wholeOfText, wholeText } from '../joint/joint-case-table.ts';
import { scrubbed } from './scrub.ts';

/** A case of a part of a whole that is not erased yet. */
const PART_LEFT = `SELECT 1 FROM joint_part JOIN case_file ON case_file.conversation = joint_part.conversation
  WHERE joint_part.joint = joint_case.conversation AND case_file.erased_at IS NULL`;

/** Whether a conversation is that of a whole that our region leads: a joint case (联办件) or the case of a bundle (一件事). */
export async function isWhole(sql: Sql, conversation: string): Promise<boolean> {
  return (await sql.get('SELECT 1 FROM joint_case WHERE conversation = ?', conversation)) !== undefined;
}

/** The whole of which a case is a part. */
export async function wholeOf(sql: Sql, part: string): Promise<string | undefined> {
  const row = await sql.get<{ joint: string }>('SELECT joint FROM joint_part WHERE conversation = ?', part);
  return row?.joint;
}

/**
 * Erases what is personal in a whole that our region leads, once every case of a part of it is erased.
 *
 * @param at milliseconds
 * @returns whether it was, so that its files are to go too; false while a part is left
 */
export async function scrubWhole(tx: Transaction, conversation: string, at: number): Promise<boolean> {
  const whole = await tx.get<{ document: string }>(
    `SELECT document FROM joint_case WHERE conversation = ? AND NOT EXISTS (${PART_LEFT})`,
    conversation,
  );
  if (!whole) return false;
  const document = { ...scrubbed(wholeOfText(tx, conversation, whole.document)), forms: {} };
  await tx.run(
    'UPDATE joint_case SET document = ?, erased_at = coalesce(erased_at, ?) WHERE conversation = ?',
    wholeText(tx, conversation, document),
    at,
    conversation,
  );
  return true;
}

/**
 * Wholes of which no part was ever opened (撤销的、未提交的登记), and that nobody touched since, in the order of that moment.
 *
 * @param after the last one before
 * @param until milliseconds
 */
export function idleWholes(
  sql: Sql,
  after: { readonly since: number; readonly conversation: string },
  until: number,
  limit: number,
): Promise<{ conversation: string; since: number }[]> {
  return sql.all(
    `SELECT conversation, updated_at AS since FROM joint_case
     WHERE erased_at IS NULL AND updated_at <= ? AND (updated_at, conversation) > (?, ?)
       AND NOT EXISTS (SELECT 1 FROM joint_part JOIN case_file ON case_file.conversation = joint_part.conversation
         WHERE joint_part.joint = joint_case.conversation)
     ORDER BY updated_at, conversation LIMIT ?`,
    until,
    after.since,
    after.conversation,
    limit,
  );
}
