import { boolean, CodedError, fields, integer, list, optionalText, text } from '#proto';
import type { CaseFile } from '../case-file.ts';
import { handlerRule } from '../case-input.ts';
import { endLimit } from '../limits/move-limits.ts';
import type { NoteKind } from './note-kind.ts';

const HANDED_OVER = [
  'transferred',
  'supplementing',
  'supplementing-accepted',
  'accepted',
  'special',
  'approved',
  'issued',
] as const;

/** P5: the originals on paper were mailed, with the number of the parcel. */
export const paperSent: NoteKind = {
  label: { zh: '寄送纸质材料', en: 'paper originals mailed' },
  step: 'P5',
  by: ['receiving'],
  from: HANDED_OVER,
  needs: 'R1a',
  member: 'paperSent',
  input: fields({
    handler: handlerRule,
    carrier: text(50),
    trackingNumber: text(50),
    parcels: list(fields({ material: text(200), copies: integer(1, 1000) }), 100, 1),
  }),
  content: (input, { now }) => ({ ...input, sentAt: now }),
  effect: ({ limits }, _content, _by, at) => ({ limits: endLimit(limits, 'paper', at) }),
};

/** P5a 交接签收: what was in a parcel, and what was missing or did not match. */
export const paperSignedIn: NoteKind = {
  label: { zh: '纸质材料交接签收', en: 'paper originals signed in' },
  step: 'P5a',
  by: ['handling'],
  from: HANDED_OVER,
  member: 'paperSignedIn',
  input: fields({
    handler: handlerRule,
    trackingNumber: text(50),
    parcels: list(fields({ material: text(200), isComplete: boolean, remark: optionalText(500) }), 100, 1),
  }),
  content: (input, { now }) => ({ ...input, signedInAt: now }),
  demand: demandSent,
};

/** A parcel that nobody announced is not of this case. */
export function demandSent({ document }: CaseFile, content: object): void {
  const { trackingNumber } = content as { trackingNumber: string };
  const sent = (document.notes ?? []).some(
    ({ kind, data }) => kind === 'paper-sent' && (data as { trackingNumber: string }).trackingNumber === trackingNumber,
  );
  if (!sent) throw new CodedError('ILLEGAL_TRANSITION', 'no parcel with this number was announced for the case');
}
