import { X509Certificate } from 'node:crypto';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { CodedError, type ErrorCode, LIMITS, type messages } from '#proto';
import { type RegionStatement, spkiOf } from '#trust';
import type { StatementExchange } from '../peer/statement-exchange.ts';
import { drained } from './drained.ts';
import { codeOf, statusOf } from './grpc-status.ts';
import type { Pipeline } from './pipeline.ts';

/** The only protocol version that is spoken. */
const PROTOCOL = 1;
/** Refusals that one stream may earn in a minute: an honest peer whose clock or key is wrong stays far below. */
const REFUSALS_A_MINUTE = 5000;

export interface SessionOptions {
  readonly pipeline: Pipeline;
  readonly hello: (peer: RegionStatement) => object | Promise<object>;
  /** Throws a CodedError when nothing may be exchanged with the peer, after what its hello says. */
  readonly onHello: (peer: RegionStatement, hello: messages.Hello) => Promise<void>;
  /** Statements in frames of their own. */
  readonly statements: StatementExchange;
  readonly now: () => number;
  /** A peer opened a stream. */
  readonly onGreeted: (peer: RegionStatement) => void;
  /** A frame about the logs that is due for a peer, if any; paced by its maker. */
  readonly checkpointFor: (peer: RegionStatement) => object | undefined;
  /** A peer showed a checkpoint; what it gives back, if anything, is written to the same stream. */
  readonly onCheckpoint: (peer: RegionStatement, frame: messages.Checkpoint) => Promise<object | undefined>;
  readonly onUnexpected: (error: unknown) => void;
  /** Counts calls that end with a code. */
  readonly onRefusedCall: (code: ErrorCode) => void;
}

type ExchangeCall = ServerDuplexStream<messages.ExchangeRequest, object>;

/** One Exchange stream of one peer: hello, then each batch is answered before the next is read. */
export class ExchangeSession {
  /** SPKI of the TLS key that the caller proved; undefined when the connection is gone already. */
  readonly spki: string | undefined;
  #peer: RegionStatement;
  readonly #call: ExchangeCall;
  readonly #options: SessionOptions;
  #greeted = false;
  #ended = false;
  #working: Promise<void> = Promise.resolve();
  #refusals = 0;
  #refusalsSince = 0;

  constructor(call: ExchangeCall, peer: RegionStatement, options: SessionOptions) {
    this.#call = call;
    this.#peer = peer;
    this.#options = options;
    const certificate = call.getAuthContext().sslPeerCertificate;
    this.spki = certificate && spkiOf(new X509Certificate(certificate.raw));
  }

  /** The region has a newer statement and still owns the TLS key of this stream. */
  renew(statement: RegionStatement): void {
    this.#peer = statement;
  }

  /** We have a newer statement: the peer sees it before any receipt that a new key signs. */
  showStatement(): void {
    if (this.#greeted) this.#showStatement(this.#options.statements.shown(this.#peer.region));
  }

  /** Serves the stream until it ends. Never throws. */
  async run(): Promise<void> {
    try {
      // Leaving the loop must not destroy the call: its status is still to be sent.
      const frames: AsyncIterable<messages.ExchangeRequest> = this.#call.iterator({ destroyOnReturn: false });
      for await (const frame of frames) {
        if (this.#ended) return;
        this.#working = this.#take(frame);
        await this.#working;
      }
      if (!this.#ended) this.#call.end();
    } catch (error) {
      if (!(error instanceof CodedError) && !this.#call.cancelled && !this.#ended) this.#options.onUnexpected(error);
      this.#finish(error);
    }
  }

  /** Answers the batch under way and ends the stream. */
  async drain(): Promise<void> {
    await this.#working.catch(() => {});
    this.end('SHUTTING_DOWN');
  }

  /** Ends the stream with a code. */
  end(code: ErrorCode): void {
    this.#finish(new CodedError(code));
  }

  async #take(frame: messages.ExchangeRequest): Promise<void> {
    // The stream may outlive the statement that it was let in by.
    if (this.#options.now() >= this.#peer.expiresAt) throw new CodedError('STATEMENT_EXPIRED');
    if (frame.hello) await this.#greet(frame.hello);
    else if (!this.#greeted) throw new CodedError('PROTOCOL_VIOLATION', 'the first frame is a hello');
    else if (frame.batch) await this.#answer(frame.batch);
    else if (frame.statement) this.#showStatement(await this.#options.statements.take(this.#peer, frame.statement));
    else if (frame.checkpoint) this.#show(await this.#options.onCheckpoint(this.#peer, frame.checkpoint));
    else throw new CodedError('PROTOCOL_VIOLATION', 'an empty frame');
  }

  async #greet(hello: messages.Hello): Promise<void> {
    if (this.#greeted) throw new CodedError('PROTOCOL_VIOLATION', 'a second hello');
    if (hello.protocol !== PROTOCOL) throw new CodedError('VERSION_UNSUPPORTED');
    if (hello.region !== this.#peer.region) throw new CodedError('PEER_MISMATCH');
    await this.#options.onHello(this.#peer, hello);
    this.#greeted = true;
    this.#call.write({ hello: await this.#options.hello(this.#peer) });
    this.#options.onGreeted(this.#peer);
    this.#showStatement(await this.#options.statements.greeted(this.#peer, hello));
  }

  async #answer(batch: messages.Batch): Promise<void> {
    const { length } = batch.envelopes;
    if (length === 0 || length > LIMITS.batchEnvelopes)
      throw new CodedError('PROTOCOL_VIOLATION', 'a batch holds 1 to 256 envelopes');
    // One message may always travel alone: its own size is judged with the envelope.
    if (length > 1 && bytesOf(batch) > LIMITS.batchBytes)
      throw new CodedError('PROTOCOL_VIOLATION', 'a batch holds at most 2 MiB');
    const answer = await this.#options.pipeline.receive(this.#peer, batch);
    if (this.#ended) return;
    if (!this.#call.write(answer)) await drained(this.#call);
    this.#countRefusals(answer.receipts.refusals.length);
    this.#show(this.#options.checkpointFor(this.#peer));
  }

  /** @throws CodedError BACK_PRESSURE when the peer sends little else than what must be refused */
  #countRefusals(count: number): void {
    const now = this.#options.now();
    if (now - this.#refusalsSince >= 60_000) {
      this.#refusals = 0;
      this.#refusalsSince = now;
    }
    this.#refusals += count;
    if (this.#refusals > REFUSALS_A_MINUTE) throw new CodedError('BACK_PRESSURE', 'too many refusals on one stream');
  }

  #showStatement(statement: object | undefined): void {
    if (statement && !this.#ended) this.#call.write({ statement });
  }

  #show(checkpoint: object | undefined): void {
    if (checkpoint && !this.#ended) this.#call.write({ checkpoint });
  }

  #finish(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onRefusedCall(codeOf(error));
    if (!this.#call.cancelled) this.#call.emit('error', statusOf(error));
  }
}

/** Bytes of the envelopes of a batch, as their sender counts them. */
function bytesOf({ envelopes }: messages.Batch): number {
  return envelopes.reduce((sum, { header, payload }) => sum + header.length + payload.length, 0);
}
