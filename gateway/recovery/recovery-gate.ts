import { CodedError, type ErrorCode, payloadName } from '#proto';
import { needsAuthorization, opensUnder, type VerifiedEnvelope } from '#trust';
import type { SendingPlace } from '../outbound/outbox.ts';
import type { Sql, Transaction } from '../store/store.ts';
import { heldConversations } from './held-conversations.ts';
import { recoveryTable } from './recovery-table.ts';

/**
 * What may be sent and decided while a restored store is not whole: nothing with a peer that was not asked yet, nothing
 * in a conversation that lacks something, and nothing at all when the store was put back in silence.
 */
export class RecoveryGate {
  readonly #epoch: () => number;
  #isPutBack = false;
  #isRecovering = false;
  #unasked = new Map<string, 'waiting' | 'skipped'>();
  #held = 0;

  /** @param epoch of our log */
  constructor(epoch: () => number) {
    this.#epoch = epoch;
  }

  /** Reads what is true now; called again after every change of it. */
  async load(sql: Sql): Promise<void> {
    const recovery = await recoveryTable.find(sql);
    this.#isPutBack = recovery?.state === 'put-back';
    this.#isRecovering = recovery?.state === 'recovering';
    this.#unasked = new Map();
    if (this.#isRecovering)
      for (const { region, state } of await recoveryTable.peers(sql))
        if (state !== 'done') this.#unasked.set(region, state);
    this.#held = await heldConversations.count(sql);
  }

  /** Whether the store is older than our own log as a peer has seen it. */
  get isPutBack(): boolean {
    return this.#isPutBack;
  }

  /** Whether the store was restored, and peers are asked for what it lost, or were. */
  get isRecovering(): boolean {
    return this.#isRecovering;
  }

  /** Whether a peer has still to give back what was lost, and an operator does not wait for it. */
  isSkipped(peer: string): boolean {
    return this.#unasked.get(peer) === 'skipped';
  }

  /** Whether a peer has still to give back what was lost. */
  mustAsk(peer: string): boolean {
    return this.#unasked.has(peer);
  }

  /** Why nothing is exchanged with a peer now; undefined when something is. */
  closedFor(peer: string): ErrorCode | undefined {
    if (this.#isPutBack) return 'STORE_PUT_BACK';
    return this.#unasked.has(peer) ? 'RESTORE_PENDING' : undefined;
  }

  /**
   * Called in the unit of work that takes an envelope for sending.
   *
   * @throws CodedError STORE_PUT_BACK; RESTORE_PENDING, for a peer that an operator skipped only in conversations that
   *   began before; CONVERSATION_HELD
   */
  async demandSending(tx: Transaction, { peer, conversation, epoch }: SendingPlace): Promise<void> {
    if (this.#isPutBack) throw new CodedError('STORE_PUT_BACK');
    const unasked = this.#unasked.get(peer);
    // Numbers of a conversation that nobody else can know of yet are free.
    if (unasked === 'waiting' || (unasked === 'skipped' && epoch !== this.#epoch()))
      throw new CodedError('RESTORE_PENDING');
    if (this.#held > 0 && (await heldConversations.has(tx, conversation, peer)))
      throw new CodedError('CONVERSATION_HELD');
  }

  /**
   * Whether a new envelope of a peer may be decided now; what is known already is answered anyway. Called in the unit of
   * work that decides: a conversation that a skipped peer begins is noted as one of this epoch.
   */
  async mayDecide(tx: Transaction, header: VerifiedEnvelope['header']): Promise<boolean> {
    const { sender: peer, conversation } = header;
    if (this.isSkipped(peer) ? !(await this.#isNew(tx, header)) : this.closedFor(peer)) return false;
    return this.#held === 0 || !(await heldConversations.has(tx, conversation, peer));
  }

  /** Whether a conversation began after the restore, or does now. */
  async #isNew(tx: Transaction, header: VerifiedEnvelope['header']): Promise<boolean> {
    const { sender: peer, conversation } = header;
    const epoch = this.#epoch();
    const known = await tx.get<{ epoch: number }>(
      'SELECT epoch FROM conversation WHERE id = ? AND peer = ?',
      conversation,
      peer,
    );
    if (known) return known.epoch === epoch;
    if (header.sequence !== 1 || goesOn(header.type)) return false;
    await tx.run('INSERT INTO conversation (id, peer, epoch) VALUES (?, ?, ?)', conversation, peer, epoch);
    return true;
  }
}

/** Whether a message only goes on in what somebody began before: here that is unknown because it was lost. */
function goesOn(type: string): boolean {
  const name = payloadName(type);
  return name !== undefined && needsAuthorization(name) && !opensUnder(name);
}
