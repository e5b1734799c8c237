import type { X509Certificate } from 'node:crypto';
import { VerificationError } from '../errors.ts';
import { fingerprintOf, type RegionStatement, type StatementKey, spkiOf } from './statement.ts';

/**
 * What we know of every region: the pinned identity and the newest statement signed by it.
 * Holds no more than `maxRegions` regions.
 */
export class RegionDirectory {
  readonly #byRegion = new Map<string, RegionStatement>();
  readonly #bySpki = new Map<string, RegionStatement>();
  readonly #maxRegions: number;

  constructor(maxRegions = 5000) {
    this.#maxRegions = maxRegions;
  }

  /**
   * Pins a region, or takes a newer statement of a pinned one.
   *
   * @throws VerificationError FINGERPRINT_MISMATCH when the region is pinned with another identity key,
   *   STATEMENT_STALE when an equal or newer statement with other content is known, STATEMENT_INVALID when it claims
   *   the TLS certificate of another pinned region
   */
  pin(statement: RegionStatement): void {
    const known = this.#byRegion.get(statement.region);
    if (known) this.#demandSuccessor(known, statement);
    this.#demandOwnCertificates(statement);
    if (!known && this.#byRegion.size >= this.#maxRegions) throw new RangeError('the directory of regions is full');
    if (known) this.remove(statement.region);
    this.#byRegion.set(statement.region, statement);
    for (const { spki } of statement.tls) this.#bySpki.set(spki, statement);
  }

  /**
   * Says whether `pin` would take the statement, changing nothing.
   *
   * @throws VerificationError as `pin`
   */
  judge(statement: RegionStatement): void {
    const known = this.#byRegion.get(statement.region);
    if (known) this.#demandSuccessor(known, statement);
    else if (this.#byRegion.size >= this.#maxRegions) throw new RangeError('the directory of regions is full');
  }

  /** Forgets a region. */
  remove(region: string): void {
    const known = this.#byRegion.get(region);
    for (const { spki } of known?.tls ?? []) this.#bySpki.delete(spki);
    this.#byRegion.delete(region);
  }

  get(region: string): RegionStatement | undefined {
    return this.#byRegion.get(region);
  }

  all(): RegionStatement[] {
    return [...this.#byRegion.values()];
  }

  /** The region that owns a TLS certificate, by its SPKI and never by its names. */
  ownerOf(certificate: X509Certificate): RegionStatement | undefined {
    return this.#bySpki.get(spkiOf(certificate));
  }

  #demandSuccessor(known: RegionStatement, statement: RegionStatement): void {
    if (known.identity !== statement.identity) {
      throw new VerificationError(
        'FINGERPRINT_MISMATCH',
        `region ${known.region} is pinned with the identity ${fingerprintOf(known.identity)}; remove the peer first if the key was really replaced`,
      );
    }
    if (statement.digest.equals(known.digest)) return;
    if (statement.serial <= known.serial) throw new VerificationError('STATEMENT_STALE');
  }

  /** Certificates are public: a region that listed another's would take over its connections. */
  #demandOwnCertificates(statement: RegionStatement): void {
    for (const { spki } of statement.tls) {
      const owner = this.#bySpki.get(spki)?.region ?? statement.region;
      if (owner !== statement.region)
        throw new VerificationError('STATEMENT_INVALID', `a TLS certificate of it belongs to region ${owner}`);
    }
  }
}

/**
 * The key that a region may use for a purpose at a moment.
 *
 * A signature names its own time, and whoever stole a key can name an old one. Under a revoked key a signature counts
 * only when something else proves that it was there before the revocation.
 *
 * @param at milliseconds
 * @param provenAt milliseconds; the moment by which independent evidence shows that the signature existed
 * @throws VerificationError KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID
 */
export function keyValidAt(
  statement: RegionStatement,
  kid: string,
  purpose: StatementKey['purpose'],
  at: number,
  provenAt: number = Number.POSITIVE_INFINITY,
): StatementKey {
  const key = statement.keys.find((candidate) => candidate.kid === kid && candidate.purpose === purpose);
  if (!key) throw new VerificationError('KEY_UNKNOWN');
  if (key.revokedAt !== undefined && provenAt >= key.revokedAt) throw new VerificationError('KEY_REVOKED');
  if (at < key.notBefore || at >= key.notAfter) throw new VerificationError('KEY_NOT_VALID');
  return key;
}
