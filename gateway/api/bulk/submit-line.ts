import { CodedError } from '#proto';
import type { CaseFile } from '../../case/case-file.ts';
import { codedError } from '../problem.ts';
import { type Line, TOO_LONG } from './lines.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** Wrong fields of one line that are listed, at most. */
const MAX_PROBLEMS = 100;

/** Hands one case over; the case service does it in one unit of work. */
type Submit = (input: unknown) => Promise<Pick<CaseFile, 'conversation' | 'number'>>;

/** Submits the case of a line and says what became of it, as one line of JSON. While the outbox is full it waits. */
export async function submitLine(line: Line, number: number, submit: Submit, room: WaitingRoom): Promise<string> {
  try {
    const input = readLine(line);
    const { conversation, number: caseNumber } = await whenThereIsRoom(input, submit, room);
    return `{"line":${number},"conversation":"${conversation}","number":"${caseNumber}"}\n`;
  } catch (error) {
    const { code, message, problems } = codedError(error);
    return `${JSON.stringify({ line: number, code, message, errors: problems.slice(0, MAX_PROBLEMS) })}\n`;
  }
}

async function whenThereIsRoom(input: unknown, submit: Submit, room: WaitingRoom): ReturnType<Submit> {
  const peer = String((input as { handlingRegion?: unknown } | null)?.handlingRegion);
  if (room.isTaken(peer)) await room.wait(peer);
  for (;;) {
    try {
      return await submit(input);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'BACK_PRESSURE') throw error;
      await room.waitRefused(peer);
    }
  }
}

function readLine(line: Line): unknown {
  if (line === TOO_LONG) throw new CodedError('REQUEST_INVALID', 'the line is longer than 64 KiB');
  try {
    return JSON.parse(line);
  } catch {
    throw new CodedError('REQUEST_INVALID', 'the line is not well-formed JSON');
  }
}
