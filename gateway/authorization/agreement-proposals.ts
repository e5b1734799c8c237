import { CodedError } from '#proto';
import { nextState, readAgreement, type Signer, signAgreement, verifyAgreement } from '#trust';
import type { Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { demandRenewable, demandRoomInChain } from './agreement-lineage.ts';
import { type AgreementRecord, proposedRecord, stateAt } from './agreement-record.ts';
import { actorIn, demandAgreement } from './agreement-rules.ts';
import type { AuthorizationOptions } from './authorization-options.ts';
import { checkDraft, demandObject, redraft } from './draft.ts';
import { fixCatalogues } from './granted-catalogues.ts';

/** What we sign: proposals, answers to proposals, renewals, acceptances. */
export class AgreementProposals {
  readonly #options: AuthorizationOptions;
  readonly #books: AgreementBooks;

  constructor(options: AuthorizationOptions, books: AgreementBooks) {
    this.#options = options;
    this.#books = books;
  }

  /** @returns the id of the proposal; parameters and errors as in `AuthorizationService.propose` */
  async propose(draft: unknown): Promise<string> {
    return this.#propose(demandObject(draft), undefined);
  }

  /** @returns the id of the counter-proposal; parameters and errors as in `AuthorizationService.counter` */
  async counter(id: string, changes: unknown): Promise<string> {
    const answered = this.#answerable(await this.#find(id));
    return this.#propose(redraft(readAgreement(answered.document).content, changes), answered);
  }

  /** @returns the id of the renewal; parameters and errors as in `AuthorizationService.renew` */
  async renew(id: string, changes: unknown): Promise<string> {
    const { clock, store } = this.#options;
    const { peer } = await this.#find(id);
    const { document, valid_until } = await demandRenewable(store.read, id, peer, clock.now());
    const { content } = readAgreement(document);
    const seamless = valid_until > clock.now() ? content.valid_until : new Date(clock.now()).toISOString();
    return this.#propose({ ...redraft({ ...content, valid_from: seamless }, changes), supersedes: id }, undefined);
  }

  /** Errors as in `AuthorizationService.accept`. */
  async accept(id: string): Promise<void> {
    const { clock, peers, outbox, store } = this.#options;
    const now = clock.now();
    const { peer, proposer, proposal } = this.#acceptable(await this.#find(id), now);
    peers.demand(peer);
    const document = await this.#sign(proposal);
    verifyAgreement(document, (party) => peers.statementOf(party), { signatures: 'complete', at: now, proposer });
    await store.write(async (tx) => {
      const record = this.#acceptable(await demandAgreement(tx, id), now);
      if (record.supersedes !== '') await demandRenewable(tx, record.supersedes, peer, now);
      const state = nextState(stateAt(record, now), 'accept', 'acceptor');
      await this.#books.change(tx, record, { state, document, code: '' }, now);
      const { conversation } = record;
      await outbox.enqueue(tx, { peer, conversation, name: 'AuthorizationAcceptance', payload: { document } });
    });
  }

  async #propose(written: object, answered: AgreementRecord | undefined): Promise<string> {
    const { clock, newId, region, peers, store, outbox, catalogueItems } = this.#options;
    const now = clock.now();
    const { draft, lists } = await fixCatalogues(written, catalogueItems);
    const filledIn = {
      id: newId(),
      created_at: new Date(now).toISOString(),
      ...(answered && { counters: answered.id }),
    };
    const { payload, peer } = checkDraft(draft, filledIn, region);
    peers.demand(peer);
    const document = await this.#sign(payload);
    verifyAgreement(document, (party) => peers.statementOf(party), {
      signatures: 'proposed',
      at: now,
      proposer: region,
    });
    const conversation = newId();
    const record = proposedRecord(document, lists, { peer, proposer: region, conversation, at: now });
    await store.write(async (tx) => {
      if (record.supersedes !== '') await demandRenewable(tx, record.supersedes, peer, now);
      if (answered) await this.#answer(tx, answered.id, peer, now);
      await this.#books.open(tx, record);
      const sent = { document, lists: lists.map((items) => ({ items })) };
      await outbox.enqueue(tx, { peer, conversation, name: 'AuthorizationProposal', payload: sent });
    });
    return record.id;
  }

  async #answer(tx: Transaction, id: string, peer: string, now: number): Promise<void> {
    const answered = this.#answerable(await demandAgreement(tx, id));
    if (answered.peer !== peer) throw new CodedError('CONFLICT', 'a counter-proposal is between the same regions');
    await demandRoomInChain(tx, answered);
    const state = nextState(stateAt(answered, now), 'counter', 'acceptor');
    await this.#books.change(tx, answered, { state }, now);
  }

  #answerable(record: AgreementRecord): AgreementRecord {
    const { clock, region } = this.#options;
    if (actorIn(record, region) === 'proposer') {
      throw new CodedError('CONFLICT', 'we proposed this authorization ourselves; withdraw it and propose another');
    }
    nextState(stateAt(record, clock.now()), 'counter', 'acceptor');
    return record;
  }

  #acceptable(record: AgreementRecord, now: number): AgreementRecord {
    if (actorIn(record, this.#options.region) === 'proposer') {
      throw new CodedError('CONFLICT', 'we proposed this authorization ourselves; the other region accepts it');
    }
    nextState(stateAt(record, now), 'accept', 'acceptor');
    return record;
  }

  /** The one place where agreements are signed. */
  #sign(unsigned: Uint8Array | string): Promise<string> {
    const signer: Signer = this.#options.signer;
    return signAgreement(unsigned, signer);
  }

  #find(id: string): Promise<AgreementRecord> {
    return demandAgreement(this.#options.store.read, id);
  }
}
