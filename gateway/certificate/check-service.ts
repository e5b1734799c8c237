import { CodedError, type messages } from '#proto';
import type { AuthorizedUse, RegionStatement } from '#trust';
import type { CertificateService } from './certificate-service.ts';
import { CheckAnswerer, type CheckAnswererOptions } from './check-answerer.ts';
import { CheckAsker, type CheckAskerOptions, type GivenAnswer } from './check-asker.ts';
import { type CheckAnswers, GroupAnswerer } from './check-group.ts';
import { type CheckInput, certificateQuestion, type DataInput, dataQuestion, type Question } from './check-messages.ts';
import { findOwn, type MayTell } from './own-check.ts';

interface Citation {
  readonly id: string;
  readonly digest: Buffer;
}

export interface CheckServiceOptions extends CheckAskerOptions, CheckAnswererOptions {
  readonly certificates: Pick<CertificateService, 'find'>;
  /** An authorization in force with a peer, covering the item if it is known; throws AUTHORIZATION_* when there is none. */
  readonly cite: (peer: string, item: string | undefined) => Citation;
  /** The authorization with a peer that permits what we are about to send; throws the code that says most. */
  readonly permit: (peer: string, use: AuthorizedUse) => Citation;
}

/** Whether a question goes at once, or may wait a moment to travel with others. */
export type CheckWay = 'alone' | 'together';

/** What is told with every answer. */
interface Told {
  /** Milliseconds, by the clock of the region that answered. */
  readonly answeredAt: number;
  /** Those that were asked for and that the authorization allows; of our own library, those that may be told here. */
  readonly fields: Readonly<Record<string, string>>;
  /** Seconds after the answer for which its region lets it be used again. */
  readonly validForSeconds: number;
  /** The answer was given to the same question before, and nobody was asked now. */
  readonly cached: boolean;
}

/** How a certificate stands, as its issuer answered. */
export interface CheckResult extends Told {
  readonly status: (typeof CHECK_STATUSES)[number];
  /** Id of the question's envelope: under it question, answer and log position are kept. */
  readonly evidence?: string;
  /** Our own library, where we issued it ourselves: nobody was asked, and there is no evidence. */
  readonly source?: 'library';
}

/** What another region's data say, as it answered. */
export interface DataResult extends Told {
  readonly status: (typeof DATA_STATUSES)[number];
  /** As of {@link CheckResult}. */
  readonly evidence: string;
}

export const CHECK_STATUSES = [
  'valid',
  'expired',
  'suspended',
  'cancelled',
  'revoked',
  'withdrawn',
  'unknown',
] as const;
export type { CheckInput, DataInput } from './check-messages.ts';
export type { MayTell } from './own-check.ts';

export const DATA_STATUSES = ['found', 'not-found', 'unknown'] as const;

/** Nobody looks who could be written down: no field of our own library is told. */
const TELL_NOTHING: MayTell = async () => false;

/** Asks other regions about certificates and data, and answers about ours (电子证照核验、数据共享查询), sealed both ways. */
export class CheckService {
  readonly #options: CheckServiceOptions;
  readonly #asker: CheckAsker;
  readonly #answerer: CheckAnswerer;

  constructor(options: CheckServiceOptions) {
    this.#options = options;
    this.#asker = new CheckAsker(options);
    this.#answerer = new CheckAnswerer(options);
  }

  /**
   * Asks the region that issued a certificate. Only a verified answer is believed and kept. Of our own certificates our
   * library tells, and fields only as far as `mayTell` lets it.
   *
   * @param mayTell writes down who looks into our own library; without it no field of that is told
   * @throws CodedError VALIDATION_FAILED with every wrong field, the codes of `CheckAsker.ask`; AUTHORIZATION_* when
   *   there is nothing to cite
   */
  async ask(
    region: string,
    query: CheckInput,
    way: CheckWay = 'alone',
    mayTell: MayTell = TELL_NOTHING,
  ): Promise<CheckResult> {
    const question = certificateQuestion(query);
    const { region: us, clock, peerOf, certificates, cite } = this.#options;
    if (region === us) {
      const found = await findOwn(query, us, { ...this.#options, mayTell });
      return { ...found, answeredAt: clock.now(), validForSeconds: 0, cached: false, source: 'library' };
    }
    peerOf(region);
    const known = await certificates.find(query.identifier ?? '', region);
    const given = await this.#ask(region, question, cite(region, known?.certificate.item), way);
    return told(given, CHECK_STATUSES);
  }

  /**
   * Asks the data of another region.
   *
   * @throws CodedError VALIDATION_FAILED with every wrong field, CONFLICT when the region is our own, the codes of
   *   `CheckAsker.ask`; AuthorizationError when no authorization permits the question: its item, or that its parameters
   *   travel
   */
  async askData(region: string, query: DataInput, way: CheckWay = 'alone'): Promise<DataResult> {
    const question = dataQuestion(query);
    const { peerOf, permit, region: us, clock } = this.#options;
    if (region === us) throw new CodedError('CONFLICT', 'this region cannot ask itself; ask its own platform');
    peerOf(region);
    const { name, payload } = question;
    const sides = { sender: us, receiving: us, handling: region };
    const citation = permit(region, { name, payload, item: query.item, mode: undefined, ...sides, at: clock.now() });
    return told(await this.#ask(region, question, citation, way), DATA_STATUSES);
  }

  /**
   * Answers a question of a pinned region; the same question again gets the same answer.
   *
   * @param peer region that the TLS certificate proved
   * @throws VerificationError the codes of `readArrived` and `openSealed`; CodedError ID_REUSED, UNKNOWN_TYPE,
   *   PROTOCOL_VIOLATION, MALFORMED, PAYLOAD_INVALID, TRY_LATER; AuthorizationError AUTHORIZATION_*. Whether there is
   *   what the question is about never makes an error.
   */
  answer(peer: RegionStatement, raw: messages.Envelope): Promise<messages.Envelope> {
    return this.#answerer.answer(peer, raw);
  }

  /**
   * Answers a group of questions of a pinned region, each once; what is wrong with one is nothing to the others.
   *
   * @param peer region that the TLS certificate proved
   */
  answerGroup(peer: RegionStatement, group: messages.CheckManyRequest): AsyncIterable<CheckAnswers> {
    return new GroupAnswerer(this.#options, this.#answerer, peer, group).frames();
  }

  #ask(region: string, question: Question, { id, digest }: Citation, way: CheckWay): Promise<GivenAnswer> {
    return this.#asker.ask(region, question, { id, digest }, way === 'together');
  }
}

/** What people and programs are told; a word that we do not know is nothing to rely on. */
function told<S extends string>(
  { id, answer: { payload }, isReused }: GivenAnswer,
  words: readonly S[],
): Told & { readonly status: S; readonly evidence: string } {
  const word = String(payload.status)
    .replace(/^[A-Z]+_STATUS_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
  const known = words.find((one) => one === word);
  return {
    status: known ?? ('unknown' as S),
    answeredAt: payload.answeredAt,
    fields: known ? payload.fields : {},
    validForSeconds: payload.validForSeconds,
    cached: isReused,
    evidence: id,
  };
}
