import type { ErasureGround, messages } from '#proto';
import type { Transaction } from '../../store/store.ts';
import type { CaseFile } from '../case-file.ts';
import type { Erasures } from './erasures.ts';

/** What a note of the other region means for the personal data of a case, after it was kept. */
export async function heardNote(
  tx: Transaction,
  file: CaseFile,
  { erasureRequested, erasureDone }: messages.CaseNote,
  erasures: Pick<Erasures, 'asked' | 'heardAgain'>,
): Promise<void> {
  if (erasureRequested) await erasures.asked(tx, file, erasureRequested.ground as ErasureGround);
  else if (file.erasedAt !== undefined && !erasureDone) await erasures.heardAgain(tx, file.conversation);
}
