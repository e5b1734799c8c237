import { posix } from 'node:path';
import type { AdapterContext } from '../adapter.ts';
import { type Content, type Entry, exists, type FolderFiles, isAbsent, kindAt } from './folder-files.ts';
import { type Kinded, kindOf, sharedMode } from './local-files.ts';
import type { SftpConfig } from './sftp-config.ts';
import { type Ask, coded, type Patience, SftpConnection } from './sftp-connection.ts';

/** Milliseconds for one answer, and for one file: a server whose disks hang still says that it is there. */
const PATIENCE = { answerMs: 60_000, fileMs: 10 * 60_000 } as const;
/** Entries of a folder that are looked at, and answers of the server that are awaited for them: it might list without end. */
export const FOLDER_ENTRIES = 10_000;
const FOLDER_ANSWERS = 10_000;
const NAME_CHARACTERS = 255;

/** Folders of another machine. */
export class SftpFiles implements FolderFiles {
  readonly #connection: SftpConnection;
  readonly #log: AdapterContext['log'];
  readonly #most: number;
  #isTold = false;

  constructor(
    config: SftpConfig,
    log: AdapterContext['log'],
    patience: Patience = PATIENCE,
    most: number = FOLDER_ENTRIES,
  ) {
    this.#connection = new SftpConnection(config, patience);
    this.#log = log;
    this.#most = most;
  }

  /** The first by their names; the others wait until there is room. */
  async entries(folder: string) {
    const ask = await this.#connection.asking();
    const handle = await ask<Buffer>((session, done) => session.opendir(folder, done));
    let kept: Entry[] = [];
    let isWhole = false;
    let isCut = false;
    try {
      for (let answers = 0; !isWhole && answers < FOLDER_ANSWERS; answers += 1) {
        const found = await this.#listed(ask, handle);
        isWhole = found === undefined;
        kept.push(...(found ?? []));
        if (kept.length <= this.#most) continue;
        isCut = true;
        kept = firstOf(kept, this.#most);
      }
    } finally {
      await ask((session, done) => session.close(handle, done)).catch(() => {});
    }
    this.#tell(isCut || !isWhole);
    return kept;
  }

  /** @returns undefined at the end */
  async #listed(ask: Ask, handle: Buffer): Promise<Entry[] | undefined> {
    type Listed = { filename: string; attrs: Kinded };
    try {
      const found = await ask<Listed[]>((session, done) => session.readdir(handle, done));
      return found
        .filter(({ filename }) => filename.length <= NAME_CHARACTERS)
        .map(({ filename, attrs }) => ({ name: filename, kind: kindOf(attrs) }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EOF') return undefined;
      throw error;
    }
  }

  #tell(isTooMuch: boolean): void {
    if (isTooMuch && !this.#isTold)
      this.#log.warn(
        { count: this.#most },
        'a folder has too many entries; the first by name are taken, remove others',
      );
    this.#isTold = isTooMuch;
  }

  async look(path: string) {
    const found = await this.#connection.call<Kinded & { size: number }>((session, done) => session.lstat(path, done));
    return { kind: kindOf(found), bytes: found.size };
  }

  open(path: string) {
    return this.#connection.stream((session) => session.createReadStream(path));
  }

  async write(folder: string, name: string, content: Content) {
    const temporary = posix.join(folder, `.${name}.tmp`);
    const ask = await this.#connection.asking();
    await ask((session, done) => session.unlink(temporary, done)).catch(absent);
    const handle = await ask<Buffer>((session, done) => session.open(temporary, 'wx', { mode: 0o640 }, done));
    try {
      let written = 0;
      for await (const piece of content instanceof Uint8Array ? [content] : content) {
        if (piece.length === 0) continue;
        const [bytes, at] = [Buffer.from(piece), written];
        await ask((session, done) => session.write(handle, bytes, 0, bytes.length, at, done));
        written += bytes.length;
      }
      await ask((session, done) => session.ext_openssh_fsync(handle, done)).catch(unsupported);
      const { size } = await ask<{ size: number }>((session, done) => session.lstat(temporary, done));
      if (size !== written) throw coded(new Error('the file is not as long as what was written'));
    } catch (error) {
      await this.#connection.call((session, done) => session.unlink(temporary, done)).catch(() => {});
      throw error;
    } finally {
      await ask((session, done) => session.close(handle, done)).catch(() => {});
    }
    await this.#replace(ask, temporary, posix.join(folder, name));
  }

  /** The machine at the other end keeps its folders as it likes. */
  async sync() {}

  async move(from: string, to: string) {
    await this.#connection.call((session, done) => session.rename(from, to, done));
  }

  async makeFolder(path: string) {
    try {
      await this.#connection.call((session, done) => session.mkdir(path, done));
    } catch (error) {
      if (!(await exists(this, path))) throw error;
    }
  }

  /** SFTP names files by their paths alone: what the account may reach at the other end is for its owner to bound. */
  async hold(path: string) {
    const isAt = async (place: string) => (await kindAt(this, place)) === 'folder';
    if (!(await isAt(path))) throw Object.assign(new Error('is no folder'), { code: 'ENOTDIR' });
    return { path, isAt, share: () => this.#share(path), close: async () => {} };
  }

  async #share(path: string): Promise<void> {
    const { mode } = await this.#connection.call<{ mode: number }>((session, done) => session.lstat(path, done));
    // Other systems than Unix know no such thing.
    await this.#connection.call((session, done) => session.chmod(path, sharedMode(mode), done)).catch(() => {});
  }

  async removeFile(path: string) {
    await this.#connection.call((session, done) => session.unlink(path, done));
  }

  async removeFolder(path: string) {
    await this.#connection.call((session, done) => session.rmdir(path, done));
  }

  async close() {
    this.#connection.close();
  }

  /** Servers other than OpenSSH may have no rename that replaces. */
  async #replace(ask: Ask, from: string, to: string): Promise<void> {
    try {
      await ask((session, done) => session.ext_openssh_rename(from, to, done));
    } catch (error) {
      unsupported(error);
      await ask((session, done) => session.unlink(to, done)).catch(() => {});
      await ask((session, done) => session.rename(from, to, done));
    }
  }
}

function firstOf(entries: readonly Entry[], count: number): Entry[] {
  return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1)).slice(0, count);
}

function absent(error: unknown): void {
  if (!isAbsent(error)) throw error;
}

/** Lets only one failure pass: that the server does not know this extension, which the library finds out by itself. */
function unsupported(error: unknown): void {
  if (!(error instanceof Error) || !/does not support/i.test(error.message)) throw error;
}
