import { PARCEL_STATES } from '#adapters';
import { CodedError, fields, instant, oneOf, optional, text } from '#proto';
import { handlerRule } from '../case-input.ts';
import type { State } from '../transitions.ts';
import type { NoteKind } from './note-kind.ts';
import { demandSent } from './paper.ts';

const UNDECIDED: readonly State[] = ['transferred', 'supplementing', 'supplementing-accepted', 'accepted', 'special'];

/** From the hand-over on, whatever becomes of the case: a parcel is on its way or it is not. */
const AFTER_HAND_OVER: readonly State[] = [
  ...UNDECIDED,
  'approved',
  'denied',
  'issued',
  'delivered',
  'rated',
  'refused',
  'sent-back',
  'withdrawn',
  'revoked',
];

export interface ParcelMoved {
  readonly trackingNumber: string;
  readonly state: (typeof PARCEL_STATES)[number];
}

/**
 * P5: what the post (A10) says of a parcel that was announced; every word once for each parcel. It stays in the region that
 * asked: the other one asks its own post.
 */
export const parcelMoved: NoteKind = {
  label: { zh: '邮件动态', en: 'a parcel moved' },
  step: 'P5',
  by: ['receiving', 'handling'],
  from: AFTER_HAND_OVER,
  input: fields({ handler: handlerRule, trackingNumber: text(50), state: oneOf(...PARCEL_STATES), at: instant }),
  demand: (file, content) => {
    demandSent(file, content);
    const { trackingNumber, state } = content as ParcelMoved;
    const isNoted = (file.document.notes ?? []).some(({ kind, data }) => {
      const noted = data as ParcelMoved;
      return kind === 'parcel-moved' && noted.trackingNumber === trackingNumber && noted.state === state;
    });
    if (isNoted) throw new CodedError('ILLEGAL_TRANSITION', 'this was noted of the parcel before');
  },
};

/** P12 督办: the supervision platform (A9) urges whoever has the case in hand. It stays in the region that is urged. */
export const urged: NoteKind = {
  label: { zh: '督办', en: 'urged by supervision' },
  step: 'P12',
  by: ['receiving', 'handling'],
  from: ['received', ...UNDECIDED, 'approved', 'issued'],
  input: fields({ handler: handlerRule, number: text(50), reason: text(500), replyBy: optional(instant) }),
};
