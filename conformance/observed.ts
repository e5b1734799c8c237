import { CodedError, type messages } from '#proto';
import { type RegionStatement, verifyReceiptGroup } from '#trust';

/** What was seen beside the checks during a whole run. */
export class Observed {
  readonly #target: RegionStatement;
  /** Notes of the target's log, in the order in which they came; equal neighbours count once. */
  readonly checkpoints: string[] = [];
  /** Codes of the faults of receipt groups. */
  readonly receiptFaults: string[] = [];
  /** Groups of receipts. */
  receiptGroups = 0;
  /** Envelopes sent. */
  envelopes = 0;

  constructor(target: RegionStatement) {
    this.#target = target;
  }

  sent(envelopes: number): void {
    this.envelopes += envelopes;
  }

  checkpoint(note: string): void {
    if (this.checkpoints.at(-1) !== note) this.checkpoints.push(note);
  }

  /** Verifies the seal over every group of receipts that comes by. */
  receipts({ signedRoot, receipts }: messages.ReceiptBatch): void {
    if (receipts.length === 0 && signedRoot.length === 0) return;
    this.receiptGroups += 1;
    try {
      verifyReceiptGroup(signedRoot, receipts, this.#target);
    } catch (error) {
      this.receiptFaults.push(error instanceof CodedError ? error.code : 'MALFORMED');
    }
  }
}
