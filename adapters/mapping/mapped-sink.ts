import { type AdapterContext, type DeliverySink, PlatformError, type PlatformEvent } from '../adapter.ts';
import { type FileWays, filled, planCarriage, uploadAhead } from './carry-files.ts';
import { demandTaken } from './demand-taken.ts';
import { InTurn } from './in-turn.ts';
import type { MappedAnswer, Mapping } from './mapping.ts';
import { demandMaterials, type OutgoingFile, outgoingFiles } from './outgoing-files.ts';

/** One document of the platform's own words that tells of an event. */
export interface OutgoingDocument {
  /** The same on every redelivery: the id of the event, and `-2` and so on for what follows the first document. */
  readonly id: string;
  readonly event: PlatformEvent;
  readonly document: unknown;
  /** Materials of the case that the document does not hold itself: for kinds that take them beside it, and before it. */
  readonly files: readonly OutgoingFile[];
}

/**
 * Brings one document to the platform.
 *
 * @returns what the platform answered, as JSON; undefined when it says nothing
 * @throws PlatformError
 */
export type SendDocument = (outgoing: OutgoingDocument, signal: AbortSignal) => Promise<unknown>;

/**
 * A way out whose events are put into the platform's words. An event that does not concern the platform counts as
 * delivered; one that cannot be put into its words is refused with the reasons.
 *
 * @param ways how files get there that a document does not hold itself; where there is none, such a document is refused
 */
export function mappedSink(
  mapping: Mapping,
  context: AdapterContext,
  send: SendDocument,
  ways: FileWays = {},
): DeliverySink {
  const large = new InTurn();

  async function sendOne(outgoing: OutgoingDocument, answer: Mapping['answer'], signal: AbortSignal): Promise<void> {
    const { id, event, document, files } = outgoing;
    const carriage = planCarriage(document, files, ways);
    const beside = files.filter((file) => !carriage.within.includes(file));
    try {
      const called = await uploadAhead(carriage, ways, { id, event }, answer, signal);
      const go = async () => {
        const whole = await filled(document, carriage, called, signal);
        return send({ ...outgoing, document: whole, files: beside }, signal);
      };
      const response = await (carriage.within.length > 0 ? large.run(go, signal) : go());
      if (answer) await judge(await answer(response), event, context);
    } catch (error) {
      if (error instanceof PlatformError && !error.retryable) ways.forget?.(id);
      throw error;
    }
    ways.forget?.(id);
  }

  return {
    async deliver(event, signal) {
      const current = (await mapping.now?.()) ?? mapping;
      const wanted = current.wants(event.type);
      if (wanted === 'no') return;
      const found = wanted === 'case' ? await read(event, context) : undefined;
      const mapped = await current.out(event, found);
      if (!mapped.ok)
        throw new PlatformError(false, `cannot be put into the words of the platform: ${listed(mapped.problems)}`);
      // One file that waits or is parked holds up all of the event, and nothing is written for it again and again.
      for (const files of mapped.files ?? []) await demandMaterials(files, event.subject, context.cases);
      for (const [index, document] of mapped.documents.entries()) {
        const id = index === 0 ? event.id : `${event.id}-${index + 1}`;
        const files = outgoingFiles(mapped.files?.[index] ?? [], event.subject, context.cases);
        await sendOne({ id, event, document, files }, current.answer, signal);
      }
    },
  };
}

/** What the gateway cannot read now it may read later. */
async function read(event: PlatformEvent, context: AdapterContext) {
  try {
    return await context.cases.read(event.subject);
  } catch (cause) {
    throw new PlatformError(true, 'the case of the event cannot be read now', { cause });
  }
}

async function judge(answer: MappedAnswer, event: PlatformEvent, context: AdapterContext) {
  demandTaken(answer, 'platform');
  if (answer.reference !== undefined) await context.cases.bind(event.subject, answer.reference);
}

/** Problems name fields of the mapping and say what is wrong with them, never what was in them. */
function listed(problems: readonly { readonly pointer: string; readonly message: string }[]): string {
  return problems
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join('; ')
    .slice(0, 1_000);
}
