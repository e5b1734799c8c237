import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { both, fields, optional, type Problem, type Rule } from '#proto';
import { PlatformError } from '../adapter.ts';
import { absolutePath } from '../config-rules.ts';
import type { TlsFiles } from './post.ts';

/** What a connection to a platform shows and believes, as PEM files. */
export interface TlsConfig {
  /** Our certificate and those above it, where the platform asks for one (双向 TLS). */
  readonly certificate_file?: string;
  readonly key_file?: string;
  /** Authorities that the platform's certificate may come from, in the place of the system's. */
  readonly ca_file?: string;
}

/** Files are looked at again after this long, in ms: replacing them is all that a renewal takes. */
const LOOK_MS = 60_000;

export const tlsRules: Rule = both(
  fields({
    certificate_file: optional(absolutePath),
    key_file: optional(absolutePath),
    ca_file: optional(absolutePath),
  }),
  (value, pointer, problems) => {
    const { certificate_file, key_file } = value as TlsConfig;
    if (!certificate_file === !key_file) return;
    const missing = certificate_file ? 'key_file' : 'certificate_file';
    problems.push({
      pointer: `${pointer}/${missing}`,
      code: 'REQUIRED',
      message: 'certificate and key need each other',
    });
  },
);

/** The files of one platform, read anew from time to time; while they cannot be read, what was read before stays. */
export class ClientTls {
  readonly #config: TlsConfig;
  readonly #now: () => number;
  #read: TlsFiles | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> = Promise.resolve();

  constructor(config: TlsConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
  }

  /** Says what is wrong with the files, if anything. */
  async problems(pointer: string): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const name of ['certificate_file', 'key_file', 'ca_file'] as const) {
      const path = this.#config[name];
      if (!path) continue;
      const fault = await readFile(path).then(
        () => undefined,
        ({ code }: NodeJS.ErrnoException) => `cannot be read (${code})`,
      );
      if (fault) problems.push({ pointer: `${pointer}/${name}`, code: 'FILE', message: fault });
    }
    if (problems.length > 0) return problems;
    try {
      demandUsable(await this.#readAll());
      return [];
    } catch {
      return [{ pointer, code: 'FILE', message: 'the files are not PEM, or the key is not that of the certificate' }];
    }
  }

  /** @throws PlatformError retryable, as long as they could never be read: nobody is believed by other authorities */
  async files(): Promise<TlsFiles> {
    if (Math.abs(this.#now() - this.#readAt) >= LOOK_MS) {
      this.#readAt = this.#now();
      this.#reading = this.#look();
    }
    // Whoever comes while they are read waits for them too.
    await this.#reading;
    if (this.#read) return this.#read;
    this.#readAt = Number.NEGATIVE_INFINITY;
    throw new PlatformError(true, 'the files of tls cannot be used; look at the paths, the rights and the pair');
  }

  async #look(): Promise<void> {
    try {
      const files = await this.#readAll();
      demandUsable(files);
      this.#read = files;
    } catch {
      // Somebody is replacing them: half of a pair would be refused.
    }
  }

  async #readAll(): Promise<TlsFiles> {
    const { certificate_file, key_file, ca_file } = this.#config;
    const [cert, key, ca] = await Promise.all(
      [certificate_file, key_file, ca_file].map((path) => (path ? readFile(path, 'utf8') : undefined)),
    );
    return { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }), ...(ca !== undefined && { ca }) };
  }
}

/** An authority that is none would be left out without a word. @throws Error */
function demandUsable(files: TlsFiles): void {
  createSecureContext(files);
  if (files.ca !== undefined) new X509Certificate(files.ca);
}
