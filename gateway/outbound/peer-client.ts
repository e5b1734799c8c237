import { X509Certificate } from 'node:crypto';
import { type ChannelOptions, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  CheckClient,
  CodedError,
  ExchangeClient,
  isErrorCode,
  LIMITS,
  MaterialClient,
  type messages,
  RecoveryClient,
} from '#proto';
import { type Clock, type RegionStatement, spkiOf, type TlsIdentity } from '#trust';

/** Stream to one peer, from the sender's side. */
export type ExchangeStream = ClientDuplexStream<object, messages.ExchangeResponse>;

/** Stream of groups of questions to one peer, from the asker's side. */
export type CheckStream = ClientDuplexStream<object, messages.CheckManyResponse>;

/** Metadata key that carries a code of the registry beside a gRPC status. */
export const CODE_METADATA = 'tongban-code';

const OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': LIMITS.frameBytes,
  'grpc.max_send_message_length': LIMITS.frameBytes,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.enable_retries': 0,
};

/** Connection to the gateway of one pinned region. Its server must hold a TLS key of the region's statement. */
export class PeerClient {
  readonly #exchange: InstanceType<typeof ExchangeClient>;
  readonly #check: InstanceType<typeof CheckClient>;
  readonly #material: InstanceType<typeof MaterialClient>;
  readonly #recovery: InstanceType<typeof RecoveryClient>;

  readonly #clock: Clock;

  /** @param address `host:port` to dial; whoever answers there must hold a key of the peer's statement all the same */
  constructor(peer: RegionStatement, own: TlsIdentity, clock: Clock, address: string = peer.endpoint) {
    this.#clock = clock;
    const tls = credentials.createSsl(peerRoots(peer), own.privateKeyPem, own.certificatePem, {
      checkServerIdentity: (_host, certificate) => identityFault(peer, certificate.raw),
    });
    const options = { ...OPTIONS, 'grpc.ssl_target_name_override': `${peer.region}.tongban.invalid` };
    this.#exchange = new ExchangeClient(address, tls, options);
    this.#check = new CheckClient(address, tls, { ...options, channelOverride: this.#exchange.getChannel() });
    this.#material = new MaterialClient(address, tls, {
      ...options,
      channelOverride: this.#exchange.getChannel(),
    });
    this.#recovery = new RecoveryClient(address, tls, {
      ...options,
      channelOverride: this.#exchange.getChannel(),
    });
  }

  /** Opens the long-lived stream; the caller handles its events, errors included. */
  exchange(): ExchangeStream {
    return this.#exchange.exchange() as ExchangeStream;
  }

  /**
   * Asks one sealed question.
   *
   * @throws CodedError the peer's code, or PEER_UNREACHABLE
   */
  async check(envelope: object, timeoutMs: number): Promise<messages.CheckResponse> {
    return new Promise((resolve, reject) => {
      this.#check.check({ envelope }, new Metadata(), { deadline: this.#clock.now() + timeoutMs }, (error, answer) => {
        if (error || !answer) reject(codedError(error));
        else resolve(answer as messages.CheckResponse);
      });
    });
  }

  /** Opens a stream for groups of questions; the caller handles its events, errors included. */
  checkMany(): CheckStream {
    return this.#check.checkMany() as CheckStream;
  }

  /**
   * Asks how much of a material the peer holds.
   *
   * @throws CodedError the peer's code, or PEER_UNREACHABLE
   */
  materialStatus(conversation: string, digest: Buffer, timeoutMs: number): Promise<messages.StatusResponse> {
    return new Promise((resolve, reject) => {
      this.#material.status(
        { conversation, digest },
        new Metadata(),
        { deadline: this.#clock.now() + timeoutMs },
        (error, answer) => {
          if (error || !answer) reject(codedError(error));
          else resolve(answer as messages.StatusResponse);
        },
      );
    });
  }

  /**
   * Sends the rest of a material.
   *
   * @throws CodedError the peer's code, or PEER_UNREACHABLE
   */
  pushMaterial(
    opening: object,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<messages.PushResponse> {
    return new Promise((resolve, reject) => {
      const ended = new AbortController();
      const call = this.#material.push((error, answer) => {
        signal.removeEventListener('abort', cancel);
        ended.abort();
        if (error || !answer) reject(codedError(error));
        else resolve(answer as messages.PushResponse);
      });
      const cancel = () => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) cancel();
      call.write({ opening });
      writeAll(call, chunks, ended.signal).catch((error) => {
        call.cancel();
        reject(error);
      });
    });
  }

  /**
   * Asks for what was exchanged since a moment (ms, by the peer's clock).
   *
   * @throws CodedError while it is read: the peer's code, or PEER_UNREACHABLE
   */
  async *recover(since: number, signal: AbortSignal): AsyncGenerator<messages.RecoverResponse> {
    const call = this.#recovery.recover({ since });
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      for await (const frame of call as AsyncIterable<messages.RecoverResponse>) yield frame;
    } catch (error) {
      throw codedError(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  close(): void {
    this.#exchange.close();
  }
}

/** Turns a gRPC error into the code that the peer gave, or PEER_UNREACHABLE. Never repeats the peer's free text. */
export function codedError(error: unknown): CodedError {
  const { metadata, code } = (error ?? {}) as { metadata?: Metadata; code?: status };
  const named = String(metadata?.get(CODE_METADATA)[0] ?? '');
  if (isErrorCode(named)) return new CodedError(named);
  return new CodedError(
    'PEER_UNREACHABLE',
    `the peer cannot be reached (${code === undefined ? 'no answer' : status[code]})`,
  );
}

/** Writes until the chunks or the call end; either way the file behind the chunks is closed. */
async function writeAll(
  call: { write(frame: object): boolean; once(event: 'drain', listener: () => void): unknown; end(): void },
  chunks: AsyncIterable<Uint8Array>,
  ended: AbortSignal,
): Promise<void> {
  for await (const chunk of chunks) {
    if (ended.aborted) return;
    if (!call.write({ chunk })) await drainedOr(ended, call);
  }
  if (!ended.aborted) call.end();
}

function drainedOr(ended: AbortSignal, call: { once(event: 'drain', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      ended.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    ended.addEventListener('abort', done, { once: true });
    if (ended.aborted) done();
  });
}

/** The pinned certificates are their own roots: nothing else is trusted for this peer. */
function peerRoots(peer: RegionStatement): Buffer {
  return Buffer.from(peer.tls.map(({ certificate }) => certificate.toString()).join('\n'));
}

function identityFault(peer: RegionStatement, der: Buffer): Error | undefined {
  const spki = spkiOf(new X509Certificate(der));
  return peer.tls.some((pinned) => pinned.spki === spki)
    ? undefined
    : new Error(`the server does not hold a pinned key of region ${peer.region}`);
}
