import { CodedError, ERROR_CODES, type ErrorCode, receiptLeaf } from '#proto';
import { type Clock, receiptBody, suiteOf, type VerifiedEnvelope } from '#trust';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import { type IncomingHandler, MissingMaterials } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';
import type { Arrival } from './arrival.ts';
import type { Authorize } from './authorize.ts';
import { inbox, type KnownEnvelope } from './inbox.ts';

/** What a verified envelope is answered with. */
export type Decision =
  | {
      readonly kind: 'receipt';
      readonly body: Buffer;
      readonly code: string;
      readonly repeated?: true;
      /** Of a repetition: its position in the inbox, when the seal of its receipt was lost. */
      readonly unsealed?: number;
    }
  | {
      readonly kind: 'deferral';
      readonly code: string;
      readonly expected?: number;
      readonly missing?: readonly Buffer[];
    }
  | { readonly kind: 'refusal'; readonly code: string };

export interface DecideOptions {
  readonly region: string;
  readonly suite: string;
  readonly clock: Clock;
  readonly log: EvidenceLog;
  readonly authorize: Authorize;
  readonly handlerOf: (name: string) => IncomingHandler;
  /** False while nothing new of the peer, or in the conversation, may be decided. */
  readonly mayDecide?: (tx: Transaction, header: VerifiedEnvelope['header']) => Promise<boolean>;
  /** Told of errors that no code explains; the envelope is deferred. */
  readonly onUnexpected: (error: unknown, envelope: VerifiedEnvelope) => void;
}

/**
 * Steps 4 to 7 of receiving: order, authorization, state, and the verdict with its receipt and log entry, all in the
 * caller's unit of work. A rejection or deferral leaves no trace of what the handler began.
 */
export class Decider {
  readonly #options: DecideOptions;

  constructor(options: DecideOptions) {
    this.#options = options;
  }

  async decide(tx: Transaction, envelope: VerifiedEnvelope, arrival: Arrival): Promise<Decision> {
    const { sender, id, conversation, sequence } = envelope.header;
    // The same envelope may have been decided on another stream since the look-up.
    const known = await inbox.known(tx, sender, id);
    // Decided a moment ago: its seal is under way.
    if (known) return repeated({ ...known, unsealed: null }, envelope);
    if ((await this.#options.mayDecide?.(tx, envelope.header)) === false)
      return { kind: 'deferral', code: 'TRY_LATER' };
    const expected = await inbox.expected(tx, sender, conversation);
    if (sequence > expected) return { kind: 'deferral', code: 'SEQUENCE_GAP', expected };
    if (sequence < expected) return this.#close(tx, envelope, arrival, 'SEQUENCE_USED');
    const code = await this.#apply(tx, envelope, arrival);
    if (typeof code === 'object') return code;
    await inbox.consume(tx, sender, conversation, sequence);
    return this.#close(tx, envelope, arrival, code);
  }

  /** @returns the code of a rejection, nothing for an acceptance, or a deferral */
  async #apply(tx: Transaction, envelope: VerifiedEnvelope, arrival: Arrival): Promise<ErrorCode | '' | Decision> {
    try {
      await tx.attempt(async () => {
        const incoming = await this.#options.authorize(tx, envelope, arrival);
        await this.#options.handlerOf(incoming.name)(tx, incoming);
      });
      return '';
    } catch (error) {
      if (error instanceof MissingMaterials)
        return { kind: 'deferral', code: 'MATERIAL_MISSING', missing: error.digests };
      if (!(error instanceof CodedError) || error.code === 'INTERNAL') {
        this.#options.onUnexpected(error, envelope);
        return { kind: 'deferral', code: 'TRY_LATER' };
      }
      const { answer, retryable } = ERROR_CODES[error.code];
      if (answer === 'deferral') return { kind: 'deferral', code: error.code };
      // What may go better later is no verdict.
      return retryable ? { kind: 'deferral', code: 'TRY_LATER' } : error.code;
    }
  }

  async #close(
    tx: Transaction,
    envelope: VerifiedEnvelope,
    { receivedAt, place, receipts }: Arrival,
    code: ErrorCode | '',
  ): Promise<Decision> {
    const { region, suite, clock, log } = this.#options;
    const { sender, id, conversation, sequence } = envelope.header;
    const decidedAt = clock.now();
    const body = receiptBody({
      issuer: region,
      audience: sender,
      envelopeId: id,
      leaf: envelope.leaf,
      conversation,
      sequence,
      code,
      receivedAt,
      decidedAt,
    });
    const subject = receiptLeaf(suiteOf(suite).hash, body);
    const logPosition = await log.append(tx, {
      kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN',
      subject,
      peer: sender,
      at: decidedAt,
    });
    const receiptPlace = await receipts.next();
    await inbox.store(tx, envelope, place, { code, receipt: body, logPosition, receivedAt, receiptPlace });
    return { kind: 'receipt', body, code };
  }
}

/** A decided id: its stored receipt for the same envelope, a refusal for any other. */
export function repeated(known: KnownEnvelope, arrived: { readonly leaf: Buffer }): Decision {
  if (!known.leaf.equals(arrived.leaf)) return { kind: 'refusal', code: 'ID_REUSED' };
  const { receipt: body, unsealed } = known;
  return { kind: 'receipt', body, code: '', repeated: true, ...(unsealed !== null && { unsealed }) };
}
