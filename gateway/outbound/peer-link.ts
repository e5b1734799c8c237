import { CodedError, type messages } from '#proto';
import { type RegionStatement, sealEnvelopes, type TlsIdentity } from '#trust';
import { BackOff } from './back-off.ts';
import { BatchFormer } from './batch-former.ts';
import type { DispatchContext } from './context.ts';
import { type EnvelopeAnswer, type Flight, isExpired, readAnswer } from './flight.ts';
import { HeldConversations } from './held-conversations.ts';
import type { PendingEnvelope } from './outbox.ts';
import { type ExchangeStream, PeerClient } from './peer-client.ts';
import { settleAnswers, settleUnanswered } from './settlement.ts';
import { StreamKillers } from './stream-killers.ts';
import { drained, pause } from './waiting.ts';

/** Milliseconds that a peer may take to answer a batch before the stream is dialled anew. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Milliseconds that a stream must have lived for the next dial to be a first one again; a good answer counts too. */
const STEADY_MS = 10_000;

/**
 * Everything that goes to one peer: keeps one stream up, forms a batch whenever a slot is free, and settles answers.
 * What waits while a batch is under way becomes the next batch; an idle link sends at once.
 */
export class PeerLink {
  #peer: RegionStatement;
  #presented: TlsIdentity;
  #client: PeerClient;
  readonly #context: DispatchContext;
  readonly #held: HeldConversations;
  readonly #killers: StreamKillers;
  readonly #former: BatchFormer;
  readonly #reconnect: BackOff;
  readonly #flights = new Map<number, Flight>();
  readonly #aborted = new AbortController();
  #stream: ExchangeStream | undefined;
  #ready = false;
  #batches = 0;
  /** The life of the stream: what was begun in one that is over is dropped. */
  #life = new AbortController();
  #pumping: Promise<void> | undefined;
  #pumpAgain = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #answerTimer: NodeJS.Timeout | undefined;
  #greetedAt = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(peer: RegionStatement, context: DispatchContext) {
    this.#peer = peer;
    this.#context = context;
    this.#presented = context.tlsFor(peer.region);
    this.#client = new PeerClient(peer, this.#presented, context.clock, context.addressOf(peer));
    this.#held = new HeldConversations(context.clock, context.random);
    this.#killers = new StreamKillers(context.clock);
    this.#former = new BatchFormer({
      ...{ context, region: peer.region, held: this.#held, killers: this.#killers, flights: this.#flights },
      client: () => this.#client,
      signal: this.#aborted.signal,
      onReleased: () => this.wake(),
    });
    this.#reconnect = new BackOff(100, 30_000, context.random);
  }

  start(): void {
    this.#running = this.#keepConnected();
  }

  /** The peer's newest statement. */
  get peer(): RegionStatement {
    return this.#peer;
  }

  /** The peer has a newer statement. Where it says that we are connected to the wrong place, we dial anew. */
  renew(peer: RegionStatement): void {
    const { addressOf } = this.#context;
    const moved = addressOf(peer) !== addressOf(this.#peer);
    const gone = this.#peer.tls.some(({ spki }) => peer.tls.every((still) => still.spki !== spki));
    this.#peer = peer;
    if (moved || gone) this.#stream?.cancel();
  }

  /** We have a newer statement: the peer sees it before anything that it introduces. */
  showStatement(): void {
    const { statements, tlsFor } = this.#context;
    if (this.#ready) this.#stream?.write({ statement: statements.shown(this.#peer.region) });
    const stillOurs = statements.isOurs(this.#presented.spki);
    if (!stillOurs && tlsFor(this.#peer.region) !== this.#presented) this.#stream?.cancel();
  }

  /** Shows the peer our log, if that is due. */
  showCheckpoint(): void {
    if (this.#ready) this.#show(this.#context.checkpointFor(this.#peer));
  }

  /** There is something new to send. */
  wake(): void {
    if (this.#pumping) {
      this.#pumpAgain = true;
      return;
    }
    if (!this.#ready) return;
    this.#pumping = this.#pump()
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#pumping = undefined;
        // Something came after the pump had looked for the last time.
        if (this.#pumpAgain) this.wake();
      });
  }

  /** A conversation that stood still behind a dead letter goes on. A link that is down reads everything anew anyway. */
  revive(conversation: string): void {
    this.#killers.pardon(conversation);
    this.#held.recall(conversation);
    this.wake();
  }

  /** The connection, for questions and files beside the stream. */
  get client(): PeerClient {
    return this.#client;
  }

  get connected(): boolean {
    return this.#ready;
  }

  /** Batches that the peer has not answered. */
  get inFlight(): number {
    return this.#flights.size;
  }

  /** Ends the stream; what is pending stays in the outbox. */
  async stop(): Promise<void> {
    this.#aborted.abort();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#answerTimer);
    this.#stream?.end();
    this.#stream?.cancel();
    await this.#running;
    await this.#pumping;
    this.#client.close();
  }

  async #keepConnected(): Promise<void> {
    while (!this.#aborted.signal.aborted) {
      try {
        await this.#converse();
      } catch (error) {
        this.#context.events.disconnected(this.peer.region, error);
      }
      await this.#blameKiller();
      this.#forgetConnection();
      await pause(this.#reconnect.next(), this.#aborted.signal);
    }
  }

  /** One life of the stream: hello, then answers until it ends. */
  async #converse(): Promise<void> {
    if (this.#context.clock.now() >= this.peer.expiresAt) throw new CodedError('STATEMENT_EXPIRED');
    const stream = this.#client.exchange();
    this.#stream = stream;
    stream.on('error', () => {});
    stream.write({ hello: await this.#context.hello(this.peer) });
    for await (const frame of stream as AsyncIterable<messages.ExchangeResponse>) await this.#take(frame);
  }

  async #take(frame: messages.ExchangeResponse): Promise<void> {
    if (frame.hello) {
      const first = await this.#context.statements.greeted(this.peer, frame.hello);
      if (first) this.#stream?.write({ statement: first });
      await this.#context.onGreeting(this.peer, frame.hello, this.#client, this.#aborted.signal);
      this.#ready = true;
      this.#greetedAt = this.#context.clock.now();
      this.#context.events.connected(this.peer.region);
      this.#context.onHello(this.peer, frame.hello);
      this.wake();
    } else if (frame.receipts) {
      await this.#takeAnswer(frame.receipts);
    } else if (frame.statement) {
      const held = await this.#context.statements.take(this.peer, frame.statement);
      if (held) this.#stream?.write({ statement: held });
    } else if (frame.checkpoint) {
      this.#show(await this.#context.onCheckpoint(this.peer, frame.checkpoint));
    }
  }

  async #takeAnswer(answer: messages.ReceiptBatch): Promise<void> {
    const flight = this.#flights.get(answer.answers);
    if (!flight) return;
    const read = readAnswer(flight, answer, this.peer, this.#context.region);
    this.#flights.delete(flight.number);
    this.#killers.answered(flight.envelopes);
    this.#reconnect.reset();
    this.#watchAnswers();
    this.#holdWhatFailed(read.answers);
    // The slot is free: the next batch forms while this answer becomes durable.
    this.wake();
    const failuresOf = (conversation: string) => this.#held.failures(conversation);
    await settleAnswers(this.#context, this.peer.region, flight, answer, read, failuresOf);
    this.#scheduleRetry();
  }

  /** A receipt frees nobody: a later envelope of its conversation may wait for its files. */
  #holdWhatFailed(answers: readonly EnvelopeAnswer[]): void {
    const now = this.#context.clock.now();
    const failed = new Set<string>();
    for (const answer of answers) {
      const { conversation } = answer.envelope;
      if (answer.kind === 'receipt') this.#held.succeeded(conversation);
      else if (!isExpired(answer, now)) failed.add(conversation);
      if (answer.code === 'MATERIAL_MISSING') this.#context.materials.forget(this.peer.region, conversation);
    }
    // However many of its envelopes stood behind the first, a conversation failed once.
    for (const conversation of failed) this.#held.defer(conversation);
  }

  async #pump(): Promise<void> {
    do {
      this.#pumpAgain = false;
      while (this.#ready && this.#flights.size < this.#former.slots) {
        const life = this.#life.signal;
        const envelopes = await this.#former.next(life);
        if (envelopes.length === 0) {
          if (this.#flights.size === 0 && !life.aborted) this.#killers.idle();
          break;
        }
        await this.#send(envelopes, life);
      }
    } while (this.#pumpAgain);
    this.#scheduleRetry();
  }

  async #send(envelopes: readonly PendingEnvelope[], life: AbortSignal): Promise<void> {
    const { signer, region, clock } = this.#context;
    const leaves = envelopes.map((envelope) => envelope.leaf);
    const { kid } = signer;
    const sealed = await sealEnvelopes(signer, region, leaves, clock.now());
    // The key was replaced meanwhile, and the peer has seen the statement that says so.
    if (signer.kid !== kid) return this.#send(envelopes, life);
    const stream = this.#stream;
    if (life.aborted || !stream) return;
    this.#batches += 1;
    const number = this.#batches;
    this.#flights.set(number, { number, envelopes, sealed });
    this.#context.events.sent(this.peer.region, envelopes.length);
    const frame = {
      batch: {
        number,
        signedRoot: Buffer.from(sealed.signedRoot),
        envelopes: envelopes.map(({ header, payload, salt }) => ({ header, payload, payloadSalt: salt })),
      },
    };
    this.#watchAnswers();
    if (!stream.write(frame)) await drained(stream, life);
    this.#show(this.#context.checkpointFor(this.peer));
  }

  #show(checkpoint: object | undefined): void {
    if (checkpoint && this.#ready) this.#stream?.write({ checkpoint });
  }

  /** Wakes the link when a held conversation is due. */
  #scheduleRetry(): void {
    clearTimeout(this.#retryTimer);
    const wait = this.#held.nextDueIn();
    if (wait === undefined || !this.#ready) return;
    this.#retryTimer = setTimeout(() => this.wake(), Math.max(10, wait));
    this.#retryTimer.unref();
  }

  #watchAnswers(): void {
    clearTimeout(this.#answerTimer);
    if (this.#flights.size === 0) return;
    this.#answerTimer = setTimeout(() => this.#stream?.cancel(), ANSWER_TIMEOUT_MS);
    this.#answerTimer.unref();
  }

  #fail(error: unknown): void {
    this.#context.events.disconnected(this.peer.region, error);
    this.#stream?.cancel();
  }

  /** An envelope that ends streams instead of being answered counts as refused: it has its trouble, and its end. */
  async #blameKiller(): Promise<void> {
    const envelope = this.#ready ? this.#killers.lost(this.#flights.values()) : undefined;
    if (!envelope || this.#aborted.signal.aborted) return;
    const { region } = this.peer;
    try {
      await settleUnanswered(this.#context, region, envelope);
    } catch (error) {
      this.#context.events.disconnected(region, error);
    }
  }

  #forgetConnection(): void {
    const wasReady = this.#ready;
    if (wasReady && this.#context.clock.now() - this.#greetedAt >= STEADY_MS) this.#reconnect.reset();
    this.#ready = false;
    // A stream whose frame we could not take is still open: four of them would use up what the peer allows.
    this.#stream?.cancel();
    // A TLS connection that was made before the peer pinned us stays unknown to it for ever: dial anew.
    this.#client.close();
    this.#presented = this.#context.tlsFor(this.peer.region);
    this.#client = new PeerClient(this.peer, this.#presented, this.#context.clock, this.#context.addressOf(this.peer));
    this.#stream = undefined;
    this.#rewind();
    this.#watchAnswers();
    if (wasReady) this.#context.events.lost(this.peer.region);
  }

  /** Unanswered envelopes are read again from the outbox. */
  #rewind(): void {
    this.#flights.clear();
    this.#held.clearAll();
    this.#former.rewind();
    this.#batches = 0;
    this.#life.abort();
    this.#life = new AbortController();
  }
}
