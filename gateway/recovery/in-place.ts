import { CodedError, checkPayload, decode, type ErrorCode, type PayloadName, payloadName } from '#proto';
import type { Clock, CompiledAgreement, VerifiedEnvelope } from '#trust';
import type { LetterBook } from '../dead-letter/letter-book.ts';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import { inbox } from '../inbound/inbox.ts';
import type { SettleHandler } from '../outbound/context.ts';
import { type KeptEnvelope, keptEnvelopes } from '../outbound/kept-envelopes.ts';
import type { Outbox } from '../outbound/outbox.ts';
import { recoveredEnvelopes } from '../outbound/recovered-envelopes.ts';
import { type Incoming, type IncomingHandler, MissingMaterials } from '../peer/incoming.ts';
import type { Store, Transaction } from '../store/store.ts';
import { type Sides, type VerifiedExchange, verifyExchanged } from './exchanged.ts';
import { type Fetched, fetchedTable } from './fetched.ts';
import { type HeldReason, heldConversations } from './held-conversations.ts';
import { recoveryTable } from './recovery-table.ts';
import { setAside } from './set-aside.ts';

/** An act of ours that the peer accepted and that this store has lost. */
export interface LostAct {
  readonly peer: string;
  readonly envelope: VerifiedEnvelope;
  readonly name: PayloadName;
  readonly payload: object;
}

export interface InPlaceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: EvidenceLog;
  readonly outbox: Outbox;
  readonly letters: Pick<LetterBook, 'find' | 'close'>;
  /** The agreement that a header cites; throws when it may not be cited now. */
  readonly agreementOf: (header: VerifiedEnvelope['header'], opening: boolean) => CompiledAgreement;
  /** Applies a message of the peer as when it came. */
  readonly handlerOf: (name: string) => IncomingHandler;
  /** Acts on the verdict on an envelope of ours that still waits here. */
  readonly onSettled: SettleHandler;
  /** Does again what an act of ours did here. Throws when that cannot be told from its payload. */
  readonly actAgain: (tx: Transaction, act: LostAct) => Promise<void>;
  /** An effect failed for a reason that no code explains. */
  readonly onUnexpected: (error: unknown, envelope: string) => void;
}

/**
 * Puts what was fetched where it belongs, in the order of our own clock: each envelope with its receipt, its number and
 * its entries in the log, and what it did. Where that cannot be done again the conversation is held for people. What
 * waited here is told its fate.
 */
export class InPlace {
  readonly #options: InPlaceOptions;

  constructor(options: InPlaceOptions) {
    this.#options = options;
  }

  /** @returns how many were put in their place */
  async putAll(sides: Sides, signal: AbortSignal): Promise<number> {
    const { store } = this.#options;
    const { region: peer } = sides.peer;
    let count = 0;
    for (;;) {
      if (signal.aborted) throw new CodedError('SHUTTING_DOWN');
      const fetched = await fetchedTable.first(store, peer);
      if (!fetched) return count;
      const verified = await this.#verified(fetched, sides);
      if (!verified) continue;
      await store.write(async (tx) => {
        const { isOwn, envelope } = verified;
        const isNew = isOwn
          ? await this.#putOwn(tx, fetched, verified, sides)
          : await this.#putTheirs(tx, fetched, verified, sides);
        if (isNew) await recoveryTable.count(tx, peer, isOwn);
        await fetchedTable.drop(tx, peer, envelope.header.id, isOwn);
      });
      count += 1;
    }
  }

