import { CodedError, isErrorCode, type messages } from '#proto';
import { openMember, openSealed, type RegionStatement, readArrived, type VerifiedEnvelope, verifyGroup } from '#trust';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import { keepGroup } from '../outbound/outbox.ts';
import type { PeerClient } from '../outbound/peer-client.ts';
import type { Store, Transaction } from '../store/store.ts';
import { checkBook, type GroupSeal } from './check-book.ts';
import {
  type CheckAddress,
  type CheckSealer,
  readAnswer,
  sealAlone,
  sealChecks,
  type WrittenCheck,
  withoutSeal,
  writeCheck,
} from './check-envelope.ts';
import { CheckLine, type SentGroup, type SentQuestion } from './check-line.ts';
import { ANSWER_TO, type Answer, type Question, questionDigest, subjectOf } from './check-messages.ts';
import type { IncomingNotices } from './notice/incoming-notices.ts';

export interface CheckAskerOptions extends CheckSealer {
  readonly store: Store;
  readonly log: EvidenceLog;
  /** Source of random UUIDs. */
  readonly newConversation: () => string;
  /** The pinned region to ask; throws PEER_NOT_PINNED or STATEMENT_EXPIRED. */
  readonly peerOf: (region: string) => RegionStatement;
  /** Connection to a pinned region; throws PEER_NOT_PINNED. */
  readonly client: (region: string) => Pick<PeerClient, 'check' | 'checkMany'>;
  /** What regions tell us unasked, later than their answers. */
  readonly incomingNotices: Pick<IncomingNotices, 'asked' | 'isOutdated'>;
  /** Seconds for which we use an answer again, at most, where its region allows it. */
  readonly reuseSeconds: number;
}

/** A verified answer. */
export interface GivenAnswer {
  /** Id of the question's envelope: under it question, answer and log position are kept. */
  readonly id: string;
  readonly answer: Answer;
  /** It was given to the same question before. */
  readonly isReused: boolean;
}

type Authorization = CheckAddress['authorization'];

/** A question that is to be asked. */
interface Asked {
  readonly peer: RegionStatement;
  readonly address: CheckAddress;
  readonly question: Question;
  readonly digest: Buffer;
  /** Milliseconds. */
  readonly at: number;
}

/** Milliseconds that we wait for an answer. */
const TIMEOUT_MS = 10_000;

/** Asks other regions (核验提问), alone or many at once. Only a verified answer is believed and kept. */
export class CheckAsker {
  readonly #options: CheckAskerOptions;
  readonly #lines = new Map<string, CheckLine<Asked, GivenAnswer>>();
  /** Where the seals of groups under way are stored. */
  readonly #groups = new WeakMap<SentGroup<Asked>, number>();

  constructor(options: CheckAskerOptions) {
    this.#options = options;
  }

  /**
   * Asks one question, unless an answer to the very same one may be used again.
   *
   * @param together whether it may wait a moment to travel with others
   * @throws CodedError PEER_NOT_PINNED, STATEMENT_EXPIRED, PEER_UNREACHABLE, BACK_PRESSURE, or the code that the peer
   *   gave; PROTOCOL_VIOLATION and PAYLOAD_INVALID when the answer is to another question or wrong; VerificationError
   *   when the answer is not the peer's
   */
  async ask(region: string, question: Question, authorization: Authorization, together: boolean): Promise<GivenAnswer> {
    const { peerOf, clock, newConversation } = this.#options;
    const peer = peerOf(region);
    const digest = questionDigest(question);
    const before = await this.#before(region, question, digest, authorization);
    if (before) return before;
    const address = { peer: region, conversation: newConversation(), authorization };
    const asked = { peer, address, question, digest, at: clock.now() };
    return together ? this.#line(region).ask(asked) : this.#askAlone(asked);
  }

