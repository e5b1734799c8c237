import { boolean, fields, instant, oneOf, optional, optionalText, text } from '#proto';
import { handlerRule } from '../case-input.ts';
import { endLimit } from '../limits/move-limits.ts';
import type { NoteKind } from './note-kind.ts';

/** P10: the result is in the hands of the applicant; the department learns it whoever handed it over. */
export const deliveryConfirmed: NoteKind = {
  label: { zh: '确认收到结果', en: 'result in hand' },
  step: 'P10',
  by: ['receiving', 'handling'],
  from: ['delivered', 'rated'],
  member: 'deliveryConfirmed',
  input: fields({ handler: handlerRule, receivedBy: oneOf('applicant', 'agent'), receivedAt: optional(instant) }),
  content: (input, { now }) => ({ receivedAt: now, ...input }),
};

/** P11: what is said to a rating; a bad one must be answered. */
export const ratingAnswered: NoteKind = {
  label: { zh: '回应评价', en: 'rating answered' },
  step: 'P11',
  by: ['receiving', 'handling'],
  from: ['rated', 'revoked'],
  member: 'ratingAnswered',
  input: fields({ handler: handlerRule, answer: text(1000, { lines: true }) }),
  effect: ({ limits }, _content, _by, at) => ({ limits: endLimit(limits, 'rating-answer', at) }),
};

/** P11: a complaint at the hotline (12345) is about this case. */
export const complaintLinked: NoteKind = {
  label: { zh: '关联投诉工单', en: 'complaint linked' },
  step: 'P11',
  by: ['receiving', 'handling'],
  from: [
    'returned',
    'received',
    'transferred',
    'supplementing',
    'supplementing-accepted',
    'accepted',
    'special',
    'approved',
    'denied',
    'issued',
    'delivered',
    'rated',
    'refused',
    'sent-back',
    'withdrawn',
    'revoked',
  ],
  member: 'complaintLinked',
  input: fields({ handler: handlerRule, number: text(50), channel: text(50) }),
};

/** P11 事后回访: a call after the case. */
export const followedUp: NoteKind = {
  label: { zh: '事后回访', en: 'follow-up call' },
  step: 'P11',
  by: ['receiving', 'handling'],
  from: ['delivered', 'rated', 'refused', 'withdrawn', 'revoked'],
  member: 'followedUp',
  input: fields({ handler: handlerRule, satisfied: boolean, remark: optional(optionalText(1000, { lines: true })) }),
  content: (input) => ({ remark: '', ...input }),
};
