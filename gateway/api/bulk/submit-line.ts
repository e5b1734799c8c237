import { CodedError } from '#proto';
import type { CaseFile } from '../../case/case-file.ts';
import { faultLine, readLine } from './line-text.ts';
import type { Line } from './lines.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** Hands one case over; the case service does it in one unit of work. */
type Submit = (input: unknown) => Promise<Pick<CaseFile, 'conversation' | 'number'>>;

/** Submits the case of a line and says what became of it, as one line of JSON. While the outbox is full it waits. */
export async function submitLine(line: Line, number: number, submit: Submit, room: WaitingRoom): Promise<string> {
  try {
    const input = readLine(line);
    const { conversation, number: caseNumber } = await whenThereIsRoom(input, submit, room);
    return `{"line":${number},"conversation":"${conversation}","number":"${caseNumber}"}\n`;
  } catch (error) {
    return faultLine(number, error);
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
