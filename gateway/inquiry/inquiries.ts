import type { PayloadName } from '#proto';
import { CodedError } from '#proto';
import type { AuthorizedUse } from '#trust';
import { dayOf, dayText } from '../calendar/china-day.ts';
import type { Office } from '../calendar/office.ts';
import { caseRepository } from '../case/case-repository.ts';
import type { Citation } from '../case/neighbours.ts';
import type { Settled } from '../outbound/context.ts';
import type { Outbox } from '../outbound/outbox.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { hearAnswer, hearQuestion, hearWithdrawal } from './incoming-inquiries.ts';
import type { Inquiry } from './inquiry.ts';
import { scrubInquiry } from './inquiry-erasure.ts';
import { demandNamesNobody, readAnswer, readQuestion, readWithdrawal } from './inquiry-input.ts';
import { type EmitInquiryNews, writeAndTell } from './inquiry-news.ts';
import { type InquiryEvent, type InquiryState, nextInquiryState } from './inquiry-states.ts';
import { type InquiryFilter, inquiryTable } from './inquiry-table.ts';

export interface InquiriesOptions {
  /** Our own region. */
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly newId: () => string;
  readonly outbox: Outbox;
  readonly office: Office;
  /** @throws CodedError PEER_NOT_PINNED */
  readonly demandPeer: (region: string) => void;
  /** An authorization with a peer that permits a message; with `under` that one alone. @throws AuthorizationError */
  readonly permit: (peer: string, use: AuthorizedUse, under?: string) => Pick<Citation, 'id' | 'digest'>;
  readonly emit: EmitInquiryNews;
  /** Something personal is to be erased; after the commit. */
  readonly onErasure: () => void;
}

/** P15: what our region asks others outside any case, and what it is asked (协查确认、业务咨询). */
export class Inquiries {
  readonly #options: InquiriesOptions;
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>>;

  constructor(options: InquiriesOptions) {
    this.#options = options;
    this.incoming = {
      InquiryAsked: (tx, incoming) => hearQuestion(tx, incoming, options),
      InquiryAnswered: (tx, incoming) => hearAnswer(tx, incoming, options),
      InquiryWithdrawn: (tx, incoming) => hearWithdrawal(tx, incoming, options),
    };
  }

  /**
   * Asks another region.
   *
   * @throws CodedError VALIDATION_FAILED with every wrong field, PEER_NOT_PINNED, BACK_PRESSURE, and the authorization's
   *   codes: a verification needs one that covers the item, with R3 unless the item is ours, and that lets the subject
   *   travel; a consultation needs one in force
   */
  async ask(input: unknown): Promise<Inquiry> {
    const { region: us, store, now, newId, outbox, office, demandPeer, permit, emit } = this.#options;
    const { region: peer, replyWorkingDays, subject, ...asked } = readQuestion(input);
    demandPeer(peer);
    const { kind, item, question, legalBasis, handler } = asked;
    return store.write(async (tx) => {
      const at = now();
      const number = await nextNumber(tx, us, at);
      const replyBy = office.after(at, replyWorkingDays);
      const payload = { ...asked, subject: subject ?? null, number, askedAt: at, replyBy };
      const sides = { item, mode: undefined, sender: us, receiving: us, handling: peer };
      const authorization = permit(peer, { name: 'InquiryAsked', payload, ...sides, at });
      const conversation = newId();
      await outbox.enqueue(tx, { peer, conversation, name: 'InquiryAsked', payload, authorization });
      const inquiry: Inquiry = {
        ...{ conversation, number, role: 'asking', peer, kind, item, state: 'open' },
        authorizationId: authorization.id,
        version: 0,
        document: { ...(subject && { subject }), question, legalBasis, handler },
        ...{ askedAt: at, replyBy, isLate: false, code: '' },
      };
      await inquiryTable.insert(tx, inquiry, office);
      return writeAndTell(tx, inquiry, 'asked', { at, emit });
    });
  }

