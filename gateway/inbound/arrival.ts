import type { RegionStatement } from '#trust';
import type { GroupPlace } from '../outbound/outbox.ts';
import type { ReceiptGroup } from './inbox.ts';

/** Arrival of one envelope: who sent it, when, and where its seal is kept. */
export interface Arrival {
  readonly peer: RegionStatement;
  /** Milliseconds. */
  readonly receivedAt: number;
  readonly place: GroupPlace;
  /** Where its receipt will be kept. */
  readonly receipts: ReceiptGroup;
}
