import { CodedError, type messages, type PayloadName } from '#proto';
import {
  type AuthorizationActor,
  type AuthorizedUse,
  type Clock,
  type CompiledAgreement,
  nextState,
  type Signer,
  signAgreement,
  verifyAgreement,
} from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { Peers } from '../peer/peers.ts';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { AgreementBooks, type AnnounceAgreement } from './agreement-books.ts';
import { AgreementCache, type Citation, type LocalUse } from './agreement-cache.ts';
import { AgreementFiles } from './agreement-files.ts';
import { type AgreementRecord, agreements, proposedRecord, stateAt } from './agreement-table.ts';
import { type AgreementView, viewOf } from './agreement-view.ts';
import { checkDraft } from './draft.ts';
import { incomingAgreements } from './incoming-agreements.ts';
import { demandReason, escalates } from './revocation.ts';
import { settleAgreement } from './settled-agreements.ts';

export interface AuthorizationOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  readonly outbox: Outbox;
  readonly peers: Peers;
  /** Our *signing* key. */
  readonly signer: Signer;
  /** Source of UUIDs, for agreements and their conversations. */
  readonly newId: () => string;
  /** Where each agreement is written that comes into force, as `<id>.json`. */
  readonly exportFolder?: string | undefined;
  /** Told when such a file cannot be written; the agreement is in force all the same. */
  readonly onError: (error: unknown) => void;
  /** Tells the local platforms; nobody is told when absent. */
  readonly announce?: AnnounceAgreement;
}

/** The life of our agreements (相互授权) with other regions, and what they permit. */
export class AuthorizationService {
  /** Handlers of the messages that the other region sends about agreements. */
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>>;
  readonly #options: AuthorizationOptions;
  readonly #cache = new AgreementCache();
  readonly #books: AgreementBooks;

  constructor(options: AuthorizationOptions) {
    const { exportFolder, onError } = options;
    this.#options = options;
    this.#books = new AgreementBooks(
      this.#cache,
      exportFolder ? new AgreementFiles(exportFolder, onError) : undefined,
      options.announce,
    );
    this.incoming = incomingAgreements(options.peers, this.#books);
  }

  /** Loads the agreements of earlier runs. */
  async start(): Promise<void> {
    await this.#books.load(this.#options.store);
  }

  /** Waits for the copies of documents that are being written. */
  async stop(): Promise<void> {
    await this.#books.idle();
  }

  /**
   * Drafts an agreement, signs it and sends it to the other party, in a conversation of its own.
   *
   * @param draft an AgreementContent without `id`, `version` and `created_at`
   * @throws CodedError VALIDATION_FAILED with every wrong member, PEER_NOT_PINNED, STATEMENT_EXPIRED, BACK_PRESSURE,
   *   the codes of `verifyAgreement` when our own signing key cannot serve
   */
  async propose(draft: unknown): Promise<AgreementView> {
    const { clock, newId, region, peers, outbox, signer, store } = this.#options;
    const now = clock.now();
    const { payload, peer } = checkDraft(draft, { id: newId(), created_at: new Date(now).toISOString() }, region);
    peers.demand(peer);
    const document = await signAgreement(payload, signer);
    verifyAgreement(document, (party) => peers.statementOf(party), {
      signatures: 'proposed',
      at: now,
      proposer: region,
    });
    const conversation = newId();
    const record = proposedRecord(document, { peer, proposer: region, conversation, at: now });
    await store.write(async (tx) => {
      await this.#books.open(tx, record);
      await outbox.enqueue(tx, { peer, conversation, name: 'AuthorizationProposal', payload: { document } });
    });
    return this.get(record.id);
  }

  /**
   * Signs what the peer proposed and sends it back. In force here once the peer's receipt says so.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is ours or was accepted before, AUTHORIZATION_INACTIVE when it ended,
   *   PEER_NOT_PINNED, STATEMENT_EXPIRED, BACK_PRESSURE, the codes of `verifyAgreement` when a key no longer serves
   */
  async accept(id: string): Promise<AgreementView> {
    const { clock, peers, outbox, signer, store } = this.#options;
    const now = clock.now();
    const { peer, proposer, proposal } = this.#acceptable(await this.#demand(store.read, id), now);
    peers.demand(peer);
    const document = await signAgreement(proposal, signer);
    verifyAgreement(document, (party) => peers.statementOf(party), { signatures: 'complete', at: now, proposer });
    await store.write(async (tx) => {
      const record = this.#acceptable(await this.#demand(tx, id), now);
      const state = nextState(record.state, 'accept', 'acceptor');
      await this.#books.change(tx, record, { state, document, code: '' }, now);
      const { conversation } = record;
      await outbox.enqueue(tx, { peer, conversation, name: 'AuthorizationAcceptance', payload: { document } });
    });
    return this.get(id);
  }

