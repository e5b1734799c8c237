import { CodedError } from '#proto';
import {
  type CertificateTypes,
  type Clock,
  issueStampedCopy,
  presentCertificate,
  type RegionStatement,
  type Signer,
  type Stamp,
  verifyCertificate,
} from '#trust';
import type { Store } from '../store/store.ts';
import { library } from './library.ts';
import { type StampRecord, stampRecords } from './stamped-table.ts';
import { statusAt } from './standing.ts';

export interface StampedCopiesOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Our own region. */
  readonly region: string;
  /** The region's certificate key. */
  readonly signer: Signer;
  /** Our own statement, for its region. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  readonly types: CertificateTypes;
}

/** What a copy is made for. */
export interface StampInput extends Stamp {
  /** Names of the fields that it shows; all when absent. */
  readonly fields?: readonly string[] | undefined;
}

/** A copy that was made. We keep none of it but that it was made. */
export interface StampedCopy extends StampRecord {
  readonly identifier: string;
  /** The copy itself. */
  readonly text: string;
}

/** Makes stamped copies (加注件) of certificates of ours: each for one cause and until a day. */
export class StampedCopies {
  readonly #options: StampedCopiesOptions;

  constructor(options: StampedCopiesOptions) {
    this.#options = options;
  }

  /**
   * Makes a copy and writes down that it was made.
   *
   * @param by who asked for it: the subject of a token
   * @throws CodedError NOT_FOUND when we issued no such certificate, CONFLICT when it is not in force,
   *   VALIDATION_FAILED with every wrong field; VerificationError KEY_UNKNOWN, KEY_NOT_VALID, KEY_REVOKED when our own
   *   certificate key is not good
   */
  async make(identifier: string, { fields, ...stamp }: StampInput, by: string): Promise<StampedCopy> {
    const { store, clock, region, signer, statementOf, types } = this.#options;
    const now = clock.now();
    const found = await library.findAny(store.read, identifier, region, now);
    if (found?.issuer !== region)
      throw new CodedError('NOT_FOUND', 'this region issued no certificate with this identifier');
    demandInForce(found.status);
    const shown = fields ? presentCertificate(found.text, fields) : found.text;
    const text = await issueStampedCopy(signer, shown, stamp, { statementOf, now, types });
    const { digest } = verifyCertificate(text, { statementOf, now, types });
    const record = { digest, ...stamp, by, at: now };
    await store.write(async (tx) => {
      // It may have been decided about while the copy was signed.
      const { status } = await library.decided(tx, identifier, region);
      demandInForce(statusAt(status, found.certificate, now));
      await stampRecords.insert(tx, identifier, record);
    });
    return { identifier, ...record, text };
  }

  /** The newest copies that were made of a certificate of ours, newest first. */
  made(identifier: string): Promise<StampRecord[]> {
    return stampRecords.list(this.#options.store.read, identifier);
  }
}

function demandInForce(status: string): void {
  if (status !== 'valid') throw new CodedError('CONFLICT', `no copy is made of a certificate that is ${status}`);
}
