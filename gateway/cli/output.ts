import type { CodedError } from '#proto';
import type { Answer, ExitCode } from './command.ts';
import { plain } from './format.ts';

/** The error of a command in --json form. */
export interface JsonError {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly problems: readonly { readonly pointer: string; readonly code: string; readonly message: string }[];
  };
}

/** Prints the result: one JSON value, or the text for people. Notes go to the standard error output. */
export function printAnswer({ json, text, notes }: Answer, asJson: boolean): void {
  for (const note of notes ?? []) printNote(note);
  if (asJson) {
    if (json !== undefined) writeJson(json);
  } else if (text) {
    process.stdout.write(text);
  }
}

/** Prints a line beside the result. */
export function printNote(note: string): void {
  process.stderr.write(`${note}\n`);
}

/** Writes text as it is: help, which carries its own line breaks. */
export const raw = {
  out: (text: string): void => void process.stdout.write(text),
  err: (text: string): void => void process.stderr.write(text),
};

/**
 * Prints an error: on the standard error output one line with its code, in Chinese and English, and a line for every
 * wrong field; with --json also on the standard output as {@link JsonError}.
 *
 * @returns the exit code that fits it
 */
export async function printError(error: unknown, asJson: boolean): Promise<ExitCode> {
  // Loaded here so that --help and --version need not wait for the wire layer.
  const [{ CodedError, ERROR_CODES }, { exitCodeOf }] = await Promise.all([import('#proto'), import('./exit-code.ts')]);
  const coded = error instanceof CodedError ? error : new CodedError('INTERNAL', unexpected(error));
  process.stderr.write(errorText(coded, ERROR_CODES[coded.code].zh));
  if (asJson) {
    const { code, message, problems } = coded;
    writeJson({ error: { code, message, problems } } satisfies JsonError);
  }
  return exitCodeOf(coded.code);
}

function errorText({ code, message, problems }: CodedError, chinese: string): string {
  const lines = problems.map(
    (problem) => `  ${plain(problem.pointer || '/')}  ${problem.code}  ${plain(problem.message)}\n`,
  );
  return `${code} ${chinese} / ${plain(message)}\n${lines.join('')}`;
}

/** An error without a code has no words for users; where it happened helps whoever reads the report. */
function unexpected(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
