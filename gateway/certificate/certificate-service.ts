import { CodedError, fields, formatCertificateReference, oneOf, type Problem, text } from '#proto';
import {
  type CertificateTypes,
  type Clock,
  issueCertificate,
  type RegionStatement,
  type Signer,
  STATUS_WORDS,
  type StatusWord,
  VerificationError,
  type VerifiedCertificate,
  verifyCertificate,
} from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import { references } from './check-references.ts';
import { chinaDate } from './china-date.ts';
import { type CertificateInput, contentOf, demandIssuable } from './issuable.ts';
import {
  type CertificateRecord,
  type KeptCertificate,
  type LibraryQuery,
  library,
  type StatusChange,
} from './library.ts';
import { type CertificateStatus, demandChange, statusAt } from './standing.ts';
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
}

/** A certificate that is signed and not yet kept. */
export interface PreparedCertificate extends KeptCertificate {
  readonly identifier: string;
  readonly typeName: string;
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
 * we never gave it out. `list`: another region issued it, and its status list says how it stood at `asOf`. `dates`: its
 * issuer alone knows whether it suspended or revoked it.
 */
export type CertificateVerdict = Omit<VerifiedCertificate, 'status'> &
  (
    | { readonly source: 'library'; readonly status: CertificateStatus | 'unknown' }
    | { readonly source: 'list'; readonly status: CertificateStatus; readonly asOf: number }
    | { readonly source: 'dates'; readonly status: VerifiedCertificate['status'] }
  );

const CHANGE = fields({ status: oneOf(...STATUS_WORDS), reason: text(500) });

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
   * @throws CodedError VALIDATION_FAILED with every wrong field; VerificationError KEY_UNKNOWN, KEY_NOT_VALID when our
   *   own statement does not have the certificate key
   */
  async prepare(input: CertificateInput): Promise<PreparedCertificate> {
    const { region, types, signer } = this.#options;
    const issuedAt = this.#now();
    const year = chinaDate(issuedAt).slice(0, 4);
    demandIssuable(input, { region, types, serial: serialOf(year, 1), issuedAt });
    const { number, statusList } = await this.#options.store.write(async (tx) => ({
      number: await library.nextNumber(tx, year),
      statusList: await this.#options.statusLists.allocate(tx),
    }));
    const content = { ...contentOf(input, { region, types, serial: serialOf(year, number), issuedAt }), statusList };
    const text = await issueCertificate(signer, content, issuedAt, types);
    // A certificate that nobody could verify must not leave the house.
    const verified = this.#verify(text);
    const { identifier, certificate } = verified;
    return { identifier, typeName: certificate.typeName, conversation: input.conversation ?? '', text, verified };
  }

  /**
   * Keeps a prepared certificate as issued by us, in the caller's unit of work.
   *
   * @throws CodedError CERTIFICATE_EXISTS
   */
  async keep(tx: Transaction, prepared: PreparedCertificate): Promise<void> {
    if (!(await library.insert(tx, prepared, this.#now()))) throw new CodedError('CERTIFICATE_EXISTS');
    await references.issue(tx, prepared.identifier);
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
    if (await library.insert(tx, { conversation: from.conversation, text, verified }, now)) return verified;
    const known = await library.find(tx, verified.identifier, verified.issuer, now);
    if (known?.conversation !== from.conversation || !known.digest.equals(verified.digest))
      throw new CodedError('CERTIFICATE_EXISTS');
    return verified;
  }

  /**
   * Issues a certificate outside a case: prepares and keeps it.
   *
   * @throws CodedError VALIDATION_FAILED, CERTIFICATE_EXISTS; VerificationError KEY_UNKNOWN, KEY_NOT_VALID
   */
  async issue(input: CertificateInput): Promise<PreparedCertificate> {
    const prepared = await this.prepare(input);
    await this.#options.store.write((tx) => this.keep(tx, prepared));
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
    return library.list(this.#options.store.read, query, this.#now());
  }

  /**
   * Verifies a certificate with the statements that we have. Its issuer is not asked about it; how it stands is read from
   * the issuer's status list, where we know a source of it.
   *
   * @throws VerificationError the codes of `verifyCertificate`, STATUS_INDEX, STATUS_UNKNOWN
   */
  async verify(text: string): Promise<CertificateVerdict> {
    const verified = this.#verify(text);
    if (verified.issuer !== this.#options.region) {
      const listed = await this.#options.statusReader.statusOf(verified);
      if (!listed) return { ...verified, source: 'dates' };
      const status = statusAt(listed.word, verified.certificate, this.#now());
      return { ...verified, source: 'list', status, asOf: listed.asOf };
    }
    const record = await this.find(verified.identifier, verified.issuer);
    const same = record?.digest.equals(verified.digest);
    return { ...verified, source: 'library', status: same ? record!.status : 'unknown' };
  }

  /**
   * Suspends, restores, cancels, revokes or withdraws a certificate that we issued. Whoever asks us learns it from now on,
   * whoever reads the status list with its next copy.
   *
   * @param reason 1 to 500 characters
   * @param by who decided: the subject of a token
   * @throws CodedError VALIDATION_FAILED, NOT_FOUND, CONFLICT
   */
  async setStatus(identifier: string, status: StatusWord, reason: string, by: string): Promise<CertificateRecord> {
    const problems: Problem[] = [];
    CHANGE({ status, reason }, '', problems);
    if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
    const { store, region, statusLists } = this.#options;
    const now = this.#now();
    return store.write(async (tx) => {
      const { status: from, statusList } = await library.decided(tx, identifier, region);
      demandChange(from, status);
      await library.decide(tx, { identifier, issuer: region }, { from, to: status, reason, by, at: now });
      if (statusList) await statusLists.mark(tx, statusList, status);
      return (await library.find(tx, identifier, region, now))!;
    });
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

  #verify(text: string): VerifiedCertificate {
    const { statementOf, types } = this.#options;
    return verifyCertificate(text, { statementOf, now: this.#now(), types });
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

/** 流水号: the year and a number, at least six digits. */
function serialOf(year: string, number: number): string {
  return year + String(number).padStart(6, '0');
}
