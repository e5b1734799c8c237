import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeliverySink, PlatformError } from '../adapter.ts';
import { structuredEvent } from '../cloud-event.ts';
import { eventFileName } from './event-file.ts';
import { isAbsent, syncFolder, writeAtomically } from './files.ts';

/** Writes every event as one file of CloudEvents JSON into a folder that the platform empties. */
export function directorySink(folder: string): DeliverySink {
  return {
    async deliver(event, signal) {
      if (signal.aborted) throw new PlatformError(true, 'the delivery was broken off');
      const name = eventFileName(event);
      const content = structuredEvent(event);
      try {
        const existing = await readExisting(join(folder, name));
        if (existing && !existing.equals(content))
          throw new PlatformError(false, `the file ${name} exists with other content; look at it and move it away`);
        if (existing) await syncFolder(folder);
        else await writeAtomically(folder, name, content);
      } catch (cause) {
        if (cause instanceof PlatformError) throw cause;
        const { code } = cause as NodeJS.ErrnoException;
        throw new PlatformError(true, `the folder for events cannot be written (${code ?? 'unknown'})`, { cause });
      }
    },
  };
}

function readExisting(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
}
