import { CodedError, formatCertificateReference } from '#proto';
import {
  type CertificateTypes,
  type Clock,
  issueCertificate,
  type RegionStatement,
  type Signer,
  type StatusWord,
  VerificationError,
  type VerifiedCertificate,
  verifyCertificate,
} from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import { references } from './check-references.ts';
import { chinaDate } from './china-date.ts';
import { type CertificateInput, contentOf, demandIssuable } from './issuable.ts';
import { type CertificateRecord, library, type StatusChange } from './library.ts';
import { type LibraryQuery, listCertificates } from './library-list.ts';
import type { TellCertificateNews } from './library-news.ts';
import { freshRecord, type KeptCertificate } from './library-rows.ts';
import { type HolderSearch, librarySearches, type Searcher, type SearchQuery } from './library-searches.ts';
import type { IncomingNotices } from './notice/incoming-notices.ts';
import { counting, isEnding } from './notice/precedence.ts';
import type { Ground } from './notice/words.ts';
import { demandNumberFree, demandReplaceable, type Succession, successionOf } from './replacement.ts';
import { originalDigest } from './stamped-original.ts';
import { type CertificateStatus, statusAt } from './standing.ts';
import {
  type DecidedCertificate,
  type DecisionContext,
  decideStatus,
  demandDecision,
  type StatusDecision,
} from './status-decision.ts';
import type { StatusLists } from './status-lists.ts';
import type { StatusReader } from './status-reader.ts';

export interface CertificateServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Our own region. */
  readonly region: string;
  /** The region's certificate key. */
  readonly signer: Signer;
  /** The statement of a pinned region or of our own; undefined for any other. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  readonly types: CertificateTypes;
  /** Our status lists. */
  readonly statusLists: StatusLists;
  /** Those of other regions. */
  readonly statusReader: Pick<StatusReader, 'statusOf'>;
  /** Tells other regions what we decide. */
  readonly outgoingNotices: DecisionContext['outgoingNotices'];
  /** What other regions told us. */
  readonly incomingNotices: Pick<IncomingNotices, 'wordOn' | 'arrived'>;
  /** Tells the platforms of our own region what becomes of the library, in the unit of work in which it does. */
  readonly tell: TellCertificateNews;
}

/** A certificate that is signed and not yet kept. */
export interface PreparedCertificate extends KeptCertificate {
  readonly identifier: string;
  readonly typeName: string;
  /** Identifier of the certificate that ends when this one is kept. */
  readonly replaces: string | undefined;
  /** Who issues it. */
  readonly by: string;
}

/** Where a certificate of another region comes from. */
export interface ReceivedFrom {
  readonly conversation: string;
  /** Item of the case. */
  readonly item: string;
  /** Region that handled the case. */
  readonly issuer: string;
}

/**
 * A verified certificate and how it stands. `library`: it is ours and the status is what we decided, `unknown` when
 * we never gave it out. `list`: another region issued it, and its status list says how it stood at `asOf`. `notice`: that
 * region told us what it decided at `asOf`. `dates`: its issuer alone knows whether it suspended or revoked it.
 */
export type CertificateVerdict = Omit<VerifiedCertificate, 'status'> & {
  /** What its dates alone say. */
  readonly validity: VerifiedCertificate['status'];
  /** What its issuer decided, whatever its dates say; undefined when we do not know. */
  readonly word?: StatusWord;
} & (
    | { readonly source: 'library'; readonly status: CertificateStatus | 'unknown' }
    | { readonly source: 'list' | 'notice'; readonly status: CertificateStatus; readonly asOf: number }
    | { readonly source: 'dates'; readonly status: VerifiedCertificate['status'] }
  );

/** What of a certificate is demanded beyond that it is genuine. */
export type VerificationDemands = Pick<Parameters<typeof verifyCertificate>[1], 'typeCode' | 'binding'>;

/** The certificate library (证照库): certificates that we issued and those that came with cases from other regions. */
export class CertificateService {
  readonly #options: CertificateServiceOptions;

  constructor(options: CertificateServiceOptions) {
    this.#options = options;
  }

  /**
   * Mints an identifier and signs a certificate, without keeping it. A number of the series and an entry of a status
   * list are spent even if it never is kept.
   *
   * @throws CodedError VALIDATION_FAILED with every wrong field, CERTIFICATE_EXISTS when one with its number is in
   *   force, CONFLICT when the one that it replaces cannot be replaced; VerificationError KEY_UNKNOWN, KEY_NOT_VALID
   *   when our own statement does not have the certificate key
   */
  async prepare(input: CertificateInput): Promise<PreparedCertificate> {
    const { store, region, types, signer, statusLists } = this.#options;
    const issuedAt = this.#now();
    const year = chinaDate(issuedAt).slice(0, 4);
    const issuance = { region, types, serial: serialOf(year, 1), issuedAt };
    demandIssuable(input, issuance);
    const { replaces } = input;
    const succession: Partial<Succession> =
      replaces === undefined ? {} : await successionOf(store.read, input, replaces, { region, types, now: issuedAt });
    if (replaces === undefined && input.number !== undefined)
      await demandNumberFree(store.read, contentOf(input, issuance), issuedAt);
    const { serial, statusList } = await store.write(async (tx) => ({
      serial: succession.serial ?? serialOf(year, await library.nextNumber(tx, year)),
      statusList: await statusLists.allocate(tx),
    }));
    const content = { ...contentOf(input, { ...issuance, ...succession, serial }), statusList };
    const text = await issueCertificate(signer, content, issuedAt, types);
    // A certificate that nobody could verify must not leave the house.
    const verified = this.#verify(text);
    const { identifier, certificate } = verified;
    const { conversation = '', by = '' } = input;
    return { identifier, typeName: certificate.typeName, conversation, text, verified, replaces, by };
  }

