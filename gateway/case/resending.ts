import { CodedError, type PayloadName } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';
import { caseRepository } from './case-repository.ts';

interface Said {
  readonly conversation: string;
  readonly id: string;
  readonly name: PayloadName;
}

/**
 * What may be said again of a case when its envelope expired. The handling region's word stands whether or not it was
 * heard, and notes move no state. A request of the receiving region was taken back when it expired: it has to be made
 * again, in the state that the case has now.
 */
export const caseResending = {
  /** @throws CodedError CONFLICT when it may not, saying what to do instead */
  async permit(sql: Sql, { conversation, id, name }: Said): Promise<void> {
    if (name === 'DirectOutcome') return;
    const file = await caseRepository.find(sql, conversation);
    if (!file)
      throw new CodedError('CONFLICT', 'whoever sent it says it again: publish, propose or sign anew, then drop it');
    const isKept = (file.document.notes ?? []).some(({ envelope }) => envelope === id);
    if (name === 'CaseNote' ? isKept : file.role === 'handling') return;
    throw new CodedError('CONFLICT', 'the act was taken back when it expired: do it again on the case, then drop this');
  },

  /** A note stands for the envelope that carries it now, and is no longer refused. */
  async sent(tx: Transaction, { conversation, id, name }: Said, successor: string): Promise<void> {
    if (name !== 'CaseNote') return;
    const file = await caseRepository.find(tx, conversation);
    if (!file) return;
    const notes = (file.document.notes ?? []).map((note) => {
      if (note.envelope !== id) return note;
      const { code: _, ...kept } = note;
      return { ...kept, envelope: successor };
    });
    await caseRepository.update(tx, { ...file, document: { ...file.document, notes } });
  },
};
