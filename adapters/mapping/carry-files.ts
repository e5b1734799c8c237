import { PlatformError, type PlatformEvent } from '../adapter.ts';
import type { MappedAnswer } from './mapping.ts';
import { type OutgoingFile, wholeOf } from './outgoing-files.ts';
import { replaceStandIns, standInsIn } from './stand-in.ts';

const KIB = 1024;
/** Files that one document holds itself: all of it is in memory, several times. */
const WITHIN_KIB = 16 * KIB;
/** Milliseconds for all uploads of a document: meanwhile other cases of the platform may wait. */
const UPLOADS_MS = 10 * 60_000;

/** How a kind of platform gets files, beside those that a document holds itself (`content`). */
export interface FileWays {
  /** KiB of files that a document holds itself, at most; 16 MiB when absent. */
  readonly withinKib?: number;
  /** With the document: `send` finds them there. */
  readonly beside?: true;
  /**
   * Before it, one at a time.
   *
   * @param isNamed whether the document names it by what the platform calls it
   * @returns what the platform calls it; undefined when it does not say
   * @throws PlatformError
   */
  readonly upload?: (
    file: OutgoingFile,
    about: { readonly id: string; readonly event: PlatformEvent; readonly isNamed: boolean },
    answer: ((response: unknown) => Promise<MappedAnswer>) | undefined,
    signal: AbortSignal,
  ) => Promise<string | undefined>;
  /** A document needs none of its uploads any more: it was taken, or refused for good. */
  readonly forget?: (id: string) => void;
}

/** What a document and its files have to say about one another before any of them moves. */
export interface Carriage {
  /** Those whose bytes the document holds itself. */
  readonly within: readonly OutgoingFile[];
  /** Those that go to the platform before it, and whether it names them by what the platform calls them. */
  readonly ahead: readonly { readonly file: OutgoingFile; readonly isNamed: boolean }[];
}

/**
 * Where each file of a document goes. One that would go nowhere is not left out: the document is refused.
 *
 * @throws PlatformError final
 */
export function planCarriage(document: unknown, files: readonly OutgoingFile[], ways: FileWays): Carriage {
  if (files.length === 0) return { within: [], ahead: [] };
  const used = standInsIn(document);
  const within = files.filter(({ content }) => used.has(content));
  const others = files.filter(({ content }) => !used.has(content));
  if (others.length > 0 && !ways.beside && !ways.upload)
    throw refused('this platform gets files within documents alone: put files.content into the document');
  const ahead = ways.upload ? others.map((file) => ({ file, isNamed: used.has(file.reference) })) : [];
  const nameless = files.filter((file) => used.has(file.reference) && !ahead.some((one) => one.file === file));
  if (nameless.length > 0)
    throw refused('the document has files.reference of a file that is not uploaded, so it has none');
  const bytes = within.reduce((sum, { size, content }) => sum + size * used.get(content)!, 0);
  const most = ways.withinKib ?? WITHIN_KIB;
  if (bytes > most * KIB)
    throw refused(`the files within the document have more than ${most} KiB together: let the mapping send fewer`);
  return { within, ahead };
}

/**
 * Brings the files to the platform that go there before the document.
 *
 * @returns what it calls them, by their stand-ins
 * @throws PlatformError retryable also when they take too long together: the next try goes on after those that are there
 */
export async function uploadAhead(
  { ahead }: Carriage,
  { upload }: FileWays,
  about: { readonly id: string; readonly event: PlatformEvent },
  answer: ((response: unknown) => Promise<MappedAnswer>) | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const called = new Map<string, string>();
  if (!upload || ahead.length === 0) return called;
  const late = AbortSignal.timeout(UPLOADS_MS);
  try {
    for (const { file, isNamed } of ahead) {
      const reference = await upload(file, { ...about, isNamed }, answer, AbortSignal.any([signal, late]));
      if (reference !== undefined) called.set(file.reference, reference);
    }
  } catch (cause) {
    if (!late.aborted || signal.aborted) throw cause;
    throw new PlatformError(true, `its files took longer than ${UPLOADS_MS / 60_000} minutes together`, { cause });
  }
  return called;
}

/** A document with the bytes that it holds itself, in base64, and with what the platform calls the others. */
export async function filled(
  document: unknown,
  { within }: Carriage,
  called: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<unknown> {
  const texts = new Map(called);
  for (const file of within) texts.set(file.content, (await wholeOf(file, signal)).toString('base64'));
  return texts.size === 0 ? document : replaceStandIns(document, texts);
}

function refused(why: string): PlatformError {
  return new PlatformError(false, why);
}
