import { createHash } from 'node:crypto';
import { CodedError, fields, optional, type Problem, text } from '#proto';
import type { CaseFile } from '../../case/case-file.ts';
import { demandNone } from '../helpers/body.ts';
import { faultLine, readLine } from './line-text.ts';
import type { Line } from './lines.ts';
import type { WaitingRoom } from './waiting-room.ts';

/**
 * Hands one case over; the case service does it in one unit of work.
 *
 * @param conversation of the case, where the line has a key: a repeated line answers with the case of the first
 */
type Submit = (input: unknown, conversation?: string) => Promise<Pick<CaseFile, 'conversation' | 'number'>>;

const keyRule = fields({
  key: optional(text(64, { pattern: /^[\x21-\x7e]+$/, hint: 'must be printable ASCII characters without spaces' })),
});

/**
 * Submits the case of a line and says what became of it, as one line of JSON. While the outbox is full it waits.
 *
 * @param owner whose keys these are
 */
export async function submitLine(
  line: Line,
  number: number,
  owner: string,
  submit: Submit,
  room: WaitingRoom,
): Promise<string> {
  try {
    const { input, conversation } = keyOfLine(readLine(line), owner);
    const opened = await whenThereIsRoom(input, () => submit(input, conversation), room);
    return `{"line":${number},"conversation":"${opened.conversation}","number":"${opened.number}"}\n`;
  } catch (error) {
    return faultLine(number, error);
  }
}

/** The case of a line, and its conversation: always the same for the same key of the same platform. */
function keyOfLine(line: unknown, owner: string): { readonly input: unknown; readonly conversation?: string } {
  if (typeof line !== 'object' || line === null || !Object.hasOwn(line, 'key')) return { input: line };
  const { key, ...input } = line as { key: string };
  const problems: Problem[] = [];
  keyRule({ key }, '', problems);
  demandNone(problems);
  return { input, conversation: uuidOf(JSON.stringify([owner, key])) };
}

/** A UUID of one's own making (version 8, RFC 9562 section 5.8). */
function uuidOf(name: string): string {
  const bytes = createHash('sha256').update(`bulk ${name}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

async function whenThereIsRoom<T>(input: unknown, submit: () => Promise<T>, room: WaitingRoom): Promise<T> {
  const peer = String((input as { handlingRegion?: unknown } | null)?.handlingRegion);
  if (room.isTaken(peer)) await room.wait(peer);
  for (;;) {
    try {
      return await submit();
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'BACK_PRESSURE') throw error;
      await room.waitRefused(peer);
    }
  }
}
