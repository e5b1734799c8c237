import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type SftpClient from 'ssh2-sftp-client';
import { readSftpSecret, type SftpConfig } from './sftp-config.ts';

/** Milliseconds for a connection to stand, and of silence after which it counts as lost (three times). */
const CONNECT_MS = 20_000;
const SILENCE_MS = 10_000;

const DEFAULT_PORT = 22;
const ENDED = 'the connection ended';
/** SSH_FX_EOF, SSH_FX_NO_SUCH_FILE and SSH_FX_PERMISSION_DENIED of the SFTP protocol. */
const CODES: ReadonlyMap<unknown, string> = new Map([
  [1, 'EOF'],
  [2, 'ENOENT'],
  [3, 'EACCES'],
]);

export type Session = Awaited<ReturnType<SftpClient['connect']>>;
/** Milliseconds for one answer, and for one file. */
export type Patience = { readonly answerMs: number; readonly fileMs: number };
type Done<T> = (error?: Error | null, value?: T) => void;
/** Asks one connection, and no later one: there a handle of the first means another file. */
export type Ask = <T>(run: (session: Session, done: Done<T>) => unknown) => Promise<T>;

/**
 * The way to one machine. One connection is made when it is needed and made anew after it was lost; failures have codes as
 * those of Node's file system.
 */
export class SftpConnection {
  readonly #config: SftpConfig;
  readonly #patience: Patience;
  #connection: Promise<Session> | undefined;
  #socket: Socket | undefined;
  /** Told when the connection ends: what was asked, and what is being read. */
  readonly #waiting = new Set<(error: Error) => void>();
  #closed = false;

  constructor(config: SftpConfig, patience: Patience) {
    this.#config = config;
    this.#patience = patience;
  }

  /** One question, at whatever connection there is. */
  async call<T>(run: (session: Session, done: Done<T>) => unknown): Promise<T> {
    return (await this.asking())<T>(run);
  }

  /** A file as it comes, which ends with the connection. */
  async stream(start: (session: Session) => Readable): Promise<Readable> {
    const stream = start(await this.#session());
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

  /** Ends it; nothing is asked any more. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** Several questions that belong together. */
  async asking(): Promise<Ask> {
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
    const secret = await readSftpSecret(this.#config);
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

function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** What the library reports or we find, with a code as Node's file system has them. */
export function coded(error: Error): Error {
  const { code } = error as { code?: unknown };
  return Object.assign(error, { code: CODES.get(code) ?? (typeof code === 'string' ? code : 'EIO') });
}
