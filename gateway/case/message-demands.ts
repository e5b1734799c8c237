import { CodedError, type messages } from '#proto';
import type { CaseFile } from './case-file.ts';
import { demandDeliverer } from './joint/part-demands.ts';
import type { ItemFacts } from './neighbours.ts';
import { demandGranted } from './revocation.ts';
import { demandRestIn, keptCommitment } from './tolerance/commitment.ts';
import { commitmentProblems } from './tolerance/demand-committed.ts';
import type { Event } from './transitions.ts';

interface MessageFacts {
  /** When it was done, milliseconds. */
  readonly at: number;
  /** The item of the case, in the version that it goes on under. */
  readonly itemOf: () => Promise<Pick<ItemFacts, 'materials'> | undefined>;
}

/**
 * What a message of the other region demands of the case beyond its state. Of the region that decides only what both know
 * for certain: no message of it may fail for what crosses it.
 *
 * @throws CodedError PAYLOAD_INVALID, ITEM_UNKNOWN, ILLEGAL_TRANSITION
 */
export async function demandPossible(
  event: Event,
  file: CaseFile,
  payload: object,
  { at, itemOf }: MessageFacts,
): Promise<void> {
  if (event === 'deliver') {
    demandDeliverer(file, file.role === 'receiving' ? 'handling' : 'receiving', true);
    demandRestIn(file);
  }
  if (event === 'revoke') demandGranted(file);
  if (event !== 'accept' || file.role === 'receiving') return;
  const { commitment, deemed } = payload as messages.CaseAccepted;
  if (deemed) throw new CodedError('PAYLOAD_INVALID', 'silence accepts only where the region that decides is silent');
  const item = await itemOf();
  if (!item) throw new CodedError('ITEM_UNKNOWN');
  const problems = commitmentProblems(file, item, commitment ? keptCommitment(commitment) : undefined, at);
  if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', 'the case cannot be accepted like this', problems);
}
