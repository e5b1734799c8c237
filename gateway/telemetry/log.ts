import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import pino from 'pino';
import { type LogFields, permittedFields } from './log-fields.ts';

export type { LogFields } from './log-fields.ts';

/**
 * Only a text that stands in the source fits, not one put together at run time: nothing about a person can be in it.
 * (`Record<M, 1>` has a required property only if M is a literal.)
 */
type Literal<M extends string> = Record<never, never> extends Record<M, 1> ? never : M;

/** Bytes that wait for a slow disk; what comes on top is dropped. */
const MAX_BUFFER = 16 * 1024 * 1024;

type Write = <M extends string>(fields: LogFields, message: Literal<M>) => void;

/** A log without personal data: fixed messages, and fields of a closed list. Fields that do not fit are dropped. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** The same log, with fields that stand in each line. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
  /** Where lines go; the standard output when absent. Folders are made. */
  readonly file?: string | undefined;
  /** Region of the gateway, in each line. */
  readonly region: string;
  readonly clock: { now(): number };
}

/**
 * Opens the log: JSON lines with `level`, `time` (ISO 8601), `region`, `msg` and the fields. Lines are buffered and
 * written in the background.
 *
 * @returns the log, and `close`, which must be called at the end: it writes what waits
 * @throws errors of the file system, if the file cannot be opened
 */
export async function openLog(options: LogOptions): Promise<{ log: Log; close: () => Promise<void> }> {
  const dest = options.file === undefined ? 1 : await openToAppend(options.file);
  const destination = pino.destination({ dest, sync: false, maxLength: MAX_BUFFER });
  await once(destination, 'ready');
  // A full disk or a closed pipe costs lines of the log, never the gateway.
  destination.on('error', () => undefined);
  let isClosed = false;
  // What still ends while the gateway stops may have something to say: too late is no reason to fail.
  const lines = { write: (line: string) => void (isClosed || destination.write(line)) };
  return {
    log: createLog(options, lines),
    close: async () => {
      isClosed = true;
      const closed = once(destination, 'close').catch(() => destination.destroy());
      destination.end();
      await closed;
    },
  };
}

/** Opened before there is a destination: one that never opens would fail once more when the process ends. */
async function openToAppend(file: string): Promise<number> {
  await mkdir(dirname(file), { recursive: true });
  return openSync(file, 'a');
}

/** The log on any destination that takes lines. */
export function createLog(options: Omit<LogOptions, 'file'>, destination: { write(line: string): void }): Log {
  const { level, region, clock } = options;
  const logger = pino(
    {
      level,
      base: permittedFields({ region }),
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    },
    destination,
  );
  return wrap(logger);
}

function wrap(logger: pino.Logger): Log {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error'): Write =>
    (fields, message) => {
      if (logger.isLevelEnabled(level)) logger[level](permittedFields(fields), plain(message));
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => wrap(logger.child(permittedFields(fields))),
  };
}

/** A second fence behind {@link Literal}: our messages are English words, and no word has digits in a row. */
function plain(message: string): string {
  return message.replace(/[^\x20-\x7e]|\d{5,}/g, '*').slice(0, 200);
}
