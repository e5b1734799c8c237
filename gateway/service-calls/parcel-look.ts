import type { ParcelStep, ParcelTracker } from '#adapters';
import { CodedError, type messages } from '#proto';
import type { CaseFile } from '../case/case-file.ts';
import type { ParcelMoved } from '../case/notes/services.ts';

export type AskPost = ParcelTracker['track'];

/** Who notes what the post says. */
const BY_THE_POST: messages.Handler = { organisation: '邮件查询', window: '', staff: 'gateway' };

/** After these nothing follows. */
const LAST: ReadonlySet<string> = new Set<ParcelStep['state']>(['signed', 'returned']);

interface Sent {
  readonly carrier: string;
  readonly trackingNumber: string;
}

/**
 * Asks the post about the parcels of a case that nobody signed in yet, and notes what is new: every word once for each.
 *
 * @returns whether any of them is still on its way
 * @throws PlatformError when the post does not answer
 */
export async function lookForParcels(
  file: CaseFile,
  context: {
    readonly ask: AskPost;
    readonly note: (kind: 'parcel-moved', input: object) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<'ended' | 'open'> {
  let isOpen = false;
  for (const { carrier, trackingNumber } of openParcels(file)) {
    const id = `${file.conversation}-${trackingNumber}`;
    const steps = await context.ask({ id, carrier, trackingNumber }, context.signal);
    const noted = new Set(movesOf(file, trackingNumber));
    for (const { state, at } of steps.toSorted((a, b) => a.at - b.at)) {
      if (noted.has(state)) continue;
      noted.add(state);
      if (!(await isNoted(() => context.note('parcel-moved', { handler: BY_THE_POST, trackingNumber, state, at }))))
        return 'ended';
    }
    if (![...noted].some((state) => LAST.has(state))) isOpen = true;
  }
  return isOpen ? 'open' : 'ended';
}

/** A case that takes no more notes is asked about no more. */
async function isNoted(note: () => Promise<void>): Promise<boolean> {
  try {
    await note();
    return true;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'ILLEGAL_TRANSITION') return false;
    throw error;
  }
}

function openParcels(file: CaseFile): readonly Sent[] {
  const notes = file.document.notes ?? [];
  const numbersOf = (kind: string) =>
    notes.filter((note) => note.kind === kind).map(({ data }) => (data as Sent).trackingNumber);
  const arrived = new Set(numbersOf('paper-signed-in'));
  const sent = notes.filter(({ kind }) => kind === 'paper-sent').map(({ data }) => data as Sent);
  const open = sent.filter(
    ({ trackingNumber }) =>
      !arrived.has(trackingNumber) && !movesOf(file, trackingNumber).some((state) => LAST.has(state)),
  );
  return [...new Map(open.map((parcel) => [parcel.trackingNumber, parcel])).values()];
}

function movesOf({ document }: CaseFile, trackingNumber: string): readonly string[] {
  return (document.notes ?? [])
    .filter(({ kind }) => kind === 'parcel-moved')
    .map(({ data }) => data as ParcelMoved)
    .filter((moved) => moved.trackingNumber === trackingNumber)
    .map(({ state }) => state);
}
