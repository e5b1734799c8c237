import { envelopeLeaf, type messages } from '#proto';
import {
  type ArrivedEnvelope,
  type CompiledAgreement,
  openSealed,
  type RegionStatement,
  readArrived,
  suiteOf,
  VerificationError,
  type VerifiedEnvelope,
} from '#trust';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { type Answering, findingOf } from './answer.ts';
import type { CertificateService } from './certificate-service.ts';
import { type AnsweredQuestion, checkBook, type GroupSeal } from './check-book.ts';
import { type AskSource, dataAnswerOf } from './check-data.ts';
import {
  type CheckSealer,
  type ReadQuestion,
  readQuestion,
  sealAlone,
  type WrittenCheck,
  withoutSeal,
  writeCheck,
} from './check-envelope.ts';
import { type Answer, subjectOf } from './check-messages.ts';
import { references } from './check-references.ts';
import type { OutgoingNotices } from './notice/outgoing-notices.ts';

export interface CheckAnswererOptions extends CheckSealer {
  readonly store: Store;
  readonly log: EvidenceLog;
  readonly certificates: Pick<CertificateService, 'find'>;
  readonly outgoingNotices: Pick<OutgoingNotices, 'answered'>;
  /** The agreement that a header cites, if it may be cited now; throws AUTHORIZATION_*. */
  readonly agreementOf: (header: VerifiedEnvelope['header']) => CompiledAgreement;
  readonly askSource: AskSource;
  /** Seconds for which whoever asks us may use an answer again. */
  readonly answerSeconds: number;
}

/** A question that was read, and the answer that is written to it or was given before. */
export interface Answered {
  readonly arrived: ArrivedEnvelope;
  readonly raw: messages.Envelope;
  readonly question: ReadQuestion;
  readonly answer: Answer;
  /** Identifier of the certificate of which the answer tells something. */
  readonly about: string | undefined;
  readonly written: WrittenCheck;
}

/** Milliseconds that a platform has for one question. */
export const SOURCE_TIMEOUT_MS = 8_000;

/** Answers single questions of other regions (核验答复): each once, sealed, and logged. */
export class CheckAnswerer {
  readonly #options: CheckAnswererOptions;

  constructor(options: CheckAnswererOptions) {
    this.#options = options;
  }

