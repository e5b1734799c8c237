import { CodedError } from '#proto';
import type { Transaction } from '../../store/store.ts';
import type { Desk } from '../case-changes.ts';
import type { CaseFile, KeptNote } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { limitTable } from '../limits/limit-table.ts';
import { NOTES, type NoteName } from './notes.ts';

/** Notes of one case, at most. */
const MAX_NOTES = 500;

interface Noted {
  readonly note: KeptNote & { readonly kind: NoteName };
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Writes a note into a case: the case, its history, and the news for the platform, in the caller's unit of work.
 *
 * @throws CodedError ILLEGAL_TRANSITION when the case holds as many as it may, and what its kind demands
 */
export async function keepNote(
  tx: Transaction,
  file: CaseFile,
  { note, now }: Noted,
  { emit, office }: Desk,
): Promise<CaseFile> {
  const { kind, region, by, at, data, envelope } = note;
  const { demand, effect, claim, isReserved } = NOTES[kind];
  const notes = file.document.notes ?? [];
  // However many notes there are, a case can be erased.
  if (notes.length >= MAX_NOTES && !isReserved)
    throw new CodedError('ILLEGAL_TRANSITION', `the case holds ${MAX_NOTES} notes and takes no more`);
  demand?.(file, data, by);
  if (by === file.role) await claim?.(tx, file, data, at);
  const changed: CaseFile = {
    ...file,
    version: file.version + 1,
    document: { ...file.document, ...effect?.(file.document, data, by, at), notes: [...notes, note] },
    updatedAt: now,
  };
  await caseRepository.update(tx, changed);
  await limitTable.sync(tx, file.conversation, file.document.limits, changed.document.limits, office);
  const { conversation, number, peer, state } = changed;
  const event = { n: changed.version, event: kind, actor: region, at, state, envelope, data };
  await caseRepository.addEvent(tx, conversation, event);
  await emit(tx, { conversation, number, peer, event: kind, actor: region, state, at });
  return changed;
}
