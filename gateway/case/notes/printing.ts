import { CodedError, fields, optional, optionalText, text } from '#proto';
import type { Transaction } from '../../store/store.ts';
import type { CaseFile } from '../case-file.ts';
import { handlerRule } from '../case-input.ts';
import type { NoteKind } from './note-kind.ts';

interface Printed {
  readonly blankNumber: string;
  readonly spoiledNumber: string;
  readonly reason: string;
}

/**
 * P9 异地打证: the certificate was printed at the receiving region, on a blank form whose number is used once. It is printed
 * again only for a blank that was spoiled, with the reason.
 */
export const certificatePrinted: NoteKind = {
  label: { zh: '异地打证', en: 'certificate printed here' },
  step: 'P9',
  by: ['receiving'],
  from: ['issued', 'delivered', 'rated'],
  needs: 'R5',
  member: 'certificatePrinted',
  input: fields({
    handler: handlerRule,
    blankNumber: text(50),
    spoiledNumber: optional(optionalText(50)),
    reason: optional(optionalText(500)),
  }),
  content: (input) => ({ spoiledNumber: '', reason: '', ...input }),
  demand: demandSpoiled,
  claim: claimBlank,
};

/** One good copy at a time: the one before must be spoiled, and named. */
function demandSpoiled({ document }: CaseFile, content: object): void {
  const { spoiledNumber, reason } = content as Printed;
  const last = (document.notes ?? []).findLast(({ kind }) => kind === 'certificate-printed')?.data as
    | Printed
    | undefined;
  if ((last?.blankNumber ?? '') !== spoiledNumber)
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      last
        ? `it was printed on blank ${last.blankNumber}: print it again only after that one was spoiled (作废), and name it`
        : 'it was not printed before, so no blank of it can be spoiled',
    );
  if (spoiledNumber !== '' && reason === '')
    throw new CodedError('ILLEGAL_TRANSITION', 'say why the blank was spoiled (作废原因)');
}

/** A blank form serves one case of the region, once. */
async function claimBlank(tx: Transaction, { conversation }: CaseFile, content: object, at: number): Promise<void> {
  const { blankNumber, spoiledNumber } = content as Printed;
  const claimed = await tx.run(
    'INSERT INTO blank_form (number, conversation, printed_at) VALUES (?, ?, ?) ON CONFLICT (number) DO NOTHING',
    blankNumber,
    conversation,
    at,
  );
  if (claimed !== 1) throw new CodedError('CONFLICT', `the blank form ${blankNumber} was used before`);
  if (spoiledNumber !== '') await tx.run('UPDATE blank_form SET is_spoiled = 1 WHERE number = ?', spoiledNumber);
}
