import { CodedError, decode, type PayloadName } from '#proto';
import type { LetterDetail, LetterKeeper } from '../dead-letter/dead-letters.ts';
import { type FiledLetter, STOPPING } from '../dead-letter/letter.ts';
import type { Sql, Transaction } from '../store/store.ts';
import { type KeptEnvelope, keptEnvelopes } from './kept-envelopes.ts';
import type { Outbox } from './outbox.ts';
import { type Telling, tell } from './settlement.ts';

/** An envelope that expired, as the room that sent it sees it. */
export interface ExpiredEnvelope {
  readonly peer: string;
  readonly conversation: string;
  readonly id: string;
  readonly name: PayloadName;
}

/** The room that sent an envelope: only it knows whether the same words may be said again. */
export interface Resending {
  /** @throws CodedError CONFLICT when they may not, saying what to do instead */
  permit(tx: Transaction, expired: ExpiredEnvelope): Promise<void>;
  /** They were sent again, in an envelope with this id. */
  sent(tx: Transaction, expired: ExpiredEnvelope, id: string): Promise<void>;
}

export interface PeerLettersOptions extends Telling {
  readonly outbox: Outbox;
  readonly resending: Resending;
  /** A conversation that stood still may go on; called after the commit. */
  readonly onRevived: (peer: string, conversation: string) => void;
}

/** Envelopes for peers that became dead letters (死信): back into their places, said anew, or given up. */
export class PeerLetters implements LetterKeeper {
  readonly #options: PeerLettersOptions;

  constructor(options: PeerLettersOptions) {
    this.#options = options;
  }

  /**
   * What was refused or deferred goes back as it is: same bytes, same number, and the peer decides as always. The place
   * of what expired is filled; its words go out anew at the end of the conversation, with new times and a new number.
   */
  async retry(tx: Transaction, letter: FiledLetter): Promise<string> {
    if (!STOPPING.includes(letter.reason)) return this.#sendAnew(tx, letter);
    const { outbox, onRevived } = this.#options;
    const { name: peer, place, subject } = letter;
    if (!(await outbox.revive(tx, peer, place))) throw contentGone();
    tx.afterCommit(() => onRevived(peer, subject));
    return '';
  }

  async drop(tx: Transaction, { reason, name: peer, place, subject }: FiledLetter): Promise<void> {
    if (!STOPPING.includes(reason)) return;
    const { outbox, onRevived } = this.#options;
    const envelope = await outbox.drop(tx, peer, place);
    if (!envelope) return;
    const payload = envelope.payload ?? Buffer.alloc(0);
    await tell(tx, this.#options, peer, { ...envelope, payload }, 'GIVEN_UP');
    tx.afterCommit(() => onRevived(peer, subject));
  }

  async detail(sql: Sql, { reason, name, place, subject }: FiledLetter): Promise<LetterDetail> {
    const expiresAt = (await keptEnvelopes.find(sql, place))?.expires_at;
    const waiting = STOPPING.includes(reason) ? await keptEnvelopes.waitingIn(sql, name, subject) : 0;
    return { ...(expiresAt !== undefined && { expiresAt }), waiting };
  }

  async #sendAnew(tx: Transaction, { name: peer, place }: FiledLetter): Promise<string> {
    const { outbox, resending } = this.#options;
    const envelope = await keptEnvelopes.find(tx, place);
    if (envelope?.unopened) throw new CodedError(envelope.unopened);
    if (!envelope?.payload) throw contentGone();
    const { id, conversation, type, payload, materials } = envelope;
    const name = type as PayloadName;
    const expired = { peer, conversation, id, name };
    await resending.permit(tx, expired);
    const sent = await outbox.enqueue(tx, {
      ...{ peer, conversation, name, payload: decode(name, payload) },
      authorization: authorizationOf(envelope),
      materials: materials === '' ? [] : materials.split(','),
    });
    await resending.sent(tx, expired, sent.id);
    return sent.id;
  }
}

function authorizationOf({ header }: KeptEnvelope): { id: string; digest: Buffer } | undefined {
  const { authorizationId: id, authorizationDigest: digest } = decode('EnvelopeHeader', header);
  return id === '' ? undefined : { id, digest };
}

function contentGone(): CodedError {
  return new CodedError('CONFLICT', 'its content was erased: there is nothing to send; drop it');
}