  /**
   * Ends an agreement, declines a proposal or withdraws one. Holds here at once; the peer is told.
   *
   * Without cause, cases that were opened under it go on; for cause, nothing passes any more. An agreement that was
   * revoked without cause may be revoked again for cause.
   *
   * @param reason at most 500 characters, for the other region's operators
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, AUTHORIZATION_INACTIVE when it ended, CONFLICT when the peer never
   *   took the proposal, BACK_PRESSURE
   */
  async revoke(id: string, reason: string, forCause: boolean): Promise<AgreementView> {
    const { clock, outbox, region, store } = this.#options;
    demandReason(reason);
    const now = clock.now();
    await store.write(async (tx) => {
      const record = await this.#demand(tx, id);
      const state = escalates(record, forCause)
        ? record.state
        : nextState(stateAt(record, now), 'revoke', this.#actorIn(record));
      const change = { state, reason, for_cause: forCause ? 1 : 0, revoked_by: region, revoked_at: now };
      await this.#books.change(tx, record, change, now);
      await outbox.enqueue(tx, {
        peer: record.peer,
        conversation: record.conversation,
        name: 'AuthorizationRevocation',
        payload: { authorizationId: id, authorizationDigest: record.digest, reason, forCause, revokedAt: now },
      });
    });
    return this.get(id);
  }

  /** Agreements in the order of their ids, from the one after `after`. */
  async list({ after = '', limit = 100 }: { after?: string; limit?: number } = {}): Promise<AgreementView[]> {
    const { clock, store } = this.#options;
    const page = await agreements.page(store.read, after, limit);
    return page.map((record) => viewOf(record, clock.now()));
  }

  /** @throws CodedError NOT_FOUND */
  async get(id: string): Promise<AgreementView> {
    const { clock, store } = this.#options;
    return viewOf(await this.#demand(store.read, id), clock.now());
  }

  /** Acts on the fate of a proposal or an acceptance that we sent; anything else is not about agreements. */
  settled(tx: Transaction, settled: Settled): Promise<void> {
    return settleAgreement(tx, settled, this.#books, this.#options.clock.now());
  }

  /** The agreement that an envelope of ours cites. Parameters and errors as in `AgreementCache.permit`. */
  permit(peer: string, use: AuthorizedUse, under?: string): Citation {
    return this.#cache.permit(peer, use, under);
  }

  /** The agreement that a question about a certificate cites. Parameters and errors as in `AgreementCache.citeForCheck`. */
  citeForCheck(peer: string, item: string | undefined): Citation {
    return this.#cache.citeForCheck(peer, item, this.#options.clock.now());
  }

  /** Parameters and errors as in `AgreementCache.demandRight`. */
  demandRight(id: string, use: LocalUse): void {
    this.#cache.demandRight(id, use);
  }

  /** Whether an agreement's validity had ended at a moment (milliseconds). */
  ranOut(id: string, at: number): boolean {
    return this.#cache.ranOut(id, at);
  }

  /** The agreement that a received envelope cites. Parameters and errors as in `AgreementCache.resolve`. */
  resolve(header: messages.EnvelopeHeader, opening: boolean): CompiledAgreement {
    return this.#cache.resolve(header, opening);
  }

  async #demand(sql: Sql, id: string): Promise<AgreementRecord> {
    const record = await agreements.find(sql, id);
    if (!record) throw new CodedError('NOT_FOUND', `there is no authorization ${id}`);
    return record;
  }

  #acceptable(record: AgreementRecord, now: number): AgreementRecord {
    if (this.#actorIn(record) === 'proposer') {
      throw new CodedError('CONFLICT', 'we proposed this authorization ourselves; the other region accepts it');
    }
    nextState(stateAt(record, now), 'accept', 'acceptor');
    return record;
  }

  #actorIn({ proposer }: AgreementRecord): AuthorizationActor {
    return proposer === this.#options.region ? 'proposer' : 'acceptor';
  }
}