  /** An answer that its region allows to be used again, under the same authorization, and did not take back. */
  async #before(
    region: string,
    question: Question,
    digest: Buffer,
    authorization: Authorization,
  ): Promise<GivenAnswer | undefined> {
    const { store, clock, reuseSeconds } = this.#options;
    if (reuseSeconds === 0) return undefined;
    const known = await checkBook.reusable(store.read, region, digest, clock.now());
    if (!known) return undefined;
    // It was verified before it was kept.
    const kept = readArrived(known.answer, region, this.#options.region) as VerifiedEnvelope;
    const { header, ...answer } = readAnswer(kept, ANSWER_TO[question.name], known.id);
    if (!cites(header, authorization)) return undefined;
    const { incomingNotices } = this.#options;
    const isOutdated = await incomingNotices.isOutdated(region, subjectOf(question), answer.payload.answeredAt);
    return isOutdated ? undefined : { id: known.id, answer, isReused: true };
  }

  async #askAlone(asked: Asked): Promise<GivenAnswer> {
    const { store, region, clock, client } = this.#options;
    const written = writeCheck(this.#options, asked.address, asked.question);
    const question = await sealAlone(this.#options, asked.peer.region, written);
    const { envelope } = await client(asked.peer.region).check(question, TIMEOUT_MS);
    if (!envelope) throw new CodedError('MALFORMED', 'the peer answered without an envelope');
    const arrived = readArrived(envelope, asked.peer.region, region);
    const answer = read(openSealed(arrived, envelope.seal, asked.peer, clock.now()), asked, written.id);
    const taken = { answer, leaf: arrived.leaf };
    await store.write((tx) => this.#keep(tx, asked, written, { question, answer: envelope }, taken, {}));
    return { id: written.id, answer, isReused: false };
  }

  #line(region: string): CheckLine<Asked, GivenAnswer> {
    const known = this.#lines.get(region);
    if (known) return known;
    const line = new CheckLine<Asked, GivenAnswer>({
      open: () => this.#options.client(region).checkMany(),
      write: ({ address, question }) => writeCheck(this.#options, address, question),
      seal: (leaves) => sealChecks(this.#options, region, leaves),
      settle: (group, frame) => this.#settle(region, group, frame),
    });
    this.#lines.set(region, line);
    return line;
  }

  /** Opens a frame of answers and keeps them in one unit of work. Parameters as in `CheckLineOptions.settle`. */
  async #settle(region: string, group: SentGroup<Asked>, frame: messages.CheckManyResponse) {
    const outcomes = new Map<string, { given: GivenAnswer } | { fault: CodedError }>();
    for (const { leafHash, code } of frame.failures) {
      const sent = [...group.questions].find(([, { written }]) => written.leaf.equals(leafHash));
      if (!sent || !isErrorCode(code))
        throw new CodedError('PROTOCOL_VIOLATION', 'the peer refuses what was not asked');
      outcomes.set(sent[0], { fault: new CodedError(code, 'the peer did not answer this question') });
    }
    const opened = this.#openFrame(region, group, frame);
    if (opened.length > 0) await this.#keepFrame(group, frame, opened);
    for (const { sent, answer } of opened) {
      const { id } = sent.written;
      outcomes.set(id, { given: { id, answer, isReused: false } });
    }
    return outcomes;
  }

  #openFrame(region: string, group: SentGroup<Asked>, { signedRoot, envelopes }: messages.CheckManyResponse) {
    if (envelopes.length === 0) return [];
    const { peerOf, clock } = this.#options;
    const now = clock.now();
    const peer = peerOf(region);
    const headers = envelopes.map(({ header }) => header);
    const root = verifyGroup(signedRoot, headers, peer, { kind: 'arrival', now });
    return envelopes.map((envelope, index) => {
      const verified = openMember(readArrived(envelope, region, this.#options.region), root, now);
      const sent = group.questions.get(verified.header.inReplyTo);
      if (!sent) throw new CodedError('PROTOCOL_VIOLATION', 'the peer answers what was not asked');
      const answer = read(verified, sent.asked, sent.written.id);
      return { index, envelope, sent, leaves: root.leaves, leaf: verified.leaf, answer };
    });
  }

  async #keepFrame(
    group: SentGroup<Asked>,
    { signedRoot }: messages.CheckManyResponse,
    opened: readonly OpenedAnswer[],
  ): Promise<void> {
    const kept = await this.#options.store.write(async (tx) => {
      const { root } = group;
      const questions = this.#groups.get(group) ?? (await keepGroup(tx, root.signedRoot, root.leaves));
      const answers = await keepGroup(tx, signedRoot.toString('latin1'), opened[0]!.leaves);
      for (const { sent, envelope, index, ...taken } of opened) {
        const exchanged = { question: withoutSeal(sent.written), answer: withoutSeal(envelope) };
        const seals = {
          questionSeal: { group: questions, index: sent.index },
          answerSeal: { group: answers, index },
        };
        await this.#keep(tx, sent.asked, sent.written, exchanged, taken, seals);
      }
      return questions;
    });
    this.#groups.set(group, kept);
  }

  async #keep(
    tx: Transaction,
    { peer: { region: peer }, question, digest, at: askedAt }: Asked,
    { id, leaf, expiresAt }: WrittenCheck,
    exchanged: { readonly question: messages.Envelope; readonly answer: messages.Envelope },
    { answer, leaf: answerLeaf }: Pick<OpenedAnswer, 'answer' | 'leaf'>,
    seals: { readonly questionSeal?: GroupSeal; readonly answerSeal?: GroupSeal },
  ): Promise<void> {
    const { log, clock, reuseSeconds, incomingNotices } = this.#options;
    const at = clock.now();
    const { status, validForSeconds } = answer.payload;
    const logPosition = await log.append(tx, { kind: 'LOG_ENTRY_KIND_CHECK_ASKED', subject: leaf, peer, at });
    // The answer too: should its key be revoked one day, our log shows that it is older.
    const received = { kind: 'LOG_ENTRY_KIND_ANSWER_RECEIVED', subject: answerLeaf, peer, at } as const;
    const answerLogPosition = await log.append(tx, received);
    const seconds = Math.min(validForSeconds, reuseSeconds);
    // By our own clock, from before the question left.
    const reuse = seconds > 0 ? { reuse: { digest, until: askedAt + seconds * 1000 } } : {};
    const what = { peer, id, leaf, subject: subjectOf(question), status: String(status) };
    await checkBook.store(tx, {
      direction: 'asked',
      ...what,
      ...exchanged,
      ...seals,
      ...reuse,
      expiresAt,
      logPosition,
      answerLogPosition,
      at,
    });
    const isTold = answer.name === 'CertificateAnswer' && !SILENT.has(status);
    if (isTold) await incomingNotices.asked(tx, peer, what.subject);
  }
}

