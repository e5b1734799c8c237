import { posix } from 'node:path';
import { type DeliverySink, PlatformError, type PlatformEvent } from '../adapter.ts';
import { structuredEvent } from '../cloud-event.ts';
import { encodeText } from '../encodings.ts';
import type { SendDocument } from '../mapping/mapped-sink.ts';
import type { RecordFormat } from '../records/read-records.ts';
import { NoTable, writeCsv } from '../records/write-csv.ts';
import { NoXml, writeXml } from '../xml/write-xml.ts';
import { eventFileName } from './event-file.ts';
import { exists, type FolderFiles, readWhole } from './folder-files.ts';
import { placeFiles, removePlaced } from './place-files.ts';

/** Bytes of an event; files beyond it are not ours. */
const MAX_EVENT_BYTES = 4 * 1024 * 1024;

/** How documents in the platform's words are written. */
export interface DocumentWriting {
  /** JSON when left out. */
  readonly format?: RecordFormat;
  /** UTF-8 when left out. */
  readonly encoding?: 'utf-8' | 'gb18030';
  /** Of XML: namespaces by prefix. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** Of CSV; a comma when left out. */
  readonly delimiter?: string;
}

/** Writes every event as one file of CloudEvents JSON into a folder that the platform empties. */
export function directorySink(files: FolderFiles, folder: string): DeliverySink {
  return {
    async deliver(event, signal) {
      const name = eventFileName(event);
      const content = structuredEvent(event);
      await within(signal, async () => {
        const existing = await readExisting(files, posix.join(folder, name), signal);
        if (existing && !existing.equals(content))
          throw new PlatformError(false, `the file ${name} exists with other content; look at it and move it away`);
        if (existing) await files.sync(folder);
        else await files.write(folder, name, content);
      });
    },
  };
}

/**
 * Writes every document in the platform's words as one file, after the files that it names in a folder beside it. One that is
 * there already is the same one: its name has the id, and what it says of the case may have changed since.
 */
export function writeDocuments(files: FolderFiles, folder: string, writing: DocumentWriting): SendDocument {
  const { format = 'json', encoding = 'utf-8' } = writing;
  return async ({ id, event, document, files: named }, signal) => {
    const told = { ...event, id } satisfies PlatformEvent;
    const name = eventFileName(told, format);
    const beside = eventFileName(told, 'files');
    await within(signal, async () => {
      if (await exists(files, posix.join(folder, name))) return files.sync(folder);
      try {
        const content = encodeText(written(document, format, { ...writing, encoding }), encoding);
        await placeFiles(files, folder, beside, named, signal);
        await files.write(folder, name, content);
      } catch (error) {
        // Nobody fetches the files of a document that never comes.
        const isFinal = error instanceof PlatformError && !error.retryable;
        if (isFinal) await removePlaced(files, folder, beside);
        throw error;
      }
    });
    return undefined;
  };
}

function written(document: unknown, format: RecordFormat, { encoding = 'utf-8', ...writing }: DocumentWriting): string {
  try {
    if (format === 'xml') return writeXml(document, { prefixes: writing.prefixes ?? {}, encoding });
    return format === 'csv' ? writeCsv(document, writing.delimiter) : JSON.stringify(document);
  } catch (cause) {
    if (!(cause instanceof NoXml) && !(cause instanceof NoTable)) throw cause;
    throw new PlatformError(false, `the document cannot be written as ${format}: ${cause.message}`, { cause });
  }
}

async function within(signal: AbortSignal, write: () => Promise<void>): Promise<void> {
  if (signal.aborted) throw new PlatformError(true, 'the delivery was broken off');
  try {
    await write();
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new PlatformError(true, `the folder for events cannot be written (${code ?? 'unknown'})`, { cause });
  }
}

async function readExisting(files: FolderFiles, path: string, signal: AbortSignal): Promise<Buffer | undefined> {
  return (await exists(files, path)) ? readWhole(files, path, MAX_EVENT_BYTES, signal) : undefined;
}
