import type { Outbox } from '../../outbound/outbox.ts';
import type { Store } from '../../store/store.ts';
import { sidesOf } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import type { CaseNeighbours } from '../neighbours.ts';
import type { State } from '../transitions.ts';
import type { ActPaper } from './act-papers.ts';
import { type KeptPaper, paperTable } from './paper-table.ts';

export interface TellingOptions {
  /** Our own region. */
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly outbox: Outbox;
  readonly permitUnder: CaseNeighbours['permitUnder'];
}

/** States in which the handling region does not know of the case yet, or not that it is to be its own. */
const BEFORE_TRANSFER: readonly State[] = ['draft', 'previewing', 'previewed', 'returned', 'received'];

/** Whether the other region is told of the notices of a case by now; of what we decide ourselves it never is. */
export function isToldTo({ mode, role, state }: CaseFile): boolean {
  return mode !== 'direct' && (role === 'handling' || !BEFORE_TRANSFER.includes(state));
}

/**
 * Tells the other region of a notice of ours; the file goes before the message.
 *
 * @throws AuthorizationError when the authorization of the case does not permit it; CodedError BACK_PRESSURE
 */
export async function tellPaper(
  file: CaseFile,
  { record: { handler = file.document.handler } }: Pick<ActPaper, 'record'>,
  { kind, number, digest, size, issued_at: issuedAt }: KeptPaper,
  { region, store, now, outbox, permitUnder }: TellingOptions,
): Promise<void> {
  const { conversation, peer, item, mode, authorizationId } = file;
  const at = now();
  const paperIssued = { kind, number, digest, size, mediaType: 'application/pdf', issuedAt };
  const payload = { handler, notedAt: at, note: 'paperIssued', paperIssued };
  const use = { name: 'CaseNote', payload, sender: region, item, mode, ...sidesOf(file, region), at } as const;
  await store.write(async (tx) => {
    // A message that names a file that was erased would hold up all that follow it.
    if ((await caseRepository.find(tx, conversation))?.erasedAt !== undefined) return;
    const authorization = permitUnder(authorizationId, use);
    const materials = [digest.toString('hex')];
    const { id } = await outbox.enqueue(tx, {
      peer,
      conversation,
      name: 'CaseNote',
      payload,
      authorization,
      materials,
    });
    await paperTable.told(tx, conversation, number, id);
  });
}