  /**
   * Keeps a prepared certificate as issued by us, in the caller's unit of work; what it replaces is cancelled (注销).
   *
   * @throws CodedError CERTIFICATE_EXISTS, CONFLICT when what it replaces was ended or suspended meanwhile
   */
  async keep(tx: Transaction, prepared: PreparedCertificate): Promise<void> {
    const { identifier, verified, text, replaces, by } = prepared;
    const now = this.#now();
    if (replaces !== undefined) {
      demandReplaceable((await library.decided(tx, replaces, this.#options.region)).status);
      const reason = `换证 / replaced by ${identifier}`;
      await decideStatus(tx, this.#options, replaces, { status: 'cancelled', ground: 'replaced', reason, by }, now);
    }
    await demandNumberFree(tx, verified.certificate, now);
    if (!(await library.insert(tx, prepared, now))) throw new CodedError('CERTIFICATE_EXISTS');
    await references.issue(tx, identifier);
    await this.#options.tell(tx, { event: 'issued', record: freshRecord(prepared, now), text, replaces });
  }

  /**
   * Verifies a certificate of another region and keeps it, in the caller's unit of work. The same one again changes
   * nothing.
   *
   * @throws VerificationError the codes of `verifyCertificate`, CERTIFICATE_ISSUER when another region than the one
   *   that handled the case signed it, CERTIFICATE_MALFORMED when it is about another item; CodedError
   *   CERTIFICATE_EXISTS when this issuer sent another certificate, or in another case, with the same identifier
   */
  async keepReceived(tx: Transaction, from: ReceivedFrom, text: string): Promise<VerifiedCertificate> {
    const verified = this.#verify(text);
    if (verified.issuer !== from.issuer || from.issuer === this.#options.region)
      throw new VerificationError('CERTIFICATE_ISSUER', 'the certificate is not of the region that handled the case');
    if (verified.certificate.item !== from.item)
      throw new VerificationError('CERTIFICATE_MALFORMED', 'the certificate is about another item than the case');
    const now = this.#now();
    const kept = { conversation: from.conversation, text, verified };
    if (await library.insert(tx, kept, now)) {
      await this.#options.tell(tx, { event: 'received', record: freshRecord(kept, now), text });
      await this.#options.incomingNotices.arrived(tx, verified);
      return verified;
    }
    const known = await library.find(tx, verified.identifier, verified.issuer, now);
    if (known?.conversation !== from.conversation || !known.digest.equals(verified.digest))
      throw new CodedError('CERTIFICATE_EXISTS');
    return verified;
  }

  /**
   * Issues a certificate outside a case: prepares and keeps it.
   *
   * @param also what becomes durable together with it
   * @throws CodedError VALIDATION_FAILED, CERTIFICATE_EXISTS, CONFLICT; VerificationError KEY_UNKNOWN, KEY_NOT_VALID
   */
  async issue(
    input: CertificateInput,
    also: (tx: Transaction, prepared: PreparedCertificate) => Promise<void> | void = () => {},
  ): Promise<PreparedCertificate> {
    const prepared = await this.prepare(input);
    await this.#options.store.write(async (tx) => {
      await this.keep(tx, prepared);
      await also(tx, prepared);
    });
    return prepared;
  }

  /**
   * A certificate of the library; of several issuers' with the same identifier ours comes first.
   *
   * @throws CodedError NOT_FOUND
   */
  async get(identifier: string): Promise<CertificateRecord> {
    const { text: _, ...record } = await this.#demand(identifier);
    return record;
  }

  /**
   * The certificate itself: an SD-JWT with everything disclosed that came to us.
   *
   * @throws CodedError NOT_FOUND
   */
  async text(identifier: string): Promise<string> {
    return (await this.#demand(identifier)).text;
  }

  /**
   * The reference that stands in the QR code of a certificate that we issued; the same for ever. Older certificates get
   * theirs when it is asked for.
   *
   * @returns `TONGBAN:150626:REFERENCE`; undefined for a certificate of another region
   */
  async reference({
    identifier,
    issuer,
  }: Pick<CertificateRecord, 'identifier' | 'issuer'>): Promise<string | undefined> {
    const { store, region } = this.#options;
    if (issuer !== region) return undefined;
    const known = await references.of(store.read, identifier);
    const reference = known ?? (await store.write((tx) => references.issue(tx, identifier)));
    return formatCertificateReference({ region, reference });
  }

  /** The certificate that one issuer gave an identifier; undefined when we do not have it. */
  find(identifier: string, issuer: string): Promise<CertificateRecord | undefined> {
    return library.find(this.#options.store.read, identifier, issuer, this.#now());
  }

  /** At most `limit` certificates, oldest first. */
  list(query: LibraryQuery): Promise<CertificateRecord[]> {
    return listCertificates(this.#options.store.read, query, this.#now());
  }

  /**
   * Looks for the certificates of a holder: a look into personal data (个人信息), of which it is written down who took
   * it and why before anything is told.
   */
  async search(query: SearchQuery, searcher: Searcher): Promise<CertificateRecord[]> {
    const found = await this.list(query);
    await this.#options.store.write((tx) =>
      librarySearches.insert(tx, query, searcher, { found: found.length, at: this.#now() }),
    );
    return found;
  }

  /** Who looked for whose certificates, newest first. @param before position to begin below */
  searches(limit: number, before?: number): Promise<HolderSearch[]> {
    return librarySearches.list(this.#options.store.read, limit, before);
  }

  /**
   * Verifies a certificate with the statements that we have. Its issuer is not asked about it; how it stands is known from
   * what the issuer told us, and from its status list, where we know a source of it.
   *
   * @throws VerificationError the codes of `verifyCertificate`, STATUS_INDEX, STATUS_UNKNOWN
   */
  async verify(text: string, demands: VerificationDemands = {}): Promise<CertificateVerdict> {
    const verified = this.#verify(text, demands);
    const known = { ...verified, validity: verified.status };
    if (verified.issuer !== this.#options.region) {
      const said = await this.#said(verified);
      if (!said) return { ...known, source: 'dates' };
      const status = statusAt(said.word, verified.certificate, this.#now());
      return { ...known, source: said.source, word: said.word, status, asOf: said.asOf };
    }
    const record = await this.find(verified.identifier, verified.issuer);
    if (!record?.digest.equals(originalDigest(verified))) return { ...known, source: 'library', status: 'unknown' };
    const changes = await this.statusChanges(verified.identifier);
    const word = changes.at(-1)?.to ?? 'valid';
    return { ...known, source: 'library', word, status: statusAt(word, verified.certificate, this.#now()) };
  }

  /**
   * Suspends, restores, cancels, revokes or withdraws a certificate that we issued. Whoever asks us learns it from now on,
   * whoever reads the status list with its next copy; every region that received or checked it is told.
   *
   * @param reason 1 to 500 characters; it is told too, so no word about a person belongs there
   * @param by who decided: the subject of a token
   * @param ground `false-materials` (虚假材料) goes with `revoked` alone, and is told to the credit platform
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT
   */
  async setStatus(
    identifier: string,
    status: StatusWord,
    reason: string,
    by: string,
    ground: Ground = 'other',
  ): Promise<DecidedCertificate> {
    const decision = { status, ground, reason, by };
    demandDecision(decision);
    const { store } = this.#options;
    return store.write((tx) => decideStatus(tx, this.#options, identifier, decision, this.#now()));
  }

  /**
   * Revokes a certificate that we issued, in the caller's unit of work, because the decision that it rests on was taken
   * back. One that has ended already stays as it is: an ending is final.
   *
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND
   */
  async revokeIn(tx: Transaction, identifier: string, why: Omit<StatusDecision, 'status'>): Promise<void> {
    const decision = { status: 'revoked', ...why } as const;
    demandDecision(decision);
    const { status } = await library.decided(tx, identifier, this.#options.region);
    if (!isEnding(status)) await decideStatus(tx, this.#options, identifier, decision, this.#now());
  }

  /** What was decided about a certificate that we issued, oldest first. */
  statusChanges(identifier: string): Promise<StatusChange[]> {
    return library.changes(this.#options.store.read, identifier);
  }

  /** The word of the issuer of another region that counts; undefined when we know none. */
  async #said(verified: VerifiedCertificate) {
    const told = await this.#options.incomingNotices.wordOn(verified);
    if (told && isEnding(told.word)) return told;
    const listed = await this.#options.statusReader.statusOf(verified);
    return counting(told, listed && { ...listed, source: 'list' as const });
  }

  async #demand(identifier: string): Promise<CertificateRecord & { readonly text: string }> {
    const { store, region } = this.#options;
    const found = await library.findAny(store.read, identifier, region, this.#now());
    if (!found) throw new CodedError('NOT_FOUND', 'there is no certificate with this identifier');
    return found;
  }

  #verify(text: string, demands: VerificationDemands = {}): VerifiedCertificate {
    const { statementOf, types } = this.#options;
    return verifyCertificate(text, { statementOf, now: this.#now(), types, ...demands });
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

/** 流水号: the year and a number, at least six digits. */
function serialOf(year: string, number: number): string {
  return year + String(number).padStart(6, '0');
}
