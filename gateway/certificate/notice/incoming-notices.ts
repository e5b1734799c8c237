import { CodedError, LIMITS, type messages, type PayloadName } from '#proto';
import { AuthorizationError, type Clock, VerificationError, type VerifiedCertificate } from '#trust';
import type { Incoming, IncomingHandler } from '../../peer/incoming.ts';
import type { Store, Transaction } from '../../store/store.ts';
import { type HeldCertificate, library } from '../library.ts';
import type { TellCertificateNews } from '../library-news.ts';
import { originalDigest } from '../stamped-original.ts';
import { checkedCertificates } from './checked-table.ts';
import { counting, isNews, type Said } from './precedence.ts';
import { type ReceivedNotice, receivedNotices } from './received-table.ts';
import { decisionOf } from './words.ts';

export interface IncomingNoticeOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Tells the platforms of our own region how a certificate of the library stands now. */
  readonly tell: TellCertificateNews;
  /** The same of a certificate that we do not have, but asked about. */
  readonly tellNotice: (tx: Transaction, notice: ReceivedNotice) => Promise<void>;
}

/** What an issuer told us of a certificate of its own. */
export type NoticedStatus = Said & { readonly source: 'notice' };

/** Notices of one region about certificates that we neither have nor asked about. */
const UNEXPECTED_PER_REGION = 10_000;
/** Certificates of one region under one name about which we asked; there should be one. */
const TEXTS_PER_NAME = 16;

/** What other regions tell us of their certificates: kept, and counted from then on wherever we look at one. */
export class IncomingNotices {
  /**
   * Handler of notices. Codes of rejections: CERTIFICATE_ISSUER when the certificate is of another region, CONFLICT when
   * the notice would bring back what has ended, PAYLOAD_INVALID when it was decided after it was sent. Deferral:
   * TRY_LATER when too many of the region are kept about certificates that we do not know.
   */
  readonly incoming: Partial<Record<PayloadName, IncomingHandler>> = {
    CertificateNotice: (tx, incoming) => this.#take(tx, incoming),
  };
  readonly #options: IncomingNoticeOptions;

  constructor(options: IncomingNoticeOptions) {
    this.#options = options;
  }

  /**
   * What its issuer told us of a verified certificate; of a stamped copy, also what it told of the original. Where no
   * notice has its digest, those under its identifier count: whoever has a certificate can turn its ES256 signature into
   * another good one (s into n − s), and so its text into one with another digest.
   */
  async wordOn(verified: VerifiedCertificate): Promise<NoticedStatus | undefined> {
    const { read } = this.#options.store;
    const { issuer, digest } = verified;
    const exact = [
      await receivedNotices.find(read, issuer, digest),
      await receivedNotices.find(read, issuer, originalDigest(verified)),
    ].filter((notice) => notice !== undefined);
    return countingOf(exact.length > 0 ? exact : await this.#underItsName(verified));
  }

  /** Applies what its issuer told us before to a certificate of another region that was just kept. */
  async arrived(tx: Transaction, { issuer, digest, identifier }: VerifiedCertificate): Promise<void> {
    const known = await receivedNotices.find(tx, issuer, digest);
    if (known) await this.#concerns(tx, { ...known, identifier });
  }

  /**
   * Notes that a region answered a question of ours about a certificate: what it tells of it unasked concerns us, also if
   * that overtook the answer.
   */
  async asked(tx: Transaction, peer: string, subject: string): Promise<void> {
    if (!(await checkedCertificates.note(tx, { direction: 'asked', peer, subject }))) return;
    const overtaking = (await receivedNotices.of(tx, subject)).filter((one) => one.issuer === peer && !one.isExpected);
    for (const notice of overtaking) await this.#concerns(tx, notice);
  }

  /**
   * Whether an answer of a region is older than what it told us since. No such answer may be used again.
   *
   * @param subject identifier or reference that was asked about
   * @param answeredAt milliseconds, by the clock of that region
   */
  isOutdated(region: string, subject: string, answeredAt: number): Promise<boolean> {
    return receivedNotices.toldSince(this.#options.store.read, region, subject, answeredAt);
  }

  /** The newest notice of every region that told us of a certificate. @param subject its identifier or reference */
  received(subject: string): Promise<ReceivedNotice[]> {
    return receivedNotices.of(this.#options.store.read, subject);
  }

  /**
   * What its issuer told us under the identifier of a certificate, which includes its version (版本号): what was said of a
   * replaced one (换证) is not among it. An issuer that was restored from a backup can give an identifier twice: what it
   * decided before it signed this certificate is about another, and the text that it delivered itself is known by its
   * digest alone, as is the original of a stamped copy.
   */
  async #underItsName({ issuer, identifier, digest, certificate }: VerifiedCertificate): Promise<ReceivedNotice[]> {
    const { read } = this.#options.store;
    if (certificate.stamp) return [];
    const held = await library.holding(read, { identifier, digest });
    if (held.some((one) => one.issuer === issuer && one.digest.equals(digest))) return [];
    return receivedNotices.under(read, issuer, identifier, certificate.signedAt);
  }

  async #take(tx: Transaction, incoming: Incoming): Promise<void> {
    const named = noticeOf(incoming);
    const held = await ownOf(tx, named);
    const known = await receivedNotices.find(tx, named.issuer, named.digest);
    if (!isNews(known, named)) return;
    const isExpected = known?.isExpected || held?.digest.equals(named.digest) || (await isAskedFor(tx, named));
    if (!known && !isExpected) await demandRoom(tx, named.issuer);
    const notice = { ...named, identifier: named.identifier || (held?.identifier ?? ''), isExpected };
    await receivedNotices.keep(tx, notice);
    if (isExpected) await this.#apply(tx, notice);
  }

  /** A notice that we keep concerns us after all. */
  async #concerns(tx: Transaction, kept: ReceivedNotice): Promise<void> {
    const notice = { ...kept, isExpected: true };
    await receivedNotices.keep(tx, notice);
    await this.#apply(tx, notice);
  }

