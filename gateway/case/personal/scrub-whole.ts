import type { Transaction } from '../../store/store.ts';
import { scrubbed } from './scrub.ts';

/**
 * M3: erases what is personal in a joint case (联办件) that our region leads, once every part of it is erased.
 *
 * @param part conversation of a part that was erased
 * @returns conversation of the joint case, whose files are to go too; undefined while a part is left
 */
export async function scrubWhole(tx: Transaction, part: string): Promise<string | undefined> {
  const whole = await tx.get<{ conversation: string; document: string }>(
    `SELECT conversation, document FROM joint_case
     WHERE conversation = (SELECT joint FROM joint_part WHERE conversation = ?)
       AND NOT EXISTS (SELECT 1 FROM joint_part JOIN case_file ON case_file.conversation = joint_part.conversation
         WHERE joint_part.joint = joint_case.conversation AND case_file.erased_at IS NULL)`,
    part,
  );
  if (!whole) return undefined;
  const document = { ...scrubbed(JSON.parse(whole.document)), forms: {} };
  await tx.run(
    'UPDATE joint_case SET document = ? WHERE conversation = ?',
    JSON.stringify(document),
    whole.conversation,
  );
  return whole.conversation;
}
