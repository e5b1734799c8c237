import type { messages, PayloadName } from '#proto';
import {
  type AuthorizedUse,
  type Change,
  type CompiledAgreement,
  catalogueLists,
  describeChanges,
  type LocalUse,
  readAgreement,
} from '#trust';
import type { Settled } from '../outbound/context.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { Transaction } from '../store/store.ts';
import { AgreementBooks } from './agreement-books.ts';
import { AgreementCache, type Citation } from './agreement-cache.ts';
import { keepCalendar } from './agreement-calendar.ts';
import { AgreementContacts, type RegionContacts } from './agreement-contacts.ts';
import { AgreementFiles } from './agreement-files.ts';
import { lineageOf } from './agreement-lineage.ts';
import { AgreementProposals } from './agreement-proposals.ts';
import { listsOf } from './agreement-record.ts';
import { demandAgreement } from './agreement-rules.ts';
import { AgreementStanding } from './agreement-standing.ts';
import { agreements } from './agreement-table.ts';
import { type AgreementDetails, type AgreementView, detailsOf, viewOf } from './agreement-view.ts';
import type { AuthorizationOptions } from './authorization-options.ts';
import { incomingAgreements } from './incoming-agreements.ts';
import { settleAgreement } from './settled-agreements.ts';

/** The life of our agreements (相互授权) with other regions, and what they permit. */
export class AuthorizationService {
  /** Handlers of the messages that the other region sends about agreements. */
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>>;
  readonly #options: AuthorizationOptions;
  readonly #cache = new AgreementCache();
  readonly #books: AgreementBooks;
  readonly #proposals: AgreementProposals;
  readonly #standing: AgreementStanding;
  readonly #contacts: AgreementContacts;

