import { CodedError } from '#proto';
import type { CaseContext } from './case-context.ts';
import type { CaseEvent, CaseFile } from './case-file.ts';
import { caseRepository } from './case-repository.ts';
import { type Deed, deedsOf } from './deeds.ts';
import { type DirectOutcome, listOutcomes } from './direct/direct-outcomes.ts';
import { type Holding, holdingsOf } from './holders.ts';
import type { CaseQuery } from './search/case-filter.ts';
import { type CasePage, findCases } from './search/find-cases.ts';

/** Cases as they stand, and how they came there. */
export class CaseQueries {
  readonly #context: Pick<CaseContext, 'region' | 'store' | 'now' | 'neighbours'>;

  constructor(context: Pick<CaseContext, 'region' | 'store' | 'now' | 'neighbours'>) {
    this.#context = context;
  }

  /** P16: how far a case is, by the code that the applicant was given. @throws CodedError NOT_FOUND */
  async progress(code: string): Promise<CaseFile> {
    const file = await caseRepository.findByQueryCode(this.#context.store.read, code);
    if (!file) throw new CodedError('NOT_FOUND', 'no case has this query code');
    return file;
  }

  /** A case by its conversation, our number, or the number of the other region where only one case has it. @throws CodedError NOT_FOUND */
  async demand(key: string): Promise<CaseFile> {
    const { read } = this.#context.store;
    const file =
      (await caseRepository.find(read, key)) ??
      (await caseRepository.findByNumber(read, key)) ??
      (await caseRepository.findByPeerNumber(read, key));
    if (!file) throw new CodedError('NOT_FOUND', 'there is no case with this number');
    return file;
  }

  /** A page of the cases of a query; see `findCases`. @throws CodedError TRY_LATER, VALIDATION_FAILED */
  list(query: CaseQuery): Promise<CasePage> {
    return findCases(this.#context.store.read, query);
  }

  events(conversation: string): Promise<CaseEvent[]> {
    return caseRepository.events(this.#context.store.read, conversation);
  }

  /** M4: how other regions decided cases of our people; see `listOutcomes`. */
  directOutcomes(
    limit: number,
    before?: readonly [receivedAt: number, conversation: string],
  ): Promise<DirectOutcome[]> {
    return listOutcomes(this.#context.store.read, limit, before);
  }

  /** P12: who did what with a case, at which window of which organisation. @throws CodedError NOT_FOUND */
  async deeds(key: string): Promise<Deed[]> {
    const file = await this.demand(key);
    return deedsOf(file, await this.events(file.conversation));
  }

  /** P12: who held a case when, and who was late. @throws CodedError NOT_FOUND */
  async holdings(key: string): Promise<Holding[]> {
    const file = await this.demand(key);
    const { region, now, neighbours } = this.#context;
    return holdingsOf(file, await this.events(file.conversation), {
      us: region,
      now: now(),
      office: neighbours.office,
    });
  }
}
