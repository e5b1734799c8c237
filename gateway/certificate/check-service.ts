import { CodedError, checkPayload, type messages } from '#proto';
import {
  type CompiledAgreement,
  type RegionStatement,
  readArrived,
  VerificationError,
  type VerifiedEnvelope,
} from '#trust';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { PeerClient } from '../outbound/peer-client.ts';
import type { Store } from '../store/store.ts';
import { findingOf } from './answer.ts';
import type { CertificateService } from './certificate-service.ts';
import { type AnsweredQuestion, checkBook } from './check-book.ts';
import { type CheckAddress, type CheckSealer, openCheck, type SealedCheck, sealCheck } from './check-envelope.ts';
import type { CertificateStatus } from './standing.ts';

export interface CheckServiceOptions extends CheckSealer {
  readonly store: Store;
  readonly log: EvidenceLog;
  readonly certificates: Pick<CertificateService, 'find'>;
  /** Source of random UUIDs. */
  readonly newConversation: () => string;
  /** The pinned region to ask; throws PEER_NOT_PINNED or STATEMENT_EXPIRED. */
  readonly peerOf: (region: string) => RegionStatement;
  /** Connection to a pinned region; throws PEER_NOT_PINNED. */
  readonly client: (region: string) => Pick<PeerClient, 'check'>;
  /** An authorization in force with a peer, covering the item if it is known; throws AUTHORIZATION_* when there is none. */
  readonly cite: (peer: string, item: string | undefined) => { readonly id: string; readonly digest: Buffer };
  /** The agreement that a header cites, if it may be cited now; throws AUTHORIZATION_*. */
  readonly agreementOf: (header: VerifiedEnvelope['header']) => CompiledAgreement;
}

/** What we want to know of a certificate that another region issued. */
export interface CheckInput {
  readonly identifier: string;
  /** SHA-256 of the issuer-signed JWT, when we hold the certificate. */
  readonly digest?: Buffer | undefined;
  /** Names of {@link answerable}. */
  readonly fields: readonly string[];
  /** 用途 */
  readonly purpose: string;
}

/** What the issuer answered, verified. */
export interface CheckResult {
  readonly status: Exclude<CertificateStatus, 'not-yet-valid'> | 'unknown';
  /** Milliseconds, by the issuer's clock. */
  readonly answeredAt: number;
  /** Those that were asked for and that the authorization allows. */
  readonly fields: Readonly<Record<string, string>>;
  /** Id of the question's envelope: under it question, answer and log position are kept. */
  readonly evidence: string;
}

/** Milliseconds that we wait for an answer. */
const TIMEOUT_MS = 10_000;

const RESULT: Readonly<Record<string, CheckResult['status']>> = {
  CERTIFICATE_STATUS_VALID: 'valid',
  CERTIFICATE_STATUS_EXPIRED: 'expired',
  CERTIFICATE_STATUS_SUSPENDED: 'suspended',
  CERTIFICATE_STATUS_REVOKED: 'revoked',
  CERTIFICATE_STATUS_CANCELLED: 'cancelled',
  CERTIFICATE_STATUS_WITHDRAWN: 'withdrawn',
  CERTIFICATE_STATUS_UNKNOWN: 'unknown',
};

/** Asks other regions about their certificates and answers about ours (电子证照核验), sealed both ways. */
export class CheckService {
  readonly #options: CheckServiceOptions;

  constructor(options: CheckServiceOptions) {
    this.#options = options;
  }