  /** Answers a question that came alone. Parameters and errors as in `CheckService.answer`. */
  async answer(peer: RegionStatement, raw: messages.Envelope): Promise<messages.Envelope> {
    const arrived = readArrived(raw, peer.region, this.#options.region);
    const now = this.#options.clock.now();
    const before = await this.before(this.#options.store.read, arrived, now);
    if (before) return this.#again(peer.region, before);
    const verified = openSealed(arrived, raw.seal, peer, now);
    const answered = await this.answerTo(verified, raw, AbortSignal.timeout(SOURCE_TIMEOUT_MS));
    const envelope = await sealAlone(this.#options, peer.region, answered.written);
    const kept = await this.#options.store.write((tx) => this.#keep(tx, answered, envelope));
    return this.#again(peer.region, kept);
  }

  /**
   * What was answered to the same question before, while it lives.
   *
   * @param now milliseconds; without it the life of the question does not count
   * @throws VerificationError ID_REUSED
   */
  async before(sql: Sql, { header, leaf }: ArrivedEnvelope, now?: number): Promise<messages.Envelope | undefined> {
    const known = repeated(await checkBook.answered(sql, header.sender, header.id), leaf);
    // A question whose life is over is refused like any other.
    return known && (now === undefined || now < known.expiresAt) ? known.answer : undefined;
  }

  /** An answer that was given before, as it was sealed; one of a group is sealed anew when it is asked for alone. */
  async #again(peer: string, answer: messages.Envelope): Promise<messages.Envelope> {
    if (answer.seal) return answer;
    const { hash } = suiteOf(this.#options.signerFor(peer).suite);
    return sealAlone(this.#options, peer, { ...answer, leaf: envelopeLeaf(hash, answer.header) });
  }

  /**
   * Reads a question and writes its answer, keeping nothing.
   *
   * @param signal ends questions to platforms
   * @throws CodedError the codes of `readQuestion`, TRY_LATER; AuthorizationError AUTHORIZATION_*
   */
  async answerTo(verified: VerifiedEnvelope, raw: messages.Envelope, signal: AbortSignal): Promise<Answered> {
    const question = readQuestion(verified);
    const { header } = question;
    const { answer, about } = await this.#find(question, signal);
    const address = {
      peer: header.sender,
      conversation: header.conversation,
      authorization: { id: header.authorizationId, digest: header.authorizationDigest },
      inReplyTo: header.id,
    };
    return { arrived: verified, raw, question, answer, about, written: writeCheck(this.#options, address, answer) };
  }

  async #find(question: ReadQuestion, signal: AbortSignal): Promise<Pick<Answered, 'answer' | 'about'>> {
    const { header, payload } = question;
    const { region, clock, agreementOf, answerSeconds, askSource } = this.#options;
    const answering: Answering = { region, now: clock.now(), validForSeconds: answerSeconds };
    const resting = { peer: header.sender, sentAt: header.sentAt, agreement: agreementOf(header) };
    if (question.name === 'DataQuestion') {
      const checked = { ...resting, id: header.id, question: question.payload };
      const payload = await dataAnswerOf(checked, answering, askSource, signal);
      return { answer: { name: 'DataAnswer', payload }, about: undefined };
    }
    const { identifier, reference } = payload as messages.CertificateQuestion;
    const record = await this.#record(identifier, reference);
    const finding = findingOf({ ...resting, question: question.payload, record }, answering);
    const about = finding.status === 'CERTIFICATE_STATUS_UNKNOWN' ? undefined : record?.identifier;
    const answered = { identifier, reference, answeredAt: answering.now, ...finding };
    return { answer: { name: 'CertificateAnswer', payload: answered }, about };
  }

  /** The same look-ups whether there is something to find or not. */
  async #record(identifier: string, reference: string) {
    const { store, certificates, region } = this.#options;
    const named = reference === '' ? identifier : await references.find(store.read, reference);
    return certificates.find(named ?? '', region);
  }

  async #keep(tx: Transaction, answered: Answered, envelope: messages.Envelope): Promise<messages.Envelope> {
    // The same question may have been answered on another call since the look-up.
    const known = await this.before(tx, answered.arrived);
    if (known) return known;
    await this.append(tx, answered, envelope, {});
    return envelope;
  }

  /** Puts an answer into the log and the book. @param seals where they are, when both travelled in groups */
  async append(
    tx: Transaction,
    { arrived, raw, question, answer, about, written }: Answered,
    envelope: messages.Envelope,
    seals: { readonly questionSeal?: GroupSeal; readonly answerSeal?: GroupSeal },
  ): Promise<void> {
    const { id, sender: peer, expiresAt } = question.header;
    const { status, answeredAt: at } = answer.payload;
    const kind = 'LOG_ENTRY_KIND_CHECK_ANSWERED';
    const logPosition = await this.#options.log.append(tx, { kind, subject: written.leaf, peer, at });
    const exchanged = { question: seals.questionSeal ? withoutSeal(raw) : raw, answer: envelope };
    const what = { peer, id, leaf: arrived.leaf, subject: subjectOf(question), status };
    await checkBook.store(tx, { direction: 'answered', ...what, ...exchanged, ...seals, expiresAt, logPosition, at });
    if (about === undefined) return;
    const { subject } = what;
    await this.#options.outgoingNotices.answered(tx, { peer, identifier: about, subject, answeredAt: at });
  }
}

/** An id that was answered before belongs to one question for ever. */
function repeated(known: AnsweredQuestion | undefined, leaf: Buffer): AnsweredQuestion | undefined {
  if (known && !known.leaf.equals(leaf)) throw new VerificationError('ID_REUSED');
  return known;
}
