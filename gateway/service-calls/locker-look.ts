import type { Locker } from '#adapters';
import { CodedError, type messages } from '#proto';
import type { CaseFile } from '../case/case-file.ts';

export type AskLocker = Locker['state'];

/** Who notes what a locker says. */
const BY_THE_LOCKER: messages.Handler = { organisation: '自助存取文件柜', window: '', staff: 'gateway' };

/**
 * Asks whether the result of a case was taken out of its locker, and notes then that it is in the hands of the applicant (P10):
 * only he has the code of the box.
 *
 * @returns whether it still lies there
 * @throws PlatformError when the locker does not answer
 */
export async function lookIntoLocker(
  { conversation, document }: CaseFile,
  context: {
    readonly ask: AskLocker;
    readonly note: (kind: 'delivery-confirmed', input: object) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<'ended' | 'open'> {
  const isByLocker = (document.steps.deliver as { readonly way?: string } | undefined)?.way === 'locker';
  const isConfirmed = document.notes?.some(({ kind }) => kind === 'delivery-confirmed');
  if (!isByLocker || isConfirmed) return 'ended';
  const found = await context.ask(conversation, context.signal);
  if (found?.state === 'returned' || found?.state === 'cancelled') return 'ended';
  if (found?.state !== 'collected') return 'open';
  try {
    const input = { handler: BY_THE_LOCKER, receivedBy: 'applicant', receivedAt: found.at };
    await context.note('delivery-confirmed', input);
  } catch (error) {
    // The result was taken back meanwhile.
    if (!(error instanceof CodedError) || error.code !== 'ILLEGAL_TRANSITION') throw error;
  }
  return 'ended';
}
