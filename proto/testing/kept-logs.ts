import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Names the folder in which the tests of a run leave their logs, for the test that looks through all of them. */
export const LOG_FOLDER = 'TONGBAN_TEST_LOGS';
/** Bytes that are kept of one log. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Keeps the log that a gateway wrote into a file, if there is one. */
export async function keepLog(file: string): Promise<void> {
  const to = place();
  if (!to) return;
  await pipeline(createReadStream(file, { end: MAX_BYTES - 1 }), createWriteStream(to)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    },
  );
}

/** Keeps the lines that a log told a test. */
export async function keepLines(lines: readonly string[]): Promise<void> {
  const to = place();
  if (to && lines.length > 0) await writeFile(to, lines.join('\n').slice(0, MAX_BYTES));
}

function place(): string | undefined {
  const folder = process.env[LOG_FOLDER];
  return folder === undefined ? undefined : join(folder, `${randomUUID()}.log`);
}
