import { CodedError, checkPayload, encode, LIMITS, type PayloadName, typeName } from '#proto';
import { type ArrivedEnvelope, type Clock, fixEnvelope, type SuiteName } from '#trust';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { Store, Transaction } from '../store/store.ts';
import { type KeptEnvelope, keptEnvelopes, type PendingEnvelope } from './kept-envelopes.ts';

export type { PendingEnvelope } from './kept-envelopes.ts';

/** What a room of the gateway wants to be sent. */
export interface Outgoing {
  readonly peer: string;
  readonly conversation: string;
  readonly name: PayloadName;
  readonly payload: object;
  readonly authorization?: { readonly id: string; readonly digest: Buffer } | undefined;
  /** SHA-256 of the materials that must arrive first, in hex. */
  readonly materials?: readonly string[];
}

/** An envelope that the outbox took: durable once the unit of work is. */
export interface Enqueued {
  readonly id: string;
  readonly sequence: number;
  /** Milliseconds. */
  readonly sentAt: number;
}

/** A conversation that something is to be sent in. */
export interface SendingPlace {
  readonly peer: string;
  readonly conversation: string;
  /** The epoch of our log in which we first sent in it; 0 when that is not known. */
  readonly epoch: number;
}

/** Where the seal of an envelope or a receipt is kept: a group and a place in it. */
export interface GroupPlace {
  readonly group: number;
  readonly index: number;
}

const COLUMNS =
  'position, id, conversation, sequence, type, header, payload, salt, leaf, materials, expires_at, created_at, troubled_at';

export interface OutboxOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: EvidenceLog;
  readonly region: string;
  readonly suite: SuiteName;
  /** UUIDv7 source. */
  readonly newId: () => string;
  /** Envelopes that may wait for one peer. */
  readonly capacity: number;
  /** Throws a CodedError when nothing new of a type may be accepted now. */
  readonly mayAccept?: (name: PayloadName) => unknown;
  /** Throws a CodedError when nothing new may be sent there now. */
  readonly maySend?: (tx: Transaction, place: SendingPlace) => Promise<void>;
  /** Called after a commit that added envelopes for a peer. */
  readonly onEnqueued: (peer: string) => void;
}

