import type { RevocationGround } from '#proto';
import type { CaseFile, KeptCommitment } from './case-file.ts';
import { demandComplete } from './formal-review.ts';
import { demandDeliverer } from './joint/part-demands.ts';
import type { ItemFacts } from './neighbours.ts';
import { demandEverythingNamed } from './one-time-notice.ts';
import { demandBroken, demandGranted } from './revocation.ts';
import { demandRestIn } from './tolerance/commitment.ts';
import { demandCommitted } from './tolerance/demand-committed.ts';
import type { Event } from './transitions.ts';

/** Members of an act that its demands look at. */
interface Judged {
  readonly items: readonly { readonly material: string }[];
  readonly commitment?: KeptCommitment;
  readonly deemed?: boolean;
  readonly ground: RevocationGround;
}

interface ActPlace {
  readonly item: ItemFacts | undefined;
  /** Milliseconds. */
  readonly at: number;
  /** M3: done to every part of a joint case at once. */
  readonly withWhole?: boolean | undefined;
}

/**
 * What an act of ours demands of the case beyond its state.
 *
 * @param input as the rule of the act has read it
 * @throws CodedError ITEM_UNKNOWN, VALIDATION_FAILED, ILLEGAL_TRANSITION
 */
export function demandReady(
  event: Event,
  file: CaseFile,
  input: object,
  { item, at, withWhole = false }: ActPlace,
): void {
  const { items, commitment, deemed, ground } = input as Judged;
  if (event === 'receive') demandComplete(file, item);
  if (event === 'one-time-notice') demandEverythingNamed(file, item, items);
  // Where silence accepts nobody has promised anything.
  if (event === 'accept' && !deemed) demandCommitted(file, item, commitment, at);
  if (event === 'deliver') {
    demandDeliverer(file, file.role, withWhole);
    demandRestIn(file);
  }
  if (event === 'revoke') {
    demandGranted(file);
    demandBroken(file, ground, at);
  }
}
