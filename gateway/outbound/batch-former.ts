import { LIMITS } from '#proto';
import type { DispatchContext } from './context.ts';
import type { Flight } from './flight.ts';
import { Gathered } from './gathered.ts';
import type { HeldConversations } from './held-conversations.ts';
import type { PendingEnvelope } from './outbox.ts';
import type { PeerClient } from './peer-client.ts';
import { settleUnopened } from './settlement.ts';
import type { StreamKillers } from './stream-killers.ts';

export interface FormerOptions {
  readonly context: DispatchContext;
  /** The peer to which the batches go. */
  readonly region: string;
  readonly held: HeldConversations;
  readonly killers: StreamKillers;
  /** Batches under way. */
  readonly flights: ReadonlyMap<number, Flight>;
  /** Files go beside the stream, over the connection of the moment. */
  readonly client: () => PeerClient;
  /** Ends what the link has under way. */
  readonly signal: AbortSignal;
  /** A conversation that waited for its files may go on. */
  readonly onReleased: () => void;
}

/** Forms the next batch for a peer from the outbox: what was held and is due, then what is new, in order. */
export class BatchFormer {
  readonly #options: FormerOptions;
  #cursor = 0;

  constructor(options: FormerOptions) {
    this.#options = options;
  }

  /** Batches that may be under way now. */
  get slots(): number {
    const { killers, flights } = this.#options;
    if (killers.isCareful) return 1;
    for (const { envelopes } of flights.values())
      if (envelopes.some(({ conversation }) => killers.restOf(conversation) !== undefined)) return 1;
    return LIMITS.batchesInFlight;
  }

  /** Everything that waits is read again, from the oldest on. */
  rewind(): void {
    this.#cursor = 0;
  }

  /** @param life of the stream: what was begun in one that is over is dropped */
  async next(life: AbortSignal): Promise<readonly PendingEnvelope[]> {
    const { held, killers, flights } = this.#options;
    const isKiller = (conversation: string) => killers.restOf(conversation) !== undefined;
    for (const conversation of held.due().filter(isKiller)) {
      // It goes alone, so that it harms nobody and cannot be mistaken: others wait, or it would wait for ever.
      if (flights.size > 0) return [];
      const alone = await this.#alone(conversation, life);
      if (alone.length > 0 || life.aborted) return alone;
    }
    const batch = new Gathered(killers.isCareful ? 1 : LIMITS.batchEnvelopes);
    for (const conversation of held.due()) {
      if (batch.full || isKiller(conversation) || this.#isFlying(conversation)) continue;
      await this.#gatherDue(conversation, batch, life);
    }
    await this.#gatherNew(batch, life);
    return life.aborted ? [] : batch.envelopes;
  }

  async #gatherNew(batch: Gathered, life: AbortSignal): Promise<void> {
    const { context, region, held } = this.#options;
    while (!batch.full && !held.full) {
      const rows = await context.outbox.pendingAfter(region, this.#cursor, LIMITS.batchEnvelopes);
      // The stream was lost meanwhile: the next life begins with the oldest envelope again.
      if (life.aborted) return;
      for (const row of rows) {
        if (!(await this.#gather(row, batch))) break;
        if (life.aborted) return;
        this.#cursor = row.position;
      }
      if (rows.length < LIMITS.batchEnvelopes) return;
    }
  }

  async #gatherDue(conversation: string, batch: Gathered, life: AbortSignal): Promise<void> {
    const { context, region, held } = this.#options;
    const limit = LIMITS.batchEnvelopes;
    const rows = await context.outbox.pendingOf(region, conversation, this.#cursor, limit);
    if (life.aborted) return;
    if (this.#isStopped(conversation)) return held.clear(conversation);
    for (const row of rows) {
      if (await this.#mustWait(row)) return;
      if (!batch.add(row)) return;
    }
    if (rows.length < limit) held.clear(conversation);
  }

  /** The next envelope of a conversation, without what stands behind it: that waits until the next answer. */
  async #alone(conversation: string, life: AbortSignal): Promise<readonly PendingEnvelope[]> {
    const { context, region, held } = this.#options;
    const rows = await context.outbox.pendingOf(region, conversation, this.#cursor, 1);
    if (life.aborted) return [];
    if (rows.length === 0 || this.#isStopped(conversation)) held.clear(conversation);
    if (this.#isStopped(conversation)) return [];
    for (const row of rows) if (await this.#mustWait(row)) return [];
    return life.aborted ? [] : rows;
  }

  /** @returns false when the row must wait for the next batch */
  async #gather(row: PendingEnvelope, batch: Gathered): Promise<boolean> {
    const { held, killers } = this.#options;
    if (held.has(row.conversation) || this.#isStopped(row.conversation)) return true;
    const rest = killers.restOf(row.conversation);
    if (rest !== undefined) {
      held.holdUntil(row.conversation, rest);
      return true;
    }
    return (await this.#mustWait(row)) || batch.add(row);
  }

  /** Whether an envelope cannot go now: its conversation is held then. */
  async #mustWait(row: PendingEnvelope): Promise<boolean> {
    if (!row.unopened) return this.#mustPushFirst(row);
    const { context, region, held } = this.#options;
    // It is given up once nothing of its conversation is under way before it, and the book of dead letters has room.
    held.defer(row.conversation);
    await settleUnopened(context, region, row, row.unopened);
    return true;
  }

  /** Starts pushing the files that the envelope names, and holds its conversation until they are there. */
  #mustPushFirst(row: PendingEnvelope): boolean {
    if (row.materials === '') return false;
    const { context, region, held, client, signal, onReleased } = this.#options;
    const digests = row.materials.split(',');
    if (context.materials.arrived(region, row.conversation, digests)) return false;
    held.block(row.conversation);
    context.materials
      .push(client(), region, row.conversation, digests, signal)
      .then(
        () => held.release(row.conversation),
        (error) => {
          context.events.pushFailed(region, error);
          held.defer(row.conversation);
        },
      )
      .finally(onReleased);
    return true;
  }

  /** Whether it stands still behind a dead letter, until somebody deals with that. */
  #isStopped(conversation: string): boolean {
    return this.#options.context.letters.isStopped(this.#options.region, conversation);
  }

  #isFlying(conversation: string): boolean {
    for (const { envelopes } of this.#options.flights.values()) {
      if (envelopes.some((envelope) => envelope.conversation === conversation)) return true;
    }
    return false;
  }
}