/** Everything that was accepted for sending: fixed once, kept until its verdict and after. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #pending = new Map<string, number>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Counts what earlier runs left. */
  async start(): Promise<void> {
    const rows = await this.#options.store.read.all<{ peer: string; n: number }>(
      "SELECT peer, count(*) AS n FROM outbox WHERE state = 'pending' GROUP BY peer",
    );
    for (const { peer, n } of rows) this.#pending.set(peer, n);
  }

  /** Envelopes that wait for a peer. */
  pending(peer: string): number {
    return this.#pending.get(peer) ?? 0;
  }

  /**
   * Fixes an envelope and takes it, inside a unit of work.
   *
   * @throws CodedError BACK_PRESSURE when too many wait for the peer, PAYLOAD_INVALID, MESSAGE_TOO_LARGE, and what
   *   `mayAccept` and `maySend` throw
   */
  async enqueue(tx: Transaction, outgoing: Outgoing): Promise<Enqueued> {
    const { capacity, mayAccept, maySend, log } = this.#options;
    mayAccept?.(outgoing.name);
    if (this.pending(outgoing.peer) >= capacity)
      throw new CodedError('BACK_PRESSURE', `${capacity} envelopes wait for region ${outgoing.peer}`);
    const { peer, conversation } = outgoing;
    const row = await tx.get<{ sequence: number; epoch: number }>(
      `INSERT INTO conversation (id, peer, next_out, epoch) VALUES (?, ?, 2, ?)
       ON CONFLICT (id, peer) DO UPDATE SET next_out = conversation.next_out + 1
       RETURNING next_out - 1 AS sequence, epoch`,
      conversation,
      peer,
      log.epoch,
    );
    await maySend?.(tx, { peer, conversation, epoch: row!.epoch });
    return this.#insert(tx, outgoing, row!.sequence);
  }

  /** Oldest pending envelopes of a peer after a position. */
  async pendingAfter(peer: string, position: number, limit: number): Promise<PendingEnvelope[]> {
    const { read } = this.#options.store;
    const rows = await read.all<PendingEnvelope>(
      `SELECT ${COLUMNS} FROM outbox WHERE peer = ? AND state = 'pending' AND position > ? ORDER BY position LIMIT ?`,
      peer,
      position,
      limit,
    );
    return rows.map((row) => keptEnvelopes.pending(read, row));
  }

  /** Pending envelopes of one conversation up to a position, in order of their sequence. */
  async pendingOf(peer: string, conversation: string, upTo: number, limit: number): Promise<PendingEnvelope[]> {
    const { read } = this.#options.store;
    const rows = await read.all<PendingEnvelope>(
      `SELECT ${COLUMNS} FROM outbox WHERE conversation = ? AND peer = ? AND state = 'pending' AND position <= ?
       ORDER BY sequence LIMIT ?`,
      conversation,
      peer,
      upTo,
      limit,
    );
    return rows.map((row) => keptEnvelopes.pending(read, row));
  }

  /** Whether an envelope still waits for its verdict. */
  async isPending(tx: Transaction, position: number): Promise<boolean> {
    return (await tx.get("SELECT 1 FROM outbox WHERE position = ? AND state = 'pending'", position)) !== undefined;
  }

  /**
   * Closes an envelope with the peer's receipt.
   *
   * @returns false when it was closed before
   */
  async settle(
    tx: Transaction,
    envelope: { readonly position: number; readonly peer: string },
    receipt: { code: string; body: Buffer; logPosition: number; sealedIn: GroupPlace; receiptIn: GroupPlace },
  ): Promise<boolean> {
    const changed = await tx.run(
      `UPDATE outbox SET state = ?, code = ?, settled_at = ?, group_id = ?, group_index = ?, receipt = ?,
         receipt_group_id = ?, receipt_group_index = ?, receipt_log_position = ?
       WHERE position = ? AND state = 'pending'`,
      receipt.code === '' ? 'accepted' : 'rejected',
      receipt.code,
      this.#options.clock.now(),
      receipt.sealedIn.group,
      receipt.sealedIn.index,
      receipt.body,
      receipt.receiptIn.group,
      receipt.receiptIn.index,
      receipt.logPosition,
      envelope.position,
    );
    if (changed === 1) tx.afterCommit(() => this.#count(envelope.peer, -1));
    return changed === 1;
  }

  /** Closes an envelope that the peer answered EXPIRED, and puts a Skip with the same sequence in its place. */
  async skip(tx: Transaction, peer: string, envelope: PendingEnvelope): Promise<boolean> {
    if (!(await this.#leave(tx, envelope.position, 'pending', 'expired', 'EXPIRED'))) return false;
    tx.afterCommit(() => this.#count(peer, -1));
    await this.#fillPlace(tx, peer, envelope);
    return true;
  }

  /**
   * Takes an envelope out of the queue that the peer never takes. Its place stays taken: what follows in its
   * conversation waits until it is revived or dropped.
   *
   * @returns false when it is not the next of its conversation, or no longer waits
   */
  async giveUp(tx: Transaction, peer: string, envelope: PendingEnvelope, code: string): Promise<boolean> {
    if (!(await keptEnvelopes.isNext(tx, peer, envelope))) return false;
    if (!(await this.#leave(tx, envelope.position, 'pending', 'dead', code))) return false;
    tx.afterCommit(() => this.#count(peer, -1));
    return true;
  }

  /** Lets an envelope that was given up wait again, as it was fixed. @returns false when it cannot */
  async revive(tx: Transaction, peer: string, position: number): Promise<boolean> {
    const changed = await tx.run(
      `UPDATE outbox SET state = 'pending', code = '', settled_at = NULL, troubled_at = NULL
       WHERE position = ? AND state = 'dead' AND payload IS NOT NULL`,
      position,
    );
    if (changed === 1) tx.afterCommit(() => this.#count(peer, 1));
    return changed === 1;
  }

  /** Closes an envelope that was given up, and puts a Skip in its place. @returns what it was, if it was given up */
  async drop(tx: Transaction, peer: string, position: number): Promise<KeptEnvelope | undefined> {
    const envelope = await keptEnvelopes.find(tx, position);
    if (envelope) await this.#options.maySend?.(tx, { peer, conversation: envelope.conversation, epoch: 0 });
    if (!envelope || !(await this.#leave(tx, position, 'dead', 'dropped', 'GIVEN_UP'))) return undefined;
    await this.#fillPlace(tx, peer, envelope);
    return envelope;
  }

  /**
   * Takes what waits with a number, also as a dead letter, out of the queue, since the peer has decided about another envelope of ours that has
   * the same number.
   *
   * @returns what it was; undefined when nothing waited with that number
   */
  async displace(tx: Transaction, peer: string, other: ArrivedEnvelope['header']): Promise<KeptEnvelope | undefined> {
    const { id, conversation, sequence } = other;
    const row = await tx.get<{ position: number; state: string }>(
      `SELECT position, state FROM outbox
       WHERE conversation = ? AND peer = ? AND sequence = ? AND state IN ('pending', 'dead') AND id <> ?`,
      conversation,
      peer,
      sequence,
      id,
    );
    const envelope = row && (await keptEnvelopes.find(tx, row.position));
    if (!envelope || !(await this.#leave(tx, row.position, row.state, 'expired', 'SEQUENCE_USED'))) return undefined;
    if (row.state === 'pending') tx.afterCommit(() => this.#count(peer, -1));
    return envelope;
  }

  /** @returns whether it was in the state that it leaves */
  async #leave(tx: Transaction, position: number, from: string, to: string, code: string): Promise<boolean> {
    const changed = await tx.run(
      'UPDATE outbox SET state = ?, code = ?, settled_at = ? WHERE position = ? AND state = ?',
      to,
      code,
      this.#options.clock.now(),
      position,
      from,
    );
    return changed === 1;
  }

  async #fillPlace(
    tx: Transaction,
    peer: string,
    { id, conversation, sequence }: Pick<PendingEnvelope, 'id' | 'conversation' | 'sequence'>,
  ): Promise<void> {
    await this.#insert(tx, { peer, conversation, name: 'Skip', payload: { expiredEnvelopeId: id } }, sequence);
  }

  async #insert(tx: Transaction, outgoing: Outgoing, sequence: number): Promise<Enqueued> {
    const { clock, log, region, suite, newId } = this.#options;
    const payload = encodePayload(outgoing.name, outgoing.payload);
    const now = clock.now();
    const id = newId();
    const fixed = fixEnvelope(
      {
        id,
        type: typeName(outgoing.name),
        sender: region,
        recipient: outgoing.peer,
        conversation: outgoing.conversation,
        sequence,
        sentAt: now,
        expiresAt: now + LIMITS.lifetimeMs,
        authorizationId: outgoing.authorization?.id ?? '',
        authorizationDigest: outgoing.authorization?.digest ?? Buffer.alloc(0),
        inReplyTo: '',
        suite,
      },
      payload,
    );
    const logPosition = await log.append(tx, {
      kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT',
      subject: fixed.leaf,
      peer: outgoing.peer,
      at: now,
    });
    await tx.run(
      `INSERT INTO outbox (peer, id, conversation, sequence, type, header, payload, salt, leaf, materials, expires_at,
         created_at, log_position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      outgoing.peer,
      id,
      outgoing.conversation,
      sequence,
      outgoing.name,
      fixed.header,
      tx.vault.sealBytes('outbox.payload', id, fixed.payload),
      tx.vault.sealBytes('outbox.salt', id, fixed.payloadSalt),
      fixed.leaf,
      (outgoing.materials ?? []).join(','),
      now + LIMITS.lifetimeMs,
      now,
      logPosition,
    );
    tx.afterCommit(() => {
      this.#count(outgoing.peer, 1);
      this.#options.onEnqueued(outgoing.peer);
    });
    return { id, sequence, sentAt: now };
  }

  #count(peer: string, change: number): void {
    this.#pending.set(peer, this.pending(peer) + change);
  }
}

/** Stores one signature and the leaves it covers, in order; a seal is computed from it when it is asked for. */
export async function keepGroup(tx: Transaction, signedRoot: string, leaves: readonly Buffer[]): Promise<number> {
  const row = await tx.get<{ id: number }>(
    'INSERT INTO sealed_group (signed_root, leaves) VALUES (?, ?) RETURNING id',
    signedRoot,
    Buffer.concat(leaves),
  );
  return row!.id;
}

/**
 * Encodes a payload after holding it against the rules that the receiver will apply.
 *
 * @throws CodedError PAYLOAD_INVALID with every wrong field, MESSAGE_TOO_LARGE
 */
export function encodePayload(name: PayloadName, payload: object): Buffer {
  const problems = checkPayload(name, payload);
  if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', `${problems.length} fields are wrong`, problems);
  const bytes = encode(name, payload);
  // The header takes well under 2 KiB.
  if (bytes.length > LIMITS.messageBytes - 2048) throw new CodedError('MESSAGE_TOO_LARGE');
  return bytes;
}