interface OpenedAnswer {
  readonly index: number;
  readonly envelope: messages.Envelope;
  readonly sent: SentQuestion<Asked>;
  readonly leaves: readonly Buffer[];
  /** Leaf hash of the answer. */
  readonly leaf: Buffer;
  readonly answer: Answer;
}

/** The answer to the question that was asked, with nothing that was not asked for. */
function read(verified: VerifiedEnvelope, { address, question }: Asked, id: string): Answer {
  const { header, ...answer } = readAnswer(verified, ANSWER_TO[question.name], id);
  const fits =
    header.conversation === address.conversation && cites(header, address.authorization) && isAbout(answer, question);
  if (!fits) throw new CodedError('PROTOCOL_VIOLATION', 'the answer is about something else than was asked');
  const told = SILENT.has(answer.payload.status) ? [] : question.payload.fields;
  if (!Object.keys(answer.payload.fields).every((name) => told.includes(name)))
    throw new CodedError('PAYLOAD_INVALID', 'the answer has fields that were not asked for');
  return answer;
}

/** With these words there is nothing to tell. */
const SILENT: ReadonlySet<string> = new Set([
  'CERTIFICATE_STATUS_UNKNOWN',
  'DATA_STATUS_UNKNOWN',
  'DATA_STATUS_NOT_FOUND',
]);

function cites(
  { authorizationId, authorizationDigest }: VerifiedEnvelope['header'],
  { id, digest }: Authorization,
): boolean {
  return authorizationId === id && authorizationDigest.equals(digest);
}

function isAbout(answer: Answer, question: Question): boolean {
  if (answer.name === 'DataAnswer') return answer.payload.kind === (question.payload as messages.DataQuestion).kind;
  const { identifier, reference } = question.payload as messages.CertificateQuestion;
  return answer.payload.identifier === identifier && answer.payload.reference === reference;
}
