import type { Transaction } from '../../store/store.ts';
import type { CaseDocument, CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { ERASURE_NOTES } from './erasure-notes.ts';
import { KEPT_AFTER_ERASURE, withoutTexts } from './texts.ts';

/**
 * What is left of a case: the words, numbers and times that statistics and responsibility (责任追溯) need. Why it was erased,
 * or was not to be, stays as it was said.
 */
export function scrubbed(document: CaseDocument): CaseDocument {
  const { applicant, legalBasis, limits, notes = [] } = document;
  const { kind, documentType } = applicant;
  return {
    ...withoutTexts(document, KEPT_AFTER_ERASURE, ''),
    applicant: { kind, name: '', documentType, documentNumber: '', mobile: '', address: '' },
    ...(legalBasis && { legalBasis }),
    form: {},
    materials: [],
    limits,
    notes: notes.map((note) => (isAboutErasure(note.kind) ? note : withoutTexts(note, KEPT_AFTER_ERASURE, ''))),
    queryCode: '',
  };
}

/**
 * Erases what is personal in a case: in its file, its history, and the payloads with their salts of every envelope whose
 * fate is known. Headers, digests, receipts and log entries stay, so that the exchange stays proved. May be done again.
 */
export async function scrubCase(tx: Transaction, file: CaseFile, at: number): Promise<CaseFile> {
  const { conversation } = file;
  const changed: CaseFile = {
    ...file,
    document: scrubbed(file.document),
    erasedAt: file.erasedAt ?? at,
    updatedAt: at,
  };
  await caseRepository.update(tx, changed);
  // Nobody is found by it any more.
  await caseRepository.setKeys(tx, conversation, changed.document);
  await tx.run('UPDATE case_file SET erased_at = ? WHERE conversation = ?', changed.erasedAt!, conversation);
  await tx.run('DELETE FROM case_query WHERE conversation = ?', conversation);
  await tx.run('DELETE FROM platform_reference WHERE conversation = ?', conversation);
  for (const { n, event, data } of await caseRepository.events(tx, conversation)) {
    if (isAboutErasure(event)) continue;
    await caseRepository.changeEvent(tx, conversation, n, withoutTexts(data, KEPT_AFTER_ERASURE, ''));
  }
  await erasePayloads(tx, conversation);
  return changed;
}

/** What still waits for its receipt keeps its payload: it must be sent, and sent again, as it was fixed. */
export async function erasePayloads(tx: Transaction, conversation: string): Promise<void> {
  await tx.run(
    `UPDATE outbox SET payload = NULL, salt = NULL, materials = ''
     WHERE conversation = ? AND state <> 'pending' AND payload IS NOT NULL`,
    conversation,
  );
  await tx.run(
    'UPDATE inbox SET payload = NULL, salt = NULL WHERE conversation = ? AND payload IS NOT NULL',
    conversation,
  );
}

function isAboutErasure(kind: string): boolean {
  return Object.hasOwn(ERASURE_NOTES, kind);
}
