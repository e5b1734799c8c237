import { CodedError, formatCertificateReference } from '#proto';
import type { StatusWord, VerifiedCertificate } from '#trust';
import type { Transaction } from '../store/store.ts';
import type { CertificateContext, VerificationDemands } from './certificate-context.ts';
import {
  keepPrepared,
  keepReceived,
  type PreparedCertificate,
  prepareCertificate,
  type ReceivedFrom,
} from './certificate-issue.ts';
import { type CertificateVerdict, verdictOn } from './certificate-verdict.ts';
import { references } from './check-references.ts';
import type { CertificateInput } from './issuable.ts';
import { type CertificateRecord, library, type StatusChange } from './library.ts';
import { type LibraryQuery, listCertificates } from './library-list.ts';
import { type HolderSearch, librarySearches, type Searcher, type SearchQuery } from './library-searches.ts';
import { isEnding } from './notice/precedence.ts';
import type { Ground } from './notice/words.ts';
import { type DecidedCertificate, decideStatus, demandDecision, type StatusDecision } from './status-decision.ts';

/** The certificate library (证照库): certificates that we issued and those that came with cases from other regions. */
export class CertificateService {
  readonly #options: CertificateContext;

  constructor(options: CertificateContext) {
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
  prepare(input: CertificateInput): Promise<PreparedCertificate> {
    return prepareCertificate(this.#options, input);
  }

  /**
   * Keeps a prepared certificate as issued by us, in the caller's unit of work; what it replaces is cancelled (注销).
   *
   * @throws CodedError CERTIFICATE_EXISTS, CONFLICT when what it replaces was ended or suspended meanwhile
   */
  keep(tx: Transaction, prepared: PreparedCertificate): Promise<void> {
    return keepPrepared(this.#options, tx, prepared);
  }

  /**
   * Verifies a certificate of another region and keeps it, in the caller's unit of work. The same one again changes
   * nothing.
   *
   * @throws VerificationError the codes of `verifyCertificate`, CERTIFICATE_ISSUER when another region than the one
   *   that handled the case signed it, CERTIFICATE_MALFORMED when it is about another item; CodedError
   *   CERTIFICATE_EXISTS when this issuer sent another certificate, or in another case, with the same identifier
   */
  keepReceived(tx: Transaction, from: ReceivedFrom, text: string): Promise<VerifiedCertificate> {
    return keepReceived(this.#options, tx, from, text);
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
  verify(text: string, demands: VerificationDemands = {}): Promise<CertificateVerdict> {
    return verdictOn(this.#options, text, demands);
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

  async #demand(identifier: string): Promise<CertificateRecord & { readonly text: string }> {
    const { store, region } = this.#options;
    const found = await library.findAny(store.read, identifier, region, this.#now());
    if (!found) throw new CodedError('NOT_FOUND', 'there is no certificate with this identifier');
    return found;
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
