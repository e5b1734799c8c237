import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../config/atomic-file.ts';

/**
 * A copy of every agreement that came into force, one file each, `<id>.json`: what operators archive and what a
 * verifier needs beside an evidence bundle. The database stays the truth; a failed copy is made at the next start.
 */
export class AgreementFiles {
  readonly #folder: string;
  readonly #onError: (error: unknown) => void;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#onError = onError;
  }

  /** Makes the folder. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Writes a document soon, one after the other. */
  put(id: string, document: string): void {
    this.#writing = this.#writing
      .then(() => writeFileAtomic(this.#file(id), document, 0o644))
      .catch((error) => this.#onError(error));
  }

  /** Writes a document that an earlier run left out. */
  async putMissing(id: string, document: string): Promise<void> {
    const there = await access(this.#file(id)).then(
      () => true,
      () => false,
    );
    if (!there) this.put(id, document);
  }

  /** Waits until everything is written. */
  idle(): Promise<void> {
    return this.#writing;
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
