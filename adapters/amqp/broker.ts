import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { type ChannelModel, connect } from 'amqplib';
import type { Problem } from '#proto';
import { ClientTls } from '../http/client-tls.ts';
import { guardedLookup } from '../http/targets.ts';
import { type BrokerAddress, type BrokerPlace, readBrokerUrl } from './amqp-config.ts';

const DEFAULT_HEARTBEAT_S = 20;
const DEFAULT_TIMEOUT_MS = 10_000;
/** How long a connection may take to say goodbye. */
const GOODBYE_MS = 2_000;

/** A connection to the broker that is open. Must be closed by whoever opened it. */
export interface BrokerConnection {
  readonly model: ChannelModel;
  /** Says goodbye; a broker that does not answer is left without. */
  close(): Promise<void>;
}

/** A message broker of a platform (消息队列), and how it is reached. */
export class Broker {
  readonly timeoutMs: number;
  readonly #address: BrokerAddress;
  readonly #place: BrokerPlace;
  readonly #tls: ClientTls;

  /** @param place as the rules let it pass */
  constructor(place: BrokerPlace, now: () => number) {
    this.#place = place;
    this.#address = readBrokerUrl(place.url)!;
    this.#tls = new ClientTls(place.tls ?? {}, now);
    this.timeoutMs = place.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  }

  /** Says what is wrong with the files, if anything. The broker is not asked: the gateway has to start while it is away. */
  async problems(): Promise<Problem[]> {
    const problems = await this.#tls.problems('/tls');
    const fault = await readFile(this.#place.password_file).then(
      () => undefined,
      ({ code }: NodeJS.ErrnoException) => `cannot be read (${code})`,
    );
    if (fault) problems.push({ pointer: '/password_file', code: 'FILE', message: fault });
    return problems;
  }

  /**
   * Connects, with the password and the certificates as their files have them now.
   *
   * @param signal gives up; once it is connected it means nothing
   */
  async connect(signal: AbortSignal): Promise<BrokerConnection> {
    const { isSecure, host, port, user, vhost } = this.#address;
    const socket = new AbortController();
    const giveUp = () => socket.abort();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      signal.throwIfAborted();
      const password = (await readFile(this.#place.password_file, 'utf8')).replace(/\r?\n$/, '');
      const options = {
        ...(isSecure && { ...(await this.#tls.files()), minVersion: 'TLSv1.2' as const }),
        ...(isIP(host) === 0 && { servername: host }),
        lookup: guardedLookup(this.#place.networks ?? []),
        signal: socket.signal,
        timeout: this.timeoutMs,
        noDelay: true,
        clientProperties: { connection_name: 'tongban' },
      };
      const model = await connect(
        {
          protocol: isSecure ? 'amqps' : 'amqp',
          hostname: host,
          port,
          username: user,
          password,
          // It is decoded once more over there.
          vhost: encodeURIComponent(vhost),
          heartbeat: this.#place.heartbeat_s ?? DEFAULT_HEARTBEAT_S,
        },
        options,
      );
      // Whoever uses the connection sees it close; without a listener the error would end the process.
      model.on('error', () => {});
      return { model, close: () => close(model, socket) };
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }
}

async function close(model: ChannelModel, socket: AbortController): Promise<void> {
  const timer = setTimeout(() => socket.abort(), GOODBYE_MS);
  const closed = new Promise<void>((resolve) => model.once('close', () => resolve()));
  // It fails when the connection is closed already.
  const asked = model.close().then(
    () => true,
    () => false,
  );
  await Promise.race([closed, asked]);
  clearTimeout(timer);
}

/** What a failure is called in the log: a code of the protocol or the system, no words of the broker. */
export function codeOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  const reply = typeof code === 'number' ? String(code) : / (\d{3}) \(/.exec(String(message))?.[1];
  return reply === undefined ? 'CONNECTION' : `AMQP_${reply}`;
}