  /** @returns undefined when it verifies no more, as under a key that was revoked since it came: it is set aside */
  async #verified({ exchanged, seal, receiptSeal }: Fetched, sides: Sides): Promise<VerifiedExchange | undefined> {
    const { store, clock } = this.#options;
    try {
      return verifyExchanged(exchanged, seal, receiptSeal, sides);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const { id, sender } = decode('EnvelopeHeader', exchanged.header);
      await store.write(async (tx) => {
        await setAside(tx, exchanged.header, sides, error.code, clock.now());
        await fetchedTable.drop(tx, sides.peer.region, id, sender === sides.own.region);
      });
      return undefined;
    }
  }

  async #putOwn(tx: Transaction, fetched: Fetched, verified: VerifiedExchange, { peer }: Sides): Promise<boolean> {
    const { outbox, clock } = this.#options;
    const { envelope, opened, receipt } = verified;
    const { header } = envelope;
    const known = await tx.get<{ position: number; state: string }>(
      'SELECT position, state FROM outbox WHERE id = ?',
      header.id,
    );
    // What an operator deals with as a dead letter gets its receipt when it is sent again.
    if (known && known.state !== 'pending') return false;
    const receiptLogPosition = await this.#log(
      tx,
      'LOG_ENTRY_KIND_RECEIPT_RECEIVED',
      verified.receiptLeaf,
      peer.region,
    );
    const { sealedIn, receiptIn, exchanged } = fetched;
    const { code } = receipt;
    if (known) {
      const settling = { code, body: exchanged.receipt, logPosition: receiptLogPosition, sealedIn, receiptIn };
      await outbox.settle(tx, { position: known.position, peer: peer.region }, settling);
      // Our own row has the payload, whatever the peer has erased.
      const row = (await keptEnvelopes.find(tx, known.position))!;
      const payload = row.payload ?? opened?.payload ?? null;
      await this.#settled(tx, verified, { ...row, payload }, peer.region, code as ErrorCode | '');
      return true;
    }
    // What was refused since its number was used did not use it.
    const displaced = code === 'SEQUENCE_USED' ? undefined : await outbox.displace(tx, peer.region, header);
    const name = payloadName(header.type) ?? '';
    const isNext = await recoveredEnvelopes.passNumber(tx, peer.region, header.conversation, header.sequence);
    await recoveredEnvelopes.keep(tx, {
      ...{ envelope, name, erased: !opened, code, receipt: exchanged.receipt, sealedIn, receiptIn, receiptLogPosition },
      settledAt: clock.now(),
      logPosition: await this.#log(tx, 'LOG_ENTRY_KIND_ENVELOPE_SENT', envelope.leaf, peer.region),
    });
    if (displaced) await this.#closeLetter(tx, displaced.id, header.id);
    if (displaced && standsFor(verified, displaced)) {
      const isExpired = header.sentAt >= displaced.expires_at;
      await this.#settled(tx, verified, displaced, peer.region, isExpired ? 'EXPIRED' : 'GIVEN_UP');
    } else if (displaced) await this.#hold(tx, verified, peer.region, 'number-twice');
    else if (!isNext) await this.#hold(tx, verified, peer.region, 'gap');
    if (code === '') await this.#effect(tx, verified, peer.region, 'own-act', (of) => this.#options.actAgain(tx, of));
    return true;
  }

  async #putTheirs(tx: Transaction, fetched: Fetched, verified: VerifiedExchange, { peer }: Sides): Promise<boolean> {
    const { envelope, opened, receipt } = verified;
    const { header } = envelope;
    if (await inbox.known(tx, header.sender, header.id)) return false;
    const { code, receivedAt } = receipt;
    const logPosition = await this.#log(tx, 'LOG_ENTRY_KIND_VERDICT_GIVEN', verified.receiptLeaf, peer.region);
    const { sealedIn, receiptIn: receiptPlace, exchanged } = fetched;
    const verdict = { code, receipt: exchanged.receipt, logPosition, receivedAt, receiptPlace, erased: !opened };
    const isNext = await inbox.storeAgain(tx, envelope, sealedIn, verdict);
    if (!isNext) await this.#hold(tx, verified, peer.region, 'gap');
    if (code !== '') return true;
    await this.#effect(tx, verified, peer.region, 'their-act', async (act) => {
      const incoming: Incoming = { ...act, peer, agreement: this.#agreement(act.envelope), receivedAt };
      await this.#options.handlerOf(act.name)(tx, incoming);
    });
    return true;
  }

  /** Does again what an accepted envelope did, unless its conversation is not whole. */
  async #effect(
    tx: Transaction,
    verified: VerifiedExchange,
    peer: string,
    reason: HeldReason,
    work: (act: LostAct) => Promise<void>,
  ): Promise<void> {
    const { opened, envelope } = verified;
    if (await heldConversations.has(tx, envelope.header.conversation, peer)) return;
    const name = payloadName(envelope.header.type);
    if (!opened || !name) return this.#hold(tx, verified, peer, reason);
    try {
      const payload = decode(name, opened.payload) as object;
      if (checkPayload(name, payload).length > 0) throw new CodedError('PAYLOAD_INVALID');
      await tx.attempt(() => work({ peer, envelope: opened, name, payload }));
    } catch (error) {
      if (!(error instanceof CodedError) && !(error instanceof MissingMaterials))
        this.#options.onUnexpected(error, envelope.header.id);
      const code =
        error instanceof CodedError ? error.code : error instanceof MissingMaterials ? 'MATERIAL_MISSING' : '';
      await this.#hold(tx, verified, peer, reason, code);
    }
  }

  /** What was a dead letter in the backup is none any more: its number was used since. */
  async #closeLetter(tx: Transaction, id: string, successor: string): Promise<void> {
    const { letters, clock } = this.#options;
    const letter = await letters.find(tx, id);
    if (!letter || letter.closing) return;
    const reason = '恢复后由对端的记录得知 / known after a restore from what the peer holds';
    await letters.close(tx, letter, { outcome: 'dropped', successor, by: '', role: '', reason, at: clock.now() });
  }

  /** Tells the room of an envelope that waited here what became of it; people, when nobody has its payload. */
  async #settled(
    tx: Transaction,
    verified: VerifiedExchange,
    waited: KeptEnvelope,
    peer: string,
    code: ErrorCode | '',
  ): Promise<void> {
    const { id, conversation, payload, created_at: sentAt } = waited;
    const name = waited.type as PayloadName;
    if (!payload) return this.#hold(tx, verified, peer, 'own-act', waited.unopened);
    try {
      await tx.attempt(() => this.#options.onSettled(tx, { peer, id, conversation, name, payload, sentAt, code }));
    } catch (error) {
      this.#options.onUnexpected(error, id);
    }
  }

  #hold(tx: Transaction, { envelope }: VerifiedExchange, peer: string, reason: HeldReason, code = ''): Promise<void> {
    const { conversation, id, type } = envelope.header;
    const notedAt = this.#options.clock.now();
    return heldConversations.hold(tx, {
      conversation,
      peer,
      reason,
      code,
      envelope: id,
      type: payloadName(type) ?? '',
      notedAt,
    });
  }

  #log(
    tx: Transaction,
    kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT' | 'LOG_ENTRY_KIND_RECEIPT_RECEIVED' | 'LOG_ENTRY_KIND_VERDICT_GIVEN',
    subject: Buffer,
    peer: string,
  ): Promise<number> {
    return this.#options.log.append(tx, { kind, subject, peer, at: this.#options.clock.now() });
  }

  /** It was permitted when it was decided: our receipt says so. */
  #agreement({ header }: VerifiedEnvelope): CompiledAgreement | undefined {
    if (header.authorizationId === '') return undefined;
    try {
      return this.#options.agreementOf(header, false);
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }
}

/** Whether what came back is the Skip that took the place of an envelope that waits here: it expired, or was dropped. */
function standsFor({ opened }: VerifiedExchange, { id }: KeptEnvelope): boolean {
  if (!opened || payloadName(opened.header.type) !== 'Skip') return false;
  return decode('Skip', opened.payload).expiredEnvelopeId === id;
}