  async #apply(tx: Transaction, notice: ReceivedNotice): Promise<void> {
    const { clock, tell, tellNotice } = this.#options;
    const { issuer, ground } = notice;
    const before = await library.noticed(tx, notice);
    if (!before) return tellNotice(tx, notice);
    const { identifier, from } = before;
    const record = (await library.find(tx, identifier, issuer, clock.now()))!;
    await tell(tx, { event: 'status-changed', record, from, ground, text: await library.text(tx, identifier, issuer) });
  }
}

/** @throws CodedError PAYLOAD_INVALID */
function noticeOf({ envelope, payload, peer, receivedAt }: Incoming): ReceivedNotice {
  const { id, conversation, sentAt } = envelope.header;
  const notice = payload as messages.CertificateNotice;
  const { identifier, reference, digest, authority } = notice;
  if (notice.decidedAt > sentAt + LIMITS.sealSkewMs) {
    const problem = { pointer: '/decidedAt', code: 'RANGE', message: 'is later than the envelope' };
    throw new CodedError('PAYLOAD_INVALID', undefined, [problem]);
  }
  const named = { issuer: peer.region, digest, identifier, reference, authority };
  return { ...named, ...decisionOf(notice), conversation, envelope: id, isExpected: false, receivedAt };
}

/** What counts of several notices; undefined when there is none. */
function countingOf(notices: readonly ReceivedNotice[]): NoticedStatus | undefined {
  return notices
    .map(({ status, decidedAt }): NoticedStatus => ({ word: status, asOf: decidedAt, source: 'notice' }))
    .reduce<NoticedStatus | undefined>(counting, undefined);
}

/**
 * Of the certificates that a notice could mean, the sender's own; undefined when we keep none of them. Any region can put
 * an identifier on a certificate of its own: that keeps nobody from speaking of the one about which we asked him.
 *
 * @throws VerificationError CERTIFICATE_ISSUER when it means one of another region, ours included
 */
async function ownOf(tx: Transaction, notice: ReceivedNotice): Promise<HeldCertificate | undefined> {
  const { issuer, digest } = notice;
  const meant = await library.holding(tx, notice);
  const own = meant.find((held) => held.issuer === issuer);
  const others = meant.filter((held) => held.issuer !== issuer);
  const isForeign = others.some((held) => held.digest.equals(digest));
  if (isForeign || (!own && others.length > 0 && !(await wasAskedFor(tx, notice))))
    throw new VerificationError('CERTIFICATE_ISSUER', 'a region can tell only of certificates that it issued');
  return own;
}

/** Whether we asked the sender about the certificate of a notice. */
function wasAskedFor(tx: Transaction, { issuer, identifier, reference }: ReceivedNotice): Promise<boolean> {
  return checkedCertificates.wasAsked(tx, issuer, [identifier, reference]);
}

/** The same, while there is room: under a name that we asked about nobody fills our store with ever other certificates. */
async function isAskedFor(tx: Transaction, notice: ReceivedNotice): Promise<boolean> {
  if (!(await wasAskedFor(tx, notice))) return false;
  return (await receivedNotices.named(tx, notice)) < TEXTS_PER_NAME;
}

/** @throws AuthorizationError TRY_LATER */
async function demandRoom(tx: Transaction, issuer: string): Promise<void> {
  if ((await receivedNotices.unexpected(tx, issuer)) >= UNEXPECTED_PER_REGION)
    throw new AuthorizationError('TRY_LATER', 'too many notices of this region are kept about unknown certificates');
}
