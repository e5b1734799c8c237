import { readFile } from 'node:fs/promises';
import { fields, integer, optional, type Problem, type Rule, text } from '#proto';
import { absolutePath } from '../config-rules.ts';

/** A machine whose folders are reached over SSH. */
export interface SftpConfig {
  readonly host: string;
  readonly port?: number;
  readonly user: string;
  /** One of these two: a private key without a passphrase, or a password. */
  readonly key_file?: string;
  readonly password_file?: string;
  /** Fingerprint of its host key, as `ssh-keygen -lf` says it: nobody else is talked to. */
  readonly host_key: string;
}

const fingerprint = text(64, {
  pattern: /^SHA256:[A-Za-z0-9+/]{43}$/,
  hint: 'must be a fingerprint such as ssh-keygen -lf says: SHA256: and 43 characters',
});

export const sftpRule: Rule = (value, pointer, problems) => {
  fields({
    host: text(253, { pattern: /^[A-Za-z0-9.:-]+$/, hint: 'must be a name or an address' }),
    port: optional(integer(1, 65_535)),
    user: text(64),
    key_file: optional(absolutePath),
    password_file: optional(absolutePath),
    host_key: fingerprint,
  })(value, pointer, problems);
  const { key_file, password_file } = (value ?? {}) as Partial<SftpConfig>;
  if ((key_file === undefined) === (password_file === undefined))
    problems.push({ pointer, code: 'REQUIRED', message: 'needs either key_file or password_file' });
};

/** Says what is wrong with the file of the secret, if anything. */
export async function sftpProblems(config: SftpConfig, pointer: string): Promise<Problem[]> {
  const name = config.key_file === undefined ? 'password_file' : 'key_file';
  const found = await readSftpSecret(config).then(
    (secret) => (secret.length > 0 ? undefined : 'is empty'),
    (error: NodeJS.ErrnoException) => `cannot be read (${error.code})`,
  );
  return found === undefined ? [] : [{ pointer: `${pointer}/${name}`, code: 'SECRET', message: found }];
}

/** The key or the password, read anew each time: replacing its file is all that it takes to change it. */
export function readSftpSecret({ key_file, password_file }: SftpConfig): Promise<Buffer> {
  return readFile((key_file ?? password_file)!);
}
