import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { posix } from 'node:path';
import type SftpClient from 'ssh2-sftp-client';
import { fields, integer, optional, type Problem, type Rule, text } from '#proto';
import type { AdapterContext } from '../adapter.ts';
import { absolutePath } from '../config-rules.ts';
import { type Content, type Entry, exists, type FolderFiles, isAbsent, kindAt } from './folder-files.ts';
import { type Kinded, kindOf, sharedMode } from './local-files.ts';

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

/** Milliseconds for a connection to stand, and of silence after which it counts as lost (three times). */
const CONNECT_MS = 20_000;
const SILENCE_MS = 10_000;
/** Milliseconds for one answer, and for one file: a server whose disks hang still says that it is there. */
const PATIENCE = { answerMs: 60_000, fileMs: 10 * 60_000 } as const;
/** Entries of a folder that are looked at, and answers of the server that are awaited for them: it might list without end. */
export const FOLDER_ENTRIES = 10_000;
const FOLDER_ANSWERS = 10_000;
const NAME_CHARACTERS = 255;

const DEFAULT_PORT = 22;
const ENDED = 'the connection ended';
/** SSH_FX_EOF, SSH_FX_NO_SUCH_FILE and SSH_FX_PERMISSION_DENIED of the SFTP protocol. */
const CODES: ReadonlyMap<unknown, string> = new Map([
  [1, 'EOF'],
  [2, 'ENOENT'],
  [3, 'EACCES'],
]);

type Session = Awaited<ReturnType<SftpClient['connect']>>;
type Patience = { readonly answerMs: number; readonly fileMs: number };
type Done<T> = (error?: Error | null, value?: T) => void;
/** Asks one connection, and no later one: there a handle of the first means another file. */
type Ask = <T>(run: (session: Session, done: Done<T>) => unknown) => Promise<T>;

/** Says what is wrong with the file of the secret, if anything. */
export async function sftpProblems(config: SftpConfig, pointer: string): Promise<Problem[]> {
  const name = config.key_file === undefined ? 'password_file' : 'key_file';
  const found = await readSecret(config).then(
    (secret) => (secret.length > 0 ? undefined : 'is empty'),
    (error: NodeJS.ErrnoException) => `cannot be read (${error.code})`,
  );
  return found === undefined ? [] : [{ pointer: `${pointer}/${name}`, code: 'SECRET', message: found }];
}

/**
 * Folders of another machine. One connection is made when it is needed and made anew after it was lost; the secret is
 * read each time, so that replacing its file is all that it takes to change it.
 */
export class SftpFiles implements FolderFiles {
  readonly #config: SftpConfig;
  #connection: Promise<Session> | undefined;
  #socket: Socket | undefined;
  /** Told when the connection ends: what was asked, and what is being read. */
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #log: AdapterContext['log'];
  readonly #patience: Patience;
  readonly #most: number;
  #isTold = false;
  #closed = false;

  constructor(
    config: SftpConfig,
    log: AdapterContext['log'],
    patience: Patience = PATIENCE,
    most: number = FOLDER_ENTRIES,
  ) {
    this.#config = config;
    this.#log = log;
    this.#most = most;
    this.#patience = patience;
  }

  /** The first by their names; the others wait until there is room. */
  async entries(folder: string) {
    const ask = await this.#asking();
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
    const found = await this.#call<Kinded & { size: number }>((session, done) => session.lstat(path, done));
    return { kind: kindOf(found), bytes: found.size };
  }

  async open(path: string) {
    const session = await this.#session();
    const stream = session.createReadStream(path);
    const lost = (error: Error) => void stream.destroy(error);
    this.#waiting.add(lost);
    const late = setTimeout(() => this.#drop(), this.#patience.fileMs);
    // Whoever reads hears of failures while reading; what goes wrong with closing it later concerns nobody.
    return stream
      .on('error', () => {})
      .once('close', () => {
        clearTimeout(late);
        this.#waiting.delete(lost);
      });
  }

  async write(folder: string, name: string, content: Content) {
    const temporary = posix.join(folder, `.${name}.tmp`);
    const ask = await this.#asking();
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
      await this.#call((session, done) => session.unlink(temporary, done)).catch(() => {});
      throw error;
    } finally {
      await ask((session, done) => session.close(handle, done)).catch(() => {});
    }
    await this.#replace(ask, temporary, posix.join(folder, name));
  }

