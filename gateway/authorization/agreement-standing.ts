import type { PayloadName } from '#proto';
import { nextState } from '#trust';
import type { Transaction } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { type AgreementChange, type AgreementRecord, stateAt, suspensionsOf } from './agreement-record.ts';
import { actorIn, demandAgreement } from './agreement-rules.ts';
import type { AuthorizationOptions } from './authorization-options.ts';
import { demandReason } from './reason.ts';

/** What either region does to an agreement without a signature: suspend, resume, revoke. */
export class AgreementStanding {
  readonly #options: AuthorizationOptions;
  readonly #books: AgreementBooks;

  constructor(options: AuthorizationOptions, books: AgreementBooks) {
    this.#options = options;
    this.#books = books;
  }

  /** Parameters and errors as in `AuthorizationService.suspend`. */
  async suspend(id: string, reason: string): Promise<void> {
    const { region } = this.#options;
    await this.#act(id, reason, async (tx, record, now) => {
      const state = nextState(stateAt(record, now), 'suspend', actorIn(record, region));
      const suspensions = JSON.stringify([...suspensionsOf(record), { by: region, reason, at: now }]);
      await this.#change(tx, record, { state, suspensions }, now);
      await this.#send(tx, record, 'AuthorizationSuspension', { reason, suspendedAt: now });
    });
  }

  /** Parameters and errors as in `AuthorizationService.resume`. */
  async resume(id: string, reason: string): Promise<void> {
    const { region } = this.#options;
    await this.#act(id, reason, async (tx, record, now) => {
      const state = nextState(stateAt(record, now), 'resume', actorIn(record, region));
      const suspensions = JSON.stringify(suspensionsOf(record).filter(({ by }) => by !== region));
      await this.#change(tx, record, { state, suspensions }, now);
      await this.#send(tx, record, 'AuthorizationResumption', { reason, resumedAt: now });
    });
  }

  /** Parameters and errors as in `AuthorizationService.revoke`. */
  async revoke(id: string, reason: string, forCause: boolean): Promise<void> {
    const { region } = this.#options;
    await this.#act(id, reason, async (tx, record, now) => {
      const event = forCause ? 'revoke-for-cause' : 'revoke';
      const state = nextState(stateAt(record, now), event, actorIn(record, region));
      await this.#change(tx, record, { state, reason, revoked_by: region, revoked_at: now }, now);
      await this.#send(tx, record, 'AuthorizationRevocation', { reason, forCause, revokedAt: now });
    });
  }

  /**
   * Says once more what we said and the peer never heard, because it could not be reached for 30 days: how the agreement
   * stands by now, not how it stood then.
   *
   * @param name type of the message that expired
   */
  async sayAgain(tx: Transaction, record: AgreementRecord, name: PayloadName, now: number): Promise<void> {
    const { region } = this.#options;
    const own = suspensionsOf(record).find(({ by }) => by === region);
    if (name === 'AuthorizationSuspension' && own) {
      await this.#send(tx, record, name, { reason: own.reason, suspendedAt: own.at });
    }
    if (name === 'AuthorizationResumption' && !own) {
      await this.#send(tx, record, name, { reason: '恢复', resumedAt: now });
    }
    if (name === 'AuthorizationRevocation' && record.revoked_by === region) {
      const { reason, revoked_at } = record;
      const forCause = record.state === 'revoked-for-cause';
      await this.#send(tx, record, name, { reason, forCause, revokedAt: revoked_at! });
    }
  }

  async #act(
    id: string,
    reason: string,
    work: (tx: Transaction, record: AgreementRecord, now: number) => Promise<void>,
  ): Promise<void> {
    demandReason(reason);
    const { clock, store } = this.#options;
    await store.write(async (tx) => work(tx, await demandAgreement(tx, id), clock.now()));
  }

  #change(tx: Transaction, record: AgreementRecord, change: AgreementChange, now: number): Promise<void> {
    return this.#books.change(tx, record, change, now);
  }

  async #send(tx: Transaction, record: AgreementRecord, name: PayloadName, what: object): Promise<void> {
    const { peer, conversation, id, digest } = record;
    const payload = { authorizationId: id, authorizationDigest: digest, ...what };
    await this.#options.outbox.enqueue(tx, { peer, conversation, name, payload });
  }
}