  /**
   * Answers what another region asked.
   *
   * @param key the conversation or the number
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED, ILLEGAL_TRANSITION, CONFLICT when it was erased, BACK_PRESSURE, and
   *   the authorization's codes
   */
  async answer(key: string, input: unknown): Promise<Inquiry> {
    const { region: us, store, now, outbox, permit, emit } = this.#options;
    const seen = await this.demand(key);
    const answer = readAnswer(seen.kind, input);
    return store.write(async (tx) => {
      const inquiry = (await inquiryTable.find(tx, seen.conversation))!;
      const state = ownState(inquiry, 'answer');
      if (inquiry.erasedAt !== undefined)
        throw new CodedError('CONFLICT', 'the inquiry was erased: ask for another one');
      const at = now();
      const { conversation, peer, kind, item, authorizationId } = inquiry;
      const payload = { kind, ...answer, answeredAt: at };
      const sides = { item, mode: undefined, sender: us, receiving: peer, handling: us };
      const authorization = permit(peer, { name: 'InquiryAnswered', payload, ...sides, at }, authorizationId);
      await outbox.enqueue(tx, { peer, conversation, name: 'InquiryAnswered', payload, authorization });
      const document = { ...inquiry.document, answer: { ...answer, at } };
      const isLate = inquiry.isLate || at > inquiry.replyBy;
      return writeAndTell(tx, { ...inquiry, state, document, isLate, closedAt: at }, 'answered', { at, emit });
    });
  }

  /**
   * Takes an inquiry of ours back, answered or not. Both regions then hold nothing personal of it (撤回并删除).
   *
   * @param key the conversation or the number
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED also when the reason names the subject, ILLEGAL_TRANSITION, BACK_PRESSURE
   */
  async withdraw(key: string, input: unknown): Promise<Inquiry> {
    const { store, now, outbox, emit, onErasure } = this.#options;
    const withdrawal = readWithdrawal(input);
    const { conversation, peer } = await this.demand(key);
    return store.write(async (tx) => {
      const inquiry = (await inquiryTable.find(tx, conversation))!;
      const state = ownState(inquiry, 'withdraw');
      demandNamesNobody(inquiry, withdrawal.reason);
      const at = now();
      const payload = { ...withdrawal, withdrawnAt: at };
      await outbox.enqueue(tx, { peer, conversation, name: 'InquiryWithdrawn', payload });
      const document = { ...inquiry.document, withdrawal: { ...withdrawal, at } };
      const withdrawn = { ...inquiry, state, document, closedAt: at };
      tx.afterCommit(onErasure);
      return scrubInquiry(tx, await writeAndTell(tx, withdrawn, 'withdrawn', { at, emit }), at);
    });
  }

  /** @param key the conversation or the number @throws CodedError NOT_FOUND */
  demand(key: string): Promise<Inquiry> {
    return inquiryTable.demand(this.#options.store.read, key);
  }

  /** Newest first. @param before asked_at and conversation of the last one of the page before */
  list(filter: InquiryFilter, limit: number, before?: readonly [number, string]): Promise<Inquiry[]> {
    return inquiryTable.list(this.#options.store.read, filter, limit, before);
  }

  /** The place of an inquiry of ours among regions, for the authorization's judgement of its answer. */
  async contextOf(sql: Sql, conversation: string, peer: string) {
    const inquiry = await inquiryTable.find(sql, conversation);
    if (inquiry?.peer !== peer || inquiry.role !== 'asking') return undefined;
    const { item, authorizationId } = inquiry;
    return { item, mode: undefined, authorizationId, receiving: this.#options.region, handling: peer };
  }

  /** The other region did not take a message of ours: why stands with the inquiry, and a question that was lost has no answer. */
  async settled(tx: Transaction, { name, conversation, code }: Settled): Promise<void> {
    if (code === '' || !Object.hasOwn(this.incoming, name)) return;
    const inquiry = await inquiryTable.find(tx, conversation);
    if (!inquiry) return;
    const { now, emit } = this.#options;
    const at = now();
    const lost = name === 'InquiryAsked' && {
      state: nextInquiryState(inquiry.state, 'reject', 'asked', 'asking'),
      closedAt: inquiry.closedAt ?? at,
    };
    await writeAndTell(tx, { ...inquiry, ...lost, code }, 'rejected', { at, emit });
  }
}

/** @throws CodedError ILLEGAL_TRANSITION */
function ownState({ state, role }: Inquiry, event: InquiryEvent): InquiryState {
  return nextInquiryState(state, event, role, role);
}

/** Number (协查函号): X, region, day in China, and a counter. */
async function nextNumber(tx: Transaction, region: string, now: number): Promise<string> {
  const day = dayText(dayOf(now)).replaceAll('-', '');
  const serial = await caseRepository.count(tx, `inquiry/${day}`);
  return `X${region}${day}${String(serial).padStart(5, '0')}`;
}