  /** The machine at the other end keeps its folders as it likes. */
  async sync() {}

  async move(from: string, to: string) {
    await this.#call((session, done) => session.rename(from, to, done));
  }

  async makeFolder(path: string) {
    try {
      await this.#call((session, done) => session.mkdir(path, done));
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
    const { mode } = await this.#call<{ mode: number }>((session, done) => session.lstat(path, done));
    // Other systems than Unix know no such thing.
    await this.#call((session, done) => session.chmod(path, sharedMode(mode), done)).catch(() => {});
  }

  async removeFile(path: string) {
    await this.#call((session, done) => session.unlink(path, done));
  }

  async removeFolder(path: string) {
    await this.#call((session, done) => session.rmdir(path, done));
  }

  async close() {
    this.#closed = true;
    this.#drop();
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

  async #call<T>(run: (session: Session, done: Done<T>) => unknown): Promise<T> {
    return (await this.#asking())<T>(run);
  }

  async #asking(): Promise<Ask> {
    const connection = this.#session();
    const session = await connection;
    return (run) =>
      this.#connection === connection ? this.#ask(session, run) : Promise.reject(coded(new Error(ENDED)));
  }

  #ask<T>(session: Session, run: (session: Session, done: Done<T>) => unknown): Promise<T> {
    const late = setTimeout(() => this.#drop(), this.#patience.answerMs);
    let give: ((error: Error) => void) | undefined;
    const answer = new Promise<T>((resolve, reject) => {
      give = reject;
      this.#waiting.add(reject);
      run(session, (error, value) => (error ? reject(coded(error)) : resolve(value as T)));
    });
    return answer.finally(() => {
      clearTimeout(late);
      this.#waiting.delete(give!);
    });
  }

  #session(): Promise<Session> {
    if (this.#closed) return Promise.reject(coded(new Error('closed')));
    this.#connection ??= this.#connect().catch((error: Error) => {
      this.#connection = undefined;
      this.#drop();
      throw coded(error);
    });
    return this.#connection;
  }

  async #connect(): Promise<Session> {
    const { host, port = DEFAULT_PORT, user, key_file, host_key } = this.#config;
    const secret = await readSecret(this.#config);
    // Loaded only where it is used: no command of ours needs it.
    const { default: Client } = await import('ssh2-sftp-client');
    const socket = await dial(host, port);
    this.#socket = socket;
    if (this.#closed) throw new Error('closed');
    const ended = new Promise<never>((_, reject) => this.#waiting.add(reject));
    socket.once('close', () => this.#ended(socket));
    const ignore = () => {};
    const client = new Client('tongban', { error: ignore, end: ignore, close: ignore });
    const connected = client.connect({
      sock: socket,
      username: user,
      ...(key_file === undefined ? { password: secret.toString('utf8').trimEnd() } : { privateKey: secret }),
      hostVerifier: (key: Buffer) => fingerprintOf(key) === host_key,
      readyTimeout: CONNECT_MS,
      keepaliveInterval: SILENCE_MS,
    });
    return Promise.race([connected, ended]);
  }

  /** The socket tells of every end; the library may leave a question unanswered for ever. */
  #ended(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#connection = undefined;
    const lost = coded(new Error(ENDED));
    for (const give of this.#waiting) give(lost);
    this.#waiting.clear();
  }

  #drop(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#ended(socket);
    socket.destroy();
  }
}

/** Small questions and answers one after another: each would wait for the other end to confirm the one before. */
async function dial(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) }).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  return socket;
}

function readSecret({ key_file, password_file }: SftpConfig): Promise<Buffer> {
  return readFile((key_file ?? password_file)!);
}

function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
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

/** What the library reports, with a code as Node's file system has them. */
function coded(error: Error): Error {
  const { code } = error as { code?: unknown };
  return Object.assign(error, { code: CODES.get(code) ?? (typeof code === 'string' ? code : 'EIO') });
}
