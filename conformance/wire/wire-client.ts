import { X509Certificate } from 'node:crypto';
import {
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { LIMITS, type messages, services } from '#proto';
import { type RegionStatement, spkiOf } from '#trust';
import { CallEnded, callEndOf } from './call-end.ts';
import { ANSWER_MS, ExchangeLine, type OutgoingFrame } from './exchange-line.ts';

/** Certificate and key that a client shows in TLS. */
export interface ClientIdentity {
  readonly certificatePem: Buffer;
  readonly privateKeyPem: Buffer;
}

type Callback<T> = (error: ServiceError | null, answer?: T) => void;

/** Room to send more than a peer has to take. */
const SEND_BYTES = 8 * LIMITS.frameBytes;

const { Exchange } = services.exchange;
const { Check, CheckMany } = services.check;
const { Status, Push } = services.material;

/** The runner's own gRPC client. It demands the target's pinned TLS key and says whatever it is told to say. */
export class WireClient {
  readonly #client: Client;
  readonly #now: () => number;

  /**
   * @param identity what we show; undefined for a client without a certificate
   * @param now milliseconds
   */
  constructor(target: RegionStatement, identity: ClientIdentity | undefined, now: () => number) {
    const roots = Buffer.from(target.tls.map(({ certificate }) => certificate.toString()).join('\n'));
    const key = identity?.privateKeyPem ?? null;
    const tls = credentials.createSsl(roots, key, identity?.certificatePem ?? null, {
      checkServerIdentity: (_host, { raw }) => pinFault(target, raw),
    });
    this.#now = now;
    this.#client = new Client(target.endpoint, tls, {
      'grpc.ssl_target_name_override': `${target.region}.tongban.invalid`,
      'grpc.max_receive_message_length': LIMITS.frameBytes,
      'grpc.max_send_message_length': SEND_BYTES,
      'grpc.enable_retries': 0,
    });
  }

  /** Whether a connection to the target's pinned key comes up within so many milliseconds. */
  reachable(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#client.waitForReady(this.#now() + withinMs, (error) => resolve(error === undefined || error === null));
    });
  }

  /** Opens an Exchange stream. */
  exchange(): ExchangeLine {
    const call = this.#client.makeBidiStreamRequest(
      Exchange.path,
      (frame: OutgoingFrame) => (Buffer.isBuffer(frame) ? frame : Exchange.requestSerialize(frame)),
      (bytes: Buffer) => Exchange.responseDeserialize(bytes) as messages.ExchangeResponse,
    );
    return new ExchangeLine(call);
  }

  /** Asks a sealed question. @throws CallEnded */
  check(request: object): Promise<messages.CheckResponse> {
    return this.#unary(
      Check.path,
      Check.requestSerialize(request),
      Check.responseDeserialize,
    ) as Promise<messages.CheckResponse>;
  }

  /** Sends groups of questions on one stream. @returns every frame of answers @throws CallEnded */
  checkMany(groups: Iterable<object>): Promise<messages.CheckManyResponse[]> {
    return new Promise((resolve, reject) => {
      const frames: messages.CheckManyResponse[] = [];
      const call = this.#client.makeBidiStreamRequest(
        CheckMany.path,
        CheckMany.requestSerialize as (group: object) => Buffer,
        (bytes: Buffer) => CheckMany.responseDeserialize(bytes) as messages.CheckManyResponse,
        new Metadata(),
        { deadline: this.#now() + ANSWER_MS },
      );
      call.on('data', (frame: messages.CheckManyResponse) => frames.push(frame));
      call.on('status', (ended: StatusObject) => {
        if (ended.code === status.OK) resolve(frames);
        else reject(new CallEnded(callEndOf(ended)));
      });
      // The status says the same.
      call.on('error', () => {});
      for (const group of groups) call.write(group);
      call.end();
    });
  }

  /** Asks how much of a material is staged. @throws CallEnded */
  materialStatus(request: object): Promise<messages.StatusResponse> {
    return this.#unary(
      Status.path,
      Status.requestSerialize(request),
      Status.responseDeserialize,
    ) as Promise<messages.StatusResponse>;
  }

  /** Pushes the frames of a material, in whatever order. @throws CallEnded */
  pushMaterial(frames: Iterable<object>): Promise<messages.PushResponse> {
    return answerOf((callback: Callback<messages.PushResponse>) => {
      const call = this.#client.makeClientStreamRequest(
        Push.path,
        Push.requestSerialize,
        (bytes: Buffer) => Push.responseDeserialize(bytes) as messages.PushResponse,
        new Metadata(),
        { deadline: this.#now() + ANSWER_MS },
        callback,
      );
      for (const frame of frames) call.write(frame);
      call.end();
    });
  }

  /** Calls any unary method with bytes. @throws CallEnded */
  raw(path: string, request: Buffer): Promise<Buffer> {
    return this.#unary(path, request, (bytes) => bytes);
  }

  /** Sends one message on any streamed method. @returns the first answer @throws CallEnded */
  rawStream(path: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const same = (bytes: Buffer) => bytes;
      const deadline = this.#now() + ANSWER_MS;
      const call = this.#client.makeBidiStreamRequest(path, same, same, new Metadata(), { deadline });
      call.on('data', resolve);
      call.on('status', (status: StatusObject) => reject(new CallEnded(callEndOf(status))));
      // The status says the same.
      call.on('error', () => {});
      call.write(request);
      call.end();
    });
  }

  close(): void {
    this.#client.close();
  }

  #unary<T>(path: string, request: Buffer, deserialize: (bytes: Buffer) => T): Promise<T> {
    return answerOf(
      (callback: Callback<T>): ClientUnaryCall =>
        this.#client.makeUnaryRequest(
          path,
          (bytes: Buffer) => bytes,
          deserialize,
          request,
          new Metadata(),
          { deadline: this.#now() + ANSWER_MS },
          callback,
        ),
    );
  }
}

function answerOf<T>(call: (callback: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error) reject(new CallEnded(callEndOf(error)));
      else resolve(answer as T);
    });
  });
}

function pinFault(target: RegionStatement, der: Buffer): Error | undefined {
  const spki = spkiOf(new X509Certificate(der));
  return target.tls.some((pinned) => pinned.spki === spki)
    ? undefined
    : new Error(`the server does not hold a pinned key of region ${target.region}`);
}