  constructor(options: AuthorizationOptions) {
    const { exportFolder, onError, news, peers } = options;
    const files = exportFolder ? new AgreementFiles(exportFolder, onError) : undefined;
    this.#options = options;
    this.#books = new AgreementBooks(this.#cache, files, news);
    this.#proposals = new AgreementProposals(options, this.#books);
    this.#standing = new AgreementStanding(options, this.#books);
    this.#contacts = new AgreementContacts(options);
    this.incoming = incomingAgreements(peers, this.#books);
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
   * @param draft an AgreementContent without `id`, `version`, `created_at` and `counters`; of a catalogue, the scope
   * @throws CodedError VALIDATION_FAILED with every wrong member, PEER_NOT_PINNED, STATEMENT_EXPIRED, BACK_PRESSURE,
   *   AUTHORIZATION_UNKNOWN or AUTHORIZATION_INACTIVE for what it supersedes, the codes of `verifyAgreement` when our own
   *   signing key cannot serve
   */
  async propose(draft: unknown): Promise<AgreementDetails> {
    return this.get(await this.#proposals.propose(draft));
  }

  /**
   * Answers a proposal with another one (反提案), which ends it.
   *
   * @param changes the members that are to be different
   * @throws CodedError NOT_FOUND, CONFLICT when it is ours, was accepted, or too many have answered one another,
   *   AUTHORIZATION_INACTIVE when it ended, and as `propose`
   */
  async counter(id: string, changes: unknown): Promise<AgreementDetails> {
    return this.get(await this.#proposals.counter(id, changes));
  }

  /**
   * Proposes an agreement that is to replace one that was in force (续签), from its `valid_from` on: by default the end
   * of the old one, or now.
   *
   * @param changes the members that are to be different; `valid_until` at least
   * @throws CodedError NOT_FOUND, AUTHORIZATION_INACTIVE when it was renewed or revoked, and as `propose`
   */
  async renew(id: string, changes: unknown): Promise<AgreementDetails> {
    return this.get(await this.#proposals.renew(id, changes));
  }

  /**
   * Signs what the peer proposed and sends it back. In force here once the peer's receipt says so.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is ours or was accepted before, AUTHORIZATION_INACTIVE when it or what
   *   it replaces ended, PEER_NOT_PINNED, STATEMENT_EXPIRED, BACK_PRESSURE, the codes of `verifyAgreement` when a key no
   *   longer serves
   */
  async accept(id: string): Promise<AgreementDetails> {
    await this.#proposals.accept(id);
    return this.get(id);
  }

  /**
   * Lets no new case begin under an agreement (中止) until we resume; open cases go on. Holds here at once, the peer is
   * told.
   *
   * @param reason at most 500 characters, for the other region's operators
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT when it is not in force or we have it suspended already,
   *   AUTHORIZATION_INACTIVE when it ended, BACK_PRESSURE
   */
  async suspend(id: string, reason: string): Promise<AgreementDetails> {
    await this.#standing.suspend(id, reason);
    return this.get(id);
  }

  /** Takes back our own suspension (恢复); the other region's stays. Parameters and errors as in `suspend`. */
  async resume(id: string, reason: string): Promise<AgreementDetails> {
    await this.#standing.resume(id, reason);
    return this.get(id);
  }

  /**
   * Ends an agreement, declines a proposal or withdraws one. Holds here at once; the peer is told.
   *
   * Without cause, cases that were opened under it go on; for cause, nothing passes any more. What has expired, was
   * renewed or was revoked without cause may still be revoked for cause.
   *
   * @param reason at most 500 characters, for the other region's operators
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, AUTHORIZATION_INACTIVE when it ended, CONFLICT when the peer never
   *   took the proposal, BACK_PRESSURE
   */
  async revoke(id: string, reason: string, forCause: boolean): Promise<AgreementDetails> {
    await this.#standing.revoke(id, reason, forCause);
    return this.get(id);
  }

  /** Whom to call about an agreement, on both sides. @throws CodedError NOT_FOUND */
  contacts(id: string): Promise<RegionContacts[]> {
    return this.#contacts.list(id);
  }

  /**
   * Replaces our side of the contacts and tells the peer. Needs no signature.
   *
   * @param contacts at most 20 of `{name, role?, phone?, email?}`, each with a telephone number or an address
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT when the peer never took the proposal, BACK_PRESSURE
   */
  async setContacts(id: string, contacts: unknown): Promise<RegionContacts[]> {
    await this.#contacts.set(id, contacts);
    return this.contacts(id);
  }

  /** Agreements in the order of their ids, from the one after `after`. */
  async list({ after = '', limit = 100 }: { after?: string; limit?: number } = {}): Promise<AgreementView[]> {
    const { clock, store } = this.#options;
    const page = await agreements.page(store.read, after, limit);
    return page.map((record) => viewOf(record, clock.now()));
  }

  /** @throws CodedError NOT_FOUND */
  async get(id: string): Promise<AgreementDetails> {
    const { clock, store } = this.#options;
    const record = await demandAgreement(store.read, id);
    const now = clock.now();
    return detailsOf(record, await lineageOf(store.read, record, now), now);
  }

  /**
   * What is different in an agreement from another one, in words.
   *
   * @param since id of the older one
   * @throws CodedError NOT_FOUND
   */
  async changes(id: string, since: string): Promise<readonly Change[]> {
    const { read } = this.#options.store;
    const [older, newer] = [await demandAgreement(read, since), await demandAgreement(read, id)];
    const lists = catalogueLists([older, newer].flatMap(listsOf));
    return describeChanges(readAgreement(older.document).content, readAgreement(newer.document).content, lists);
  }

  /** Writes down what time did to agreements, and warns of what it will do; to be called now and then. */
  keepCalendar(): Promise<number> {
    return keepCalendar(this.#options, this.#books);
  }

  /** Acts on the fate of a message about agreements that we sent; anything else is not about agreements. */
  settled(tx: Transaction, settled: Settled): Promise<void> {
    const now = this.#options.clock.now();
    return settleAgreement(tx, settled, this.#books, (...what) => this.#sayAgain(...what), now);
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

  /** The agreement that a received envelope cites. Parameters and errors as in `AgreementCache.resolve`. */
  resolve(header: messages.EnvelopeHeader, opening: boolean): CompiledAgreement {
    return this.#cache.resolve(header, opening);
  }

  async #sayAgain(...what: Parameters<AgreementStanding['sayAgain']>): Promise<void> {
    await this.#standing.sayAgain(...what);
    const [tx, record, name] = what;
    await this.#contacts.sayAgain(tx, record, name);
  }
}