  /**
   * Asks the region that issued a certificate. Only a verified answer is believed and kept.
   *
   * @throws CodedError VALIDATION_FAILED with every wrong field, PEER_NOT_PINNED, STATEMENT_EXPIRED,
   *   PEER_UNREACHABLE, or the code that the peer gave; PROTOCOL_VIOLATION and PAYLOAD_INVALID when the answer is to
   *   another question or wrong; AUTHORIZATION_* when there is nothing to cite; VerificationError when the answer is
   *   not the peer's
   */
  async ask(region: string, query: CheckInput): Promise<CheckResult> {
    const question = questionOf(query);
    const peer = this.#options.peerOf(region);
    const { certificates, cite, newConversation, client } = this.#options;
    const known = await certificates.find(query.identifier, region);
    const authorization = cite(region, known?.certificate.item);
    const address = { peer: region, conversation: newConversation(), authorization };
    const asked = await sealCheck(this.#options, address, 'CertificateQuestion', question);
    const { envelope } = await client(region).check(asked.envelope, TIMEOUT_MS);
    if (!envelope) throw new CodedError('MALFORMED', 'the peer answered without an envelope');
    const answer = this.#readAnswer(peer, envelope, asked.id, address, question);
    await this.#keepAsked(region, asked, answer, envelope);
    const { status, answeredAt, fields } = answer;
    return { status: RESULT[status]!, answeredAt, fields, evidence: asked.id };
  }

  /**
   * Answers a question of a pinned region; the same question again gets the same answer.
   *
   * @param peer region that the TLS certificate proved
   * @throws VerificationError the codes of `readArrived` and `openSealed`; CodedError ID_REUSED, UNKNOWN_TYPE,
   *   PROTOCOL_VIOLATION, MALFORMED, PAYLOAD_INVALID; AuthorizationError AUTHORIZATION_*. What the question is about
   *   never makes an error.
   */
  async answer(peer: RegionStatement, raw: messages.Envelope): Promise<messages.Envelope> {
    const { region, store, clock, certificates, agreementOf } = this.#options;
    const arrived = readArrived(raw, peer.region, region);
    const now = clock.now();
    const known = repeated(await checkBook.answered(store.read, peer.region, arrived.header.id), arrived.leaf);
    // A question whose life is over is refused below like any other.
    if (known && now < known.expiresAt) return known.answer;
    const expected = { name: 'CertificateQuestion', inReplyTo: '', now } as const;
    const { header, payload: question } = openCheck(arrived, raw.seal, peer, expected);
    const agreement = agreementOf(header);
    const record = await certificates.find(question.identifier, region);
    const finding = findingOf({ question, peer: peer.region, sentAt: header.sentAt, agreement, record }, region);
    const address = {
      peer: peer.region,
      conversation: header.conversation,
      authorization: { id: header.authorizationId, digest: header.authorizationDigest },
      inReplyTo: header.id,
    };
    const payload = { identifier: question.identifier, answeredAt: now, ...finding };
    const sealed = await sealCheck(this.#options, address, 'CertificateAnswer', payload);
    return this.#keepAnswered(header, arrived.leaf, raw, sealed, payload);
  }

  #keepAnswered(
    { id, sender, expiresAt }: VerifiedEnvelope['header'],
    leaf: Buffer,
    question: messages.Envelope,
    sealed: SealedCheck,
    { identifier, status, answeredAt }: messages.CertificateAnswer,
  ): Promise<messages.Envelope> {
    const { store, log } = this.#options;
    return store.write(async (tx) => {
      // The same question may have been answered on another call since the look-up.
      const known = repeated(await checkBook.answered(tx, sender, id), leaf);
      if (known) return known.answer;
      const logPosition = await log.append(tx, {
        kind: 'LOG_ENTRY_KIND_CHECK_ANSWERED',
        subject: sealed.leaf,
        peer: sender,
        at: answeredAt,
      });
      await checkBook.store(tx, {
        direction: 'answered',
        peer: sender,
        id,
        leaf,
        identifier,
        status,
        question,
        answer: sealed.envelope,
        expiresAt,
        logPosition,
        at: answeredAt,
      });
      return sealed.envelope;
    });
  }

  /** The answer of the region that was asked, to the question that was asked, with nothing that was not asked for. */
  #readAnswer(
    peer: RegionStatement,
    envelope: messages.Envelope,
    inReplyTo: string,
    { conversation, authorization }: CheckAddress,
    question: messages.CertificateQuestion,
  ): messages.CertificateAnswer {
    const { region, clock } = this.#options;
    const arrived = readArrived(envelope, peer.region, region);
    const expected = { name: 'CertificateAnswer', inReplyTo, now: clock.now() } as const;
    const { header, payload } = openCheck(arrived, envelope.seal, peer, expected);
    const fits =
      header.conversation === conversation &&
      header.authorizationId === authorization.id &&
      header.authorizationDigest.equals(authorization.digest) &&
      payload.identifier === question.identifier;
    if (!fits) throw new CodedError('PROTOCOL_VIOLATION', 'the answer is about something else than was asked');
    const names = Object.keys(payload.fields);
    const told = payload.status === 'CERTIFICATE_STATUS_UNKNOWN' ? [] : question.fields;
    if (!names.every((name) => told.includes(name)))
      throw new CodedError('PAYLOAD_INVALID', 'the answer has fields that were not asked for');
    return payload;
  }

  #keepAsked(
    peer: string,
    { id, leaf, expiresAt, envelope: question }: SealedCheck,
    { identifier, status }: messages.CertificateAnswer,
    answer: messages.Envelope,
  ): Promise<void> {
    const { store, log, clock } = this.#options;
    const at = clock.now();
    return store.write(async (tx) => {
      const kind = 'LOG_ENTRY_KIND_CHECK_ASKED';
      const logPosition = await log.append(tx, { kind, subject: leaf, peer, at });
      const entry = { peer, id, leaf, identifier, status, question, answer, expiresAt, logPosition, at };
      await checkBook.store(tx, { direction: 'asked', ...entry });
    });
  }
}

/** An id that was answered before belongs to one question for ever. */
function repeated(known: AnsweredQuestion | undefined, leaf: Buffer): AnsweredQuestion | undefined {
  if (known && !known.leaf.equals(leaf)) throw new VerificationError('ID_REUSED');
  return known;
}

function questionOf({ identifier, digest, fields, purpose }: CheckInput): messages.CertificateQuestion {
  const question = { identifier, digest: digest ?? Buffer.alloc(0), fields: [...fields], purpose };
  const problems = checkPayload('CertificateQuestion', question);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  return question;
}
