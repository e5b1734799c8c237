import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '#proto';

/**
 * Where a passphrase may come from; the file wins, and nobody is asked who need not be. There is no way for an argument of
 * a command, which every user of the machine can read.
 */
export interface PassphraseSource {
  /** Path of a file that holds nothing else. */
  readonly file?: string | undefined;
  /** Value of the environment variable, read by the caller. */
  readonly env?: string | undefined;
  /** Asks the operator; absent where nobody sits at a terminal. */
  readonly ask?: (() => Promise<string>) | undefined;
}

export interface Passphrase {
  readonly passphrase: string;
  /** What the operator should know, such as a file that others can read. */
  readonly warnings: readonly string[];
}

/** OpenSSL takes no longer passphrase. */
const MAX_BYTES = 1024;

/**
 * Finds the passphrase of the keys (密钥口令). One line break at the end of the file does not count.
 *
 * @throws CodedError CONFIG_INVALID saying how to give one
 */
export async function readPassphrase({ file, env, ask }: PassphraseSource): Promise<Passphrase> {
  const passphrase = file === undefined ? env || ((await ask?.()) ?? nothing()) : await fromFile(file);
  demandPassphrase(passphrase);
  return { passphrase, warnings: file === undefined ? [] : await warningsAbout(file) };
}

/** @throws CodedError CONFIG_INVALID when no key could be encrypted, or later opened, with this passphrase */
export function demandPassphrase(passphrase: string): void {
  const bytes = Buffer.byteLength(passphrase);
  if (bytes === 0) throw new CodedError('CONFIG_INVALID', 'the passphrase is empty');
  if (bytes > MAX_BYTES) throw new CodedError('CONFIG_INVALID', `the passphrase has more than ${MAX_BYTES} bytes`);
}

function nothing(): never {
  throw new CodedError(
    'CONFIG_INVALID',
    'a passphrase for the keys is needed: give --passphrase-file FILE, set TONGBAN_PASSPHRASE or call from a terminal',
  );
}

async function fromFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `the passphrase file ${file} cannot be read`, [], { cause });
  }
}

async function warningsAbout(file: string): Promise<string[]> {
  const { mode } = await stat(file);
  return mode & 0o077 ? [`the passphrase file ${file} can be read by others; run: chmod 600 ${file}`] : [];
}
